package io.github.notearchive.source;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides when the next call may leave: never faster than the configured rate, never more than so
 * many at once, and not at all once calls have ended.
 *
 * <p>The distance between two calls is kept from the moment the first one really left. A caller
 * holds the turn from before its request is written down until it is sent, so that a slow commit
 * delays the next call instead of bunching it with the last one.
 *
 * <p>Code 302 pauses everybody, 1 s at first and doubling to 60 s while it keeps coming, and halves
 * the rate; each answer that is not 302 then gives back a twentieth of the configured rate, never
 * more than that rate. Calls that left before the pause began are part of the same mistake and do
 * not count again.
 */
final class CallPacer {

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_OWN_PAUSE = Duration.ofSeconds(60);

    private final double configuredRate;
    private final Duration maxPause;
    private final Semaphore inFlight;
    private final LongSupplier nanoTime;
    private final ReentrantLock turn = new ReentrantLock(true);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    private double rate;
    private long nextSend;
    private long pausedUntil;
    private long throttledAt;
    private Duration pause = Duration.ZERO;
    private @Nullable String ended = "no run is active";

    CallPacer(NoteSourceProperties settings, LongSupplier nanoTime) {
        this.configuredRate = settings.callsPerSecond();
        this.maxPause = settings.maxPause();
        this.inFlight = new Semaphore(settings.callsInFlight(), true);
        this.nanoTime = nanoTime;
        this.rate = configuredRate;
        this.nextSend = nanoTime.getAsLong();
        this.pausedUntil = nextSend;
        this.throttledAt = nextSend - 1;
    }

    /** Lets calls leave again, at the configured rate and without a pause left from before. */
    void open() {
        lock.lock();
        try {
            ended = null;
            rate = configuredRate;
            pause = Duration.ZERO;
            pausedUntil = nanoTime.getAsLong();
            throttledAt = pausedUntil - 1;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Lets no further call leave. Whoever waits for a turn is told so at once; calls under way are
     * not touched.
     */
    void end(String reason) {
        lock.lock();
        try {
            if (ended == null) {
                ended = reason;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until a call may leave, and keeps everybody else waiting until {@link Turn#sent} or
     * {@link Turn#close}.
     *
     * @throws CallsEndedException when calls have ended, also while waiting
     */
    Turn await() throws InterruptedException {
        while (!inFlight.tryAcquire(200, TimeUnit.MILLISECONDS)) {
            throwIfEnded();
        }
        boolean entered = false;
        try {
            while (!turn.tryLock(200, TimeUnit.MILLISECONDS)) {
                throwIfEnded();
            }
            try {
                awaitTime();
                entered = true;
            } finally {
                if (!entered) {
                    turn.unlock();
                }
            }
        } finally {
            if (!entered) {
                inFlight.release();
            }
        }
        return new Turn();
    }

    private void awaitTime() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                throwIfEnded();
                long now = nanoTime.getAsLong();
                long wait = Math.max(nextSend - now, pausedUntil - now);
                if (wait <= 0) {
                    return;
                }
                long ignored = changed.awaitNanos(wait);
            }
        } finally {
            lock.unlock();
        }
    }

    private void throwIfEnded() {
        lock.lock();
        try {
            if (ended != null) {
                throw new CallsEndedException(ended);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes note that a call which left at {@code sentAt} was answered with 302; the provider's own
     * wish wins.
     */
    void throttled(long sentAt, @Nullable Duration retryAfter) {
        lock.lock();
        try {
            if (sentAt - throttledAt < 0) {
                return;
            }
            pause = pause.isZero() ? FIRST_PAUSE : min(pause.multipliedBy(2), LONGEST_OWN_PAUSE);
            Duration wait = min(retryAfter == null ? pause : retryAfter, maxPause);
            rate = Math.max(rate / 2, configuredRate / 64);
            throttledAt = nanoTime.getAsLong();
            pausedUntil = throttledAt + wait.toNanos();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes note that an answer other than 302 came, to a call that left at {@code sentAt}. */
    void answered(long sentAt) {
        lock.lock();
        try {
            if (sentAt - throttledAt >= 0) {
                pause = Duration.ZERO;
                rate = Math.min(configuredRate, rate + configuredRate / 20);
            }
        } finally {
            lock.unlock();
        }
    }

    double rate() {
        lock.lock();
        try {
            return rate;
        } finally {
            lock.unlock();
        }
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }

    /** The right to send one call. Closing it gives the place in flight back, sent or not. */
    final class Turn implements AutoCloseable {

        private boolean waiting = true;
        private long sentAt;

        /**
         * Says that the request leaves now, which lets the next caller begin to wait. Waits itself
         * while a pause lasts that began meanwhile.
         *
         * @throws CallsEndedException when calls have ended since the turn began; the request must
         *     not leave then
         */
        void sent() throws InterruptedException {
            lock.lockInterruptibly();
            try {
                // a pause may have begun while the request was written down
                awaitTime();
                sentAt = nanoTime.getAsLong();
                nextSend = sentAt + (long) Math.ceil(1e9 / rate);
            } finally {
                lock.unlock();
                passOn();
            }
        }

        long sentAt() {
            return sentAt;
        }

        private void passOn() {
            if (waiting) {
                waiting = false;
                turn.unlock();
            }
        }

        @Override
        public void close() {
            passOn();
            inFlight.release();
        }
    }
}
