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

import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.batch.RunObserver;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.media.MediaDownloader.MediaTraffic;
import java.time.Clock;
import org.junit.jupiter.api.Test;
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
    void whatWaitsIsFollowedFromTheLastCountOn() {
        when(worklist.countDue(anyInt(), any())).thenReturn(3L);
        assertThat(reporter.progress().due()).isNegative();

        reporter.count();
        run.claims.inProgress.incrementAndGet();
        run.archived.increment();

        assertThat(reporter.progress().due()).isEqualTo(1);
        assertThat(reporter.progress().inProgress()).isEqualTo(1);
    }
}
