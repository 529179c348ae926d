package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.batch.RunObserver;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.VideoProperties;
import java.time.Clock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;

/** Publishes the progress of a run to observers and the log. */
class ProgressReporter {

    // all lines of a run use this logger
    private static final Logger log = LoggerFactory.getLogger(NightlyJobRunner.class);

    private static final Logger progressLog = LoggerFactory.getLogger(RunProgress.LOGGER);

    private final WorklistStats worklist;
    private final CallRepository calls;
    private final JustOneApiClient provider;
    private final ArchiveProperties settings;
    private final NoteSourceProperties sourceSettings;
    private final VideoProperties videoSettings;
    private final ObjectProvider<RunObserver> observers;
    private final RunState run;
    private final Clock clock;

    ProgressReporter(
            WorklistStats worklist,
            CallRepository calls,
            JustOneApiClient provider,
            ArchiveProperties settings,
            NoteSourceProperties sourceSettings,
            VideoProperties videoSettings,
            ObjectProvider<RunObserver> observers,
            RunState run,
            Clock clock) {
        this.worklist = worklist;
        this.calls = calls;
        this.provider = provider;
        this.settings = settings;
        this.sourceSettings = sourceSettings;
        this.videoSettings = videoSettings;
        this.observers = observers;
        this.run = run;
        this.clock = clock;
    }

    /** Logs which run starts, and its settings; notifies the observers. */
    void onStart(Night tonight) {
        log.info(
                "{} for node {}: night {}, {} notes at once, {} calls a second, {} in flight, videos {}, provider {}",
                run.isRestart() ? "Resuming the unfinished run" : "Starting a new run",
                run.node(),
                tonight,
                settings.workers(),
                sourceSettings.callsPerSecond(),
                sourceSettings.callsInFlight(),
                videoSettings.enabled() ? "bought" : "not bought",
                sourceSettings.baseUrl());
        notifyObservers(observer -> observer.onStart(run.isRestart()));
    }

    void onProgress() {
        RunCounts counts = run.counts();
        notifyObservers(observer -> observer.onProgress(counts));
    }

    /** Notifies the observers; an exception must not stop the run. */
    private void notifyObservers(Consumer<RunObserver> what) {
        for (RunObserver observer : observers) {
            try {
                what.accept(observer);
            } catch (RuntimeException e) {
                log.warn("An observer of the run failed; the run continues: {}", e.toString());
            }
        }
    }

    /** Writes the progress line of each minute. */
    void log() {
        count();
        progressLog.info("Progress: {}", progress());
    }

    /** Counts the waiting notes, from which {@link #progress} calculates until the next count. */
    void count() {
        long due = worklist.countDue(RunProgress.MOST_COUNTED, settings.retry().windowFrom(clock.instant()));
        run.expected = due + run.inProgress.get() + run.counts().done();
    }

    /** Returns the current progress. Sends no request. */
    RunProgress progress() {
        RunCounts counts = run.counts();
        long expected = run.expected;
        int inProgress = run.inProgress.get();
        return new RunProgress(
                counts,
                inProgress,
                expected < 0 ? -1 : Math.max(0, expected - inProgress - counts.done()),
                calls.sentByThisExecution(),
                sourceSettings.callsPerNight() == 0 ? null : provider.callsLeft(),
                run.took());
    }
}
