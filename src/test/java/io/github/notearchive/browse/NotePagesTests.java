package io.github.notearchive.browse;

import static io.github.notearchive.SmallArchive.EDITED;
import static io.github.notearchive.SmallArchive.ERASED;
import static io.github.notearchive.SmallArchive.FILM;
import static io.github.notearchive.SmallArchive.GAPS;
import static io.github.notearchive.SmallArchive.GONE;
import static io.github.notearchive.SmallArchive.HOSTILE;
import static io.github.notearchive.SmallArchive.LIVE;
import static io.github.notearchive.SmallArchive.PICTURES;
import static io.github.notearchive.SmallArchive.TWO_NAMES;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.SmallArchive;
import io.github.notearchive.archive.query.Survival.Curve;
import io.github.notearchive.archive.query.Survival.Dimension;
import io.github.notearchive.report.Chart.Series;
import io.github.notearchive.report.Pages;
import io.github.notearchive.report.Texts;
import java.io.ByteArrayInputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** The pages of notes, captures, authors, topics, files and changes, by HTTP. */
class NotePagesTests {

    private static final String ATOM = "http://www.w3.org/2005/Atom";

    private static SmallArchive archive;
    private static BrowseServer server;

    @BeforeAll
    static void start() {
        archive = SmallArchive.whole();
        server = BrowseServer.start("note-pages", Map.of());
    }

    @AfterAll
    static void stop() {
        server.close();
        archive.close();
    }

    private static String page(String path) {
        HttpResponse<String> response = server.get(path);
        assertThat(response.statusCode()).as(path).isEqualTo(200);
        return response.body();
    }

    @Test
    void noteHasItsFilesTextAndCommand() {
        String page = page("/notes/" + LIVE);

        assertThat(page)
                .contains("实况：海边的早晨", "风很大。")
                .contains("<a href=\"/topics/%E6%B5%B7%E8%BE%B9\"><bdi>#海边</bdi></a>")
                .contains("<details class=\"live\" data-live>", "<audio controls")
                .contains("rel=\"noreferrer\" data-original href=\"https://www.xiaohongshu.com/explore/" + LIVE)
                .contains("note-archive export --format folder --ids ids.txt note-" + LIVE)
                .contains("/authors/" + TWO_NAMES);
    }

    @Test
    void videoIsSeekableAndHasItsSubtitles() {
        assertThat(page("/notes/" + FILM))
                .contains("<video controls playsinline preload=\"metadata\"", "<track kind=\"subtitles\"");
    }

    @Test
    void missingAndWaivedFilesAreNamedWithTheirReason() {
        assertThat(page("/notes/" + GAPS))
                .contains("MISSING: <bdi>GONE</bdi>", "WAIVED: <bdi>lost at the source</bdi>", "IMAGE 2")
                .containsPattern("<tr class=\"watch\"><td title=\"IMAGE 1\">IMAGE 1")
                .containsPattern("<tr class=\"soft\"><td title=\"IMAGE 2\">IMAGE 2");
    }

    @Test
    void failedNoteHasTheCommandThatResolvesItAndNoRetryOfAGoneFile() {
        assertThat(page("/notes/" + GAPS))
                .contains(
                        "note-archive waive %s IMAGE 1 --reason TEXT".formatted(GAPS),
                        "a retry of a GONE file is pointless")
                .doesNotContain("note-archive requeue");
        assertThat(page("/health")).contains("href=\"/?q=state%3Afailed\"", "note-archive waive --filter");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/notes/" + GAPS,
                "/notes/" + LIVE,
                "/notes/" + LIVE + "/certificate?",
                "/zip?q=type:video",
                "/health?",
                "/?q=colour:red",
                "/?q=(a",
                "/survival?",
                "/gone?",
                "/nights?"
            })
    void chinesePageHasNoEnglishSentence(String path) {
        String page =
                server.get(path + (path.contains("?") ? "&" : "?") + "lang=zh").body();

        assertThat(page.replaceAll(
                        "(?s)<(code|bdi|q|script|style|time)\\b.*?</\\1>|<[^>]*>|\"[^\"]*\"|lost at the source", " "))
                .doesNotContainPattern("[a-z]{2,} [a-z]{2,} [a-z]{2,}")
                .doesNotContainPattern("\\b[A-Z]{4,}_[A-Z]+\\b");
    }

    @Test
    void vanishedNoteIsMarkedInTheLanguageOfTheReader() {
        assertThat(page("/notes/" + GONE)).contains("This note is no longer available");
        assertThat(page("/notes/" + GONE + "?lang=zh")).contains("该笔记在平台上已不可见");
    }

    @Test
    void changedCapturesLinkToTheirDifference() {
        String note = page("/notes/" + EDITED);
        String path = "/notes/%s/diff?from=2026-03-22T04:00:00Z&to=2026-03-23T04:00:00Z".formatted(EDITED);

        assertThat(note.replace("&amp;", "&"))
                .contains(path, "<path class=\"c0\" d=\"M0 100L", "<title>2026-03-21 12:00: ");
        assertThat(page(path)).contains("<ins>三次（终版）</ins>", "<ins>（新）</ins>", "<ins>改了");
        assertThat(page("/notes/%s/captures/2026-03-21T04:00:00Z".formatted(EDITED)))
                .contains("第一行\n第二行\n第三行", "山月");
    }

    @Test
    void topicsHaveNoMarkup() {
        assertThat(page("/")).doesNotContain("[话题]");
        for (String capture : page("/notes/" + LIVE).split("href=\"")) {
            if (capture.startsWith("/notes/" + LIVE + "/captures/")) {
                assertThat(page(capture.substring(0, capture.indexOf('"')))).doesNotContain("[话题]");
            }
        }
    }

    /** The first picture is missing, the second one waived. */
    @Test
    void slidesHaveTheNumbersOfTheFilesAndAreGreyWithoutOne() {
        assertThat(page("/notes/" + GAPS))
                .contains("alt=\"Picture 0\"", "<p>Picture 1<br>MISSING: <bdi>GONE</bdi></p>")
                .doesNotContain("alt=\"Picture 1\"");
    }

    @Test
    void filesThatWereStoredAsExpectedAreOneEvent() {
        assertThat(page("/notes/" + PICTURES))
                .containsOnlyOnce(">FILE</span>")
                .contains("5 files stored; not in the newest response");
    }

    @Test
    void countsAreCsv() {
        assertThat(server.get("/notes/" + EDITED + "/counts.csv").body())
                .startsWith("captured_at,likes,collected,comments,shared\r\n2026-03-21T04:00:00Z,");
        assertThat(server.get("/notes/" + ERASED + "/counts.csv").statusCode()).isEqualTo(404);
    }

    /** The log of this archive has no entries. */
    @Test
    void certificateHasTheDigestsAndSaysWhatTheLogLacks() {
        assertThat(page("/notes/" + LIVE + "/certificate"))
                .contains(
                        SmallArchive.sha256(SmallArchive.bytes("film.mp4")), "The log has no entry of this note yet.");
        assertThat(server.get("/notes/" + ERASED + "/certificate").statusCode()).isEqualTo(404);
    }

    @Test
    void captureHasItsComments() {
        assertThat(page("/notes/" + HOSTILE + "/captures/2026-03-12T04:00:00Z")).contains("好看", "=朋友", "云南");
    }

    @Test
    void textsOfOthersAreEscaped() {
        for (String path : new String[] {"/notes/" + HOSTILE, "/authors/" + SmallArchive.AUTHOR, "/edited", "/gone"}) {
            assertThat(page(path)).doesNotContain("<script>alert", "<img src=x", "松间<b>");
        }
    }

    @Test
    void authorHasItsNamesOverTimeAndItsNotes() {
        assertThat(page("/authors/" + TWO_NAMES)).contains("山月（新）", "<bdi>山月</bdi>", "/notes/" + LIVE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "&order=LIKES"})
    void resultHasItsNumberAndLeadsFromEachNoteToTheNext(String order) {
        String wall = page("/?q=author:" + TWO_NAMES + order);
        List<String> notes = Pattern.compile("href=\"(/notes/[^\"]+)\"")
                .matcher(wall)
                .results()
                .map(link -> link.group(1).replace("&amp;", "&"))
                .toList();
        List<String> walked = new ArrayList<>();
        String number = "";
        for (String next = notes.getFirst(); walked.size() < notes.size(); ) {
            walked.add(next);
            String page = page(next);
            Matcher place =
                    Pattern.compile("<span>" + walked.size() + " of (\\S+):").matcher(page);
            number = place.find() ? place.group(1) : "none";
            Matcher link = Pattern.compile("data-next href=\"([^\"]+)\"").matcher(page);
            next = link.find() ? link.group(1).replace("&amp;", "&") : "/notes/none";
        }

        assertThat(walked).hasSizeGreaterThan(2).isEqualTo(notes);
        assertThat(wall)
                .contains(
                        "<p>%s notes</p>".formatted(number),
                        "href=\"/?q=author%3A" + TWO_NAMES + "%20has%3Alive" + order.replace("&", "&amp;"));
    }

    @Test
    void foundWordsAreMarkedInTheResultAndInTheNote() {
        assertThat(page("/?q=%E6%B8%85%E6%99%A8")).contains("<mark>清晨</mark> &lt;img", "1 note");
        assertThat(page("/notes/" + HOSTILE + "?in=%E6%B8%85%E6%99%A8")).contains("<mark>清晨</mark>", "1 of 1");
        assertThat(page("/notes/" + HOSTILE + "?in=nothing")).doesNotContain("<mark>", "class=\"walk\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/topics/%E5%9B%BD%E9%A3%8E", "/topics?name=%E5%9B%BD%E9%A3%8E"})
    void topicHasItsNotes(String path) {
        assertThat(page(path)).contains("#国风", "/notes/" + HOSTILE);
    }

    @Test
    void eachHostileTopicIsReachedByItsLink() {
        for (String topic : SmallArchive.HOSTILE_TEXTS) {
            assertThat(server.get(Site.topic(topic)).statusCode()).as(topic).isEqualTo(200);
        }
    }

    @Test
    void fileHasTheNotesThatUseIt() {
        String sha256 = SmallArchive.sha256(SmallArchive.bytes("film.mp4"));

        assertThat(page("/files/" + sha256)).contains(sha256, "/notes/" + HOSTILE, "/notes/" + LIVE, "video/mp4");
    }

    @Test
    void changesAreListedWithWhatChanged() {
        assertThat(page("/gone")).contains("/notes/" + GONE, "已删除的笔记");
        assertThat(page("/edited")).contains("/notes/" + EDITED, "<ins>", "/edited.atom");
    }

    @Test
    void survivalIsShownInEachDimension() {
        assertThat(page("/gone")).contains("href=\"/survival\"");
        assertThat(page("/survival")).contains("<svg", "100.0 %", "<span>90 %</span>");
        assertThat(page("/survival?by=month")).contains("2026-01");
        assertThat(page("/survival?by=source")).contains("<bdi>test</bdi>");
        assertThat(page("/survival?by=topic")).contains("#国风");
        assertThat(page("/survival?by=author&lang=zh")).contains("/authors/" + TWO_NAMES, "山月（新）", "90 天");
    }

    @Test
    void eachCurveOfSurvivalThatWasObservedHasItsLabel() {
        List<Curve> curves = Stream.of("1,", "2,Li", "3,Li", "4,Wu", "5,山", "6,Xu", "7,Yi", "8,Zu")
                .map(author -> author.split(",", 2))
                .map(author -> new Curve(
                        author[0],
                        author[1],
                        1,
                        author[0].equals("5") ? "{}" : "{\"1\": {\"share\": 0.99999, \"atRisk\": 12}}"))
                .toList();

        var chart = ChangesController.chart(Texts.of("en"), Dimension.author, curves)
                .orElseThrow();

        assertThat(chart.series()).extracting(Series::label).containsExactly("1", "Li 2", "Li 3", "Wu", "Xu", "Yi");
        assertThat(Pages.render("report/chart", Map.of("chart", chart))).contains("Wu 0 d: 100 %; 1 d: 99.9 %, Xu");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gone", "edited"})
    void feedIsValidAtom(String kind) throws Exception {
        HttpResponse<String> response = server.get("/" + kind + ".atom");
        DocumentBuilderFactory parsers = DocumentBuilderFactory.newInstance();
        parsers.setNamespaceAware(true);
        Document feed = parsers.newDocumentBuilder()
                .parse(new ByteArrayInputStream(response.body().getBytes(StandardCharsets.UTF_8)));
        NodeList entries = feed.getElementsByTagNameNS(ATOM, "entry");
        NodeList ids = feed.getElementsByTagNameNS(ATOM, "id");
        NodeList times = feed.getElementsByTagNameNS(ATOM, "updated");

        assertThat(response.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("application/atom+xml"));
        assertThat(response.body()).contains("rel=\"self\"", "href=\"" + server.url() + "/" + kind + ".atom\"");
        assertThat(entries.getLength()).isPositive();
        Set<String> distinct = new HashSet<>();
        for (int i = 0; i < ids.getLength(); i++) {
            distinct.add(ids.item(i).getTextContent());
            Instant.parse(times.item(i).getTextContent());
        }
        assertThat(distinct).hasSize(entries.getLength() + 1);
        assertThat(times.getLength()).isEqualTo(entries.getLength() + 1);
    }

    @Test
    void erasedNoteIsUnknownEverywhere() {
        String captured = "2026-03-21T04:00:00Z";
        for (String path : new String[] {
            "/notes/" + ERASED,
            "/notes/" + ERASED + "/captures/" + captured,
            "/notes/" + ERASED + "/diff?from=" + captured + "&to=" + captured,
            "/files/" + SmallArchive.sha256(SmallArchive.bytes("palette.png"))
        }) {
            assertThat(server.get(path).statusCode()).as(path).isEqualTo(404);
            assertThat(server.get(path).body()).as(path).doesNotContain("erased title", "ARCHIVED");
        }
        for (String path : new String[] {"/authors/" + TWO_NAMES, "/gone", "/edited", "/gone.atom", "/edited.atom"}) {
            assertThat(page(path)).as(path).doesNotContain(ERASED);
        }
    }

    @Test
    void unknownNoteHasTheCommandThatEnqueuesIt() {
        HttpResponse<String> unknown = server.get("/notes/65ffffffffffffffffffffff");
        HttpResponse<String> listed = server.get("/notes/65a000000000000000000009");

        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).contains("note-archive enqueue 65ffffffffffffffffffffff");
        assertThat(listed.statusCode()).isEqualTo(404);
        assertThat(listed.body())
                .contains("PENDING", "note-archive explain 65a000000000000000000009")
                .doesNotContain("enqueue 65");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/notes/x",
                "/notes/%3Cscript%3E",
                "/authors/none",
                "/topics/none",
                "/topics",
                "/files/x",
                "/notes/65a000000000000000000001/captures/yesterday",
                "/notes/65a000000000000000000001/diff?from=a&to=b"
            })
    void malformedIdIsNotFound(String path) {
        assertThat(server.get(path).statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/gone?after=x",
                "/gone?days=8",
                "/?order=x",
                "/?order=LIKES&page=0",
                "/?order=LIKES&page=99",
                "/notes/65a000000000000000000001?in=x:y",
                "/gone?after=%2B999999999-01-01T00:00:00Z_65a000000000000000000001",
                "/edited?after=x",
                "/edited?after=-99999-01-01T00:00:00Z_65a000000000000000000001",
                "/?after=%2B999999-01-01T00:00:00Z_65a000000000000000000001",
                "/authors/5cc800000000000000000003?before=%2B999999-01-01T00:00:00Z_65a000000000000000000001",
                "/nights?until=x",
                "/survival?by=x",
                "/nights?until=%2B10000000-01-01",
                "/nights?until=%2B999999999-12-31",
                "/nights?until=-999999999-01-01",
                "/nights/%2B10000000-01-01/main",
                "/nights/-999999999-01-01/main",
                "/notes/65a000000000000000000001/captures/+999999999-01-01T00:00:00Z",
                "/notes/65a000000000000000000001/captures/-999999-01-01T00:00:00Z",
                "/notes/65a000000000000000000001/diff?from=%2B999999-01-01T00:00:00Z&to=2026-03-11T04:00:00Z",
                "/notes/65a000000000000000000001/diff"
            })
    void brokenParameterIsABadRequest(String path) {
        HttpResponse<String> response = server.get(path);

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("<h1>").doesNotContain("Exception");
    }
}
