package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.argThat;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.batch.RunObserver;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.provider.JustOneApiClient;
import java.time.Clock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.support.StaticListableBeanFactory;

/** Reported progress of a run. */
@NightlyJobTest
class RunReporterTests extends NightFixture {

    @Autowired
    MediaDownloader downloads;

    @Autowired
    SchemaDrift drift;

    @Autowired
    WorklistStats worklist;

    @Autowired
    CallRepository calls;

    @Autowired
    JustOneApiClient provider;

    @Autowired
    NightlySettings settings;

    private final StaticListableBeanFactory observers = new StaticListableBeanFactory();
    private RunReporter reporter;
    private RunState run;

    @BeforeEach
    void begin() {
        RunOptions options = new RunOptions(null, null, false, "main");
        run = new RunState(options, gate, settings, downloads, drift, Clock.systemUTC());
        reporter = new RunReporter(
                worklist, calls, mock(), drift, provider, observers.getBeanProvider(RunObserver.class), run);
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
        night.pending(3);
        assertThat(reporter.progress().due()).isNegative();

        reporter.count();
        run.claims.inProgress.incrementAndGet();
        run.archived.increment();

        assertThat(reporter.progress().due()).isEqualTo(1);
        assertThat(reporter.progress().inProgress()).isEqualTo(1);
    }
}
