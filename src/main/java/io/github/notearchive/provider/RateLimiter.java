package io.github.notearchive.provider;

import java.time.Duration;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides when the next call of this node is sent: at a send time of the {@link RateLimitStore}, with a limited number
 * of calls in flight, and not after calls have ended. Thread-safe.
 *
 * <p>A few callers prepare their calls at once, so that a commit may take longer than the distance of two send times,
 * each as long before its send time as that usually takes. A send time that a call is too late for, after a slow commit
 * or a stall of this process, is void. The distance of two send times is greater than the rate demands by as much as a
 * call may be late, so that all nodes together keep to the rate in every second.
 *
 * <p>Code 302 pauses all nodes, 1 s at first and doubling to 60 s while it is repeated, and halves the rate; each other
 * response then restores a twentieth of the configured rate. Calls that were sent before the pause do not count again.
 */
final class RateLimiter {

    /** Pause until the database has returned its length. */
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    /** Delay after which a send time is void. Send times within this time are reserved together. */
    private static final long MAX_DELAY = TimeUnit.MILLISECONDS.toNanos(10);

    /** Calls of the configured rate within this time are prepared at once, and at least two. */
    private static final long AHEAD = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long MAX_LEAD = TimeUnit.MILLISECONDS.toNanos(200);

    /** Distance of two send times as a multiple of that which the rate demands. */
    private static final double STRETCH = 1 + MAX_DELAY / 1e9;

    private static final long UNKNOWN = -1;

    private final double timesPerSecond;
    private final Duration maxPause;
    private final RateLimitStore store;
    private final LongSupplier nanoTime;
    private final int maxReserved;
    private final Semaphore inFlight;
    private final Semaphore preparing;
    private final Queue<SendTime> reserved = new ConcurrentLinkedQueue<>();
    private final ReentrantLock reserving = new ReentrantLock(true);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // guarded by reserving
    private long usualReservationTime = MAX_DELAY;

    // guarded by lock
    private long pausedUntil;

    // written under lock
    private volatile long backoffEpoch = UNKNOWN;
    private volatile boolean recovering;
    private volatile long nextSend;
    private volatile long lead;
    private volatile @Nullable String ended = "no run is active";
    private volatile @Nullable String full;

    RateLimiter(NoteSourceProperties settings, RateLimitStore store, LongSupplier nanoTime) {
        double rate = settings.callsPerSecond();
        this.timesPerSecond = rate / STRETCH;
        this.maxPause = settings.maxPause();
        this.store = store;
        this.nanoTime = nanoTime;
        this.maxReserved = (int) Math.max(1, rate * MAX_DELAY / 1e9);
        this.inFlight = new Semaphore(settings.callsInFlight(), true);
        this.preparing = new Semaphore((int) Math.max(2, rate * AHEAD / 1e9), true);
        this.pausedUntil = nanoTime.getAsLong();
        this.nextSend = pausedUntil;
    }

    /** A reserved moment, in nanoseconds of {@link #nanoTime}, and the delay after which it is void. */
    private record SendTime(long at, long maxDelay, long backoffEpoch) {}

    /** Allows calls. A pause of an earlier run continues. */
    void open() {
        update(() -> {
            ended = null;
            full = null;
            reserved.clear();
            backoffEpoch = UNKNOWN;
            recovering = false;
            pausedUntil = nanoTime.getAsLong();
        });
    }

    /** Ends calls: all that wait fail at once; those in flight are not affected. The first reason is kept. */
    void end(String reason) {
        update(() -> ended = ended == null ? reason : ended);
    }

    /** Grants no further permit: callers without one fail at once; those with one send their calls. */
    void endPermits(String reason) {
        update(() -> full = full == null ? reason : full);
    }

    private void update(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until a call may be prepared, a moment before its send time; throws {@link CallsEndedException} if calls
     * have ended meanwhile.
     */
    Permit acquire() throws InterruptedException {
        Permit permit = new Permit();
        try {
            permit.hold(inFlight);
            permit.hold(preparing);
            permit.time = reserve();
            awaitTime(permit.time.at - lead, false);
            permit.startedAt = nanoTime.getAsLong();
            return permit;
        } catch (InterruptedException | RuntimeException | Error e) {
            permit.close();
            throw e;
        }
    }

    private void requireOpen(boolean hasPermit) {
        String reason = ended != null || hasPermit ? ended : full;
        if (reason != null) {
            throw new CallsEndedException(reason);
        }
    }

    private SendTime reserve() throws InterruptedException {
        reserving.lockInterruptibly();
        try {
            while (true) {
                requireOpen(true);
                SendTime held = reserved.poll();
                if (held == null) {
                    reserveMore();
                } else if (held.at + held.maxDelay - nanoTime.getAsLong() >= 0) {
                    return held;
                }
            }
        } finally {
            reserving.unlock();
        }
    }

    /**
     * Reserves send times. They count from the moment at which this node received them, so they may have passed by as
     * much as the reservation took longer than usual.
     */
    private void reserveMore() {
        long startedAt = nanoTime.getAsLong();
        RateLimitStore.SendTimes times = store.reserve(maxReserved, timesPerSecond, maxPause);
        long now = nanoTime.getAsLong();
        long took = now - startedAt;
        long maxDelay = MAX_DELAY - Math.max(0, took - usualReservationTime);
        // a stall does not become usual, a database that is slow from now on does
        usualReservationTime = (4 * usualReservationTime + Math.min(took, 2 * usualReservationTime + MAX_DELAY)) / 5;
        if (maxDelay < 0) {
            return;
        }
        update(() -> {
            backoffEpoch = times.backoffEpoch();
            recovering = times.recovering();
            for (int i = 0; i < maxReserved; i++) {
                Duration wait = times.first().plus(times.distance().multipliedBy(i));
                reserved.add(new SendTime(now + wait.toNanos(), maxDelay, backoffEpoch));
            }
        });
    }

    /** Returns whether a call waits for a time that has not come: its send time, or the end of a pause. */
    boolean isWaiting() {
        return nextSend - nanoTime.getAsLong() > 0;
    }

    /** Waits until a moment at which no pause is active, and returns the time then. */
    private long awaitTime(long time, boolean hasPermit) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                requireOpen(hasPermit);
                long now = nanoTime.getAsLong();
                long wait = Math.max(time - now, pausedUntil - now);
                if (wait <= 0) {
                    return now;
                }
                nextSend = now + wait;
                long ignored = changed.awaitNanos(wait);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Records that a call was rejected with 302: this node pauses at once, the others with their next call. */
    void throttled(Permit permit, @Nullable Duration retryAfter) {
        long epoch = permit.time.backoffEpoch;
        if (epoch < backoffEpoch) {
            return;
        }
        Duration length = retryAfter == null ? FIRST_PAUSE : retryAfter;
        pause(epoch, length.compareTo(maxPause) <= 0 ? length : maxPause);
        store.backOff(epoch, retryAfter, maxPause).ifPresent(pause -> pause(pause.backoffEpoch(), pause.length()));
    }

    /** Starts a pause, which makes reserved send times void. */
    private void pause(long epoch, Duration length) {
        update(() -> {
            recovering |= epoch > backoffEpoch;
            backoffEpoch = Math.max(epoch, backoffEpoch);
            pausedUntil = Math.max(pausedUntil, nanoTime.getAsLong() + length.toNanos());
            reserved.clear();
        });
    }

    void responded(Permit permit) {
        if (recovering && permit.time.backoffEpoch == backoffEpoch) {
            store.recover(backoffEpoch);
        }
    }

    /** The right to send one call. Used by one thread. */
    final class Permit implements AutoCloseable {

        private SendTime time = new SendTime(0, 0, UNKNOWN);
        private final Set<Semaphore> held = new HashSet<>();
        private long startedAt;
        private long sentAt;

        private void hold(Semaphore semaphore) throws InterruptedException {
            do {
                requireOpen(false);
            } while (!semaphore.tryAcquire(200, TimeUnit.MILLISECONDS));
            held.add(semaphore);
        }

        private void release(Semaphore semaphore) {
            if (held.remove(semaphore)) {
                semaphore.release();
            }
        }

        Duration untilSendTime() {
            return Duration.ofNanos(Math.max(0, time.at - nanoTime.getAsLong()));
        }

        /**
         * Waits for the send time, or for another one if it is void, or a pause has begun on any node since it was
         * reserved. The call counts as sent when this returns.
         *
         * @param epoch number of the last pause when the call was recorded; 0 if there was none
         * @throws CallsEndedException if calls have ended; the call must not be sent
         */
        void awaitSendTime(long epoch) throws InterruptedException {
            try {
                long took = nanoTime.getAsLong() - startedAt;
                lead = Math.min(MAX_LEAD, (4 * lead + 2 * took) / 5);
                if (epoch > backoffEpoch) {
                    pause(epoch, Duration.ZERO); // of another node: the store delays the next send time
                }
                if (epoch > time.backoffEpoch) {
                    time = reserve();
                }
                while (!isSent()) {
                    time = reserve();
                }
            } finally {
                release(preparing);
            }
        }

        private boolean isSent() throws InterruptedException {
            lock.lockInterruptibly();
            try {
                long now = awaitTime(time.at, true);
                if (now - time.at > time.maxDelay) {
                    return false;
                }
                sentAt = now;
                time = new SendTime(time.at, time.maxDelay, backoffEpoch);
                return true;
            } finally {
                lock.unlock();
            }
        }

        long sentAt() {
            return sentAt;
        }

        /** Ends the call, sent or not. */
        @Override
        public void close() {
            release(preparing);
            release(inFlight);
        }
    }
}
