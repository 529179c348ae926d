package io.github.notearchive.provider;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Rate limit of a single node, in memory. A pause lasts as long as the provider requests, or a second. */
public class LocalRateLimitStore implements RateLimitStore {

    final List<String> events = new CopyOnWriteArrayList<>();

    final List<Duration> pauses = new CopyOnWriteArrayList<>();

    /** Numbers of send times that were requested. */
    final List<Integer> requested = new CopyOnWriteArrayList<>();

    private final LongSupplier nanoTime;
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
    synchronized void reserveElsewhere(int count, double callsPerSecond) {
        next = Math.max(next, nanoTime.getAsLong()) + (long) (count * 1e9 / callsPerSecond);
    }

    @Override
    public synchronized SendTimes reserve(int count, double callsPerSecond, Duration longestPause) {
        requested.add(count);
        long now = nanoTime.getAsLong();
        long first = Math.max(next, now);
        long distance = (long) (1e9 / callsPerSecond / share);
        next = first + count * distance;
        return new SendTimes(Duration.ofNanos(first - now), Duration.ofNanos(distance), backoffEpoch, share < 1);
    }

    @Override
    public synchronized Optional<Pause> backOff(long before, @Nullable Duration retryAfter, Duration maxPause) {
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
    }

    @Override
    public synchronized void recover(long epoch) {
        events.add("recover " + epoch);
        share = Math.min(1, share * 2);
    }
}
