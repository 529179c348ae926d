package io.github.notearchive.provider;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Rate limit of a single node, in memory. A pause lasts as long as the provider requests, or a second. */
public final class LocalRateLimitStore implements RateLimitStore {

    final List<String> events = new CopyOnWriteArrayList<>();

    final List<Duration> pauses = new CopyOnWriteArrayList<>();

    /** How many places were requested for, each time. */
    final List<Integer> requested = new CopyOnWriteArrayList<>();

    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    private long next;
    private long backoffEpoch;
    private double share = 1;

    public LocalRateLimitStore() {
        this(System::nanoTime);
    }

    LocalRateLimitStore(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.next = nanoTime.getAsLong();
    }

    /** Reserves send times for other nodes. */
    void reserveElsewhere(int count, double callsPerSecond) {
        lock.lock();
        try {
            next = Math.max(next, nanoTime.getAsLong()) + (long) (count * 1e9 / callsPerSecond);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public SendTimes reserve(int count, double callsPerSecond, Duration longestPause) {
        lock.lock();
        try {
            requested.add(count);
            long now = nanoTime.getAsLong();
            long first = Math.max(next, now);
            long distance = (long) (1e9 / callsPerSecond / share);
            next = first + count * distance;
            return new SendTimes(Duration.ofNanos(first - now), Duration.ofNanos(distance), backoffEpoch, share < 1);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<Pause> backOff(long before, @Nullable Duration retryAfter, Duration maxPause) {
        lock.lock();
        try {
            events.add("back off " + before);
            if (before != backoffEpoch) {
                return Optional.empty();
            }
            backoffEpoch++;
            share /= 2;
            Duration length = retryAfter == null ? Duration.ofSeconds(1) : retryAfter;
            next = Math.max(next, nanoTime.getAsLong() + length.toNanos());
            pauses.add(length);
            return Optional.of(new Pause(length, backoffEpoch));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void recover(long epoch) {
        events.add("recover " + epoch);
        lock.lock();
        try {
            share = Math.min(1, share * 2);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void reset() {
        events.add("reset");
    }
}
