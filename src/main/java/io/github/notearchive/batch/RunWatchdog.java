package io.github.notearchive.batch;

import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.io.DisplayFormat;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/**
 * Supervises a job until it ends: checks its lock every two seconds and takes it again after a lost connection, stops
 * the job at the end of its time box, and executes tasks each minute.
 */
public final class RunWatchdog implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RunWatchdog.class);
    private static final Duration LOCK_INTERVAL = Duration.ofSeconds(2);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final Gate gate;
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(
            3, // a server that does not respond must not keep the lock from being renewed
            Thread.ofPlatform().daemon().name("run-watch-", 0).factory());

    private final JobRun run;
    private final Duration outageLimit;
    private long lostSince;
    private boolean isLost;

    /**
     * Starts the watchdog.
     *
     * @param maxDuration option {@code --max-duration}: time limit of the job; null for none
     * @param outageLimit how long the database may be unavailable to the lock before the gate is closed
     * @param eachMinute tasks executed each minute, independently of each other
     */
    public RunWatchdog(
            JobRun run, RunnerLock lock, @Nullable Duration maxDuration, Duration outageLimit, Runnable... eachMinute) {
        this.run = run;
        this.outageLimit = outageLimit;
        this.gate = run.gate();
        for (Runnable work : eachMinute) {
            every(MINUTE, work);
        }
        every(LOCK_INTERVAL, () -> keep(lock));
        if (maxDuration != null) {
            endAfter(maxDuration, "--max-duration");
        }
    }

    /**
     * Closes the gate after a time.
     *
     * @param origin option or setting that defines it
     */
    public void endAfter(Duration length, String origin) {
        var _ = timer.schedule(
                () -> {
                    LogContext.execution(run.jobExecutionId());
                    gate.close(ExitCode.INTERRUPTED, origin + " " + DisplayFormat.setting(length) + " has elapsed");
                },
                length.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** Closes the gate at a time of the clock, which may be adjusted meanwhile. */
    public void endAt(Clock clock, Instant end, String reason) {
        eachSecond(() -> {
            if (!clock.instant().isBefore(end)) {
                gate.close(ExitCode.INTERRUPTED, reason);
            }
        });
    }

    /** Executes a task every second until the job ends. */
    public void eachSecond(Runnable work) {
        every(Duration.ofSeconds(1), work);
    }

    /**
     * Checks the lock. A job without its lock must stop: another job could start and process the same notes. It needs
     * the lock until it has ended, since a next job would recover its work in progress.
     */
    private void keep(RunnerLock lock) {
        String lost = "the connection of " + lock.name() + " is lost";
        try {
            switch (lock.keep()) {
                case HELD -> {}
                case RETAKEN -> log.warn("{}; the lock was acquired again by a new connection", lost);
                case LOST ->
                    gate.close(ExitCode.UPSTREAM_UNAVAILABLE, lost + ", and " + lock.rival() + " holds the lock now");
            }
            isLost = false;
        } catch (DataAccessException e) {
            if (!isLost) {
                isLost = true;
                lostSince = System.nanoTime();
                log.warn("{}: {}; trying a new connection", lost, DatabaseErrors.summary(e));
            }
            if (System.nanoTime() - lostSince >= outageLimit.toNanos()) {
                gate.close(ExitCode.UPSTREAM_UNAVAILABLE, lost + ": " + DatabaseErrors.summary(e));
            }
        }
    }

    private void every(Duration period, Runnable work) {
        var isFailing = new AtomicBoolean();
        var _ = timer.scheduleWithFixedDelay(
                () -> {
                    LogContext.execution(run.jobExecutionId());
                    try {
                        work.run();
                        isFailing.set(false);
                    } catch (RuntimeException e) {
                        // an outage in one line, a programming error with its stack trace
                        boolean isOutage = DatabaseErrors.isUnavailable(e);
                        if (!isFailing.getAndSet(true) || !isOutage) {
                            log.atWarn()
                                    .setCause(isOutage ? null : e)
                                    .log(
                                            "Periodic task failed: {}; next attempt in {} s",
                                            DatabaseErrors.summary(e),
                                            period.toSeconds());
                        }
                    }
                },
                period.toMillis(),
                period.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
