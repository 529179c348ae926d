package io.github.notearchive.provider;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The pace of a node that is alone, in memory. A pause lasts as long as the provider wants, or a second. */
public final class LocalRateLimitStore implements RateLimitStore {

    final List<String> told = new CopyOnWriteArrayList<>();

    /** How long each pause lasts. */
    final List<Duration> pauses = new CopyOnWriteArrayList<>();

    /** How many places were asked for, each time. */
    final List<Integer> asked = new CopyOnWriteArrayList<>();

    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    private long next;
    private long throttles;
    private double share = 1;

    public LocalRateLimitStore() {
        this(System::nanoTime);
    }

    LocalRateLimitStore(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.next = nanoTime.getAsLong();
    }

    /** Lets others take so many places at once. */
    void othersTake(int places, double callsPerSecond) {
        lock.lock();
        try {
            next = Math.max(next, nanoTime.getAsLong()) + (long) (places * 1e9 / callsPerSecond);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Places take(int places, double callsPerSecond, Duration longestPause) {
        lock.lock();
        try {
            asked.add(places);
            long now = nanoTime.getAsLong();
            long first = Math.max(next, now);
            long distance = (long) (1e9 / callsPerSecond / share);
            next = first + places * distance;
            return new Places(Duration.ofNanos(first - now), Duration.ofNanos(distance), throttles, share < 1);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<Pause> throttled(long before, @Nullable Duration wish, Duration longestPause) {
        lock.lock();
        try {
            told.add("throttled " + before);
            if (before != throttles) {
                return Optional.empty();
            }
            throttles++;
            share /= 2;
            Duration length = wish == null ? Duration.ofSeconds(1) : wish;
            next = Math.max(next, nanoTime.getAsLong() + length.toNanos());
            pauses.add(length);
            return Optional.of(new Pause(length, throttles));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void answered(long since) {
        told.add("answered " + since);
        lock.lock();
        try {
            share = Math.min(1, share * 2);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void forgetPauses() {
        told.add("forget");
    }
}
