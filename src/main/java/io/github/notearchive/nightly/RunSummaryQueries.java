package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import java.time.Clock;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/** Creates the summary of a run that has ended; reads its calls from the ledger. */
class RunSummaryQueries {

    // all lines of a run use this logger
    private static final Logger log = LoggerFactory.getLogger(NightlyJobRunner.class);

    private final CallRepository calls;
    private final CallTotals totals;
    private final WorklistStats worklist;
    private final SchemaDrift drift;
    private final NoteSourceProperties sourceSettings;
    private final VideoProperties videoSettings;
    private final RefreshProperties refreshSettings;
    private final RunState run;
    private final Clock clock;

    RunSummaryQueries(
            CallRepository calls,
            CallTotals totals,
            WorklistStats worklist,
            SchemaDrift drift,
            NoteSourceProperties sourceSettings,
            VideoProperties videoSettings,
            RefreshProperties refreshSettings,
            RunState run,
            Clock clock) {
        this.calls = calls;
        this.totals = totals;
        this.worklist = worklist;
        this.drift = drift;
        this.sourceSettings = sourceSettings;
        this.videoSettings = videoSettings;
        this.refreshSettings = refreshSettings;
        this.run = run;
        this.clock = clock;
    }

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
                new RunSummary.Refreshes(
                        made.refreshesDue(),
                        made.refreshes(),
                        new RunSummary.Tonight(
                                made.refreshesTonight(), refreshSettings.callsAllowed(sourceSettings.callsPerNight()))),
                newFields.subList(run.fieldsBefore(), newFields.size()));
    }

    /** Returns the reason of a completed run; distinguishes an empty worklist. */
    private String whyCompleted() {
        try {
            return run.counts().done() == 0 && worklist.countByState().isEmpty()
                    ? "the worklist is empty; fill it with: note-archive enqueue FILE"
                    : "every due note was processed";
        } catch (DataAccessException | TransactionException e) {
            log.warn("Worklist could not be counted: {}", DatabaseErrors.summary(e));
            return "every due note was processed";
        }
    }

    /**
     * Returns the calls of an execution; estimates if the database is unavailable, so that the result of the run is
     * reported: each call known to the process may have been billed.
     */
    private Bills bills(long jobExecutionId) {
        try {
            Night tonight = Night.current(clock);
            return new Bills(
                    totals.billOf(jobExecutionId),
                    totals.countReplacements(jobExecutionId),
                    new RunSummary.Videos(
                            videoSettings.enabled(),
                            totals.billOf(jobExecutionId, Endpoint.VIDEO),
                            new RunSummary.Tonight(
                                    totals.billIn(tonight, Endpoint.VIDEO).calls(), videoSettings.callsPerNight())),
                    totals.billOfRefreshes(jobExecutionId),
                    totals.billOfRefreshesIn(tonight).calls(),
                    worklist.refreshes().due());
        } catch (DataAccessException | TransactionException e) {
            log.warn("Calls of this run could not be counted: {}", DatabaseErrors.summary(e));
            long sent = calls.sentByThisExecution();
            return new Bills(new CallTotals.Bill(sent, 0, sent), 0, RunSummary.Videos.NONE, CallTotals.Bill.NONE, 0, 0);
        }
    }

    /** Calls of a run: all, those for videos, and those for refreshes. */
    private record Bills(
            CallTotals.Bill all,
            long boughtAgain,
            RunSummary.Videos videos,
            CallTotals.Bill refreshes,
            long refreshesTonight,
            long refreshesDue) {}
}
