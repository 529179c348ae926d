package io.github.notearchive.archive.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code fixity_finding}.
 *
 * @param key key of the object, or its prefix if the extension is unknown
 * @param expected expectation from the tables; null for an orphan
 * @param repair repair; null if none was requested
 */
public record Finding(
        Damage.Kind kind,
        String key,
        @Nullable String expected,
        String seen,
        Instant firstSeen,
        Instant lastSeen,
        @Nullable String repair) {}
