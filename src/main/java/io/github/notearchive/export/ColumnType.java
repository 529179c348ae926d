package io.github.notearchive.export;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/** The type of a column, the same in every format. Absent is null in each of them. */
enum ColumnType {
    /** Unicode. */
    TEXT,
    /** 32 bits. */
    INTEGER,
    /** 64 bits. */
    BIGINT,
    BOOLEAN,
    /** A point in time, to the microsecond. */
    TIMESTAMP,
    /** Texts in order; empty rather than null. */
    TEXT_LIST,
    /** Rows of another table in order; empty rather than null. */
    RECORD_LIST;

    boolean isList() {
        return this == TEXT_LIST || this == RECORD_LIST;
    }

    /** The value of a result's column; lists do not come from one. */
    @Nullable
    Object read(ResultSet result, int column) throws SQLException {
        return switch (this) {
            case TEXT -> result.getString(column);
            case INTEGER -> absent(result, result.getInt(column));
            case BIGINT -> absent(result, result.getLong(column));
            case BOOLEAN -> absent(result, result.getBoolean(column));
            case TIMESTAMP -> {
                OffsetDateTime time = result.getObject(column, OffsetDateTime.class);
                yield time == null ? null : time.toInstant();
            }
            case TEXT_LIST, RECORD_LIST -> throw new IllegalStateException("A list is no column of the database");
        };
    }

    private static @Nullable Object absent(ResultSet result, Object value) throws SQLException {
        return result.wasNull() ? null : value;
    }
}
