package io.github.notearchive.archive.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code fixity_finding}.
 *
 * @param key of the object; where nobody knows it, its beginning
 * @param expected what the tables say; null for an orphan
 * @param seen what the store gave
 * @param firstSeen when an audit first found it so
 * @param lastSeen when one last did
 * @param repair what was done about it; null when nothing was asked for
 */
public record Finding(
        Damage.Kind kind,
        String key,
        @Nullable String expected,
        String seen,
        Instant firstSeen,
        Instant lastSeen,
        @Nullable String repair) {}
