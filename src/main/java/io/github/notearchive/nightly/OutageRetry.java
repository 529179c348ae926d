package io.github.notearchive.nightly;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Repeats a step of a run while the database or the store is unavailable.
 *
 * <p>The wait between two attempts grows from 250 ms to 5 s, with jitter. A step that has failed for
 * {@code archive.outage.after} closes the gate of the run with {@link ExitCode#UPSTREAM_UNAVAILABLE} and throws its
 * last failure at once: one more attempt may take a minute, the time limit of a lock. A closed gate ends the wait of
 * every other step; the database is tried once more then, and the failure of the last attempt is thrown.
 *
 * <p>A step must be idempotent: its last attempt may have been committed although it failed.
 */
class OutageRetry {

    private static final Duration FIRST_WAIT = Duration.ofMillis(250);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    private final RunStopper gate;
    private final ObjectStore store;
    private final Duration limit;
    private final AtomicInteger waiting = new AtomicInteger();

    OutageRetry(RunStopper gate, ObjectStore store, ArchiveProperties settings) {
        this.gate = gate;
        this.store = store;
        this.limit = settings.outage().after();
    }

    int waiting() {
        return waiting.get();
    }

    void run(Runnable step) {
        this.<@Nullable Void>call(() -> {
            step.run();
            return null;
        });
    }

    <T extends @Nullable Object> T call(Supplier<T> step) {
        return call(step, step);
    }

    /**
     * Executes a step, and returns its result.
     *
     * @param first what is executed for the first attempt
     * @param further what is executed for each attempt after the first
     */
    <T extends @Nullable Object> T call(Supplier<T> first, Supplier<T> further) {
        try {
            return first.get();
        } catch (RuntimeException e) {
            if (!isOutage(e)) {
                throw e;
            }
            if (gate.isClosed()) {
                if (DatabaseErrors.isLocked(e)) {
                    throw e; // it would wait for the lock again, and delay the end
                }
                return repeatOnce(further, e);
            }
            if (waiting.getAndIncrement() == 0) {
                RunState.log.warn("{}; the step is repeated for up to {} s", reason(e), limit.toSeconds());
            }
            try {
                return repeat(further, e);
            } finally {
                waiting.decrementAndGet();
            }
        }
    }

    /** Repeats a statement once: it may have failed before another worker, which succeeded, closed the gate. */
    private static <T extends @Nullable Object> T repeatOnce(Supplier<T> step, RuntimeException failure) {
        if (failure instanceof StoreException) {
            throw failure;
        }
        return step.get();
    }

    private <T extends @Nullable Object> T repeat(Supplier<T> step, RuntimeException first) {
        Deadline end = Deadline.in(limit);
        RuntimeException last = first;
        boolean isAccepting = false;
        for (Duration wait = FIRST_WAIT; ; wait = shorter(wait.multipliedBy(2), LONGEST_WAIT)) {
            if (end.isOver()) {
                gate.close(ExitCode.UPSTREAM_UNAVAILABLE, "for %d s %s".formatted(limit.toSeconds(), reason(last)));
                throw last;
            }
            if (isClosedWithin(shorter(jittered(wait), end.left()))) {
                return repeatOnce(step, last);
            }
            try {
                return step.get();
            } catch (RuntimeException e) {
                // an error about one object is repeated once: the store may be back only since this attempt failed
                if (!isOutage(e) || (isAccepting && e instanceof StoreException)) {
                    throw e;
                }
                isAccepting = e instanceof StoreException && store.isWritable();
                last = e;
            }
        }
    }

    /** Returns a half to the whole of a wait, so that the steps that failed together are not repeated together. */
    private static Duration jittered(Duration wait) {
        return wait.minusNanos(ThreadLocalRandom.current().nextLong(wait.toNanos() / 2));
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    private boolean isClosedWithin(Duration wait) {
        try {
            return gate.awaitClosed(wait);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private static boolean isOutage(RuntimeException failure) {
        return failure instanceof StoreException store ? store.unreachable() : DatabaseErrors.isUnavailable(failure);
    }

    private static String reason(RuntimeException failure) {
        return failure instanceof StoreException
                ? String.valueOf(failure.getMessage())
                : "the database is unavailable: " + DatabaseErrors.summary(failure);
    }
}
