package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.Night;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Fields of an object in a sidecar; a value of another type or range makes the sidecar broken. */
record SidecarFields(JsonNode object, String where) {

    private static final int MAX_SHOWN = 80;

    BrokenSidecarException broken(String field, @Nullable String value) {
        return new BrokenSidecarException("field " + where + field + " has the invalid value " + shown(value));
    }

    @Nullable
    JsonNode node(String field) {
        JsonNode node = object.get(field);
        return node == null || node.isNull() ? null : node;
    }

    JsonNode requiredObject(String field) throws BrokenSidecarException {
        JsonNode node = node(field);
        if (node == null) {
            throw new BrokenSidecarException("field " + where + field + " is missing");
        }
        if (!node.isObject()) {
            throw broken(field, node.toString());
        }
        return node;
    }

    @Nullable
    String text(String field) throws BrokenSidecarException {
        JsonNode node = node(field);
        if (node != null && !node.isString()) {
            throw broken(field, node.toString());
        }
        return node == null ? null : node.stringValue();
    }

    String requiredOrEmpty(String field) throws BrokenSidecarException {
        String text = text(field);
        if (text == null) {
            throw new BrokenSidecarException("field " + where + field + " is missing");
        }
        return text;
    }

    String required(String field) throws BrokenSidecarException {
        String text = requiredOrEmpty(field);
        if (text.isEmpty()) {
            throw broken(field, text);
        }
        return text;
    }

    long number(String field, long least, long most) throws BrokenSidecarException {
        JsonNode node = node(field);
        if (node == null
                || !node.isIntegralNumber()
                || !node.canConvertToLong()
                || node.longValue() < least
                || node.longValue() > most) {
            throw broken(field, String.valueOf(node));
        }
        return node.longValue();
    }

    @Nullable
    Integer integer(String field) throws BrokenSidecarException {
        return node(field) == null ? null : Integer.valueOf((int) number(field, Integer.MIN_VALUE, Integer.MAX_VALUE));
    }

    @Nullable
    Instant instant(String field) throws BrokenSidecarException {
        return parsed(field, Instant::parse);
    }

    @Nullable
    Night night(String field) throws BrokenSidecarException {
        return parsed(field, text -> new Night(LocalDate.parse(text)));
    }

    private <T> @Nullable T parsed(String field, Function<String, T> parser) throws BrokenSidecarException {
        String text = text(field);
        try {
            return text == null ? null : parser.apply(text);
        } catch (DateTimeException e) {
            throw broken(field, text);
        }
    }

    <E extends Enum<E>> E constant(String field, Class<E> type) throws BrokenSidecarException {
        String name = required(field);
        try {
            return Enum.valueOf(type, name);
        } catch (IllegalArgumentException e) {
            throw broken(field, name);
        }
    }

    /** Returns a value for a message: quoted, without control characters, shortened. */
    static String shown(@Nullable String text) {
        String plain = String.valueOf(text).replaceAll("\\p{Cntrl}", "?");
        return "\""
                + (plain.codePointCount(0, plain.length()) <= MAX_SHOWN
                        ? plain
                        : plain.substring(0, plain.offsetByCodePoints(0, MAX_SHOWN)) + "…")
                + "\"";
    }
}
