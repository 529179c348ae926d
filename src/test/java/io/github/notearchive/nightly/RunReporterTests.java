package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.ArgumentMatchers.argThat;
import static org.mockito.Mockito.RETURNS_DEEP_STUBS;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.batch.RunObserver;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.media.MediaDownloader.MediaTraffic;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.support.StaticListableBeanFactory;

/** Reported progress of a run. */
class RunReporterTests {

    private final WorklistStats worklist = mock();
    private final StaticListableBeanFactory observers = new StaticListableBeanFactory();
    private final RunState run = run(new RunStopper(mock(), mock()));
    private final RunReporter reporter = new RunReporter(
            worklist, mock(), mock(), mock(), mock(), observers.getBeanProvider(RunObserver.class), run);

    /** State of a run of node main without settings. */
    static RunState run(RunStopper stopper) {
        MediaDownloader downloads = mock();
        when(downloads.traffic()).thenReturn(new MediaTraffic(0, 0, 0));
        return new RunState(
                new RunOptions(null, null, false, "main"),
                stopper,
                mock(NightlySettings.class, RETURNS_DEEP_STUBS),
                downloads,
                mock(),
                Clock.systemUTC());
    }

    @Test
    void failedObserverDoesNotKeepOthersFromBeingNotified() {
        RunObserver broken = mock();
        RunObserver observer = mock();
        doThrow(new IllegalStateException("broken")).when(broken).onProgress(any());
        observers.addBean("broken", broken);
        observers.addBean("observer", observer);
        run.archived.increment();

        reporter.onProgress();

        verify(observer).onProgress(argThat(counts -> counts.notes().archived() == 1));
    }

    @Test
    void waitingNotesAreComputedFromTheLastCount() {
        when(worklist.countDue(anyInt(), any())).thenReturn(3L);
        assertThat(reporter.progress().due()).isNegative();

        reporter.count();
        run.claims.inProgress.incrementAndGet();
        run.archived.increment();

        assertThat(reporter.progress().due()).isEqualTo(1);
        assertThat(reporter.progress().inProgress()).isEqualTo(1);
    }

    @Test
    void isALineOfNamesAndValuesInAFixedOrder() {
        assertThat(progress(90, 200, 400L, Duration.ofMinutes(2)))
                .hasToString(
                        "archived=90 unavailable=5 postponed=7 failed=3 released=1 refreshed=2 in_progress=10 due=200 calls=104 calls_left=400 files=300 bytes=123456 notes_per_minute=50.0 seconds=120 eta_seconds=252");
    }

    @Test
    void unknownValueIsADash() {
        assertThat(progress(0, -1, null, Duration.ofMillis(10)).toString())
                .contains(" due=- ", " calls_left=- ")
                .endsWith(" eta_seconds=-");
    }

    /** Ten notes are in progress. */
    @ParameterizedTest
    @CsvSource({"90, 0, 120, 12", "90, 200, 4, -", "90, 1000000, 3600, -"})
    void remainingTimeFollowsFromTheRate(long archived, long due, int seconds, String remaining) {
        assertThat(progress(archived, due, null, Duration.ofSeconds(seconds)).toString())
                .endsWith(" eta_seconds=" + remaining);
    }

    @Test
    void noEndIsPredictedFromPostponedNotes() {
        RunCounts onlyPostponed = counts(new RunCounts.Notes(0, 0, 9, 0, 0, 0), 0);

        assertThat(new RunProgress(onlyPostponed, 3, 50, 9, null, Duration.ofHours(1)).left())
                .isEmpty();
    }

    private static RunProgress progress(long archived, long due, @Nullable Long callsLeft, Duration took) {
        RunCounts counts = counts(new RunCounts.Notes(archived, 5, 7, 3, 1, 0), 2);
        return new RunProgress(counts, 10, due, 104, callsLeft, took);
    }

    private static RunCounts counts(RunCounts.Notes notes, long refreshed) {
        return new RunCounts(
                notes,
                new RunCounts.RefreshCounts(refreshed, 0, 0, 0, 0, 0, 0),
                new RunCounts.FileCounts(300, 123_456, 0, 0, 0, 0, 0, 0, 0, 0),
                RunCounts.NONE.downloads(),
                0);
    }
}
