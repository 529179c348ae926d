package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.io.ScriptedServer.gzip;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.query.NoteStats.CallEntry;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.media.format.Samples;
import io.github.notearchive.note.Billed;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.commons.lang3.ArrayUtils;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.TestPropertySource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Results of the kinds of responses in {@code src/docs/response-variants.md}.
 *
 * <p>All notes are processed in one night and the next one, and must not affect each other. Late responses are in
 * {@link RareSettingsTests}, codes that end a run in {@link CodeTests} and {@link BoughtOnceTests}.
 */
@NightlyJobTest
// in the second night nearly every file fails, by intent: on a slow machine that looks like an
// outage
@TestPropertySource(properties = "archive.outage.faults=200")
@DirtiesContext // whose connections others need
@Timeout(180) // a hundred notes in two nights
class ResponseVariantsTests extends NightFixture {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String PROMISED_MD5 = "0123456789abcdef0123456789abcdef";
    private static final String DEEP = "[".repeat(2_000) + "]".repeat(2_000);
    private static final String DEEPEST = "[".repeat(100_000) + "]".repeat(100_000);

    private final List<Variant> variants = new ArrayList<>();
    private List<String> ids;

    @TestFactory
    Stream<DynamicTest> eachResponseHasTheDocumentedResult() {
        ids = night.provider().noteIds(SandboxNoteKind.TEXT, 110);
        archiveNote();
        scriptPictures();
        scriptFilms();
        scriptAudio();
        scriptAbsence();
        scriptText();
        scriptOddFiles();
        scriptEnvelopes();
        scriptNames();
        scriptOddEnvelopes();
        scriptFiles();
        List<String> notes = variants.stream().map(variant -> variant.id).toList();
        night.pending(notes);

        RunSummary run = night.run(ExitCode.INCOMPLETE);

        assertThat(run.files().reused()).isEqualTo(2);
        assertThat(run.files().bytesReused()).isPositive();
        variants.forEach(variant -> variant.row.look());
        night.isNextDay();

        night.run(ExitCode.INCOMPLETE);

        variants.forEach(variant -> variant.row.look());
        assertThat(night.claims()).isZero();
        assertThat(night.executions())
                .extracting(NightlyScenario.Execution::status)
                .containsOnly("COMPLETED");
        return variants.stream()
                .map(variant -> DynamicTest.dynamicTest(variant.row.name(), () -> {
                    variant.row.assertHolds();
                    MappedRows.assertHold(night, variant.row.name(), variant.id);
                    assertPaidResponsesAreStored(variant.id);
                    variant.check.accept(variant.id);
                }));
    }

    // 1, 2, 21, 22, 24: pictures

    private void scriptPictures() {
        for (int count : new int[] {9, 18}) {
            variant(1, count + " pictures").note((id, note) -> addImages(id, note, count));
        }
        String barred = "/1040g2?imageView2/2/w/576/format/heif/q/58|imageMogr2/strip&sign=a%2Fb&t=1";
        variant(2, "the only URL contains a vertical bar, which is illegal")
                .note((id, note) -> image(id, note, "1040g2")
                        .put("original", "")
                        .put("url", url(id, barred))
                        .remove("url_multi_level"))
                .shows(id -> assertThat(night.provider().mediaRequests(id + barred.replace("|", "%7C")))
                        .isOne());
        variant(21, "two pictures of one `fileid`").note((id, note) -> {
            image(id, note, "1040g21");
            image(id, note, "1040g21");
        });
        variant(21, "two `fileid`s with the same bytes").note((id, note) -> {
            image(id, note, "1040g21a");
            image(id, note, "1040g21b");
            night.script().media(target -> target.contains(id), Reply.bytes("image/jpeg", picture("1040gsame")));
        });
        variant(21, "`fileid`s with slashes and `../`")
                .note((id, note) -> {
                    image(id, note, "1040g21c").put("fileid", "notes_uhdr/1040g3qo21");
                    image(id, note, "1040g21d").put("fileid", "../evil");
                })
                .shows(id -> {
                    assertThat(night.slots(id))
                            .extracting(SlotRow::identity)
                            .containsExactly("notes_uhdr/1040g3qo21", "../evil");
                    assertThat(night.objects("").keySet()).noneMatch(key -> key.contains("evil"));
                });
        variant(22, "`original` and `url` empty, only `url_size_large`")
                .note((id, note) -> image(id, note, "1040g22")
                        .put("original", "")
                        .put("url", "")
                        .put("url_size_large", url(id, "/1040g22"))
                        .remove("url_multi_level"))
                .shows(id -> assertThat(first(id).rendition()).isEqualTo("url_size_large"));
        variant(22, "URL without a scheme")
                .note((id, note) -> onlyUrl(id, note, url(id, "/1040g22").substring("http:".length())));
        variant(22, "picture without a URL").note((id, note) -> onlyUrl(id, note, " "));
        Variant renewed = variant(24, "all URLs return 403, those of the next response work")
                .media(target -> !target.contains("renewed"), Reply.status(403));
        renewed.replies(Reply.noteWith(note -> addImages(renewed.id, note, 2)), Reply.noteWith(note -> {
            onlyUrl(renewed.id, note, url(renewed.id, "/renewed/1040g00aaa0?sign=2"));
            ((ObjectNode) note.at("/images_list/0")).put("fileid", "1040g00aaa0");
            image(renewed.id, note, "1040g00aaa1").put("original", url(renewed.id, "/renewed/1040g00aaa1?sign=2"));
        }));
        variant(24, "all URLs return 403 in two nights")
                .media(_ -> true, Reply.status(403))
                .note((id, note) -> image(id, note, "1040g24"));
    }

    // 3, 4, 6, 7: videos and live photos

    private void scriptFilms() {
        variant(3, "live photo, h265 only, beside a still picture")
                .note((id, note) -> {
                    image(id, note, "1040g3a");
                    livePhoto(id, note);
                })
                .shows(id -> assertThat(night.slots(id).getLast())
                        .extracting(SlotRow::ordinal, SlotRow::identity)
                        .containsExactly(1, own(id, "livephoto/1040g390")));
        variant(4, "live photo without streams")
                .note((id, note) -> image(id, note, "1040g4")
                        .put("live_photo_file_id", "livephoto/k")
                        .putObject("live_photo")
                        .putObject("media")
                        .putObject("stream"));
        variant(6, "a video in the shape of version 6, a recommended note beside it")
                .version6(0)
                .shows(id -> {
                    assertThat(first(id).rendition()).isEqualTo("h265[1]/master_url");
                    assertThat(first(id).identity()).isEqualTo(String.valueOf(videoId(id)));
                    assertThat(night.provider().mediaRequests("recommended")).isZero();
                });
        variant(7, "the same; master URL expired, first backup URL equal to it, second valid")
                .media(target -> !target.contains("/backup/"), Reply.status(404))
                .version6(0)
                .shows(id -> assertThat(first(id).rendition()).isEqualTo("h265[1]/backup_urls[1]"));
    }

    // 5, 8, 9, 10: audio

    private void scriptAudio() {
        variant(5, "video note as version 1 returns it: cover and audio")
                .note((id, note) -> {
                    note.put("type", "video");
                    image(id, note, "1040g5");
                    voice(id, note, "02e9_0.wav").put("md5sum", PROMISED_MD5);
                })
                .shows(id -> assertThat(night.slots(id).getLast().checks()).isEqualTo("md5 mismatch in two downloads"));
        variant(8, "original audio: no picture, an M4A with path and type of a WAV")
                .note((id, note) -> {
                    note.put("type", "video");
                    voice(id, note, "02e9_0.wav");
                    byte[] sound = night.provider().mediaBytes("/audio/1/0.m4a");
                    night.script().media(target -> target.contains(id), Reply.bytes("audio/wav", sound));
                })
                .shows(id -> assertThat(first(id).media().contentType()).isEqualTo("audio/mp4"));
        variant(9, "audio, again in `widgets_context`, and music").note((id, note) -> {
            ObjectNode widgets = JSON.createObjectNode();
            widgets.set("note_sound_info", voice(id, note, "02e9_1.m4a").deepCopy());
            note.put("widgets_context", widgets.toString());
            music(id, note).put("music_id", "m1");
        });
        variant(10, "`native_voice_info` null").fields("{'native_voice_info':null}");
        variant(10, "audio with a name and no URL").fields("{'native_voice_info':{'name':'配乐'}}");
        variant(10, "audio with an empty URL").fields("{'native_voice_info':{'url':''}}");
    }

    // 11 to 16: absent notes and lists

    private void scriptAbsence() {
        variant(11, "`images_list` missing").note((_, note) -> note.remove("images_list"));
        variant(11, "`images_list` empty").fields("{'images_list':[]}");
        variant(11, "`images_list` null").fields("{'images_list':null}");
        for (int code : new int[] {201, 202, 404}) {
            variant(12, "code " + code).replies(Reply.code(code));
        }
        variant(13, "`data` is `[]`").data("[]");
        variant(13, "`data` is null").data("null");
        variant(13, "`data` is `{}`").data("{}");
        variant(13, "no `data`").body("{'code':0}");
        variant(14, "`note_list` empty").data("[{'user':{},'note_list':[],'comment_list':[],'model_type':'note'}]");
        variant(14, "`note_list` missing").data("[{'user':{},'comment_list':[],'model_type':'note'}]");
        variant(14, "`note_list` holds null").data("[{'user':{},'note_list':[null],'model_type':'note'}]");
        variant(15, "`model_type` is `error`, no id")
                .data("[{'note_list':[{'model_type':'error','title':'t','desc':'d'}]}]");
        variant(16, "another note's id").fields("{'id':'{other}','title':'of another note'}");
        variant(16, "another note first, the requested one second").replies(Reply.note(envelope -> {
            ArrayNode notes = (ArrayNode) envelope.at("/data/0/note_list");
            ((ObjectNode) notes.get(0)).put("title", "requested");
            notes.insertObject(0)
                    .put("id", otherNote())
                    .put("title", "of another note")
                    .put("desc", "d");
            return envelope;
        }));
        variant(16, "no id").note((_, note) -> note.remove("id"));
        variant(16, "`note_id` in place of `id`")
                .note((id, note) -> note.put("note_id", id).remove("id"));
        variant(16, "a numeric id").fields("{'id':7}");
        variant(16, "no id, another note beside it").replies(Reply.note(envelope -> {
            ArrayNode notes = (ArrayNode) envelope.at("/data/0/note_list");
            ((ObjectNode) notes.get(0)).remove("id");
            notes.addObject().put("id", otherNote()).put("title", "of another note");
            return envelope;
        }));
    }

    // 17 to 20: texts and numbers

    private void scriptText() {
        variant(17, "counts as text, with units, null, absent, beyond 2^31")
                .note((_, note) -> note.putNull("comments_count")
                        .setAll(object(
                                "", "{'liked_count':'1.2万','collected_count':'10万+','view_count':9007199254740993}"))
                        .remove("shared_count"));
        variant(17, "counts beyond 2^31 and 2^63, below zero, a fraction").fields("""
                        {'liked_count':2147483648,'collected_count':9223372036854775808,'comments_count':-1,
                         'shared_count':1.5}
                        """);
        variant(18, "null and other types in place of objects, lists and numbers")
                .fields("""
                        {'user':null,'hash_tag':null,'time':'1770696804','last_update_time':0,'widgets_context':'{not json',
                         'topics':{},'images_list':{},'ats':7,'title':12,'privacy':'x','function_switch':true}
                        """);
        variant(18, "ids, names and topics of 100,000 characters").fields("""
                        {'user':{'id':'?','nickname':'?'},'hash_tag':[{'id':'?','name':'?','type':'?'}],
                         'ats':[{'id':'?','nickname':'?'}],'type':'?','title':'?','ip_location':'?','text_language_code':'?'}
                        """.replace("?", noise(100_000)));
        variant(19, "new keys, 60 levels, `url_8k`")
                .note((id, note) -> {
                    image(id, note, "1040g19").put("url_8k", url(id, "/1040g19?8k"));
                    note.set("new", JSON.readTree("{\"a\":".repeat(60) + "1" + "}".repeat(60)));
                })
                .shows(id -> assertThat(first(id).rendition()).isEqualTo("url_8k"));
        variant(19, "keys in another order")
                .body("{'requestId':'r','data':[{'note_list':[{'title':'t','id':'{id}'}]}],'code':0}");
        variant(19, "2,000 levels")
                .body(deep(DEEP))
                .shows(id -> assertThat(query("SELECT response #>> '{data,0,note_list,0,title}' FROM note_capture", id))
                        .isEqualTo("deep"));
        variant(19, "100,000 levels").body(deep(DEEPEST));
        variant(19, "4 MB of text").note((_, note) -> note.put("desc", "好".repeat(1_200_000)));
        variant(19, "numbers of a million digits, `1e999999999`")
                .body(inNoteList(
                        "'id':'{id}','title':'t','liked_count':1e999999999,'time':1e99999999999999,'collected_count':"
                                + "9".repeat(1_000_000)))
                .shows(id -> assertThat(
                                query("SELECT response #>> '{data,0,note_list,0,liked_count}' FROM note_capture", id))
                        .isEqualTo("1e999999999"));
        variant(19, "more than 200,000 values")
                .body(inNoteList("'x':[0" + ",0".repeat(200_000) + "],'id':'{id}','title':'t'"));
        String torture = "\\u0027; DROP TABLE note; -- 👩‍👩‍👧 🍚 \u202Eשלום\u202C\r\n" + "长".repeat(20_000);
        variant(20, "20,000 characters, SQL, emoji, right to left, CRLF, NUL, unpaired surrogate; empty title")
                .body(inNoteList("'id':'{id}','title':'','desc':'\\u0000\\ud83d"
                        + torture.replace("\r\n", "\\r\\n")
                        + "','\\u0000key':'\\ude00'"));
    }

    // 23, 25: files and URLs

    private void scriptOddFiles() {
        Map<String, String> hostile = new LinkedHashMap<>();
        hostile.put("host that begins like an allowed one", "https://xhscdn.com.evil.test/1040g23");
        hostile.put(
                "user and password in the URL",
                "http://user:pw@" + night.provider().mediaHost() + "/1040g23");
        hostile.put("another port", "http://127.0.0.1:8080/1040g23");
        hostile.put("`file:` URL", "file:///etc/passwd");
        hostile.forEach((what, url) -> variant(23, what).note((id, note) -> onlyUrl(id, note, url)));
        variant(23, "redirect to 169.254.169.254")
                .media(_ -> true, Reply.redirect("http://169.254.169.254/latest"))
                .note((id, note) -> onlyUrl(id, note, url(id, "/1040g23")));
        byte[] heic = night.provider().mediaBytes("/1040gx?imageView2/format/heif");
        variant(25, "HEIC bytes declared as `image/jpeg`")
                .file(Reply.bytes("image/jpeg", heic))
                .shows(id -> assertThat(first(id).media().contentType()).isEqualTo("image/heic"));
        variant(25, "`text/html` with 200").file(Reply.bytes("text/html", "<html>not here</html>".getBytes(UTF_8)));
        variant(25, "an empty body").file(Reply.bytes("image/jpeg", new byte[0]));
        variant(25, "an incomplete body").file(Reply.truncated());
        variant(25, "a HEIC without its last bytes, with a matching length")
                .file(Reply.bytes("image/heic", Arrays.copyOf(heic, heic.length - 100)));
        variant(25, "a stream of another size than in the response")
                .version6(7)
                .shows(id -> assertThat(first(id).checks())
                        .isEqualTo("size mismatch, remarks \"pixels 1080x1920, promised 2560x1440\""));
    }

    // 26, 29: envelopes

    private void scriptEnvelopes() {
        variant(26, "301 twice, then the note")
                .replies(Reply.code(301), Reply.code(301), Reply.normal())
                .shows(id -> assertThat(night.note(id).attempts()).isEqualTo(2));
        variant(26, "301 by HTTP 503, then the note")
                .replies(Reply.code(301, 503), Reply.normal())
                .billed("NO", "YES");
        variant(26, "code 301 always")
                .replies(Reply.code(301))
                .shows(id -> assertThat(night.note(id).attempts()).isEqualTo(10));
        variant(29, "`\"code\":\"0\"`").replies(Reply.note(envelope -> envelope.put("code", "0")));
        variant(29, "`\"code\":\"301\"`, then the note")
                .replies(Reply.json("{\"code\":\"301\"}"), Reply.normal())
                .billed("NO", "YES");
        variant(29, "`message` is an object").replies(Reply.note(envelope -> {
            envelope.putObject("message").put("zh", "成功");
            return envelope;
        }));
        variant(29, "no `message`, no `requestId`")
                .replies(Reply.note(envelope -> envelope.remove(List.of("message", "requestId", "recordTime"))));
        variant(29, "HTML by HTTP 502, then the note")
                .replies(Reply.raw(502, "text/html", "<h1>Bad Gateway</h1>".getBytes(UTF_8)), Reply.normal())
                .billed("UNKNOWN", "YES");
        variant(29, "truncated JSON, then the note")
                .replies(Reply.json("{\"code\":0,\"data\":[{\"note_list\":[{"), Reply.normal())
                .billed("UNKNOWN", "YES");
        Variant compressed = variant(29, "compressed");
        compressed
                .replies(Reply.raw(200, "application/json", gzip(body(compressed.id)))
                        .header("Content-Encoding", "gzip"))
                .shows(id -> assertThat(sidecarResponse(id)).isEqualTo(body(id)));
        variant(29, "byte order mark").bytes(id -> ArrayUtils.addAll("\uFEFF".getBytes(UTF_8), body(id)));
        variant(29, "Latin-1 declared as UTF-8")
                .bytes(id -> json(id, inNoteList("'id':'{id}','title':'café'")).getBytes(ISO_8859_1));
    }

    // 9, 21: names of files; last, since each variant takes the next of the sandbox's notes

    private void scriptNames() {
        variant(21, "two `fileid`s of 6,000 characters, a URL with a name of 7,000")
                .note((id, note) -> {
                    String endless = noise(6_000);
                    image(id, note, "1040g21e").put("fileid", endless + "e");
                    image(id, note, "1040g21f").put("fileid", endless + "f");
                    image(id, note, "1040g21g")
                            .put("original", url(id, "/1040g" + random(7_000, 'a', 'z' + 1)))
                            .remove(List.of("fileid", "trace_id"));
                })
                .shows(id -> assertThat(night.slots(id))
                        .extracting(SlotRow::identity)
                        .doesNotHaveDuplicates()
                        .allSatisfy(identity -> assertThat(identity).hasSize(200)));
        variant(9, "audio and music without ids, with the same end of their URLs")
                .note((id, note) -> {
                    voice(id, note, "0.wav").remove("sound_id");
                    note.putObject("simple_music_info")
                            .put("url", "http://" + night.provider().mediaHost() + "/music/audio/" + id + "/0.wav");
                })
                .shows(id -> assertThat(night.slots(id))
                        .extracting(SlotRow::ordinal, SlotRow::identity)
                        .containsExactly(tuple(0, "0.wav"), tuple(1, "0.wav")));
    }

    // 29: envelopes that are not quite JSON; behind all others for the same reason

    private void scriptOddEnvelopes() {
        variant(29, "`\"code\":0.0`")
                .body("{'code':0.0,'data':[{'id':'{id}','title':'t'}]}")
                .billed("YES");
        variant(29, "`NaN` and `Infinity` in place of numbers")
                .body("{'code':0,'data':[{'id':'{id}','title':'t','liked_count':NaN,'x':[-Infinity,Infinity]}]}");
        variant(29, "text after the last brace")
                .bytes(id -> ArrayUtils.addAll(body(id), "} <!-- 7 ms -->".getBytes(UTF_8)))
                .billed("YES");
        variant(29, "a second object after the first, with code 303")
                .bytes(id -> ArrayUtils.addAll(body(id), "{\"code\":303}".getBytes(UTF_8)))
                .billed("YES");
        variant(29, "HTML by HTTP 200, each time")
                .replies(
                        Reply.raw(200, "text/html", "<h1>first</h1>".getBytes(UTF_8)),
                        Reply.raw(200, "text/html", "<h1>again</h1>".getBytes(UTF_8)))
                .shows(id -> {
                    assertThat(night.bills(id)).containsOnly("UNKNOWN").hasSize(4);
                    assertThat(query("SELECT string_agg(convert_from(response, 'UTF8'), '') FROM api_call", id))
                            .isEqualTo("<h1>first</h1>");
                });
    }

    // 31: behaviour of media servers

    private void scriptFiles() {
        String other = archivedNote();
        variant(31, "a picture that another note has under the same `fileid`")
                .note((id, note) -> image(id, note, "1040gp").put("fileid", own(other, "1040gshared")))
                .shows(id -> assertThat(first(id).checks()).isEqualTo("same file as in note " + other));
        variant(31, "the bytes of another note's picture under another `fileid`")
                .media(_ -> true, Reply.bytes("image/heic", night.provider().mediaBytes(best(other, "1040gshared"))))
                .note((id, note) -> image(id, note, "1040gp"))
                .shows(id ->
                        assertThat(first(id).media()).isEqualTo(first(other).media()));
        original("returns 404 in both nights", "url_multi_level.high", Reply.status(404));
        original("returns 404 in the first night only", "original", Reply.status(404), Reply.normal());
        original("returns 503 for two attempts of the note, then works", "original", times(6, 503));
        original("returns 503 in both nights", "url_multi_level.high", Reply.status(503));
        original("is a placeholder", "url_multi_level.high", Reply.bytes("image/heic", Samples.bytes("picture.heic")));
        livePhoto("live photo, its motion expired in both nights", true, Reply.status(404));
        Reply gone = Reply.status(403);
        livePhoto("live photo, its still expired in the first night", false, gone, gone, Reply.normal());
        livePhoto(
                "live photo, its motion an MP4 that is truncated at every URL",
                true,
                Reply.bytes("video/mp4", Samples.without("faststart.mp4", 1)));
        variant(31, "500 in the first night, complete in the second")
                .media(_ -> true, times(15, 500))
                .note((id, note) -> onlyUrl(id, note, url(id, "/1040g31")));
        variant(31, "music with the id 0, like that of another note")
                .note((id, note) -> music(id, note).put("id", 0));
        variant(31, "18 pictures, each response followed by a copy of it")
                .media(_ -> true, Reply.twice(Duration.ZERO))
                .note((id, note) -> addImages(id, note, 18));
    }

    /** The best rendition of a picture has these replies; in the end the picture has the expected rendition. */
    private void original(String what, String expected, Reply... replies) {
        variant(31, "`original` " + what)
                .media(target -> target.contains("/w/5000/"), replies)
                .note((id, note) -> image(id, note, "1040gp"))
                .shows(id -> assertThat(first(id).rendition()).isEqualTo(expected));
    }

    private void livePhoto(String what, boolean isMotion, Reply... replies) {
        variant(31, what)
                .media(target -> target.contains("/stream/") == isMotion, replies)
                .note(this::livePhoto);
    }

    private static Reply[] times(int count, int status) {
        Reply[] replies = new Reply[count + 1];
        Arrays.fill(replies, Reply.status(status));
        replies[count] = Reply.normal();
        return replies;
    }

    /** Archives a note before the others, with a picture and music that others name too. */
    private void archiveNote() {
        night.script().answers(archivedNote(), Reply.noteWith(note -> {
            image(archivedNote(), note, "1040gshared");
            music(archivedNote(), note).put("id", 0);
        }));
        night.pending(List.of(archivedNote()));
        night.run(ExitCode.COMPLETED);
    }

    // how responses are built

    private interface NoteChange {
        void to(String id, ObjectNode note);
    }

    /** A response about one note, with the expected row. */
    private final class Variant {

        final String id = ids.get(variants.size());
        final VariantRow row;
        Consumer<String> check = _ -> {};

        Variant(int number, String what) {
            row = new VariantRow(night, number, what, id);
            variants.add(this);
        }

        Variant replies(Reply... replies) {
            night.script().answers(id, replies);
            return this;
        }

        Variant note(NoteChange change) {
            return replies(Reply.noteWith(note -> change.to(id, note)));
        }

        Variant fields(String json) {
            return note((_, note) -> note.setAll(object(id, json)));
        }

        Variant version6(int size) {
            return replies(Reply.note(envelope -> envelope.setAll(ResponseVariantsTests.this.version6(id, size))));
        }

        Variant data(String data) {
            return body("{'code':0,'message':'SUCCESS','data':" + data + "}");
        }

        Variant body(String json) {
            return replies(Reply.json(json(id, json)));
        }

        Variant bytes(Function<String, byte[]> body) {
            return replies(Reply.raw(200, "application/json", body.apply(id)));
        }

        /** Of requests for files of this note only. */
        Variant media(Predicate<String> target, Reply... replies) {
            night.script().media(t -> t.contains(id) && target.test(t), replies);
            return this;
        }

        Variant file(Reply reply) {
            return media(_ -> true, reply).note((_, note) -> onlyUrl(id, note, url(id, "/1040g25")));
        }

        void shows(Consumer<String> what) {
            check = what;
        }

        void billed(String... bills) {
            check = note -> assertThat(night.bills(note)).containsExactly(bills);
        }
    }

    private Variant variant(int number, String what) {
        return new Variant(number, what);
    }

    private SlotRow first(String note) {
        return night.slots(note).getFirst();
    }

    /** A note that is never requested. */
    private String otherNote() {
        return ids.getLast();
    }

    private String archivedNote() {
        return ids.get(ids.size() - 2);
    }

    private String url(String id, String rest) {
        return "http://" + night.provider().mediaHost() + "/" + id + rest;
    }

    /** Letters that no database can compress. */
    private static String noise(int length) {
        return random(length, 0x4e00, 0x9000);
    }

    private static String random(int length, int first, int end) {
        return new Random(1)
                .ints(length, first, end)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private byte[] picture(String name) {
        return night.provider().mediaBytes("/" + name);
    }

    private void addImages(String id, ObjectNode note, int count) {
        for (int i = 0; i < count; i++) {
            image(id, note, "1040g00aaa" + i);
        }
    }

    private String best(String id, String file) {
        return url(
                id,
                "/" + file
                        + "?imageView2/2/w/5000/h/5000/format/heif/q/56&redImage/frame/0&ap=1&sc=ORIGINAL&sign=0a&t=69aedd8e&src=A");
    }

    /** Adds a picture with all its URLs. */
    private ObjectNode image(String id, ObjectNode note, String file) {
        String small = "/" + file + "?imageView2/2/w/1440/format/heif/q/75|imageMogr2/strip&sign=0a&t=69aedd8e";
        ArrayNode images = note.path("images_list") instanceof ArrayNode list ? list : note.putArray("images_list");
        ObjectNode image = images.addObject()
                .put("index", images.size())
                .put("fileid", own(id, file))
                .put("trace_id", own(id, file));
        image.put("width", 1080)
                .put("height", 1440)
                .put("original", best(id, file))
                .put("url", url(id, small));
        image.putObject("url_multi_level").put("low", url(id, small)).put("high", url(id, small));
        return image;
    }

    /** An identity that no other note has. */
    private static String own(String id, String file) {
        return file + "-" + id.substring(18);
    }

    /** One that no floating-point number holds exactly. */
    private static long videoId(String id) {
        return 137_728_697_860_900_001L + 2L * Integer.parseInt(id.substring(18), 16);
    }

    private void onlyUrl(String id, ObjectNode note, String url) {
        note.putArray("images_list")
                .addObject()
                .put("fileid", "f" + id.substring(20))
                .put("original", url);
    }

    private ObjectNode voice(String id, ObjectNode note, String file) {
        return note.putObject("native_voice_info")
                .put("sound_id", own(id, "1146000000000000001"))
                .put("duration", 46_250)
                .put("url", "http://" + night.provider().mediaHost() + "/audio/" + id + "/" + file);
    }

    private ObjectNode music(String id, ObjectNode note) {
        return note.putObject("simple_music_info")
                .put("url", "http://" + night.provider().mediaHost() + "/audio/" + id + "/1.m4a");
    }

    /** Adds a picture with a motion that has one stream and a backup of it. */
    private void livePhoto(String id, ObjectNode note) {
        ObjectNode picture = image(id, note, "1040gstill").put("live_photo_file_id", own(id, "livephoto/1040g390"));
        ObjectNode streams = picture.putObject("live_photo").putObject("media").putObject("stream");
        streams.putArray("h264");
        streams.putArray("h265").add(film(id, "x_66.mp4"));
        streams.putArray("h266");
        streams.putArray("av1");
    }

    private ObjectNode film(String id, String file) {
        return object(id, """
                {'master_url':'http://{host}/stream/{id}/FILE',
                 'backup_urls':['http://{host}/stream/{id}/FILE','http://{host}/backup/1/stream/{id}/FILE']}
                """.replace("FILE", file));
    }

    /** The note and another one, both right below {@code data}; with streams of this size in bytes, if not 0. */
    private ObjectNode version6(String id, int size) {
        ObjectNode envelope = object(id, """
                {'data':[{'id':'{other}','type':'video','title':'of another note','video_info_v2':{'media':{'stream':{}}}},
                         {'id':'{id}','type':'video','video_info_v2':{'capa':{'duration':61},'media':{'stream':{}}}}]}
                """);
        ((ObjectNode) envelope.at("/data/0/video_info_v2/media/stream"))
                .putArray("h264")
                .add(film("recommended", "y_258.mp4"));
        ObjectNode media = ((ObjectNode) envelope.at("/data/1/video_info_v2/media")).put("video_id", videoId(id));
        ObjectNode streams = (ObjectNode) media.get("stream");
        streams.putArray("h264")
                .add(film(id, "x_258.mp4").setAll(object(id, "{'width':1280,'height':720,'default_stream':0}")));
        ArrayNode h265 = streams.putArray("h265")
                .add(film(id, "x_114.mp4").setAll(object(id, "{'width':1280,'height':720,'default_stream':1}")))
                .add(film(id, "x_115.mp4").setAll(object(id, "{'width':2560,'height':1440,'quality_type':'2K'}")));
        streams.putArray("h266");
        streams.putArray("av1");
        if (size > 0) {
            h265.forEach(stream -> ((ObjectNode) stream).put("size", size));
        }
        return envelope;
    }

    private ObjectNode object(String id, String json) {
        return (ObjectNode) JSON.readTree(json(id, json));
    }

    /** JSON of a text with single quotes, and placeholders for the note's id, another's, and the media server. */
    private String json(String id, String text) {
        return text.replace('\'', '"')
                .replace("{id}", id)
                .replace("{other}", otherNote())
                .replace("{host}", night.provider().mediaHost());
    }

    private static String deep(String nesting) {
        return "{'x':" + nesting + ",'data':[{'note_list':[{'x':" + nesting
                + ",'id':'{id}','title':'deep'}]}],'code':0}";
    }

    private static String inNoteList(String note) {
        return "{'code':0,'data':[{'note_list':[{" + note + "}]}]}";
    }

    private byte[] body(String id) {
        return night.provider().envelope(id).toString().getBytes(UTF_8);
    }

    // what is looked at

    /** Every answer with code 0 is paid and kept; of an archived note the sidecar has its bytes. */
    private void assertPaidResponsesAreStored(String note) {
        assertThat(night.ledger(note))
                .filteredOn(call -> Integer.valueOf(0).equals(call.code()))
                .allSatisfy(call -> {
                    assertThat(call.billed()).isEqualTo(Billed.YES);
                    assertThat(call.responseHeld()).isTrue();
                });
        assertThat(night.ledger(note)).extracting(CallEntry::receivedAt).doesNotContainNull();
        assertThat(night.ledger(note)).hasSize(night.calls(note));
        if (night.state(note) == ARCHIVED) {
            byte[] sent = night.provider().responseBytes(note);
            boolean compressed = (sent[0] & 0xff) == 0x1f;
            assertThat(compressed ? gzip(sidecarResponse(note)) : sidecarResponse(note))
                    .isEqualTo(sent);
        }
        assertThat(night.rows("note WHERE title = 'of another note'")).isZero();
    }

    private byte[] sidecarResponse(String note) {
        JsonNode sidecar =
                JSON.readTree(night.objects("notes/" + note).lastEntry().getValue());
        return sidecar.has("answer")
                ? sidecar.path("answer").stringValue().getBytes(UTF_8)
                : sidecar.path("answerBase64").binaryValue();
    }

    private String query(String sql, String note) {
        return night.text(sql + " WHERE note_id = :note", note);
    }
}
