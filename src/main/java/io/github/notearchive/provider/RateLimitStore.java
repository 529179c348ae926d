package io.github.notearchive.provider;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The pace of calls that all nodes of one database keep together, by its clock.
 *
 * <p>A place is a moment at which one call may leave. It belongs to whoever took it; one that is not used is lost. What
 * it loses in a crash costs a pause at most.
 */
public interface RateLimitStore {

    /**
     * Places that were taken.
     *
     * @param first how long until the first of them, counted from now; not positive: it is there
     * @param distance how far the next one is from each
     * @param throttles which pause was the last one, for {@link #throttled} and {@link #answered}
     * @param recovering whether answers are to be told, since the rate is not the configured one
     */
    record Places(Duration first, Duration distance, long throttles, boolean recovering) {}

    /**
     * A pause that has begun.
     *
     * @param length how long it lasts
     * @param throttles its number
     */
    record Pause(Duration length, long throttles) {}

    /**
     * Takes the next places, behind all that were taken before.
     *
     * @param places how many, at least 1
     * @param callsPerSecond how many all nodes may send in a second; each asks by its own setting
     * @param longestPause what is further away than that is no pause, but a clock that was set back
     */
    Places take(int places, double callsPerSecond, Duration longestPause);

    /**
     * Pauses all nodes and halves their rate, since a call was answered with 302.
     *
     * @param throttles the pause that was the last one when that call left
     * @param wish how long the provider wants it to last; null: as our own rule has it
     * @return empty when another call that left before the same pause has brought it about already, or when the
     *     database does not take it
     */
    Optional<Pause> throttled(long throttles, @Nullable Duration wish, Duration longestPause);

    /** Gives a part of the rate back, since a call that left after that pause was answered. */
    void answered(long throttles);

    /** Forgets a pause and a halved rate that earlier runs have left. */
    void forgetPauses();
}
