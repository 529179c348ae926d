package io.github.notearchive.nightly;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.note.Night;
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
public final class NightlyRun implements AutoCloseable {

    private final ConfigurableApplicationContext parts;
    private final RunState run;
    private final StartChecks checks;
    private final JobRunner jobs;
    private final Job archiveNotes;
    private final RunSupervisor supervisor;
    private final BucketUpkeep bucket;
    private final RunReporter reporter;

    NightlyRun(
            ConfigurableApplicationContext parts,
            RunState run,
            StartChecks checks,
            JobRunner jobs,
            Job archiveNotes,
            RunSupervisor supervisor,
            BucketUpkeep bucket,
            RunReporter reporter) {
        this.parts = parts;
        this.run = run;
        this.checks = checks;
        this.jobs = jobs;
        this.archiveNotes = archiveNotes;
        this.supervisor = supervisor;
        this.bucket = bucket;
        this.reporter = reporter;
    }

    /**
     * Executes the run and returns its summary. Limited by the settings; does not throw for unavailable servers. Call
     * it once.
     */
    public RunSummary execute() {
        RunSummary summary = jobs.underLock(
                Scope.RUN,
                run.node(),
                "another run of node " + run.node() + " is active, or a rebuild or forget of the archive",
                lock -> checks.refusal().map(this::notStarted).orElseGet(() -> start(lock)),
                this::notStarted);
        if (summary.execution() != null) {
            reporter.onEnd(summary);
            if (isServiced(summary.exitCode())) {
                bucket.removeReplacedFiles();
            }
        }
        return summary;
    }

    /** Returns whether database and store were available at the end, and no second signal demands to end at once. */
    private boolean isServiced(ExitCode end) {
        return end != ExitCode.UPSTREAM_UNAVAILABLE && end != ExitCode.FAILED && !run.stopper.isAborted();
    }

    private RunSummary notStarted(StopReason reason) {
        return RunSummary.notStarted(reason.exitCode(), reason.reason(), run.took());
    }

    private RunSummary start(RunnerLock lock) {
        Night tonight = run.tonight();
        reporter.count();
        jobs.prepare(run, NightlyJob.NAME, run.node(), tonight);
        try {
            reporter.onStart(tonight);
            supervisor.openGate(tonight);
            return supervise(lock);
        } finally {
            run.stopper.end();
        }
    }

    private RunSummary supervise(RunnerLock lock) {
        StopReason end;
        try (RunWatchdog _ = supervisor.watch(lock)) {
            end = jobs.run(archiveNotes, run);
        } catch (DataAccessException | TransactionException e) {
            if (run.execution().isEmpty()) {
                throw e;
            }
            end = StopReason.ofOutside(e);
        } finally {
            bucket.advanceRevision();
        }
        reporter.onProgress();
        if (isServiced(end.exitCode())) {
            bucket.complete();
        }
        return reporter.summaryOf(end);
    }

    public Optional<RunProgress> progress() {
        return run.expected < 0 ? Optional.empty() : Optional.of(reporter.progress());
    }

    @Override
    public void close() {
        parts.close();
    }
}
