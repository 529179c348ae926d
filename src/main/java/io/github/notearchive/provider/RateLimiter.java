package io.github.notearchive.provider;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides when the next call of this node may leave: at a place of the {@link RateLimitStore}, never more than so many
 * at once, and not at all once calls have ended.
 *
 * <p>A caller has the turn from before its place is taken until the request is sent. There are a few turns, so that
 * places are taken ahead of time and a commit may take longer than the distance of two calls; a caller writes its
 * request down as long before its place as that takes. Two calls of this node are at least nine tenths of the distance
 * apart all the same, counted from the moment the first one really left: a call that was late by some milliseconds does
 * not push back all others, and many that were late do not leave together.
 *
 * <p>A place that a call is too late for, after a slow commit or a stall of this process, is void: the call takes
 * another one. Places are further apart than the rate demands by as much as a call may be late, so that all nodes
 * together keep to the rate in every second.
 *
 * <p>Code 302 pauses everybody, 1 s at first and doubling to 60 s while it keeps coming, and halves the rate; each
 * answer that is not 302 then gives back a twentieth of the configured rate, never more than that rate. Calls that left
 * before the pause began are part of the same mistake and do not count again.
 */
final class RateLimiter {

    /** How long a pause is at least, before the database has said how long. */
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    /**
     * Of what lies further apart than this, one place is taken at a time; and what lies further back is not used any
     * more.
     */
    private static final long STRETCH = TimeUnit.MILLISECONDS.toNanos(10);

    /** So many calls of the configured rate are prepared at once. */
    private static final long AHEAD = TimeUnit.MILLISECONDS.toNanos(100);

    private static final int LEAST_TURNS = 2;

    /** The longest that a call is written down before its place. */
    private static final long LONGEST_LEAD = TimeUnit.MILLISECONDS.toNanos(200);

    /** What may be made up of a delay from one call to the next. */
    private static final double NEARER = 0.9;

    /** How long after its place a call may leave. Later, the place is void. */
    private static final long LATEST = TimeUnit.MILLISECONDS.toNanos(10);

    /** The distance of two places, as a multiple of that which the rate demands. */
    private static final double APART = 1 + LATEST / 1e9;

    /** How long taking a place is expected to take at first. */
    private static final long FIRST_TAKE = TimeUnit.MILLISECONDS.toNanos(10);

    private static final long UNKNOWN = -1;

    private final double placesPerSecond;
    private final Duration maxPause;
    private final RateLimitStore pace;
    private final Semaphore inFlight;
    private final LongSupplier nanoTime;
    private final int atOnce;
    private final Semaphore turns;
    private final ReentrantLock placing = new ReentrantLock(true);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // guarded by placing
    private boolean waited = true;
    private long usualTake = FIRST_TAKE;

    // guarded by lock
    private int placesLeft;
    private long nextPlace;
    private long latest;
    private long distance;
    private long throttles = UNKNOWN;
    private boolean recovering;
    private long lead;
    private long lastSent;
    private long pausedUntil;
    private @Nullable String ended = "no run is active";
    private @Nullable String full;

    RateLimiter(NoteSourceProperties settings, RateLimitStore pace, LongSupplier nanoTime) {
        double rate = settings.callsPerSecond();
        this.placesPerSecond = rate / APART;
        this.maxPause = settings.maxPause();
        this.pace = pace;
        this.inFlight = new Semaphore(settings.callsInFlight(), true);
        this.nanoTime = nanoTime;
        this.atOnce = (int) Math.max(1, rate * STRETCH / 1e9);
        this.turns = new Semaphore((int) Math.max(LEAST_TURNS, rate * AHEAD / 1e9), true);
        this.distance = (long) (1e9 / placesPerSecond);
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
            full = null;
            placesLeft = 0;
            throttles = UNKNOWN;
            recovering = false;
            pausedUntil = nanoTime.getAsLong();
        } finally {
            lock.unlock();
        }
    }

    /** Lets no further call leave. Whoever waits for a turn is told so at once; calls under way are not touched. */
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

    /** Gives no further turn. Whoever waits for one is told so at once; calls that have theirs leave. */
    void giveNoMore(String reason) {
        lock.lock();
        try {
            if (full == null) {
                full = reason;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until a call may be written down, which is a moment before it may leave, and has one of the turns until
     * {@link Turn#sent} or {@link Turn#close}.
     *
     * @throws CallsEndedException when calls have ended, also while waiting
     */
    Turn await() throws InterruptedException {
        throwIfOver();
        while (!inFlight.tryAcquire(200, TimeUnit.MILLISECONDS)) {
            throwIfOver();
        }
        boolean entered = false;
        try {
            while (!turns.tryAcquire(200, TimeUnit.MILLISECONDS)) {
                throwIfOver();
            }
            try {
                Turn turn = takePlace();
                awaitTime(turn.place - leadTime(), this::throwIfOver);
                turn.begins();
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
            while (true) {
                throwIfEnded();
                Optional<Turn> held = heldPlace();
                if (held.isPresent()) {
                    return held.get();
                }
                // whoever had to wait leaves to others what nobody here waits for; without any wait
                // there
                // is room for all
                int places = waited ? Math.min(placing.getQueueLength() + 1, atOnce) : atOnce;
                long asked = nanoTime.getAsLong();
                RateLimitStore.Places taken = pace.take(places, placesPerSecond, maxPause);
                long now = nanoTime.getAsLong();
                waited = taken.first().isPositive();
                long delay = delayOf(now - asked);
                if (delay <= LATEST) {
                    return firstOf(taken, places, now, LATEST - delay);
                }
            }
        } finally {
            placing.unlock();
        }
    }

    /**
     * By how much taking a place took longer than usual. The place may have passed by so much already, since it is
     * counted from the moment at which this node learns of it.
     */
    private long delayOf(long took) {
        long delay = Math.max(0, took - usualTake);
        // a stall does not become usual, a database that is slow from now on does
        usualTake = (4 * usualTake + Math.min(took, 2 * usualTake + STRETCH)) / 5;
        return delay;
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
            Turn turn = new Turn(nextPlace, latest, throttles);
            placesLeft--;
            nextPlace += distance;
            return Optional.of(turn);
        } finally {
            lock.unlock();
        }
    }

    private Turn firstOf(RateLimitStore.Places taken, int places, long now, long mayBeLate) {
        lock.lock();
        try {
            long first = now + taken.first().toNanos();
            latest = mayBeLate;
            distance = taken.distance().toNanos();
            throttles = taken.throttles();
            recovering = taken.recovering();
            placesLeft = places - 1;
            nextPlace = first + distance;
            return new Turn(first, latest, throttles);
        } finally {
            lock.unlock();
        }
    }

    private long leadTime() {
        lock.lock();
        try {
            return lead;
        } finally {
            lock.unlock();
        }
    }

    private void awaitTime(long time) throws InterruptedException {
        awaitTime(time, this::throwIfEnded);
    }

    private void awaitTime(long time, Runnable check) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                check.run();
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

    /** For whoever has no turn yet. */
    private void throwIfOver() {
        lock.lock();
        try {
            throwIfEnded();
            if (full != null) {
                throw new CallsEndedException(full);
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
     * Takes note that a call was answered with 302; the provider's own wish wins. This node pauses at once, the others
     * with their next call.
     */
    void throttled(Turn turn, @Nullable Duration retryAfter) {
        if (!pauseAtOnce(turn, retryAfter)) {
            return;
        }
        Optional<RateLimitStore.Pause> pause = pace.throttled(turn.throttles, retryAfter, maxPause);
        lock.lock();
        try {
            pause.ifPresent(begun -> {
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

    /** Places that were taken before a pause began are void. */
    private void pauseBegan(long number) {
        lock.lock();
        try {
            if (number > throttles) {
                throttles = number;
                recovering = true;
                placesLeft = 0;
            }
        } finally {
            lock.unlock();
        }
    }

    /** The right to send one call. Closing it gives the place in flight back, sent or not. */
    final class Turn implements AutoCloseable {

        private long place;
        private long mayBeLate;
        private long throttles;
        private long began;
        private boolean waiting = true;
        private long sentAt;

        private Turn(long place, long mayBeLate, long throttles) {
            this.place = place;
            this.mayBeLate = mayBeLate;
            this.throttles = throttles;
        }

        private void begins() {
            began = nanoTime.getAsLong();
        }

        /** How long it is until the call may leave. */
        Duration untilPlace() {
            return Duration.ofNanos(Math.max(0, place - nanoTime.getAsLong()));
        }

        /**
         * Waits for the place, and says that the request leaves now, which lets the next caller begin. Waits longer
         * while the last call has only just left. When a pause has begun since the place was taken, on whatever node,
         * it waits for another one behind that; when the place is void, for another one.
         *
         * @param lastPause the number of the last pause, as the ledger told when the request was written down; 0 when
         *     there was none
         * @throws CallsEndedException when calls have ended since the turn began; the request must not leave then
         */
        void sent(long lastPause) throws InterruptedException {
            try {
                takeTime();
                if (lastPause > throttles) {
                    pauseBegan(lastPause);
                    takeAnotherPlace();
                }
                while (!leave()) {
                    takeAnotherPlace();
                }
            } finally {
                passOn();
            }
        }

        /** Writing down is begun so much earlier the next time. */
        private void takeTime() {
            lock.lock();
            try {
                long took = nanoTime.getAsLong() - began;
                lead = Math.min(LONGEST_LEAD, (4 * lead + 2 * took) / 5);
            } finally {
                lock.unlock();
            }
        }

        private void takeAnotherPlace() throws InterruptedException {
            Turn next = takePlace();
            place = next.place;
            mayBeLate = next.mayBeLate;
            throttles = next.throttles;
        }

        /** Waits for the place; false when that is void by then. */
        private boolean leave() throws InterruptedException {
            lock.lockInterruptibly();
            try {
                awaitTime(place);
                long now;
                do {
                    awaitTime(lastSent + (long) Math.ceil(distance * NEARER));
                    now = nanoTime.getAsLong();
                    // somebody else may have left while this one waited
                } while (now - lastSent < (long) (distance * NEARER));
                if (now - place > mayBeLate) {
                    return false;
                }
                sentAt = now;
                lastSent = now;
                throttles = RateLimiter.this.throttles; // a pause may have passed since the place
                return true;
            } finally {
                lock.unlock();
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
