package io.github.notearchive.nightly;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Limits the claims of the workers of a run: {@code --limit}, remaining refreshes, and pauses without due notes.
 * Thread-safe.
 */
final class ClaimControl {

    private static final long NOT_PAUSED = 0;

    private final Semaphore notesLeft;
    private final AtomicInteger reserved = new AtomicInteger();
    private final AtomicInteger refreshing = new AtomicInteger();
    private final AtomicLong pausedUntil = new AtomicLong(NOT_PAUSED);
    private @Nullable Long stuckSince;

    /** Notes in progress. */
    final AtomicInteger inProgress = new AtomicInteger();

    /** @param limit maximum number of claims; null for no limit */
    ClaimControl(@Nullable Long limit) {
        this.notesLeft = new Semaphore(limit == null ? Integer.MAX_VALUE : Math.clamp(limit, 0, Integer.MAX_VALUE));
    }

    /**
     * Reserves one note of {@code --limit}; false if none is left. After true, the caller calls {@link #claimed} with
     * the result.
     */
    boolean reserveNote() {
        reserved.incrementAndGet();
        boolean isReserved = notesLeft.tryAcquire();
        if (!isReserved) {
            reserved.decrementAndGet();
        }
        return isReserved;
    }

    /** Reports whether a note was found for {@link #reserveNote}; if not, the reservation is cancelled. */
    void claimed(boolean found) {
        notesLeft.release(found ? 0 : 1);
        reserved.decrementAndGet();
    }

    /** Returns whether {@code --limit} is reached, and every reserved note is visible as a claim or settled. */
    boolean isLimitUsedUp() {
        return notesLeft.availablePermits() == 0 && reserved.get() == 0;
    }

    /**
     * Reserves one of the remaining refresh calls; false if none is left. After true, the caller calls
     * {@link #releaseRefresh} when the note is processed.
     */
    boolean reserveRefresh(long left) {
        if (refreshing.incrementAndGet() <= left) {
            return true;
        }
        refreshing.decrementAndGet();
        return false;
    }

    void releaseRefresh() {
        refreshing.decrementAndGet();
    }

    /** Pauses claims for a time without due notes, so that idle workers do not repeat the same query. */
    void pause(Duration time) {
        pausedUntil.set(System.nanoTime() + time.toNanos());
    }

    /** Resumes claims of all workers. */
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
