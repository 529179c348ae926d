package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.RunCounts;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RunProgressTests {

    @Test
    void isALineOfNamesAndValuesInAnOrderThatStays() {
        assertThat(progress(90, 200, 400L, Duration.ofMinutes(2)))
                .hasToString(
                        "archived=90 unavailable=5 postponed=7 failed=3 released=1 refreshed=2 in_progress=10 due=200 calls=104 calls_left=400 files=300 bytes=123456 notes_per_minute=50.0 seconds=120 eta_seconds=252");
    }

    @Test
    void whatIsNotKnownIsADash() {
        assertThat(progress(0, -1, null, Duration.ofMillis(10)).toString())
                .contains(" due=- ", " calls_left=- ")
                .endsWith(" eta_seconds=-");
    }

    @Test
    void noEndIsForetoldFromNothing() {
        assertThat(progress(90, 200, null, Duration.ofSeconds(4)).left()).isEmpty();
        assertThat(new RunProgress(counts(0, 0, 9, 0, 0, 0, 0, 0), 3, 50, 9, null, Duration.ofHours(1)).left())
                .isEmpty();
        assertThat(progress(90, RunProgress.MOST_COUNTED, null, Duration.ofHours(1))
                        .left())
                .isEmpty();
    }

    @Test
    void notesInWorkAreToBeDoneStill() {
        assertThat(progress(90, 0, null, Duration.ofMinutes(2)).left()).contains(Duration.ofSeconds(12));
    }

    private static RunProgress progress(long archived, long due, @Nullable Long callsLeft, Duration took) {
        return new RunProgress(counts(archived, 5, 7, 3, 1, 2, 300, 123_456), 10, due, 104, callsLeft, took);
    }

    private static RunCounts counts(
            long archived,
            long unavailable,
            long postponed,
            long failed,
            long released,
            long refreshed,
            long files,
            long bytes) {
        return new RunCounts(
                new RunCounts.Notes(archived, unavailable, postponed, failed, released, 0),
                new RunCounts.Refreshes(refreshed, 0, 0, 0, 0, 0, 0),
                new RunCounts.Files(files, bytes, 0, 0, 0, 0, 0, 0, 0),
                new RunCounts.FailedDownloads(0, 0, 0),
                0);
    }
}
