package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.archive.query.CallTotals.Bill;
import io.github.notearchive.archive.query.CallTotals.CallPurpose;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.archive.worklist.WorklistStats.StateCount;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.batch.RunObserver;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.nightly.RunSummary.RefreshSummary;
import io.github.notearchive.nightly.RunSummary.VideoSummary;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.NoteSourceProperties;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/** Publishes the progress of a run to observers and the log, and creates its summary, with calls from the ledger. */
final class RunReporter {

    private static final Logger progressLog = LoggerFactory.getLogger(RunProgress.LOGGER);

    private final WorklistStats worklist;
    private final CallRepository calls;
    private final CallTotals totals;
    private final SchemaDrift drift;
    private final JustOneApiClient provider;
    private final ObjectProvider<RunObserver> observers;
    private final RunState run;

    RunReporter(
            WorklistStats worklist,
            CallRepository calls,
            CallTotals totals,
            SchemaDrift drift,
            JustOneApiClient provider,
            ObjectProvider<RunObserver> observers,
            RunState run) {
        this.worklist = worklist;
        this.calls = calls;
        this.totals = totals;
        this.drift = drift;
        this.provider = provider;
        this.observers = observers;
        this.run = run;
    }

    void onStart(Night tonight) {
        NoteSourceProperties source = run.settings.source();
        RunState.log.info(
                "{} for node {}: night {}, {} workers, at most {} calls a second and {} in flight, videos {}, "
                        + "provider {}",
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

    void onEnd(RunSummary summary) {
        logEmptyResponses();
        Level level = summary.exitCode().isOrderly() ? Level.INFO : Level.WARN;
        long unknown = summary.bill().billingUnknown();
        RunState.log
                .atLevel(level)
                .log(
                        "Execution {} ended, {}: {}; {}, {} billed{}, {} archived",
                        summary.execution(),
                        summary.exitCode().label(),
                        summary.reason(),
                        DisplayFormat.plural(summary.bill().calls(), "call"),
                        summary.bill().billed(),
                        unknown == 0 ? "" : " and %d with billing unknown".formatted(unknown),
                        DisplayFormat.plural(summary.notes().archived(), "note"));
    }

    /** Logs the number of responses without their note in one line: there may be many. */
    private void logEmptyResponses() {
        long empty = run.emptyResponses.sum();
        if (empty > 0) {
            RunState.log.warn(
                    "{} without the note, such as {}; list them: note-archive list reason:note_absent",
                    DisplayFormat.plural(empty, "response"),
                    run.examplesOfEmpty.stream().map(NoteId::value).collect(Collectors.joining(", ")));
        }
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

    RunProgress progress() {
        RunCounts counts = run.counts();
        long expected = run.expected;
        int inProgress = run.claims.inProgress.get();
        return new RunProgress(
                counts,
                inProgress,
                expected < 0 ? -1 : Math.max(0, expected - inProgress - counts.done()),
                calls.sentByThisExecution(),
                provider.callsLeft() == Long.MAX_VALUE ? null : provider.callsLeft(),
                run.took());
    }

    /**
     * Returns the summary of the run, also if the end of its execution could not be written to the database. Estimates
     * the calls if they cannot be counted: each call known to the process may have been billed.
     */
    RunSummary summaryOf(StopReason end) {
        long execution = run.jobExecutionId();
        Night tonight = run.tonight();
        try {
            VideoSummary videos = new VideoSummary(
                    run.settings.videos().enabled(),
                    totals.of(execution, CallPurpose.VIDEO),
                    totals.in(tonight, CallPurpose.VIDEO).calls(),
                    run.settings.videos().callsPerNight());
            RefreshSummary refreshes = new RefreshSummary(
                    worklist.refreshes().due(),
                    totals.of(execution, CallPurpose.REFRESH),
                    totals.in(tonight, CallPurpose.REFRESH).calls(),
                    run.settings.refreshCallsPerNight());
            Bill bill = totals.of(execution, CallPurpose.ALL);
            return summary(end, bill, totals.countReplacements(execution), videos, refreshes);
        } catch (DataAccessException | TransactionException e) {
            RunState.log.warn("Calls of this run could not be counted: {}", DatabaseErrors.summary(e));
            long sent = calls.sentByThisExecution();
            RefreshSummary unknown = new RefreshSummary(0, Bill.NONE, 0, run.settings.refreshCallsPerNight());
            return summary(end, new Bill(sent, 0, sent), 0, VideoSummary.NONE, unknown);
        }
    }

    private RunSummary summary(
            StopReason end, Bill bill, long boughtAgain, VideoSummary videos, RefreshSummary refreshes) {
        List<SchemaDrift.FieldExample> newFields = drift.found();
        return new RunSummary(
                run.end(end.exitCode() == ExitCode.COMPLETED ? new StopReason(end.exitCode(), whyCompleted()) : end),
                run.counts(),
                bill,
                boughtAgain,
                videos,
                refreshes,
                newFields.subList(run.fieldsBefore, newFields.size()),
                totals.cost(bill, videos.bill()),
                run.captureLog);
    }

    /** Returns the reason of a completed run; names an empty worklist and notes that failed in earlier runs. */
    private String whyCompleted() {
        String what = run.counts().done() == 0 ? "no note was due" : "every due note was processed";
        try {
            List<StateCount> states = worklist.countByState();
            if (states.isEmpty()) {
                return "the worklist is empty; fill it with: note-archive enqueue FILE";
            }
            return states.stream()
                    .filter(count -> count.state() == NoteState.FAILED)
                    .findFirst()
                    .map(failed -> what + "; " + DisplayFormat.plural(failed.notes(), "note")
                            + " failed earlier, see note-archive status")
                    .orElse(what);
        } catch (DataAccessException | TransactionException e) {
            RunState.log.warn("Worklist could not be counted: {}", DatabaseErrors.summary(e));
        }
        return what;
    }
}
