package io.github.notearchive.nightly;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobResult;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.JobStart;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.nightly.StartDecision.Denied;
import io.github.notearchive.nightly.StartDecision.Granted;
import java.sql.SQLException;
import java.util.Optional;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/**
 * Runs one night for a node, or resumes an unfinished one.
 *
 * <p>In this order: lock of the node; {@link StartChecks}; newest instance that is not COMPLETED, or a new one. Before
 * the last step nothing is bought and no execution is written.
 */
@Component
public class NightlyJobRunner {

    private final JdbcConnectionDetails database;
    private final NewRuns newRuns;
    private final StartChecks checks;
    private final JobRunner starter;
    private final Job job;
    private final ActiveRuns runs;
    private final ProviderAccess provider;
    private final RunWatchdogs watchdogs;
    private final ProgressReporter reporter;
    private final RunSummaries summaries;
    private final ReplacedFiles removal;

    NightlyJobRunner(
            JdbcConnectionDetails database,
            NewRuns newRuns,
            StartChecks checks,
            JobRunner starter,
            Job archiveNotes,
            ActiveRuns runs,
            ProviderAccess provider,
            RunWatchdogs watchdogs,
            ProgressReporter reporter,
            RunSummaries summaries,
            ReplacedFiles removal) {
        this.database = database;
        this.newRuns = newRuns;
        this.checks = checks;
        this.starter = starter;
        this.job = archiveNotes;
        this.runs = runs;
        this.provider = provider;
        this.watchdogs = watchdogs;
        this.reporter = reporter;
        this.summaries = summaries;
        this.removal = removal;
    }

    /** Runs the job and returns its summary. Limited by the settings; does not throw for unavailable servers. */
    public RunSummary run(RunOptions options) {
        RunSummary summary = runUnderLock(options);
        boolean serversRespond =
                summary.exitCode() != ExitCode.UPSTREAM_UNAVAILABLE && summary.exitCode() != ExitCode.FAILED;
        if (summary.execution() != null && serversRespond) {
            removal.removeAfterRun(options.node());
        }
        return summary;
    }

    private RunSummary runUnderLock(RunOptions options) {
        RunState run = newRuns.of(options);
        try (RunnerLock lock = RunnerLock.ofRuns(database, options.node()).orElse(null)) {
            if (lock == null) {
                return notStarted(run, StartRefusal.ofLock(options.node()));
            }
            return switch (checks.of(run)) {
                case Denied(var refusal) -> notStarted(run, refusal);
                case Granted granted -> start(run, lock, granted);
            };
        } catch (SQLException | DataAccessException | TransactionException e) {
            StopReason broken = StopReason.ofOutside(e);
            return RunSummary.notStarted(broken.exitCode(), broken.reason(), run.took());
        }
    }

    private static RunSummary notStarted(RunState run, StartRefusal refusal) {
        return RunSummary.notStarted(refusal.exitCode(), refusal.reason(), run.took());
    }

    private RunSummary start(RunState run, RunnerLock lock, Granted granted) {
        run.withoutCalls(granted.withoutCalls());
        reporter.count(run);
        JobStart launch = starter.next(
                NightlyJob.NAME,
                run.node(),
                granted.tonight(),
                _ -> {},
                run.options().parameters());
        runs.begin(run);
        try {
            reporter.onStart(run, launch, granted.tonight());
            provider.open(run, granted);
            return execute(run, lock, launch);
        } finally {
            provider.end();
            runs.end();
        }
    }

    private RunSummary execute(RunState run, RunnerLock lock, JobStart launch) {
        try (RunWatchdog _ = watchdogs.watch(run, lock)) {
            JobResult result = starter.run(job, launch, run);
            reporter.onProgress(run);
            return summaries.of(run, result);
        } catch (DataAccessException | TransactionException e) {
            JobExecution started = run.execution().orElseThrow(() -> e);
            reporter.onProgress(run);
            return summaries.ofBroken(run, started, launch.restart(), e);
        } finally {
            watchdogs.onEnd();
        }
    }

    /** Returns the progress of the active run; empty if there is none. */
    public Optional<RunProgress> progress() {
        return runs.now().map(reporter::progress);
    }
}
