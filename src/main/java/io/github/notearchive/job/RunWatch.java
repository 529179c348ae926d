package io.github.notearchive.job;

import io.github.notearchive.worklist.Worklist;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What goes on beside a run until it ends: leases are renewed each minute, the runner lock is
 * looked at every two seconds and taken again when its connection is lost, a progress line is
 * logged each minute, and the time box ends the run.
 */
final class RunWatch implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RunWatch.class);
    private static final Duration LOCK_EVERY = Duration.ofSeconds(2);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final ScheduledExecutorService timer =
            Executors.newScheduledThreadPool(
                    2, Thread.ofPlatform().daemon().name("run-watch-", 0).factory());

    RunWatch(ActiveRun run, RunGate gate, RunnerLock lock, Worklist worklist) {
        every(MINUTE, () -> worklist.renewLeases(run.node()));
        every(MINUTE, () -> logProgress(run));
        every(LOCK_EVERY, () -> keep(lock, gate));
        Duration timeBox = run.options().maxDuration();
        if (timeBox != null) {
            var _ =
                    timer.schedule(
                            () ->
                                    gate.close(
                                            ExitCode.INTERRUPTED,
                                            "--max-duration " + timeBox + " is over"),
                            timeBox.toMillis(),
                            TimeUnit.MILLISECONDS);
        }
    }

    /**
     * A run without its lock may not go on: another one of this node could begin and ask about the
     * same notes.
     */
    private static void keep(RunnerLock lock, RunGate gate) {
        if (gate.closure().isPresent() || lock.isHeld()) {
            return;
        }
        String lost = "the connection that held this node's runner lock is lost";
        try {
            if (lock.retake()) {
                log.warn("{}; the lock is taken again by a new one", lost);
            } else {
                gate.close(
                        ExitCode.UPSTREAM_UNAVAILABLE,
                        lost + ", and another run of this node has the lock by now");
            }
        } catch (SQLException e) {
            gate.close(ExitCode.UPSTREAM_UNAVAILABLE, lost + ": " + Trouble.describe(e));
        }
    }

    private void every(Duration period, Runnable work) {
        var _ =
                timer.scheduleWithFixedDelay(
                        () -> {
                            try {
                                work.run();
                            } catch (RuntimeException e) {
                                log.warn(
                                        "Beside the run: {}; it is tried again in {} s",
                                        e.getMessage(),
                                        period.toSeconds());
                            }
                        },
                        period.toMillis(),
                        period.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    private static void logProgress(ActiveRun run) {
        log.info(
                "Progress: archived={} unavailable={} postponed={} failed={} files={} bytes={}",
                run.archived,
                run.unavailable,
                run.postponed,
                run.failed,
                run.filesStored,
                run.bytesStored);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
