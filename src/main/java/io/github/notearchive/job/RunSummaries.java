package io.github.notearchive.job;

import io.github.notearchive.catalog.SchemaDrift;
import io.github.notearchive.source.NoteSourceProperties;
import io.github.notearchive.source.RefreshProperties;
import io.github.notearchive.sql.Trouble;
import io.github.notearchive.worklist.WorklistCounts;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/** Sums up runs that have ended. */
@Component
class RunSummaries {

    // the lines of a run all come under this name
    private static final Logger log = LoggerFactory.getLogger(ArchiveRunner.class);

    private final RunGate gate;
    private final CallsOfRun calls;
    private final WorklistCounts worklist;
    private final SchemaDrift drift;
    private final NoteSourceProperties sourceSettings;
    private final RefreshProperties refreshSettings;

    RunSummaries(
            RunGate gate,
            CallsOfRun calls,
            WorklistCounts worklist,
            SchemaDrift drift,
            NoteSourceProperties sourceSettings,
            RefreshProperties refreshSettings) {
        this.gate = gate;
        this.calls = calls;
        this.worklist = worklist;
        this.drift = drift;
        this.sourceSettings = sourceSettings;
        this.refreshSettings = refreshSettings;
    }

    /** What a run did, and how its execution ended. */
    RunSummary of(ActiveRun run, JobExecution execution, boolean restart) {
        ExitCode exitCode = Launches.ended(execution, gate);
        String reason = switch (exitCode) {
            case COMPLETED -> whyCompleted(run);
            case FAILED, UPSTREAM_UNAVAILABLE -> Launches.whyFailed(execution, gate);
            default -> execution.getExitStatus().getExitDescription();
        };
        return of(run, execution, restart, new Gate.Closure(exitCode, reason));
    }

    /** The same of one whose end the database did not take. */
    RunSummary ofBroken(ActiveRun run, JobExecution execution, boolean restart, RuntimeException broken) {
        return of(run, execution, restart, Launches.brokenBy(broken));
    }

    private RunSummary of(ActiveRun run, JobExecution execution, boolean restart, Gate.Closure end) {
        CallsOfRun.Bills made = calls.of(execution.getId());
        return new RunSummary(
                end.exitCode(),
                end.reason(),
                run.took(),
                new RunSummary.Execution(execution.getId(), execution.getJobInstanceId(), restart),
                run.notes(),
                run.files(),
                made.bill(),
                made.boughtAgain(),
                made.videos(),
                refreshes(run, made),
                newFields(run));
    }

    /** A worklist that nobody filled should not look like a night's work. */
    private String whyCompleted(ActiveRun run) {
        try {
            return run.counts().done() == 0 && worklist.countByState().isEmpty()
                    ? "the worklist is empty; fill it with: note-archive enqueue FILE"
                    : "every note that was due reached its end";
        } catch (DataAccessException | TransactionException e) {
            log.warn("The worklist could not be counted: {}", Trouble.describe(e));
            return "every note that was due reached its end";
        }
    }

    private List<SchemaDrift.Found> newFields(ActiveRun run) {
        List<SchemaDrift.Found> found = drift.found();
        return found.subList(run.fieldsBefore(), found.size());
    }

    private RunSummary.Refreshes refreshes(ActiveRun run, CallsOfRun.Bills made) {
        return new RunSummary.Refreshes(
                run.answeredAnew(),
                run.refreshedGone.sum(),
                run.refreshesPutOff.sum(),
                made.refreshesDue(),
                made.refreshes(),
                new RunSummary.Tonight(
                        made.refreshesTonight(), refreshSettings.callsAllowed(sourceSettings.callsPerNight())));
    }
}
