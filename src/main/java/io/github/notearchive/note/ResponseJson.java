package io.github.notearchive.note;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ContainerNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Parses the body of a provider response into a tree. Tolerant: a paid response must not be lost because of one absurd
 * value.
 *
 * <p>Only the first JSON object of a body is read. {@code NaN} and {@code Infinity} are read as strings.
 *
 * <p>Values beyond a limit are replaced by a string: an array or object below {@value #MOST_LEVELS} levels, a number of
 * more than {@value #LONGEST_NUMBER} characters or decimal places. Each array is cut to {@value #LONGEST_LIST}
 * elements. Values beyond {@value #MOST_VALUES} are dropped, except for scalars of the root object. Real responses have
 * about 20 levels and 1,000 values.
 */
public final class ResponseJson {

    /** Replacement of a value that was left out. */
    public static final String LEFT_OUT = "left out: too large or nested too deeply";

    static final int MOST_LEVELS = 200;
    static final int MOST_VALUES = 200_000;
    static final int LONGEST_LIST = 10_000;
    static final int LONGEST_NUMBER = 1_000;

    /** The parser needs about 60 bytes for each skipped level. A deeper body is unreadable. */
    static final int MOST_LEVELS_SKIPPED = 200_000;

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final JsonMapper JSON = new JsonMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MOST_LEVELS_SKIPPED)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build());

    private ResponseJson() {}

    /**
     * Parses a body; empty if it does not start with a JSON object. In a body of another encoding only ASCII, such as
     * code and URLs, is read correctly.
     */
    public static Optional<JsonNode> read(byte[] body) {
        try (JsonParser parser = JSON.createParser(body)) {
            return tree(parser);
        } catch (JacksonException notUtf8OrNotJson) {
            String text = new String(body, StandardCharsets.UTF_8);
            return read(text.startsWith("\uFEFF") ? text.substring(1) : text);
        }
    }

    /** Parses a text; empty if it does not start with a JSON object. */
    public static Optional<JsonNode> read(String text) {
        try (JsonParser parser = JSON.createParser(text)) {
            return tree(parser);
        } catch (JacksonException notJson) {
            return Optional.empty();
        }
    }

    /** Reads without recursion, since the depth is untrusted. */
    private static Optional<JsonNode> tree(JsonParser parser) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return Optional.empty();
        }
        ObjectNode root = NODES.objectNode();
        Deque<ContainerNode<?>> open = new ArrayDeque<>();
        open.push(root);
        String name = "";
        int values = 0;
        while (!open.isEmpty()) {
            JsonToken token = parser.nextToken();
            if (token == JsonToken.PROPERTY_NAME) {
                name = parser.currentName();
            } else if (token.isStructEnd()) {
                open.pop();
            } else if (!isKept(open, values)) {
                parser.skipChildren();
            } else if (!token.isStructStart()) {
                values++;
                add(open.element(), name, scalar(parser, token));
            } else if (values++ >= MOST_VALUES || open.size() == MOST_LEVELS) {
                parser.skipChildren();
                add(open.element(), name, NODES.stringNode(LEFT_OUT));
            } else {
                ContainerNode<?> container = token == JsonToken.START_OBJECT ? NODES.objectNode() : NODES.arrayNode();
                add(open.element(), name, container);
                open.push(container);
            }
        }
        return Optional.of(root);
    }

    /** Returns whether a value of the innermost open array or object is kept. */
    private static boolean isKept(Deque<ContainerNode<?>> open, int values) {
        if (values >= MOST_VALUES) {
            boolean isRoot = open.size() == 1;
            return isRoot && values < MOST_VALUES + LONGEST_LIST;
        }
        return open.element().isObject() || open.element().size() < LONGEST_LIST;
    }

    private static void add(ContainerNode<?> container, String name, JsonNode value) {
        if (container instanceof ArrayNode array) {
            array.add(value);
        } else if (container instanceof ObjectNode object) {
            object.set(name, value);
        }
    }

    private static JsonNode scalar(JsonParser parser, JsonToken token) {
        return switch (token) {
            case VALUE_TRUE -> NODES.booleanNode(true);
            case VALUE_FALSE -> NODES.booleanNode(false);
            case VALUE_NULL -> NODES.nullNode();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser.getString());
            default -> NODES.stringNode(parser.getString());
        };
    }

    /** Returns a number with all its digits; one with an exponent, such as {@code 1.2E7}, may be an integer. */
    private static JsonNode number(String digits) {
        if (digits.length() > LONGEST_NUMBER) {
            return NODES.stringNode(digits);
        }
        try {
            BigDecimal value = new BigDecimal(digits);
            if (value.scale() > 0 && value.scale() <= LONGEST_NUMBER) {
                return NODES.numberNode(value);
            }
            if (value.scale() <= 0 && value.scale() >= -LONGEST_NUMBER) {
                BigInteger integer = value.toBigInteger();
                return integer.bitLength() < Long.SIZE
                        ? NODES.numberNode(integer.longValue())
                        : NODES.numberNode(integer);
            }
        } catch (NumberFormatException _) {
            // no number, or an exponent beyond all bounds
        }
        return NODES.stringNode(digits);
    }
}
