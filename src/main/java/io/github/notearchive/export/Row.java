package io.github.notearchive.export;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One row: for each column of its table a String, Integer, Long, Boolean, Instant, a list of Strings or a list of rows,
 * or null.
 */
final class Row {

    private final Table table;
    private final @Nullable Object[] values;

    Row(Table table, @Nullable Object[] values) {
        this.table = table;
        this.values = values;
    }

    Table table() {
        return table;
    }

    @Nullable
    Object get(int column) {
        return values[column];
    }

    /** The value of a column; null also when the export has no such column. */
    @Nullable
    Object get(String column) {
        int index = table.indexOf(column);
        return index < 0 ? null : values[index];
    }

    /** The same with another value in one column; itself when the export has no such column. */
    Row with(String column, @Nullable Object value) {
        int index = table.indexOf(column);
        if (index < 0) {
            return this;
        }
        @Nullable Object[] changed = values.clone();
        changed[index] = value;
        return new Row(table, changed);
    }

    String noteId() {
        return String.valueOf(values[0]);
    }

    @Nullable
    String text(String column) {
        return (String) get(column);
    }

    @Nullable
    Long number(String column) {
        return get(column) instanceof Number number ? number.longValue() : null;
    }

    @Nullable
    Instant time(String column) {
        return (Instant) get(column);
    }

    @SuppressWarnings("unchecked")
    List<String> texts(String column) {
        return get(column) instanceof List<?> list ? (List<String>) list : List.of();
    }

    @SuppressWarnings("unchecked")
    List<Row> rows(String column) {
        return get(column) instanceof List<?> list ? (List<Row>) list : List.of();
    }
}
