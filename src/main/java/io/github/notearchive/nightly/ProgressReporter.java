package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.batch.JobStarter.Launch;
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
import org.springframework.stereotype.Component;

/** How far a run is, for whoever wants to know: the observers, the log, a person who asks. */
@Component
class ProgressReporter {

    // the lines of a run all come under this name
    private static final Logger log = LoggerFactory.getLogger(NightlyJobRunner.class);

    private static final Logger progressLog = LoggerFactory.getLogger(RunProgress.LOGGER);

    private final WorklistStats worklist;
    private final CallRepository calls;
    private final JustOneApiClient provider;
    private final ArchiveProperties settings;
    private final NoteSourceProperties sourceSettings;
    private final VideoProperties videoSettings;
    private final ObjectProvider<RunObserver> observers;
    private final Clock clock;

    ProgressReporter(
            WorklistStats worklist,
            CallRepository calls,
            JustOneApiClient provider,
            ArchiveProperties settings,
            NoteSourceProperties sourceSettings,
            VideoProperties videoSettings,
            ObjectProvider<RunObserver> observers,
            Clock clock) {
        this.worklist = worklist;
        this.calls = calls;
        this.provider = provider;
        this.settings = settings;
        this.sourceSettings = sourceSettings;
        this.videoSettings = videoSettings;
        this.observers = observers;
        this.clock = clock;
    }

    /** Says which run it is, and by which settings. */
    void onStart(RunState run, Launch launch, Night tonight) {
        log.info(
                "{} for node {}: night {}, {} notes at once, {} calls a second, {} in flight, videos {}, provider {}",
                launch.restart() ? "Continuing the unfinished run" : "A new run",
                run.node(),
                tonight,
                settings.workers(),
                sourceSettings.callsPerSecond(),
                sourceSettings.callsInFlight(),
                videoSettings.enabled() ? "bought" : "not bought",
                sourceSettings.baseUrl());
        notifyObservers(observer -> observer.onStart(launch.restart()));
    }

    void onProgress(RunState run) {
        RunCounts counts = run.counts();
        notifyObservers(observer -> observer.onProgress(counts));
    }

    /** Whoever is told must not be able to end a night. */
    private void notifyObservers(Consumer<RunObserver> what) {
        for (RunObserver observer : observers) {
            try {
                what.accept(observer);
            } catch (RuntimeException e) {
                log.warn("An observer of the run failed, the run goes on: {}", e.toString());
            }
        }
    }

    /** Writes the line of each minute. */
    void log(RunState run) {
        count(run);
        progressLog.info("Progress: {}", progress(run));
    }

    /** Counts the notes that wait, from which {@link #progress} goes on until they are counted anew. */
    void count(RunState run) {
        long due = worklist.countDue(RunProgress.MOST_COUNTED, settings.retry().windowFrom(clock.instant()));
        run.expected = due + run.inProgress.get() + run.counts().done();
    }

    /** How far it is at this moment. Asks no server. */
    RunProgress progress(RunState run) {
        RunCounts counts = run.counts();
        long expected = run.expected;
        int inWork = run.inProgress.get();
        return new RunProgress(
                counts,
                inWork,
                expected < 0 ? -1 : Math.max(0, expected - inWork - counts.done()),
                calls.sentByThisExecution(),
                sourceSettings.callsPerNight() == 0 ? null : provider.callsLeft(),
                run.took());
    }
}
