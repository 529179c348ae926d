package io.github.notearchive.io.jdbc;

import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.lang.reflect.RecordComponent;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.StatementCreatorUtils;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.util.ReflectionUtils;

/**
 * Parameters of a statement that are the components of records, by name. Components of nested records are included.
 * Ids, nights, times and constants become values of columns, collections arrays of texts.
 */
public final class RecordParameters {

    private static final ClassValue<RecordComponent[]> COMPONENTS = new ClassValue<>() {
        @Override
        protected RecordComponent[] computeValue(Class<?> type) {
            RecordComponent[] components = type.getRecordComponents();
            for (RecordComponent component : components) {
                ReflectionUtils.makeAccessible(component.getAccessor());
            }
            return components;
        }
    };

    private RecordParameters() {}

    /** Returns the components of all records, to which single values can be added. */
    public static MapSqlParameterSource of(Record... records) {
        MapSqlParameterSource parameters = new MapSqlParameterSource();
        for (Record each : records) {
            add(each, parameters);
        }
        return parameters;
    }

    private static void add(Record record, MapSqlParameterSource parameters) {
        for (RecordComponent component : COMPONENTS.get(record.getClass())) {
            Object value = column(ReflectionUtils.invokeMethod(component.getAccessor(), record));
            if (value instanceof Record nested) {
                add(nested, parameters);
            } else {
                parameters.addValue(component.getName(), value, sqlType(component.getType()));
            }
        }
    }

    /** Returns the value of a column. */
    public static @Nullable Object column(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case Instant time -> Timestamp.from(time);
            case NoteId id -> id.value();
            case Night night -> night.date();
            case Enum<?> constant -> constant.name();
            case Collection<?> texts -> texts.stream().map(String::valueOf).toArray(String[]::new);
            default -> value;
        };
    }

    private static int sqlType(Class<?> type) {
        if (type == Instant.class) {
            return Types.TIMESTAMP;
        }
        if (type == Night.class) {
            return Types.DATE;
        }
        if (type == byte[].class) {
            return Types.BINARY;
        }
        return type.isEnum() || type == NoteId.class
                ? Types.VARCHAR
                : StatementCreatorUtils.javaTypeToSqlParameterType(type);
    }
}
