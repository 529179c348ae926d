package io.github.notearchive.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.stats.CallTotals.Bill;
import io.github.notearchive.archive.stats.RunHistory.CallClass;
import io.github.notearchive.archive.stats.RunHistory.FailedNote;
import io.github.notearchive.archive.stats.RunHistory.FindingCount;
import io.github.notearchive.archive.stats.RunHistory.Left;
import io.github.notearchive.archive.stats.RunHistory.NightFacts;
import io.github.notearchive.archive.stats.RunHistory.Run;
import io.github.notearchive.archive.stats.RunHistory.Slice;
import io.github.notearchive.archive.stats.RunHistory.StateTotals;
import io.github.notearchive.archive.stats.RunHistory.StoreTotals;
import io.github.notearchive.archive.stats.RunHistory.Work;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.NightReport.Past;
import io.github.notearchive.report.NightReport.Plot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PagesTests {

    private static final Path GOLDEN = Path.of("src", "test", "resources", "golden", "report.html");

    private static final Instant BEGAN = Instant.parse("2026-11-25T12:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "one\\r\\ntwo, one\\ntwo",
        "one\\rtwo, one\\ntwo",
        "one\\ntwo, one\\ntwo",
        "one\\r\\r\\ntwo\\r, one\\n\\ntwo\\n"
    })
    void linesEndInLineFeeds(String text, String shown) {
        assertThat(page(text.translateEscapes())).contains("<figcaption>" + shown.translateEscapes() + "</figcaption>");
    }

    @ParameterizedTest
    @CsvSource({"\\0", "\\33", "\\177", "\u0085", "\u202e", "\u2066"})
    void controlCharactersAreReplaced(String text) {
        assertThat(page("a" + text.translateEscapes() + "b")).contains("a\ufffdb");
    }

    @Test
    void textsAreEscapedInElementsAndAttributes() {
        assertThat(page("\"><script>alert(1)</script>'"))
                .contains("<figcaption>\"&gt;&lt;script&gt;alert(1)&lt;/script&gt;'</figcaption>")
                .contains("aria-label=\"&#34;>&lt;script>alert(1)&lt;/script>&#39;.")
                .doesNotContain("<script");
    }

    @ParameterizedTest
    @CsvSource({"0, 2", "1, 2", "2, 2", "3, 4", "9, 10", "10, 10", "11, 20", "45, 50", "61, 80", "999, 1000"})
    void theAxisEndsAtARoundNumberWhoseHalfIsRoundToo(long most, long top) {
        assertThat(Plot.roundAbove(most)).isEqualTo(top);
        assertThat(top % 2).isZero();
    }

    @Test
    void nothingLeavesTheFrameAndWhatIsNotNothingIsSeen() {
        String page = page(new Plot("Calls", "Few.", List.of(1L, 0L, 5000L), String::valueOf, List.of("a", "b")));

        assertThat(page).contains("v-2h").containsPattern("v-[12]\\d\\dh");
        assertThat(page.split("v-")).as("two bars").hasSize(3);
    }

    private static String page(String title) {
        return page(new Plot(title, "None.", List.of(), String::valueOf, List.of()));
    }

    private static String page(Plot plot) {
        return Pages.render("report/plot", Map.of("plot", plot));
    }

    /** Compares with {@code golden/report.html}; {@code golden.update=true} writes the file instead. */
    @Test
    void pageOfAFixedNightIsUnchanged() throws IOException {
        String page = night().page();

        if (Boolean.getBoolean("golden.update")) {
            Files.writeString(GOLDEN, page);
        }
        PageChecks.assertSound(page);
        assertThat(page).isEqualTo(Files.readString(GOLDEN));
    }

    /** A night with an entry in each section of the page. */
    private static NightReport night() {
        Run before = run(11L, 1, "COMPLETED", left(7, 5_000_000_000L));
        Run stopped = run(13L, 0, "QUOTA_EXHAUSTED", left(42, 7_300_000_000L));
        List<Run> runs = List.of(run(12L, 0, "CRASHED", null), stopped);
        return new NightReport(
                List.of(new Past(List.of(before)), new Past(runs)),
                new NightFacts(
                        List.of(new FailedNote(
                                note(1), StateReason.REJECTED, 400, "</td><script>alert(1)</script> & \"more\"", 57)),
                        BEGAN,
                        Duration.ofMinutes(10),
                        IntStream.range(0, 12)
                                .mapToObj(i -> new Slice(100L + 25 * i, i % 4, i * 1_000_000L))
                                .toList(),
                        List.of(
                                new CallClass("note-detail/v1", 0, null, Billed.YES, 375, 812L, 2_400L, 9_001L),
                                new CallClass("note-detail/v1", null, 502, Billed.UNKNOWN, 2, null, null, null)),
                        List.of(new FindingCount(Damage.Kind.ORPHAN, 3))));
    }

    private static Run run(long execution, int nightsAgo, String exitCode, @Nullable Left left) {
        Instant began = BEGAN.minus(Duration.ofDays(nightsAgo)).plusSeconds(execution == 12 ? 0 : 600);
        return new Run(
                "main",
                execution,
                Night.of(began),
                began,
                began.plus(Duration.ofMinutes(100)),
                exitCode,
                left == null ? null : "the provider's daily quota was used up.",
                new Bill(400, 375, 2),
                left);
    }

    private static Left left(long pending, long objectBytes) {
        return new Left(
                new Work(370, 3, 12, 2, 1, 0, 1_480, 2_300_000_000L, 1_500),
                500L,
                new StateTotals(pending, 15, 9_000, 31, 57, 20),
                new StoreTotals(36_000, objectBytes, BEGAN.minus(Duration.ofDays(9)), 12, 3),
                """
                [{"state": "FAILED", "reason": "MEDIA_INCOMPLETE", "code": 0, "notes": 2},
                 {"state": "POSTPONED", "reason": "PROVIDER_ERROR", "code": 301, "notes": 1234}]
                """,
                """
                {"archive.workers": "8", "archive.refresh": "never"}
                """,
                null);
    }

    private static String note(int number) {
        return "66%022d".formatted(number);
    }
}
