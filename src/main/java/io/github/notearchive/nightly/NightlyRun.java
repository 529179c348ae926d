package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.ErasureRepository.ErasedFiles;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.note.Night;
import io.github.notearchive.prove.CaptureLog;
import io.github.notearchive.store.StoreException;
import java.time.Duration;
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

    /** Maximum time of removing files after a run, since no run of another node can start meanwhile. */
    private static final Duration REMOVAL_TIME = Duration.ofSeconds(2);

    private final ConfigurableApplicationContext parts;
    private final RunState run;
    private final StartChecks checks;
    private final JobRunner jobs;
    private final NightlyJobRepository repository;
    private final Job archiveNotes;
    private final ClaimRepository claims;
    private final CallRepository calls;
    private final ArchiveRevision revision;
    private final CaptureLog captureLog;
    private final RunReporter reporter;
    private final ErasureRepository removal;

    NightlyRun(
            ConfigurableApplicationContext parts,
            RunState run,
            StartChecks checks,
            JobRunner jobs,
            NightlyJobRepository repository,
            Job archiveNotes,
            ClaimRepository claims,
            CallRepository calls,
            ArchiveRevision revision,
            CaptureLog captureLog,
            RunReporter reporter,
            ErasureRepository removal) {
        this.parts = parts;
        this.run = run;
        this.checks = checks;
        this.jobs = jobs;
        this.repository = repository;
        this.archiveNotes = archiveNotes;
        this.claims = claims;
        this.calls = calls;
        this.revision = revision;
        this.captureLog = captureLog;
        this.reporter = reporter;
        this.removal = removal;
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
                removeReplacedFiles();
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
            run.stopper.open(run.withoutCalls, tonight, calls.count(tonight));
            return supervise(lock);
        } finally {
            run.stopper.end();
        }
    }

    private RunSummary supervise(RunnerLock lock) {
        StopReason end;
        try (RunWatchdog _ = watch(lock)) {
            end = jobs.run(archiveNotes, run);
        } catch (DataAccessException | TransactionException e) {
            if (run.execution().isEmpty()) {
                throw e;
            }
            end = StopReason.ofOutside(e);
        } finally {
            revision.tryAdvance();
        }
        reporter.onProgress();
        if (isServiced(end.exitCode())) {
            checks.writeDueSidecars();
        }
        run.captureLog = isServiced(end.exitCode()) ? captureLog.tryAppend().orElse(null) : null;
        return reporter.summaryOf(end);
    }

    /** Supervises lock, leases, time limits, stops and step counts until the returned watchdog is closed. */
    private RunWatchdog watch(RunnerLock lock) {
        NightlySettings settings = run.settings;
        RunWatchdog watchdog = new RunWatchdog(
                run,
                lock,
                run.options.maxDuration(),
                settings.archive().outage().after(),
                () -> claims.renewLeases(run.node()),
                reporter::log,
                reporter::onProgress,
                revision::tryAdvance);
        Duration maxDuration = settings.limits().maxDuration();
        if (run.options.maxDuration() == null && maxDuration.isPositive()) {
            watchdog.endAfter(maxDuration, "archive.limits.max-duration");
        }
        // a node may send no call for minutes, which would also detect the stop by another one
        watchdog.eachSecond(() -> {
            closeIfStopped();
            repository.writeCounts();
        });
        watchdog.eachSecond(() -> run.stopper.abortAfterDeadline(System.nanoTime()));
        watchdog.endIfStalled(
                settings.archive().stallAfter(),
                settings.archive().dataDirectory(),
                run.clock,
                reporter::movement,
                run.stopper::abort);
        settings.limits().stopAfter(run.now()).ifPresent(end -> {
            RunState.log.info("Starting no notes after {}", Night.local(end));
            watchdog.endAt(run.clock, end, "archive.limits.stop-at " + Night.local(end) + " was reached");
        });
        return watchdog;
    }

    private void closeIfStopped() {
        if (!run.stopper.isClosed()) {
            calls.stops().observed(run.now()).ifPresent(run.stopper::close);
            if (checks.isStopRequested(run.jobExecutionId())) {
                run.stopper.close(ExitCode.INTERRUPTED, "stopped through JobOperator");
            }
        }
    }

    /**
     * Removes the objects that runs have replaced by better renditions, unless a run of another node or an audit is
     * active. The rest is removed after a later run, also after an outage.
     */
    private void removeReplacedFiles() {
        try {
            boolean isAny = removal.toRemove().count() > 0;
            try (RunnerLock lock = isAny ? jobs.lock(Scope.ARCHIVE, run.node()).orElse(null) : null) {
                if (lock != null) {
                    ErasedFiles removed = removal.removeListed(lock::requireHeld, Deadline.in(REMOVAL_TIME));
                    RunState.log.info(
                            "Removed {}, {}",
                            DisplayFormat.plural(removed.count(), "replaced file"),
                            DisplayFormat.size(removed.bytes()));
                }
            }
        } catch (StoreException | DataAccessException | TransactionException e) {
            RunState.log.warn("Replaced files are removed after a later run: {}", DatabaseErrors.summary(e));
        }
    }

    public Optional<RunProgress> progress() {
        return run.expected < 0 ? Optional.empty() : Optional.of(reporter.progress());
    }

    @Override
    public void close() {
        parts.close();
    }
}
