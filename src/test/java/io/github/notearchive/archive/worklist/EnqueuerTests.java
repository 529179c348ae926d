package io.github.notearchive.archive.worklist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueueException;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueueReport;
import io.github.notearchive.archive.worklist.Enqueuer.Options;
import io.github.notearchive.archive.worklist.Enqueuer.Rejected;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.io.input.BrokenReader;
import org.apache.commons.io.input.SequenceReader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnqueuerTests {

    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00Z");

    private final ListedNotes list = new ListedNotes(NOW);
    private final ArchiveDatabase database = list.database;
    private final Enqueuer enqueuer = new Enqueuer(database.dataSource(), list.clock);
    private final List<Rejected> rejected = new ArrayList<>();

    @Test
    void newNoteIsPendingAndDueNow() {
        enqueue(id(1) + "\n", new Options(null, 7, "csv of May"));

        assertThat(list.entry(1))
                .extracting("state", "priority", "source", "enqueuedAt", "dueAt", "attempts", "claimedBy")
                .containsExactly(NoteState.PENDING, 7, "csv of May", NOW, NOW, 0, null);
    }

    /** A share text has the link between other words; all lines have their place in the list. */
    @Test
    void shortLinksAreResolvedAndOthersReportedWithTheirLines() {
        Map<String, String> targets = Map.of(
                "http://xhslink.com/a/AbC", "https://www.xiaohongshu.com/discovery/item/" + id(1) + "?xsec_token=t",
                "https://xhslink.com/m/1", "https://www.rednote.com/explore/" + id(2),
                "http://xhslink.com/user", "https://www.xiaohongshu.com/user/profile/5f00aa010000000001000aaa");
        List<String> requested = new ArrayList<>();
        String text = String.join(
                "\n",
                "12 Anna 发布了一篇小红书笔记，快来看吧！😆 Xy 😆 http://xhslink.com/a/AbC，复制本条信息，打开【小红书】App查看精彩内容！",
                "https://xhslink.com/m/1",
                "http://xhslink.com/user",
                "XHSLINK.com/gone",
                "xhslink.com/a xhslink.com/b",
                "http://www.xhslink.com/a http://evil.test/xhslink.com/a evilxhslink.com/a a@xhslink.com/a xhslink.com.evil/a",
                id(3));

        EnqueueReport report =
                enqueuer.enqueue(new StringReader(text), new Options(null, 5, "s"), rejected::add, link -> {
                    requested.add(link);
                    if (!targets.containsKey(link)) {
                        throw new IOException("HTTP 404");
                    }
                    return targets.get(link);
                });

        assertThat(report).isEqualTo(new EnqueueReport(3, 0, 0, 4, rejected));
        assertThat(ids()).containsExactly(id(1), id(2), id(3));
        assertThat(requested)
                .containsExactly(
                        "http://xhslink.com/a/AbC",
                        "https://xhslink.com/m/1",
                        "http://xhslink.com/user",
                        "http://XHSLINK.com/gone");
        assertThat(rejected)
                .map(Rejected::toString)
                .satisfiesExactly(
                        line -> assertThat(line)
                                .isEqualTo(
                                        "line 3 \"http://xhslink.com/user\" is a short link that does not redirect to a"
                                                + " note"),
                        line -> assertThat(line)
                                .isEqualTo(
                                        "line 4 \"http://XHSLINK.com/gone\" is a short link that was not resolved: HTTP"
                                                + " 404; enqueue it again later"),
                        line -> assertThat(line).contains("line 5", "names 2 notes"),
                        line -> assertThat(line).contains("line 6", "contains neither"));
    }

    /** Rejected short links can be enqueued from the file of rejected lines. */
    @Test
    void shortLinkIsRejectedWholeWithoutAResolver() {
        enqueue("x".repeat(200) + " http://xhslink.com/a/AbC");

        assertThat(rejected)
                .singleElement()
                .hasToString("line 1 \"http://xhslink.com/a/AbC\" is a short link, and --offline was given");
        String again = rejected.getFirst().toString();
        assertThat(enqueuer.enqueue(
                                new StringReader(again),
                                new Options(null, 5, "s"),
                                rejected::add,
                                _ -> "https://www.xiaohongshu.com/explore/" + id(1))
                        .added())
                .isEqualTo(1);
    }

    @Test
    void noTransactionIsOpenWhileAShortLinkIsRequested() {
        enqueuer.enqueue(
                new StringReader(id(2) + "\nhttp://xhslink.com/a"), new Options(null, 5, "s"), rejected::add, _ -> {
                    assertThat(database.texts(
                                    "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database()"
                                            + " AND state LIKE 'idle in transaction%'"))
                            .isEmpty();
                    return "https://www.xiaohongshu.com/explore/" + id(1);
                });

        assertThat(ids()).containsExactly(id(1), id(2));
    }

    @Test
    void knownNoteKeepsItsRow() {
        enqueue(id(1), new Options(null, 3, "first"));
        list.settleBy(1, NoteState.ARCHIVED, null);
        WorklistEntry before = list.entry(1);

        EnqueueReport report = enqueue(id(1) + "\n" + id(2), new Options(null, 9, "second"));

        assertThat(report.added()).isEqualTo(1);
        assertThat(report.known()).isEqualTo(1);
        assertThat(list.entry(1)).isEqualTo(before);
    }

    /** Any other order could deadlock with another list or with a run that plans all notes. */
    @Test
    void plannedRefreshesLockRowsInIdOrder() {
        IntStream.of(3, 2, 1).forEach(number -> enqueue(id(number))); // order in the table

        AtomicReference<CompletableFuture<EnqueueReport>> waiting = new AtomicReference<>();
        database.inTransaction(() -> {
            list.lock(1);
            String ids = id(3) + "\n" + id(2) + "\n" + id(1);
            waiting.set(CompletableFuture.supplyAsync(() -> enqueue(ids, new Options(null, 5, "s", 7, null))));
            database.awaitLocked(1);
            list.lock(2);
            list.lock(3);
        });

        assertThat(waiting.get()).succeedsWithin(Duration.ofSeconds(20));
    }

    /** A run must not wait for a whole list. */
    @Test
    void refreshListIsWrittenInBatchesAndCompletedByARepeat() {
        String ids = manyIds(1, Enqueuer.BATCH + 2);
        enqueue(ids);
        Options weekly = new Options(null, 5, "s", 7, null);
        String refreshed = "SELECT count(*) FROM worklist WHERE refresh_days = 7";

        database.inTransaction(() -> {
            list.lock(Enqueuer.BATCH + 2);
            var waiting = CompletableFuture.supplyAsync(() -> enqueue(ids, weekly));
            database.awaitLocked(1);

            list.lock(1);
            list.lock(Enqueuer.BATCH);
            database.texts("SELECT pg_cancel_backend(pid)::text FROM pg_locks WHERE NOT granted");
            assertThat(waiting).failsWithin(Duration.ofSeconds(20));
        });
        assertThat(database.count(refreshed)).isEqualTo(Enqueuer.BATCH);

        assertThat(enqueue(ids + "\n" + id(Enqueuer.BATCH + 3), weekly))
                .isEqualTo(new EnqueueReport(1, Enqueuer.BATCH + 2, 0, 0, List.of()));
        assertThat(database.count(refreshed)).isEqualTo(Enqueuer.BATCH + 3);
    }

    /** A list with its {@code --column}, the numbers of its notes, and its rejected lines. */
    record Sample(String list, @Nullable String column, List<Integer> notes, List<Long> rejected) {

        Sample(String list, Integer... notes) {
            this(list, null, List.of(notes), List.of());
        }

        Sample rejecting(Long... lines) {
            return new Sample(list, column, notes, List.of(lines));
        }

        Sample column(String name) {
            return new Sample(list, name, notes, rejected);
        }
    }

    static Stream<Sample> samples() {
        String csv =
                "\uFEFFTitle,Note ID,Likes\r\n\"a, \"\"quoted\"\"\r\ntitle\",%s,7\r\nb,%s,8\r\n,nonsense,9\r\nc\r\n"
                        .formatted(id(1), id(2));
        Stream<Sample> separators = Stream.of(",", ";", "\t").flatMap(separator -> {
            String quoted = "\"Likes%s all\",note_id,user_id\n7,%s,%s\n"
                    .formatted(separator, id(1), id(9))
                    .replaceAll(",(?! )", separator);
            return Stream.of(
                    new Sample(csv.replace(",", separator), 1, 2).rejecting(5L, 6L),
                    new Sample(quoted, 1),
                    new Sample(quoted, 1).column("note_id"));
        });
        Stream<Sample> noteColumns = Stream.of(
                        "_id,note_id",
                        "id,note url",
                        "url,Note-ID",
                        "note,note_id",
                        "用户ID,笔记ID",
                        "用户ID,笔记链接",
                        "用户主页,\"笔记 ID\"",
                        "链接,笔记地址",
                        "用户ID,链接")
                .flatMap(heading -> Stream.of("ObjectId(" + id(9) + ")", id(9))
                        .map(other -> new Sample(heading + "\n" + other + "," + id(1) + "\n", 1)));
        Stream<Sample> firstLines = Stream.of("http://xhslink.com/a/b", "66aa0000000000000000001")
                .flatMap(invalid -> Stream.of(
                        new Sample(invalid + "\n" + id(2), 2).rejecting(1L),
                        new Sample("x," + invalid + "\ny," + id(2), 2)
                                .column("2")
                                .rejecting(1L)));
        Stream<Sample> headings = Stream.of("b", "笔记链接/URL", "note_id_2", "Link 2026")
                .map(heading -> new Sample("a," + heading + "\nx," + id(3) + "\n", 3).column("2"));
        String link = "https://www.xiaohongshu.com/explore/";
        Stream<Sample> others = Stream.of(
                new Sample("\"Tea\" is here: " + link + id(1) + ", \"look\n", 1),
                new Sample("nonsense\nmore\n" + id(2), 2).rejecting(1L, 2L),
                new Sample("when,what,by\n2026,explore," + id(2), 2).rejecting(1L),
                new Sample("").column("note"),
                new Sample("x," + link + "\ny," + id(2), 2).column("2").rejecting(1L),
                new Sample("x,\ny," + id(2), 2).column("2").rejecting(1L),
                new Sample("when,what\n2026," + link + id(1), 1).column("WHAT"),
                new Sample("x," + id(1) + "\ny," + id(2), 1, 2).column("2"),
                new Sample("note_id\n" + id(1) + "\n" + id(2), 1, 2),
                new Sample("1," + id(1) + ",title\n2," + id(2) + ",other\n", 1, 2),
                new Sample("uid\n" + id(9), 9).column("1"),
                new Sample("\uFEFF\r\n\r\n"),
                new Sample("\uFEFF# list of May\r\n" + id(1) + "\r\n\r\n" + id(2), 1, 2),
                new Sample(""));
        return Stream.of(separators, noteColumns, firstLines, headings, others).flatMap(samples -> samples);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void notesOfAListAreRecognized(Sample sample) {
        EnqueueReport report = enqueue(sample.list(), new Options(sample.column(), 5, "s"));

        assertThat(ids())
                .isEqualTo(sample.notes().stream().map(EnqueuerTests::id).toList());
        assertThat(rejected).extracting(Rejected::line).isEqualTo(sample.rejected());
        assertThat(report)
                .isEqualTo(new EnqueueReport(
                        sample.notes().size(), 0, 0, sample.rejected().size(), rejected));
    }

    @Test
    void idsLinksAndShareTextsNameTheirNote() {
        EnqueueReport report = enqueue("""
                        66aa00000000000000000001
                          66AA00000000000000000001\r
                        "66aa00000000000000000001"
                        https://www.xiaohongshu.com/explore/66aa00000000000000000001
                        https://www.xiaohongshu.com/explore/66aa00000000000000000001?xsec_token=AB=&xsec_source=pc_feed
                        HTTPS://WWW.XIAOHONGSHU.COM/EXPLORE/66AA00000000000000000001
                        https://www.xiaohongshu.com/discovery/item/66aa00000000000000000001#x
                        https://www.xiaohongshu.com/user/profile/5f00aa010000000001000aaa/66aa00000000000000000001
                        https://www.rednote.com/explore/66aa00000000000000000001/
                        xhsdiscover://item/66aa00000000000000000001
                        62 山里的清晨 https://www.xiaohongshu.com/discovery/item/66aa00000000000000000001 打开小红书
                        1,66aa00000000000000000001,some title
                        66aa00000000000000000001,66aa00000000000000000001

                        \t\r
                        # 66aa00000000000000000002
                        """);

        assertThat(report).isEqualTo(new EnqueueReport(1, 0, 12, 0, List.of()));
        assertThat(ids()).containsExactly(id(1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "hello | contains neither",
                "66aa0000000000000000000 | contains neither",
                "66aa000000000000000000011 | contains neither",
                "66aa0000000000000000000g | contains neither",
                "https://www.xiaohongshu.com/user/profile/5f00aa010000000001000aaa | contains neither",
                "https://xhslink.com/a/AbCd | is a short link",
                "66aa00000000000000000001 66aa00000000000000000002 | names 2 notes",
                "\" | contains neither",
                "`title,note_id\nc` | is empty in column 2"
            })
    void otherLinesAreRejectedWithAReason(String line, String reason) {
        enqueue(line);

        assertThat(rejected)
                .singleElement()
                .satisfies(reject -> assertThat(reject.reason()).startsWith(reason));
        assertThat(ids()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "用户ID",
                "\"用户 ID\"",
                "user_id",
                "User ID;Nickname",
                "nickname,user_id",
                "author_id",
                "creatorId",
                "uid",
                "作者\t主页",
                "博主ID,粉丝数"
            })
    void userHeadingWithoutANoteColumnIsRejected(String heading) {
        assertFails(heading + "\n" + id(9) + "\n", null, heading.replace('\t', '?'), "--column");
    }

    private void assertFails(String list, @Nullable String column, String... messages) {
        assertThatThrownBy(() -> enqueue(list, new Options(column, 5, "s")))
                .isInstanceOf(EnqueueException.class)
                .hasMessageContainingAll(messages)
                .hasMessageContaining("nothing was enqueued");
        assertThat(ids()).isEmpty();
    }

    @Test
    void unknownColumnIsRejectedWithTheKnownNames() {
        assertFails("a,b\n" + id(1) + ",x\n", "note", "\"note\"", "a, b");
        assertThatThrownBy(() -> enqueue("a,b\n", new Options("0", 5, "s"))).isInstanceOf(EnqueueException.class);
    }

    @Test
    void failingReaderEnqueuesNothing() {
        Reader failing = new SequenceReader(
                new StringReader(manyIds(1, 20_000)), new BrokenReader(new IOException("disk gone")));

        assertThatThrownBy(() -> enqueuer.enqueue(failing, new Options(null, 5, "s"), rejected::add, null))
                .isInstanceOf(EnqueueException.class)
                .hasMessageContaining("disk gone")
                .hasMessageContaining("nothing was enqueued");

        assertThat(ids()).isEmpty();
        assertThat(enqueue(id(1)).added()).isEqualTo(1);
    }

    @Test
    void failingRejectConsumerEnqueuesNothing() {
        assertThatThrownBy(() -> enqueuer.enqueue(
                        new StringReader(id(1) + "\nnonsense\n"),
                        new Options(null, 5, "s"),
                        line -> fail("full: " + line),
                        null))
                .hasMessageContaining("full");

        assertThat(ids()).isEmpty();
    }

    @Test
    void allRejectsAreReportedAndTheFirstHundredKept() {
        EnqueueReport report = enqueue("nonsense\n".repeat(250) + id(1));

        assertThat(report.rejected()).isEqualTo(250);
        assertThat(report.examples()).hasSize(100);
        assertThat(rejected).hasSize(250);
        assertThat(report.added()).isEqualTo(1);
    }

    @Test
    void binaryInputOpenQuotesAndOverlongLinesAreRejected() {
        assertFails(id(1) + "\n" + "\u0000\u0001\ud83d" + "x".repeat(300_000) + "\n" + id(2), null, "UTF-8");
        assertFails("note_id\n" + id(1) + "\n\u0000\n", null, "UTF-8");
        assertFails("note_id,title\n" + id(1) + ",\"open\n", null, "line 2");
        assertFails("x".repeat(300_000) + "\n" + id(1), null, "longer than 65536 characters");
    }

    private EnqueueReport enqueue(String list) {
        return enqueue(list, new Options(null, 5, "test"));
    }

    private EnqueueReport enqueue(String list, @Nullable Options options) {
        return enqueuer.enqueue(new StringReader(list), options, rejected::add, null);
    }

    private List<String> ids() {
        return database.texts("SELECT note_id FROM worklist ORDER BY note_id");
    }

    private static String manyIds(int first, int last) {
        return IntStream.rangeClosed(first, last).mapToObj(EnqueuerTests::id).collect(Collectors.joining("\n"));
    }

    private static String id(int number) {
        return ListedNotes.id(number);
    }
}
