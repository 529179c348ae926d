package io.github.notearchive.nightly;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.JobStarter;
import io.github.notearchive.batch.JobStarter.Launch;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
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
 * Runs one night for a node, or continues the one it did not finish.
 *
 * <p>In this order: the node's lock; the {@link StartChecks}; the newest instance that is not COMPLETED, or a new one.
 * Up to the last step nothing is bought and no execution is written.
 */
@Component
public class NightlyJobRunner {

    private final JdbcConnectionDetails database;
    private final NewRuns newRuns;
    private final StartChecks preflight;
    private final JobStarter launches;
    private final Job job;
    private final ActiveRuns runs;
    private final ProviderAccess provider;
    private final RunWatchdogs watches;
    private final ProgressReporter news;
    private final RunSummaries summaries;
    private final ObjectRemoval removal;

    NightlyJobRunner(
            JdbcConnectionDetails database,
            NewRuns newRuns,
            StartChecks preflight,
            JobStarter launches,
            Job archiveNotes,
            ActiveRuns runs,
            ProviderAccess provider,
            RunWatchdogs watches,
            ProgressReporter news,
            RunSummaries summaries,
            ObjectRemoval removal) {
        this.database = database;
        this.newRuns = newRuns;
        this.preflight = preflight;
        this.launches = launches;
        this.job = archiveNotes;
        this.runs = runs;
        this.provider = provider;
        this.watches = watches;
        this.news = news;
        this.summaries = summaries;
        this.removal = removal;
    }

    /**
     * Runs to an end of some kind, and says which. Bounded by the limits of the settings; never throws for a server
     * that is away.
     */
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
            return switch (preflight.of(run)) {
                case Denied(var refusal) -> notStarted(run, refusal);
                case Granted clearance -> start(run, lock, clearance);
            };
        } catch (SQLException | DataAccessException | TransactionException e) {
            Gate.Closure broken = JobStarter.brokenBy(e);
            return RunSummary.notStarted(broken.exitCode(), broken.reason(), run.took());
        }
    }

    private static RunSummary notStarted(RunState run, StartRefusal refusal) {
        return RunSummary.notStarted(refusal.exitCode(), refusal.toRun(), run.took());
    }

    private RunSummary start(RunState run, RunnerLock lock, Granted clearance) {
        run.withoutCalls(clearance.withoutCalls());
        news.count(run);
        Launch launch = launches.next(NightlyJob.NAME, run.node(), clearance.tonight(), _ -> {});
        runs.begin(run);
        try {
            news.begins(run, launch, clearance.tonight());
            provider.open(run, clearance);
            return execute(run, lock, launch);
        } finally {
            provider.end();
            runs.end();
        }
    }

    private RunSummary execute(RunState run, RunnerLock lock, Launch launch) {
        try (RunWatchdog _ = watches.over(run, lock)) {
            JobExecution execution = launches.start(job, launch);
            news.goesOn(run);
            return summaries.of(run, execution, launch.restart());
        } catch (DataAccessException | TransactionException e) {
            JobExecution begun = run.execution().orElseThrow(() -> e);
            news.goesOn(run);
            return summaries.ofBroken(run, begun, launch.restart(), e);
        } finally {
            watches.ended();
        }
    }

    /** How far the run is that this process is in; empty when it is in none. */
    public Optional<RunProgress> progress() {
        return runs.now().map(news::progress);
    }
}
