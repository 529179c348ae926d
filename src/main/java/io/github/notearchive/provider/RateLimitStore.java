package io.github.notearchive.provider;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Rate limit that all nodes of a database share, by the database's clock.
 *
 * <p>A send time is a moment at which one call may be sent. It belongs to the node that reserved it and is lost if it
 * is not used. A crash of the store may lose reservations.
 */
public interface RateLimitStore {

    /**
     * Reserved send times, and the number of the last pause.
     *
     * @param first time from now until the first of them; not positive if it has come
     * @param recovering whether the rate is reduced, so that responses must be reported to {@link #recover}
     */
    record SendTimes(Duration first, Duration distance, long backoffEpoch, boolean recovering) {}

    record Pause(Duration length, long backoffEpoch) {}

    /**
     * Reserves the next send times, after all that were reserved before, at a rate of all nodes together.
     *
     * @param maxPause a pause that ends later was written before a clock was set back, and is ignored
     */
    SendTimes reserve(int count, double callsPerSecond, Duration maxPause);

    /**
     * Pauses all nodes and halves their rate, after a call was rejected with 302.
     *
     * @param backoffEpoch number of the last pause when that call was sent
     * @param retryAfter length that the provider requests; null for our own
     * @return empty if another call of the same epoch has started the pause, or the store is unavailable
     */
    Optional<Pause> backOff(long backoffEpoch, @Nullable Duration retryAfter, Duration maxPause);

    /** Restores a part of the rate, after a call that was sent in this epoch got another response than 302. */
    void recover(long backoffEpoch);
}
