package io.github.notearchive.nightly;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that can be set and continues from there, so that a retry after 20 ms becomes due. */
public final class MovableClock extends Clock {

    private volatile Duration ahead = Duration.ZERO;

    public void set(Instant instant) {
        ahead = Duration.between(Instant.now(), instant);
    }

    @Override
    public Instant instant() {
        return Instant.now().plus(ahead);
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("This clock has one zone");
    }
}
