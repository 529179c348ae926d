package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobResult;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/** Creates the summary of a run that has ended. */
@Component
class RunSummaries {

    // all lines of a run use this logger
    private static final Logger log = LoggerFactory.getLogger(NightlyJobRunner.class);

    private final CallsOfRun calls;
    private final WorklistStats worklist;
    private final SchemaDrift drift;
    private final NoteSourceProperties sourceSettings;
    private final RefreshProperties refreshSettings;

    RunSummaries(
            CallsOfRun calls,
            WorklistStats worklist,
            SchemaDrift drift,
            NoteSourceProperties sourceSettings,
            RefreshProperties refreshSettings) {
        this.calls = calls;
        this.worklist = worklist;
        this.drift = drift;
        this.sourceSettings = sourceSettings;
        this.refreshSettings = refreshSettings;
    }

    /** Returns the summary of a run and its execution. */
    RunSummary of(RunState run, JobResult result) {
        StopReason end = result.end().exitCode() == ExitCode.COMPLETED
                ? new StopReason(ExitCode.COMPLETED, whyCompleted(run))
                : result.end();
        return of(run, result.execution(), result.restart(), end);
    }

    /** Returns the summary of a run whose end could not be written to the database. */
    RunSummary ofBroken(RunState run, JobExecution execution, boolean restart, RuntimeException broken) {
        return of(run, execution, restart, StopReason.ofOutside(broken));
    }

    private RunSummary of(RunState run, JobExecution execution, boolean restart, StopReason end) {
        CallsOfRun.Bills made = calls.of(execution.getId());
        return new RunSummary(
                end.exitCode(),
                end.reason(),
                run.took(),
                new RunSummary.Execution(execution.getId(), execution.getJobInstanceId(), restart),
                run.counts(),
                made.bill(),
                made.boughtAgain(),
                made.videos(),
                refreshes(made),
                newFields(run));
    }

    /** Returns the reason of a completed run; distinguishes an empty worklist. */
    private String whyCompleted(RunState run) {
        try {
            return run.counts().done() == 0 && worklist.countByState().isEmpty()
                    ? "the worklist is empty; fill it with: note-archive enqueue FILE"
                    : "every due note was processed";
        } catch (DataAccessException | TransactionException e) {
            log.warn("Worklist could not be counted: {}", DatabaseErrors.summary(e));
            return "every due note was processed";
        }
    }

    private List<SchemaDrift.Found> newFields(RunState run) {
        List<SchemaDrift.Found> found = drift.found();
        return found.subList(run.fieldsBefore(), found.size());
    }

    private RunSummary.Refreshes refreshes(CallsOfRun.Bills made) {
        return new RunSummary.Refreshes(
                made.refreshesDue(),
                made.refreshes(),
                new RunSummary.Tonight(
                        made.refreshesTonight(), refreshSettings.callsAllowed(sourceSettings.callsPerNight())));
    }
}
