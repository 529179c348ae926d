package io.github.notearchive.batch;

import io.github.notearchive.io.DatabaseErrors;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What goes on beside a job until it ends: the lock is looked at every two seconds and taken again when its connection
 * is lost, the time box ends the job, and some things are done each minute.
 */
public final class RunWatchdog implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RunWatchdog.class);
    private static final Duration LOCK_EVERY = Duration.ofSeconds(2);
    private static final Duration TIME_EVERY = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final Gate gate;
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(
            3, // a server that does not respond must not keep the lock from being renewed
            Thread.ofPlatform().daemon().name("run-watch-", 0).factory());

    private final LongSupplier execution;
    private final Duration outageLimit;
    private long lostSince;
    private boolean isLost;

    /**
     * Begins to watch.
     *
     * @param execution what is logged belongs to; 0 while there is none
     * @param timeBox after how long the gate is closed; null: never
     * @param outageLimit for how long the database may be unavailable to the lock before the gate is closed
     * @param eachMinute what is done each minute, each on its own
     */
    public RunWatchdog(
            Gate gate,
            RunnerLock lock,
            LongSupplier execution,
            @Nullable TimeBox timeBox,
            Duration outageLimit,
            Runnable... eachMinute) {
        this.execution = execution;
        this.outageLimit = outageLimit;
        this.gate = gate;
        for (Runnable work : eachMinute) {
            every(MINUTE, work);
        }
        every(LOCK_EVERY, () -> keep(lock, gate));
        if (timeBox != null) {
            var _ = timer.schedule(
                    () -> {
                        LogContext.execution(execution.getAsLong());
                        gate.close(ExitCode.INTERRUPTED, timeBox.isOver());
                    },
                    timeBox.length().toMillis(),
                    TimeUnit.MILLISECONDS);
        }
    }

    /** Does something every second, until the job ends. */
    public void eachSecond(Runnable work) {
        every(TIME_EVERY, work);
    }

    /** Closes the gate when the clock says so, which may be set meanwhile. */
    public void endAt(Clock clock, Instant end, String reason) {
        eachSecond(() -> {
            if (!clock.instant().isBefore(end)) {
                gate.close(ExitCode.INTERRUPTED, reason);
            }
        });
    }

    /**
     * A job without its lock may not go on: another one could begin and take up the same things. While it ends it needs
     * the lock as well, since a next one would take over what is in flight.
     */
    private void keep(RunnerLock lock, Gate gate) {
        String lost = "the connection that held " + lock.name() + " is lost";
        try {
            switch (lock.keep()) {
                case HELD -> {}
                case RETAKEN -> log.warn("{}; the lock is taken again by a new one", lost);
                case LOST ->
                    gate.close(ExitCode.UPSTREAM_UNAVAILABLE, lost + ", and " + lock.rival() + " has the lock by now");
            }
            isLost = false;
        } catch (SQLException e) {
            if (!isLost) {
                isLost = true;
                lostSince = System.nanoTime();
                log.warn("{}: {}; a new connection is tried", lost, DatabaseErrors.describe(e));
            }
            if (System.nanoTime() - lostSince >= outageLimit.toNanos()) {
                gate.close(ExitCode.UPSTREAM_UNAVAILABLE, lost + ": " + DatabaseErrors.describe(e));
            }
        }
    }

    private void every(Duration period, Runnable work) {
        var isFailing = new AtomicBoolean();
        var _ = timer.scheduleWithFixedDelay(
                () -> {
                    LogContext.execution(execution.getAsLong());
                    try {
                        work.run();
                        isFailing.set(false);
                    } catch (RuntimeException e) {
                        if (!isFailing.getAndSet(true) || !DatabaseErrors.isOutOfReach(e)) {
                            tell(e, period);
                        }
                    }
                },
                period.toMillis(),
                period.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** In a line where a server is away; a mistake of ours comes with where it was made. */
    private static void tell(RuntimeException failure, Duration period) {
        String line = "Beside the job: {}; it is tried again in {} s";
        if (DatabaseErrors.isOutOfReach(failure)) {
            log.warn(line, DatabaseErrors.describe(failure), period.toSeconds());
        } else {
            log.warn(line, DatabaseErrors.describe(failure), period.toSeconds(), failure);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
