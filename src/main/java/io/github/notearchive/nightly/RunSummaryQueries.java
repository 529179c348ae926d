package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.CallTotals.Bill;
import io.github.notearchive.archive.stats.CallTotals.Kind;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.stats.WorklistStats.StateCount;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.io.DisplayFormat;
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

    /**
     * Returns the summary of the run, also if the end of its execution could not be written to the database. Estimates
     * the calls if they cannot be counted: each call known to the process may have been billed.
     */
    RunSummary of(StopReason end) {
        long execution = run.jobExecutionId();
        Night tonight = run.tonight();
        int videosAllowed = run.settings.videos().callsPerNight();
        int refreshesAllowed = run.settings.refreshCallsPerNight();
        try {
            Tonight videos = new Tonight(totals.in(tonight, Kind.VIDEO).calls(), videosAllowed);
            Tonight refreshes = new Tonight(totals.in(tonight, Kind.REFRESH).calls(), refreshesAllowed);
            return summary(
                    end,
                    totals.of(execution, Kind.ALL),
                    totals.countReplacements(execution),
                    new Videos(run.settings.videos().enabled(), totals.of(execution, Kind.VIDEO), videos),
                    new Refreshes(worklist.refreshes().due(), totals.of(execution, Kind.REFRESH), refreshes));
        } catch (DataAccessException | TransactionException e) {
            RunState.log.warn("Calls of this run could not be counted: {}", DatabaseErrors.summary(e));
            long sent = calls.sentByThisExecution();
            Refreshes unknown = new Refreshes(0, Bill.NONE, new Tonight(0, refreshesAllowed));
            return summary(end, new Bill(sent, 0, sent), 0, Videos.NONE, unknown);
        }
    }

    private RunSummary summary(StopReason end, Bill bill, long boughtAgain, Videos videos, Refreshes refreshes) {
        JobExecution execution = run.execution().orElseThrow();
        List<SchemaDrift.Found> newFields = drift.found();
        return new RunSummary(
                end.exitCode(),
                end.reason(),
                run.took(),
                new RunSummary.Execution(execution.getId(), execution.getJobInstanceId(), run.isRestart()),
                run.counts(),
                bill,
                boughtAgain,
                videos,
                refreshes,
                newFields.subList(run.fieldsBefore, newFields.size()));
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
