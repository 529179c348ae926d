package io.github.notearchive.io.time;

import java.time.Duration;

/**
 * End of a time limit. It does not move when the clock of the machine is set.
 *
 * @param nanos of {@link System#nanoTime}
 */
public record Deadline(long nanos) {

    public static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + time.toNanos());
    }

    /** Returns the remaining time; zero if the limit has passed. */
    public Duration left() {
        return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
    }

    public boolean isOver() {
        return nanos - System.nanoTime() <= 0;
    }
}
