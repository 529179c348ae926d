package io.github.notearchive.sandbox;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/**
 * Behaviour of the practice provider. Faults are drawn from the seed, so that the same settings cause the same failures
 * each time.
 *
 * @param seed starting value of all notes, files and failures
 * @param quota number of notes that are delivered before code 303; {@link #UNLIMITED} for no limit. Videos have no
 *     quota
 * @param latency time from request to response
 * @param shares probability or share of each fault, from 0 to 1; 0 if absent
 * @param alive whether pictures are drawn, twelve authors have written all notes, and notes change from day to day;
 *     otherwise a file is noise around a small sample, and a note never changes
 */
public record SandboxSettings(long seed, int quota, Duration latency, Map<Fault, Double> shares, boolean alive) {

    public enum Fault {
        /** A call fails with code 301, drawn for each call. */
        FAIL_301,
        /** A call fails with code 302, drawn for each call. */
        FAIL_302,
        /** A note returns code 201 on every call. */
        MISSING,
        /** A note returns code 0 without data on every call. */
        EMPTY,
        /** A file returns 403 or 404 on every request. */
        DEAD_MEDIA
    }

    public static final int UNLIMITED = -1;

    public SandboxSettings {
        shares = Map.copyOf(shares);
        shares.forEach((fault, share) -> {
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("%s must be from 0 to 1, but is %s"
                        .formatted(fault.name().toLowerCase(Locale.ROOT).replace('_', '-'), share));
            }
        });
    }

    double share(Fault fault) {
        return shares.getOrDefault(fault, 0.0);
    }
}
