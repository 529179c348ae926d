package io.github.notearchive.nightly;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Limits the claims of the workers of a run: {@code --limit}, and pauses without due notes. Thread-safe. */
final class ClaimControl {

    private static final long NOT_PAUSED = 0;

    private final Semaphore notesLeft;
    private final AtomicLong pausedUntil = new AtomicLong(NOT_PAUSED);
    private @Nullable Long stuckSince;

    final AtomicInteger inProgress = new AtomicInteger();

    /** @param limit maximum number of claims; null for no limit */
    ClaimControl(@Nullable Long limit) {
        this.notesLeft = new Semaphore(limit == null ? Integer.MAX_VALUE : Math.clamp(limit, 0, Integer.MAX_VALUE));
    }

    /** Begins a claim; false if {@code --limit} is reached. The caller ends or cancels it. */
    boolean begin() {
        // before the claim: a worker that finds no more notes has to see this one
        inProgress.incrementAndGet();
        boolean isAllowed = notesLeft.tryAcquire();
        if (!isAllowed) {
            inProgress.decrementAndGet();
        }
        return isAllowed;
    }

    /** Ends a claim that found no note. */
    void cancel() {
        notesLeft.release();
        inProgress.decrementAndGet();
    }

    /** Returns whether {@code --limit} is reached, and no note is in progress. */
    boolean isLimitUsedUp() {
        return notesLeft.availablePermits() == 0 && inProgress.get() == 0;
    }

    /** Pauses claims for a time without due notes, so that idle workers do not repeat the same query. */
    void pause(Duration time) {
        pausedUntil.set(System.nanoTime() + time.toNanos());
    }

    void resume() {
        if (pausedUntil.get() != NOT_PAUSED) {
            pausedUntil.set(NOT_PAUSED);
        }
    }

    /**
     * Returns how long a worker waits before it queries the worklist. After the pause, one worker queries and the
     * others wait for its result.
     */
    Duration waitBeforeClaim(Duration next) {
        long until = pausedUntil.get();
        if (until == NOT_PAUSED) {
            return Duration.ZERO;
        }
        long now = System.nanoTime();
        if (until - now > 0) {
            return Duration.ofNanos(until - now);
        }
        return pausedUntil.compareAndSet(until, now + next.toNanos()) ? Duration.ZERO : next;
    }

    /** Returns whether, at every check during this time, notes were due and none could be claimed. */
    synchronized boolean isStuckFor(Duration time, boolean isStuckNow) {
        long now = System.nanoTime();
        if (!isStuckNow) {
            stuckSince = null;
            return false;
        }
        if (stuckSince == null) {
            stuckSince = now;
        }
        return Duration.ofNanos(now - stuckSince).compareTo(time) >= 0;
    }
}
