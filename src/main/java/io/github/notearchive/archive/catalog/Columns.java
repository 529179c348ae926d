package io.github.notearchive.archive.catalog;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;

/**
 * The columns that an answer fills, as the components of a record are: {@code noteType} is the column
 * {@code note_type}. So what is written, read back and compared is the same list, and a column that is added to the
 * record is in all of them.
 *
 * @param <R> a record of texts, booleans, integers, longs, dates and instants, any of which may be null
 */
final class Columns<R extends Record> {

    private static final Map<Class<?>, Integer> SQL_TYPES = Map.of(
            String.class, Types.VARCHAR,
            Boolean.class, Types.BOOLEAN,
            Integer.class, Types.INTEGER,
            Long.class, Types.BIGINT,
            LocalDate.class, Types.DATE,
            Instant.class, Types.TIMESTAMP);

    private static final Map<Class<?>, String> NAMES_OF_TYPES = Map.of(
            String.class, "text",
            Boolean.class, "boolean",
            Integer.class, "integer",
            Long.class, "bigint",
            LocalDate.class, "date",
            Instant.class, "timestamptz");

    private record Column(String name, RecordComponent component) {}

    private final List<Column> columns;
    private final Constructor<R> constructor;

    private Columns(Class<R> type) {
        RecordComponent[] components = type.getRecordComponents();
        this.columns = Arrays.stream(components)
                .map(component -> new Column(inSnakeCase(component.getName()), component))
                .toList();
        try {
            this.constructor = type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class[]::new));
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException("Every record has its constructor", e);
        }
    }

    static <R extends Record> Columns<R> of(Class<R> type) {
        return new Columns<>(type);
    }

    private static String inSnakeCase(String name) {
        return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    List<String> names() {
        return columns.stream().map(Column::name).toList();
    }

    /**
     * All of them, each as the pattern says, with commas between.
     *
     * @param pattern in which {@code ?} stands for the name
     */
    String each(String pattern) {
        return names().stream().map(name -> pattern.replace("?", name)).collect(Collectors.joining(", "));
    }

    /** The values of a row as parameters with the columns' names. */
    MapSqlParameterSource parameters(R row) {
        MapSqlParameterSource parameters = new MapSqlParameterSource();
        for (Column column : columns) {
            Object value = value(column, row);
            parameters.addValue(
                    column.name(),
                    value instanceof Instant instant ? Timestamp.from(instant) : value,
                    Objects.requireNonNull(SQL_TYPES.get(column.component().getType())));
        }
        return parameters;
    }

    /**
     * Rows as a table within a statement, with their number from 1 in the column {@code nr}. It takes the parameters of
     * {@link #arrays}.
     */
    String table() {
        String arrays = columns.stream()
                .map(column -> ":%s::%s[]"
                        .formatted(
                                column.name(),
                                Objects.requireNonNull(
                                        NAMES_OF_TYPES.get(column.component().getType()))))
                .collect(Collectors.joining(", "));
        return "unnest(%s) WITH ORDINALITY AS t (%s, nr)".formatted(arrays, each("?"));
    }

    /** The values of rows for {@link #table}: of each column an array of texts. */
    MapSqlParameterSource arrays(List<R> rows) {
        MapSqlParameterSource parameters = new MapSqlParameterSource();
        for (Column column : columns) {
            @Nullable String[] values = new @Nullable String[rows.size()];
            for (int i = 0; i < values.length; i++) {
                Object value = value(column, rows.get(i));
                values[i] = value == null ? null : value.toString();
            }
            parameters.addValue(column.name(), values);
        }
        return parameters;
    }

    /** Reads a row back that names all of the columns. */
    R read(ResultSet row) throws SQLException {
        @Nullable Object[] values = new @Nullable Object[columns.size()];
        for (int i = 0; i < values.length; i++) {
            Column column = columns.get(i);
            Class<?> type = column.component().getType();
            if (type == Instant.class) {
                Timestamp timestamp = row.getTimestamp(column.name());
                values[i] = timestamp == null ? null : timestamp.toInstant();
            } else {
                values[i] = row.getObject(column.name(), type);
            }
        }
        try {
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("A row cannot be made of its columns", e);
        }
    }

    /**
     * The names of the columns in which two rows differ.
     *
     * @param before null where there is no row, as if all its columns were
     */
    List<String> differing(@Nullable R before, R after) {
        List<String> differing = new ArrayList<>();
        for (Column column : columns) {
            Object was = before == null ? null : value(column, before);
            if (!Objects.equals(was, value(column, after))) {
                differing.add(column.name());
            }
        }
        return differing;
    }

    private static @Nullable Object value(Column column, Record row) {
        try {
            return column.component().getAccessor().invoke(row);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("A component of a record cannot be read", e);
        }
    }
}
