package io.github.notearchive.cli;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Clock of a practice: it starts some days behind the system clock and moves forward by whole days, so that a practice
 * of several nights neither waits nor writes times of the future.
 */
final class SandboxClock extends Clock {

    private final Clock base = Clock.systemUTC();
    private final AtomicReference<Duration> behind;

    /** @param days how many days it starts behind the system clock */
    SandboxClock(int days) {
        behind = new AtomicReference<>(Duration.ofDays(days));
    }

    /** Moves to the same time of the next day. */
    void nextDay() {
        behind.updateAndGet(now -> now.minusDays(1));
    }

    @Override
    public Instant instant() {
        return base.instant().minus(behind.get());
    }

    @Override
    public ZoneId getZone() {
        return base.getZone();
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("The clock of the sandbox has one zone");
    }
}
