package io.github.notearchive.source;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides when the next call of this node may leave: at a place of the {@link SharedPace}, never
 * more than so many at once, and not at all once calls have ended.
 *
 * <p>A caller holds the turn from before its place is taken until the request is sent, so that a
 * slow commit delays this node's next call instead of bunching it with the last one. Two calls of
 * this node are at least nine tenths of the distance of places apart, counted from the moment the
 * first one really left: a call that was late by some milliseconds does not push back all others,
 * and many that were late do not leave together. At more than 100 calls a second several callers
 * have the turn, as many as come in ten milliseconds, since a commit takes longer than their
 * distance.
 *
 * <p>Code 302 pauses everybody, 1 s at first and doubling to 60 s while it keeps coming, and halves
 * the rate; each answer that is not 302 then gives back a twentieth of the configured rate, never
 * more than that rate. Calls that left before the pause began are part of the same mistake and do
 * not count again.
 */
final class CallPacer {

    /** How long a pause is at least, before the database has said how long. */
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    /**
     * Of what lies further apart than this, one place is taken at a time; and what lies further back
     * is not used any more.
     */
    private static final long STRETCH = TimeUnit.MILLISECONDS.toNanos(10);

    /** What may be made up of a delay from one call to the next. */
    private static final double NEARER = 0.9;

    private static final long UNKNOWN = -1;

    private final double configuredRate;
    private final Duration maxPause;
    private final SharedPace pace;
    private final Semaphore inFlight;
    private final LongSupplier nanoTime;
    private final int atOnce;
    private final Semaphore turns;
    private final ReentrantLock placing = new ReentrantLock(true);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // guarded by placing
    private boolean waited = true;

    // guarded by lock
    private int placesLeft;
    private long nextPlace;
    private long distance;
    private long throttles = UNKNOWN;
    private boolean recovering;
    private long lastSent;
    private long pausedUntil;
    private @Nullable String ended = "no run is active";

    CallPacer(NoteSourceProperties settings, SharedPace pace, LongSupplier nanoTime) {
        this.configuredRate = settings.callsPerSecond();
        this.maxPause = settings.maxPause();
        this.pace = pace;
        this.inFlight = new Semaphore(settings.callsInFlight(), true);
        this.nanoTime = nanoTime;
        this.atOnce = (int) Math.max(1, configuredRate * STRETCH / 1e9);
        this.turns = new Semaphore(atOnce, true);
        this.distance = (long) (1e9 / configuredRate);
        this.pausedUntil = nanoTime.getAsLong();
        this.lastSent = pausedUntil - distance;
    }

    /**
     * Lets calls leave again.
     *
     * @param alone whether no other node runs, so that a pause left from before is forgotten
     */
    void open(boolean alone) {
        if (alone) {
            pace.forgetPauses();
        }
        lock.lock();
        try {
            ended = null;
            placesLeft = 0;
            throttles = UNKNOWN;
            recovering = false;
            pausedUntil = nanoTime.getAsLong();
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
        throwIfEnded();
        while (!inFlight.tryAcquire(200, TimeUnit.MILLISECONDS)) {
            throwIfEnded();
        }
        boolean entered = false;
        try {
            while (!turns.tryAcquire(200, TimeUnit.MILLISECONDS)) {
                throwIfEnded();
            }
            try {
                Turn turn = takePlace();
                awaitTime(turn.place);
                entered = true;
                return turn;
            } finally {
                if (!entered) {
                    turns.release();
                }
            }
        } finally {
            if (!entered) {
                inFlight.release();
            }
        }
    }

    private Turn takePlace() throws InterruptedException {
        placing.lockInterruptibly();
        try {
            throwIfEnded();
            Optional<Turn> held = heldPlace();
            if (held.isPresent()) {
                return held.get();
            }
            // whoever had to wait leaves the rest to others; without any wait there is room for all
            int places = waited ? 1 : atOnce;
            SharedPace.Places taken = pace.take(places, configuredRate, maxPause);
            waited = taken.first().isPositive();
            return firstOf(taken, places);
        } finally {
            placing.unlock();
        }
    }

    private Optional<Turn> heldPlace() {
        lock.lock();
        try {
            long tooOld = nanoTime.getAsLong() - STRETCH;
            while (placesLeft > 0 && nextPlace - tooOld < 0) {
                placesLeft--;
                nextPlace += distance;
            }
            if (placesLeft == 0) {
                return Optional.empty();
            }
            Turn turn = new Turn(nextPlace, throttles);
            placesLeft--;
            nextPlace += distance;
            return Optional.of(turn);
        } finally {
            lock.unlock();
        }
    }

    private Turn firstOf(SharedPace.Places taken, int places) {
        lock.lock();
        try {
            long first = nanoTime.getAsLong() + taken.first().toNanos();
            distance = taken.distance().toNanos();
            throttles = taken.throttles();
            recovering = taken.recovering();
            placesLeft = places - 1;
            nextPlace = first + distance;
            return new Turn(first, throttles);
        } finally {
            lock.unlock();
        }
    }

    private void awaitTime(long time) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                throwIfEnded();
                long now = nanoTime.getAsLong();
                long wait = Math.max(time - now, pausedUntil - now);
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
     * Takes note that a call was answered with 302; the provider's own wish wins. This node pauses
     * at once, the others with their next call.
     */
    void throttled(Turn turn, @Nullable Duration retryAfter) {
        if (!pauseAtOnce(turn, retryAfter)) {
            return;
        }
        Optional<SharedPace.Pause> pause = pace.throttled(turn.throttles, retryAfter, maxPause);
        lock.lock();
        try {
            pause.ifPresent(
                    begun -> {
                        throttles = Math.max(throttles, begun.throttles());
                        recovering = true;
                        pausedUntil = nanoTime.getAsLong() + begun.length().toNanos();
                        changed.signalAll();
                    });
        } finally {
            lock.unlock();
        }
    }

    private boolean pauseAtOnce(Turn turn, @Nullable Duration retryAfter) {
        lock.lock();
        try {
            if (turn.throttles < throttles) {
                return false;
            }
            Duration least = retryAfter == null ? FIRST_PAUSE : retryAfter;
            Duration wait = least.compareTo(maxPause) <= 0 ? least : maxPause;
            pausedUntil = Math.max(pausedUntil, nanoTime.getAsLong() + wait.toNanos());
            placesLeft = 0;
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Takes note that an answer other than 302 came. */
    void answered(Turn turn) {
        boolean isToBeTold;
        lock.lock();
        try {
            isToBeTold = recovering && turn.throttles == throttles;
        } finally {
            lock.unlock();
        }
        if (isToBeTold) {
            pace.answered(turn.throttles);
        }
    }

    /** The right to send one call. Closing it gives the place in flight back, sent or not. */
    final class Turn implements AutoCloseable {

        private final long place;
        private long throttles;
        private boolean waiting = true;
        private long sentAt;

        private Turn(long place, long throttles) {
            this.place = place;
            this.throttles = throttles;
        }

        /**
         * Says that the request leaves now, which lets the next caller begin to wait. Waits itself
         * while the last call has only just left, or a pause lasts that began meanwhile.
         *
         * @throws CallsEndedException when calls have ended since the turn began; the request must
         *     not leave then
         */
        void sent() throws InterruptedException {
            lock.lockInterruptibly();
            try {
                long now;
                do {
                    awaitTime(lastSent + (long) Math.ceil(distance * NEARER));
                    now = nanoTime.getAsLong();
                    // somebody else may have left while this one waited
                } while (now - lastSent < (long) (distance * NEARER));
                sentAt = now;
                lastSent = now;
                throttles = CallPacer.this.throttles; // a pause may have passed since the place
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
                turns.release();
            }
        }

        @Override
        public void close() {
            passOn();
            inFlight.release();
        }
    }
}
