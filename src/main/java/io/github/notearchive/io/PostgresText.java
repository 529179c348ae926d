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
 * Makes a stranger's text fit for PostgreSQL, whose {@code text} and {@code jsonb} refuse NUL and half a surrogate pair
 * (documented under "JSON Types" and "Character Types"). Each becomes U+FFFD; everything else stays.
 */
public final class PostgresText {

    private static final char REPLACEMENT = '\uFFFD';

    /** jsonb holds numbers as {@code numeric}: 131072 digits before the point, 16383 behind it. */
    private static final int MOST_DIGITS = 16_000;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private PostgresText() {}

    /** The same for what may be null, which stays so. */
    public static @Nullable String of(@Nullable String text) {
        return text == null ? null : ofText(text);
    }

    /** This text, or what PostgreSQL takes in its place; a repeat changes nothing. */
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

    /** A whole answer as text that {@code jsonb} takes. */
    public static String json(JsonNode answer) {
        return JSON.writeValueAsString(storable(answer));
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

    /** A number beyond what the column holds is kept as text rather than lost. */
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
