package io.github.notearchive.io;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * Converter of untrusted text for PostgreSQL, whose {@code text} and {@code jsonb} reject NUL and unpaired surrogates
 * (documented under "JSON Types" and "Character Types"). Each is replaced by U+FFFD.
 */
public final class PostgresText {

    private static final char REPLACEMENT = '\uFFFD';

    /** Limit of {@code numeric}, the numbers of jsonb: 131072 digits before the point, 16383 after it. */
    private static final int MOST_DIGITS = 16_000;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private PostgresText() {}

    /** Converts a text; null remains null. */
    public static @Nullable String of(@Nullable String text) {
        return text == null ? null : ofText(text);
    }

    /** Converts a text. Idempotent. */
    public static String ofText(String text) {
        return isStorable(text) ? text : repaired(text);
    }

    private static boolean isStorable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                return false;
            }
            if (Character.isSurrogate(c)) {
                if (!isPairAt(text, i)) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }

    private static boolean isPairAt(String text, int i) {
        return Character.isHighSurrogate(text.charAt(i))
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
    }

    private static String repaired(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isPairAt(text, i)) {
                out.append(c).append(text.charAt(++i));
            } else {
                out.append(c == 0 || Character.isSurrogate(c) ? REPLACEMENT : c);
            }
        }
        return out.toString();
    }

    /** Returns a JSON document for {@code jsonb}. */
    public static String json(JsonNode document) {
        return JSON.writeValueAsString(storable(document));
    }

    private static JsonNode storable(JsonNode node) {
        if (node.isObject()) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            for (var property : node.properties()) {
                String name = of(property.getKey());
                object.set(name == null ? "" : name, storable(property.getValue()));
            }
            return object;
        }
        if (node.isArray()) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode(node.size());
            node.forEach(element -> array.add(storable(element)));
            return array;
        }
        if (node.isString()) {
            return StringNode.valueOf(of(node.stringValue()));
        }
        return node.isNumber() ? number(node) : node;
    }

    /** Converts a number that exceeds the column to text. */
    private static JsonNode number(JsonNode node) {
        if (node.isBigDecimal() || node.isBigInteger()) {
            BigDecimal value = node.decimalValue();
            boolean fits = Math.abs((long) value.precision() - value.scale()) < MOST_DIGITS
                    && Math.abs((long) value.scale()) < MOST_DIGITS;
            return fits ? node : StringNode.valueOf(value.toString());
        }
        return node.isDouble() && !Double.isFinite(node.doubleValue()) ? StringNode.valueOf(node.asString()) : node;
    }
}
