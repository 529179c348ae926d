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
 * Maps the components of a record to columns of the same names: {@code noteType} is {@code note_type}. Statements that
 * write, read or compare the columns use the same list.
 *
 * @param <R> record of texts, booleans, integers, longs, dates and instants, each nullable
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
                .map(component -> new Column(snakeCase(component.getName()), component))
                .toList();
        try {
            this.constructor = type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class[]::new));
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException("the record has no canonical constructor", e);
        }
    }

    static <R extends Record> Columns<R> of(Class<R> type) {
        return new Columns<>(type);
    }

    private static String snakeCase(String name) {
        return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    List<String> names() {
        return columns.stream().map(Column::name).toList();
    }

    /**
     * Returns a comma-separated list with the pattern applied to each column.
     *
     * @param pattern text in which {@code ?} stands for the column name
     */
    String each(String pattern) {
        return names().stream().map(name -> pattern.replace("?", name)).collect(Collectors.joining(", "));
    }

    /** Returns the values of a row as parameters named by column. */
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
     * Returns a table expression of rows, numbered from 1 in column {@code nr}. Takes the parameters of
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

    /** Returns the parameters of {@link #table}: one text array per column. */
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

    /** Reads a row that contains all columns. */
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
            throw new IllegalStateException("the record could not be created from its columns", e);
        }
    }

    /**
     * Returns the names of the columns that differ.
     *
     * @param before null compares with a row of nulls
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
            throw new IllegalStateException("a component of the record could not be read", e);
        }
    }
}
