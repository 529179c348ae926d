package io.github.notearchive.io;

import java.sql.Timestamp;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Points in time as JDBC has them, where there may be none. */
public final class Timestamps {

    private Timestamps() {}

    /** What a column says; null for NULL. */
    public static @Nullable Instant instant(@Nullable Timestamp timestamp) {
        return timestamp == null ? null : timestamp.toInstant();
    }

    /** What a parameter is set to; null for NULL. */
    public static @Nullable Timestamp timestamp(@Nullable Instant instant) {
        return instant == null ? null : Timestamp.from(instant);
    }
}
