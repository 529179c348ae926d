package io.github.notearchive.export;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Row of a table: for each column a String, Integer, Long, Boolean, Instant, list of Strings, list of rows, or null.
 * Named access to a column that the export omits returns null.
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

    private @Nullable Object get(String column) {
        int index = table.indexOf(column);
        return index < 0 ? null : values[index];
    }

    /** Returns a copy with another value in a column, or this row if the export omits the column. */
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

    /** Returns the row as a JSON object, in column order. */
    Map<String, @Nullable Object> json() {
        return json(0);
    }

    private Map<String, @Nullable Object> json(int first) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        for (int i = first; i < values.length; i++) {
            json.put(table.columns().get(i).name(), json(values[i]));
        }
        return json;
    }

    /** Returns a value as JSON: times in ISO 8601 (UTC), absent values null, list elements without their note id. */
    static @Nullable Object json(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case Instant time -> time.toString();
            case List<?> list ->
                list.stream()
                        .map(element -> element instanceof Row row ? row.json(1) : element)
                        .toList();
            default -> value;
        };
    }
}
