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
 * The body of an answer as a tree, as far as it can be kept: an answer that is paid for must not be lost to one absurd
 * value in it.
 *
 * <p>The first JSON object of a body counts; what follows it is ignored. {@code NaN} and {@code Infinity} are read as
 * texts.
 *
 * <p>What goes beyond a bound is replaced by a text and the rest is read: a list or object below {@value #MOST_LEVELS}
 * levels, a number of more than {@value #LONGEST_NUMBER} characters or decimal places. In a body of more than
 * {@value #MOST_VALUES} values each list is cut to {@value #LONGEST_LIST} entries, but one directly within the
 * outermost object keeps its further objects that are not empty; what is still too much is left out, except for plain
 * values of the outermost object. Real answers have about 20 levels and 1,000 values.
 */
public final class AnswerJson {

    /** Stands where something was left out. */
    public static final String LEFT_OUT = "left out: too large or nested too deeply";

    static final int MOST_LEVELS = 200;
    static final int MOST_VALUES = 200_000;
    static final int LONGEST_NUMBER = 1_000;

    /** Entries of a list in a body of too many values. */
    static final int LONGEST_LIST = 1_000;

    private static final int OUTERMOST = 1;

    /** Passing over a level costs the parser some 60 bytes. Beyond it a body is unreadable. */
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
     * Reads a body; empty when it does not begin with a JSON object. A body in another encoding has its letters spoilt,
     * but its code and its addresses are ASCII.
     */
    public static Optional<JsonNode> read(byte[] body) {
        try {
            return tree(() -> JSON.createParser(body));
        } catch (JacksonException notUtf8OrNotJson) {
            String text = new String(body, StandardCharsets.UTF_8);
            return read(text.startsWith("\uFEFF") ? text.substring(1) : text);
        }
    }

    /** Reads a text; empty when it does not begin with a JSON object. */
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
     * Null when there is no object, or more values than are kept.
     *
     * @param cut whether to leave out as much as is needed for the rest to be few enough
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

    /** Without recursion, since the depth is a stranger's choice. */
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

    /** Whether a value is added to the innermost open list or object, in a body that is cut. */
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

    /** What is written with an exponent is no less an integer, such as {@code 1.2E7}. */
    private static JsonNode integer(BigInteger value) {
        return value.bitLength() < Long.SIZE ? NODES.numberNode(value.longValue()) : NODES.numberNode(value);
    }
}
