package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.batch.RunObserver;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.provider.JustOneApiClient;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.support.StaticListableBeanFactory;

/** How far a run is, as it is told. */
@NightlyJobTest
class ProgressReporterTests {

    @Autowired
    NightlyScenario night;

    @Autowired
    RunStopper gate;

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

    private final List<RunCounts> told = new ArrayList<>();
    private final StaticListableBeanFactory observers = new StaticListableBeanFactory();
    private ProgressReporter news;
    private RunState run;

    /** Keeps what it is told. */
    private final class Listener implements RunObserver {

        @Override
        public void onStart(boolean restart) {}

        @Override
        public void onProgress(RunCounts counts) {
            told.add(counts);
        }
    }

    private static final class Broken implements RunObserver {

        @Override
        public void onStart(boolean restart) {
            throw new IllegalStateException("broken");
        }

        @Override
        public void onProgress(RunCounts counts) {
            throw new IllegalStateException("broken");
        }
    }

    @BeforeEach
    void begin() {
        RunOptions options = new RunOptions(null, null, false, "main");
        run = new RunState(options, gate, settings, downloads, drift, Clock.systemUTC());
        news = new ProgressReporter(worklist, calls, provider, observers.getBeanProvider(RunObserver.class), run);
    }

    @Test
    void anObserverThatFailsKeepsNoOtherFromBeingTold() {
        observers.addBean("broken", new Broken());
        observers.addBean("listener", new Listener());
        run.archived.increment();

        news.onProgress();

        assertThat(told)
                .singleElement()
                .satisfies(counts -> assertThat(counts.notes().archived()).isEqualTo(1));
    }

    @Test
    void whatWaitsIsFollowedFromTheLastCountOn() {
        night.pending(3);
        assertThat(news.progress().due()).isNegative();

        news.count();
        run.claims.inProgress.incrementAndGet();
        run.archived.increment();

        assertThat(news.progress().due()).isEqualTo(1);
        assertThat(news.progress().inProgress()).isEqualTo(1);
    }
}
