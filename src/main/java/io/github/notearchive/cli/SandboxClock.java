package io.github.notearchive.cli;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that can be put forward, so that a practice does not have to wait for the next night. */
final class SandboxClock extends Clock {

    private final Clock base = Clock.systemUTC();
    private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);

    /** Goes on from a later instant. */
    void putForwardTo(Instant instant) {
        ahead.set(Duration.between(base.instant(), instant));
    }

    @Override
    public Instant instant() {
        return base.instant().plus(ahead.get());
    }

    @Override
    public ZoneId getZone() {
        return base.getZone();
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("The sandbox's clock has one zone");
    }
}
