package io.github.notearchive.note;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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
 * more than {@value #LONGEST_NUMBER} characters or decimal places. In a body of more than {@value #MOST_VALUES} values
 * each array is cut to {@value #LONGEST_LIST} elements, but an array directly within the root object keeps further
 * objects that are not empty. Values beyond the limit are dropped, except for scalars of the root object. Real
 * responses have about 20 levels and 1,000 values.
 */
public final class AnswerJson {

    /** Replacement of a value that was left out. */
    public static final String LEFT_OUT = "left out: too large or nested too deeply";

    static final int MOST_LEVELS = 200;
    static final int MOST_VALUES = 200_000;
    static final int LONGEST_NUMBER = 1_000;

    /** Elements of an array in a body of too many values. */
    static final int LONGEST_LIST = 1_000;

    private static final int OUTERMOST = 1;

    /** The parser needs about 60 bytes for each skipped level. A deeper body is unreadable. */
    static final int MOST_LEVELS_PASSED_OVER = 200_000;

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final JsonMapper JSON = new JsonMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MOST_LEVELS_PASSED_OVER)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build());

    private AnswerJson() {}

    /**
     * Parses a body; empty if it does not start with a JSON object. In a body of another encoding only ASCII, such as
     * code and URLs, is read correctly.
     */
    public static Optional<JsonNode> read(byte[] body) {
        try {
            return tree(() -> JSON.createParser(body));
        } catch (JacksonException notUtf8OrNotJson) {
            String text = new String(body, StandardCharsets.UTF_8);
            return read(text.startsWith("\uFEFF") ? text.substring(1) : text);
        }
    }

    /** Parses a text; empty if it does not start with a JSON object. */
    public static Optional<JsonNode> read(String text) {
        try {
            return tree(() -> JSON.createParser(text));
        } catch (JacksonException notJson) {
            return Optional.empty();
        }
    }

    private interface Source {
        JsonParser open();
    }

    private static Optional<JsonNode> tree(Source source) {
        ObjectNode root = tree(source, false);
        return Optional.ofNullable(root == null ? tree(source, true) : root);
    }

    /**
     * Returns the tree; null if there is no object, or if it has too many values and is not cut.
     *
     * @param cut whether to drop values beyond the limit
     */
    private static @Nullable ObjectNode tree(Source source, boolean cut) {
        try (JsonParser parser = source.open()) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return null;
            }
            ObjectNode root = NODES.objectNode();
            return fill(root, parser, cut) ? root : null;
        }
    }

    /** Fills the root without recursion, since the depth is untrusted. */
    private static boolean fill(ObjectNode root, JsonParser parser, boolean cut) {
        Deque<ContainerNode<?>> open = new ArrayDeque<>();
        open.push(root);
        String name = "";
        int values = 0;
        while (!open.isEmpty()) {
            JsonToken token = parser.nextToken();
            if (token == JsonToken.PROPERTY_NAME) {
                name = parser.currentName();
            } else if (token.isStructEnd()) {
                boolean isEmpty = open.pop().isEmpty();
                if (cut && isEmpty && open.peek() instanceof ArrayNode list && isFull(list)) {
                    list.remove(list.size() - 1);
                    values--;
                }
            } else if (!cut && values == MOST_VALUES) {
                return false;
            } else if (cut && !isKept(open, token, values)) {
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
        return true;
    }

    /** Returns whether a body that is cut keeps a value of its innermost open array or object. */
    private static boolean isKept(Deque<ContainerNode<?>> open, JsonToken token, int values) {
        ContainerNode<?> container = open.element();
        if (values >= MOST_VALUES) {
            return open.size() == OUTERMOST && values < MOST_VALUES + LONGEST_LIST;
        }
        return container.size() < LONGEST_LIST
                || container.isObject()
                || (open.size() == OUTERMOST + 1 && token == JsonToken.START_OBJECT);
    }

    private static boolean isFull(ArrayNode list) {
        return list.size() > LONGEST_LIST;
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
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser, token);
            default -> NODES.stringNode(parser.getString());
        };
    }

    private static JsonNode number(JsonParser parser, JsonToken token) {
        String digits = parser.getString();
        if (digits.length() > LONGEST_NUMBER) {
            return NODES.stringNode(digits);
        }
        if (token == JsonToken.VALUE_NUMBER_INT) {
            return switch (parser.getNumberType()) {
                case INT -> NODES.numberNode(parser.getIntValue());
                case LONG -> NODES.numberNode(parser.getLongValue());
                default -> NODES.numberNode(parser.getBigIntegerValue());
            };
        }
        try {
            BigDecimal value = new BigDecimal(digits);
            if (Math.abs((long) value.scale()) > LONGEST_NUMBER) {
                return NODES.stringNode(digits);
            }
            return value.scale() > 0 ? NODES.numberNode(value) : integer(value.toBigInteger());
        } catch (NumberFormatException exponentBeyondAllBounds) {
            return NODES.stringNode(digits);
        }
    }

    /** Returns an integer for a number with an exponent, such as {@code 1.2E7}. */
    private static JsonNode integer(BigInteger value) {
        return value.bitLength() < Long.SIZE ? NODES.numberNode(value.longValue()) : NODES.numberNode(value);
    }
}
