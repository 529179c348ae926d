package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.CallTotals.Bill;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.nightly.RunSummary.Refreshes;
import io.github.notearchive.nightly.RunSummary.Tonight;
import io.github.notearchive.nightly.RunSummary.Videos;
import io.github.notearchive.note.Night;
import java.util.List;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/** Creates the summary of a run that has ended; reads its calls from the ledger. */
record RunSummaryQueries(
        CallRepository calls, CallTotals totals, WorklistStats worklist, SchemaDrift drift, RunState run) {

    /** Returns the summary of the run and its execution. */
    RunSummary ofEnded(StopReason end) {
        return of(end.exitCode() == ExitCode.COMPLETED ? new StopReason(ExitCode.COMPLETED, whyCompleted()) : end);
    }

    /** Returns the summary of the run, also if the end of its execution could not be written to the database. */
    RunSummary of(StopReason end) {
        JobExecution execution = run.execution().orElseThrow();
        Bills made = bills(execution.getId());
        List<SchemaDrift.Found> newFields = drift.found();
        return new RunSummary(
                end.exitCode(),
                end.reason(),
                run.took(),
                new RunSummary.Execution(execution.getId(), execution.getJobInstanceId(), run.isRestart()),
                run.counts(),
                made.all(),
                made.boughtAgain(),
                made.videos(),
                made.refreshes(),
                newFields.subList(run.fieldsBefore, newFields.size()));
    }

    /** Returns the reason of a completed run; distinguishes an empty worklist. */
    private String whyCompleted() {
        try {
            if (run.counts().done() == 0 && worklist.countByState().isEmpty()) {
                return "the worklist is empty; fill it with: note-archive enqueue FILE";
            }
        } catch (DataAccessException | TransactionException e) {
            RunState.log.warn("Worklist could not be counted: {}", DatabaseErrors.summary(e));
        }
        return "every due note was processed";
    }

    /** Calls of a run: all, those for expired URLs, for videos, and for refreshes. */
    private record Bills(Bill all, long boughtAgain, Videos videos, Refreshes refreshes) {}

    /**
     * Returns the calls of an execution; estimates if the database is unavailable, so that the result of the run is
     * reported: each call known to the process may have been billed.
     */
    private Bills bills(long execution) {
        Night tonight = run.tonight();
        int refreshesAllowed = run.settings.refreshCallsPerNight();
        try {
            Tonight videosTonight = new Tonight(
                    totals.in(tonight, CallTotals.Kind.VIDEO).calls(),
                    run.settings.videos().callsPerNight());
            return new Bills(
                    totals.of(execution, CallTotals.Kind.ALL),
                    totals.countReplacements(execution),
                    new Videos(
                            run.settings.videos().enabled(),
                            totals.of(execution, CallTotals.Kind.VIDEO),
                            videosTonight),
                    new Refreshes(
                            worklist.refreshes().due(),
                            totals.of(execution, CallTotals.Kind.REFRESH),
                            new Tonight(
                                    totals.in(tonight, CallTotals.Kind.REFRESH).calls(), refreshesAllowed)));
        } catch (DataAccessException | TransactionException e) {
            RunState.log.warn("Calls of this run could not be counted: {}", DatabaseErrors.summary(e));
            long sent = calls.sentByThisExecution();
            Refreshes unknown = new Refreshes(0, Bill.NONE, new Tonight(0, refreshesAllowed));
            return new Bills(new Bill(sent, 0, sent), 0, Videos.NONE, unknown);
        }
    }
}
