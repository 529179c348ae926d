package io.github.notearchive.io.jdbc;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.BeanUtils;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.support.JdbcUtils;
import org.springframework.util.ReflectionUtils;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * Maps the components of a record to columns of the same names: {@code noteType} is {@code note_type}. A component that
 * is a record of one component is one column; one of several components has their columns, and is null if all are.
 *
 * @param <R> record of texts, lists of texts (not null), booleans, numbers, dates, instants, enums and records of
 *     these; numbers are converted
 */
public final class Columns<R extends Record> implements RowMapper<R> {

    private static final Map<Class<?>, Columns<?>> ALL = new ConcurrentHashMap<>();

    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .changeDefaultPropertyInclusion(inclusion -> inclusion.withValueInclusion(Include.NON_NULL))
            .changeDefaultVisibility(visibility -> visibility.withIsGetterVisibility(Visibility.NONE))
            .build();

    private final List<RecordComponent> components;
    private final List<String> names;
    private final Constructor<R> constructor;

    private Columns(Class<R> type) {
        this.components = List.of(type.getRecordComponents());
        this.names = components.stream()
                .map(component -> JdbcUtils.convertPropertyNameToUnderscoreName(component.getName()))
                .toList();
        this.constructor = BeanUtils.getResolvableConstructor(type);
        ReflectionUtils.makeAccessible(constructor);
        components.forEach(component -> ReflectionUtils.makeAccessible(component.getAccessor()));
    }

    @SuppressWarnings("unchecked") // computed from this class
    public static <R extends Record> Columns<R> of(Class<R> type) {
        return (Columns<R>) ALL.computeIfAbsent(type, _ -> new Columns<>(type));
    }

    /** Returns a comma-separated list of the columns, each in place of {@code ?} in a pattern. */
    public String each(String pattern) {
        return names.stream().map(name -> pattern.replace("?", name)).collect(Collectors.joining(", "));
    }

    /** Returns a record, or a list of records, as argument of {@code json_populate_record} or its set variant. */
    public static String json(Object rows) {
        return JSON.writeValueAsString(rows);
    }

    public R parse(String json) {
        return JSON.readValue(json, constructor.getDeclaringClass());
    }

    public List<R> parseList(String json) {
        return JSON.readerForListOf(constructor.getDeclaringClass()).readValue(json);
    }

    @Override
    public R mapRow(ResultSet row, int number) throws SQLException {
        return create(values(row));
    }

    private @Nullable Object[] values(ResultSet row) throws SQLException {
        @Nullable Object[] values = new @Nullable Object[components.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(row, names.get(i), components.get(i).getType());
        }
        return values;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // the type is that of an enum or record
    private static @Nullable Object value(ResultSet row, String name, Class<?> type) throws SQLException {
        if (type == Instant.class) {
            Timestamp time = row.getTimestamp(name);
            return time == null ? null : time.toInstant();
        }
        if (type.isEnum()) {
            String constant = row.getString(name);
            return constant == null ? null : Enum.valueOf((Class<Enum>) type, constant);
        }
        if (type == List.class) {
            return List.of((Object[]) row.getArray(name).getArray());
        }
        if (!type.isRecord()) {
            return JdbcUtils.getResultSetValue(row, row.findColumn(name), type);
        }
        Columns<?> nested = of(type.asSubclass(Record.class));
        @Nullable
        Object[] values = nested.components.size() == 1
                ? new @Nullable Object[] {
                    value(row, name, nested.components.getFirst().getType())
                }
                : nested.values(row);
        return Arrays.stream(values).allMatch(Objects::isNull) ? null : nested.create(values);
    }

    private R create(@Nullable Object[] values) {
        try {
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the record could not be created from its columns", e);
        }
    }

    /** Returns the names of the columns that differ; {@code null} is a row of nulls. */
    public List<String> differing(@Nullable R before, R after) {
        List<String> differing = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            RecordComponent component = components.get(i);
            if (!Objects.equals(before == null ? null : value(component, before), value(component, after))) {
                differing.add(names.get(i));
            }
        }
        return differing;
    }

    private static @Nullable Object value(RecordComponent component, Record row) {
        return ReflectionUtils.invokeMethod(component.getAccessor(), row);
    }
}
