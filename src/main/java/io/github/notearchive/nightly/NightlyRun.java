package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.nightly.StartDecision.Denied;
import io.github.notearchive.nightly.StartDecision.Granted;
import java.util.Optional;
import org.springframework.batch.core.job.Job;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/**
 * One run of the nightly job for a node, or the resumption of an unfinished one.
 *
 * <p>In this order: lock of the node; {@link StartChecks}; newest instance that is not COMPLETED, or a new one. Before
 * the last step nothing is bought and no execution is written.
 */
public class NightlyRun implements AutoCloseable {

    private final ConfigurableApplicationContext parts;
    private final RunState run;
    private final StartChecks checks;
    private final JobRunner jobs;
    private final JobExecutionQueries executions;
    private final Job job;
    private final RunStopper gate;
    private final NightlyWatchdog watchdog;
    private final ArchiveRevision revision;
    private final ProgressReporter reporter;
    private final RunSummaryQueries summaries;
    private final ReplacedFiles replaced;

    NightlyRun(
            ConfigurableApplicationContext parts,
            RunState run,
            StartChecks checks,
            JobRunner jobs,
            JobExecutionQueries executions,
            Job archiveNotes,
            RunStopper gate,
            NightlyWatchdog watchdog,
            ArchiveRevision revision,
            ProgressReporter reporter,
            RunSummaryQueries summaries,
            ReplacedFiles replaced) {
        this.parts = parts;
        this.run = run;
        this.checks = checks;
        this.jobs = jobs;
        this.executions = executions;
        this.job = archiveNotes;
        this.gate = gate;
        this.watchdog = watchdog;
        this.revision = revision;
        this.reporter = reporter;
        this.summaries = summaries;
        this.replaced = replaced;
    }

    /**
     * Executes the run and returns its summary. Limited by the settings; does not throw for unavailable servers. Call
     * it once.
     */
    public RunSummary execute() {
        RunSummary summary = executeUnderLock();
        boolean serversRespond =
                summary.exitCode() != ExitCode.UPSTREAM_UNAVAILABLE && summary.exitCode() != ExitCode.FAILED;
        if (summary.execution() != null && serversRespond) {
            replaced.removeAfterRun(run.node());
        }
        return summary;
    }

    private RunSummary executeUnderLock() {
        return jobs.underLock(
                Scope.RUN,
                run.node(),
                StartRefusal.ofLock(run.node()).reason(),
                lock -> switch (checks.decide()) {
                    case Denied(var refusal) -> notStarted(refusal.stopReason());
                    case Granted granted -> start(lock, granted);
                },
                this::notStarted);
    }

    private RunSummary notStarted(StopReason reason) {
        return RunSummary.notStarted(reason.exitCode(), reason.reason(), run.took());
    }

    private RunSummary start(RunnerLock lock, Granted granted) {
        run.withoutCalls(granted.withoutCalls());
        reporter.count();
        jobs.prepare(run, NightlyJob.NAME, run.node(), granted.tonight());
        try {
            reporter.onStart(granted.tonight());
            gate.open(granted, !executions.isAnotherRunActive(run.node()));
            return supervise(lock);
        } finally {
            gate.end();
        }
    }

    private RunSummary supervise(RunnerLock lock) {
        try (RunWatchdog _ = watchdog.watch(lock)) {
            StopReason end = jobs.run(job, run);
            reporter.onProgress();
            return summaries.ofEnded(end);
        } catch (DataAccessException | TransactionException e) {
            if (run.execution().isEmpty()) {
                throw e;
            }
            reporter.onProgress();
            return summaries.of(StopReason.ofOutside(e));
        } finally {
            revision.tryAdvance();
        }
    }

    /** Returns the current progress; empty before the job starts. Sends no request. */
    public Optional<RunProgress> progress() {
        return run.expected < 0 ? Optional.empty() : Optional.of(reporter.progress());
    }

    @Override
    public void close() {
        parts.close();
    }
}
