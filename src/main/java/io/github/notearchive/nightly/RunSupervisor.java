package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.note.Night;
import java.time.Duration;

/** Opens the gate of a run, and closes it for a lost lock, time limits, stops of other processes, and a stall. */
final class RunSupervisor {

    private final ClaimRepository claims;
    private final CallRepository calls;
    private final JobExecutionQueries executions;
    private final NightlyJobRepository repository;
    private final RunReporter reporter;
    private final RunMovement movement;
    private final BucketUpkeep bucket;
    private final RunState run;

    RunSupervisor(
            ClaimRepository claims,
            CallRepository calls,
            JobExecutionQueries executions,
            NightlyJobRepository repository,
            RunReporter reporter,
            RunMovement movement,
            BucketUpkeep bucket,
            RunState run) {
        this.claims = claims;
        this.calls = calls;
        this.executions = executions;
        this.repository = repository;
        this.reporter = reporter;
        this.movement = movement;
        this.bucket = bucket;
        this.run = run;
    }

    void openGate(Night tonight) {
        run.stopper.open(run.withoutCalls, tonight, calls.count(tonight));
    }

    /** Supervises lock, leases, time limits, stops and step counts until the returned watchdog is closed. */
    RunWatchdog watch(RunnerLock lock) {
        NightlySettings settings = run.settings;
        RunWatchdog watchdog = new RunWatchdog(
                run,
                lock,
                run.options.maxDuration(),
                settings.archive().outage().after(),
                () -> claims.renewLeases(run.node()),
                reporter::log,
                reporter::onProgress,
                bucket::advanceRevision);
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
                movement::now,
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
            if (executions.isStopRequested(run.jobExecutionId())) {
                run.stopper.close(ExitCode.INTERRUPTED, "stopped through JobOperator");
            }
        }
    }
}
