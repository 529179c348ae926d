package io.github.notearchive.batch;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.io.time.Deadline;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/**
 * Supervises a job until it ends: checks its lock every two seconds and takes it again after a lost connection, stops
 * the job at the end of its time box or when nothing moves, and executes tasks each minute.
 */
public final class RunWatchdog implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RunWatchdog.class);

    /** Time in which a job must end after its work was aborted. */
    private static final Duration ABORT_TIME = Duration.ofMinutes(1);

    private final JobRun run;
    private final Duration outageLimit;
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(
            3, // a server that does not respond must not keep the lock from being renewed
            Thread.ofPlatform().daemon().name("run-watch-", 0).factory());

    /** End of an outage of the database that the lock survives; null while there is none. */
    private @Nullable Deadline outageEnd;

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
        for (Runnable work : eachMinute) {
            every(60, work);
        }
        every(2, () -> keep(lock));
        if (maxDuration != null) {
            endAfter(maxDuration, "--max-duration");
        }
    }

    /** Closes the gate after a time, which an option or setting defines. */
    public void endAfter(Duration length, String origin) {
        Runnable end = () -> {
            LogContext.execution(run.jobExecutionId());
            run.gate().close(ExitCode.INTERRUPTED, origin + " " + DisplayFormat.setting(length) + " has elapsed");
        };
        var _ = timer.schedule(end, length.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Ends a job in which nothing moves. Its threads are written to a file, the gate is closed and work in progress
     * aborted; if the job has not ended a minute later, the process ends, with the exit code of the gate. The next run
     * continues as after a crash.
     *
     * @param limit time without movement; if it is shorter than a minute, it replaces the minute, too
     * @param threads directory of the file, which is named by the clock
     * @param signs what changes with each movement; empty while there is nothing to move, or a reason to wait
     * @param abort releases work in progress
     */
    public void endIfStalled(
            Duration limit, Path threads, Clock clock, Supplier<? extends Optional<?>> signs, Runnable abort) {
        Duration patience = limit.compareTo(ABORT_TIME) < 0 ? limit : ABORT_TIME;
        var watch = new Object() {
            Optional<?> last = Optional.empty();
            Deadline end = Deadline.in(limit);
            boolean isAborted;
        };
        eachSecond(() -> {
            Optional<?> now = signs.get();
            if (now.isEmpty() || !now.equals(watch.last)) {
                watch.last = now;
                watch.end = Deadline.in(limit);
            } else if (!watch.isAborted && watch.end.isOver()) {
                watch.isAborted = true;
                String nothing = "nothing has moved for %s: no call, no byte, no row; threads: %s"
                        .formatted(DisplayFormat.setting(limit), dumpThreads(threads, clock.instant()));
                if (!run.gate().close(ExitCode.INTERRUPTED, nothing)) {
                    log.warn("Aborting: {}", nothing);
                }
                var _ = timer.schedule(this::halt, patience.toMillis(), TimeUnit.MILLISECONDS);
                abort.run();
            }
        });
    }

    /**
     * Writes the stacks of all threads, virtual ones included, and returns the name of the file or why there is none.
     */
    private static String dumpThreads(Path directory, Instant now) {
        Path file = directory.resolve(
                "threads-" + now.truncatedTo(ChronoUnit.MILLIS).toString().replace(":", "") + ".txt");
        try {
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                    .dumpThreads(file.toString(), ThreadDumpFormat.TEXT_PLAIN);
            return file.toString();
        } catch (IOException e) {
            return "not written, " + e;
        }
    }

    private void halt() {
        StopReason end = run.gate().stopReason().orElseThrow();
        log.error(
                "{} (exit {}): {}; work in progress could not be aborted",
                end.exitCode(),
                end.exitCode().number(),
                end.reason());
        Runtime.getRuntime().halt(end.exitCode().number());
    }

    /** Closes the gate at a time of the clock, which may be adjusted meanwhile. */
    public void endAt(Clock clock, Instant end, String reason) {
        eachSecond(() -> {
            if (!clock.instant().isBefore(end)) {
                run.gate().close(ExitCode.INTERRUPTED, reason);
            }
        });
    }

    public void eachSecond(Runnable work) {
        every(1, work);
    }

    /** Stops a job that has lost its lock: another one could start, and recover and process its notes. */
    private void keep(RunnerLock lock) {
        try {
            if (!lock.keep()) {
                run.gate().close(ExitCode.UPSTREAM_UNAVAILABLE, lock.heldByRival());
            }
            outageEnd = null;
        } catch (DataAccessException e) {
            String lost = lock.lost() + ": " + DatabaseErrors.summary(e);
            if (outageEnd == null) {
                outageEnd = Deadline.in(outageLimit);
                log.warn("{}; trying a new connection", lost);
            }
            if (outageEnd.isOver()) {
                run.gate().close(ExitCode.UPSTREAM_UNAVAILABLE, lost);
            }
        }
    }

    private void every(int seconds, Runnable work) {
        var isFailing = new AtomicBoolean();
        Runnable task = () -> {
            LogContext.execution(run.jobExecutionId());
            try {
                work.run();
                isFailing.set(false);
            } catch (RuntimeException e) {
                // an outage in one line, a programming error with its stack trace
                boolean isOutage = DatabaseErrors.isUnavailable(e);
                if (!isFailing.getAndSet(true) || !isOutage) {
                    String reason = DatabaseErrors.summary(e);
                    String line = "Periodic task failed: {}; next attempt in {} s";
                    log.atWarn().setCause(isOutage ? null : e).log(line, reason, seconds);
                }
            }
        };
        var _ = timer.scheduleWithFixedDelay(task, seconds, seconds, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
