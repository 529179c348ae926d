package io.github.notearchive.bench;

import java.time.Instant;

/** Moments in microseconds since 1970, as PostgreSQL counts them too. */
final class Micros {

    private Micros() {}

    static long now() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1000;
    }
}
