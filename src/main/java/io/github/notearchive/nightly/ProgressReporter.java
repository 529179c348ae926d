package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.batch.RunObserver;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.NoteSourceProperties;
import java.time.Instant;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.beans.factory.ObjectProvider;

/** Publishes the progress of a run to observers and the log. */
record ProgressReporter(
        WorklistStats worklist,
        CallRepository calls,
        JustOneApiClient provider,
        ObjectProvider<RunObserver> observers,
        RunState run) {

    private static final Logger progressLog = LoggerFactory.getLogger(RunProgress.LOGGER);

    /** Logs which run starts, and its settings; notifies the observers. */
    void onStart(Night tonight) {
        NoteSourceProperties source = run.settings.source();
        RunState.log.info(
                "{} for node {}: night {}, {} workers, at most {} calls a second and {} in flight, videos {}, provider {}",
                run.isRestart() ? "Resuming the unfinished run" : "Starting a new run",
                run.node(),
                tonight,
                run.settings.archive().workers(),
                source.callsPerSecond(),
                source.callsInFlight(),
                run.settings.videos().enabled() ? "bought" : "not bought",
                source.baseUrl());
        notifyObservers(observer -> observer.onStart(run.isRestart()));
    }

    /** Logs how the run ended. */
    void onEnd(RunSummary summary) {
        Level level = summary.exitCode().isOrderly() ? Level.INFO : Level.WARN;
        RunState.log
                .atLevel(level)
                .log(
                        "Execution {} ended, {}: {}; {}, {} billed, {} archived",
                        summary.executionId(),
                        summary.exitCode().label(),
                        summary.reason(),
                        DisplayFormat.plural(summary.bill().calls(), "call"),
                        summary.bill().billed(),
                        DisplayFormat.plural(summary.notes().archived(), "note"));
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
                RunState.log.warn("An observer of the run failed; the run continues: {}", e.toString());
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
        Instant horizon = run.settings.archive().retry().windowFrom(run.now());
        long due = worklist.countDue(RunProgress.MOST_COUNTED, horizon);
        run.expected = due + run.claims.inProgress.get() + run.counts().done();
    }

    /** Returns the current progress. Sends no request. */
    RunProgress progress() {
        RunCounts counts = run.counts();
        long expected = run.expected;
        int inProgress = run.claims.inProgress.get();
        return new RunProgress(
                counts,
                inProgress,
                expected < 0 ? -1 : Math.max(0, expected - inProgress - counts.done()),
                calls.sentByThisExecution(),
                run.settings.source().callsPerNight() == 0 ? null : provider.callsLeft(),
                run.took());
    }
}
