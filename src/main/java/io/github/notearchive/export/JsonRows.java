package io.github.notearchive.export;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** Rows as JSON: absent is null and not left out, a time is ISO 8601 in UTC, a list an array. */
final class JsonRows {

    private JsonRows() {}

    static void write(JsonGenerator json, Row row) {
        json.writeStartObject();
        fields(json, row, 0);
        json.writeEndObject();
    }

    /** The names and values of a row, from one of its columns on. */
    static void fields(JsonGenerator json, Row row, int from) {
        List<Column> columns = row.table().columns();
        for (int i = from; i < columns.size(); i++) {
            json.writeName(columns.get(i).name());
            value(json, row.get(i));
        }
    }

    /** An element of a list is a row without the id of the note, which is its first column. */
    static void value(JsonGenerator json, @Nullable Object value) {
        switch (value) {
            case null -> json.writeNull();
            case Boolean truth -> json.writeBoolean(truth);
            case Integer number -> json.writeNumber(number);
            case Long number -> json.writeNumber(number);
            case List<?> list -> {
                json.writeStartArray();
                for (Object element : list) {
                    if (element instanceof Row row) {
                        json.writeStartObject();
                        fields(json, row, 1);
                        json.writeEndObject();
                    } else {
                        json.writeString(String.valueOf(element));
                    }
                }
                json.writeEndArray();
            }
            default -> json.writeString(value.toString());
        }
    }
}
