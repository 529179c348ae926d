package io.github.notearchive.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Named JSON objects with variables, read from a resource. A property or element {@code "${name}"} becomes a value of
 * any type and is omitted if the variable has no value; variables within a longer text become the text of their value.
 *
 * @param templates object with a property for each template
 */
record JsonTemplates(JsonNode templates) {

    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)}");

    /** Reads the templates from a resource beside this class. */
    static JsonTemplates load(String resource) {
        try (InputStream in = JsonTemplates.class.getResourceAsStream(resource)) {
            return new JsonTemplates(MAPPER.readTree(Objects.requireNonNull(in)));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read the resource " + resource, e);
        }
    }

    /** Returns the node at a JSON pointer, unchanged; a missing node if there is none. */
    JsonNode at(String pointer) {
        return templates.at(pointer);
    }

    /**
     * Returns a new object with all variables replaced.
     *
     * @throws NullPointerException if a variable within a text has no value
     */
    ObjectNode fill(String name, Map<String, ?> values) {
        return (ObjectNode) filled(templates.required(name), values);
    }

    private static JsonNode filled(JsonNode node, Map<String, ?> values) {
        if (node instanceof ObjectNode object) {
            ObjectNode copy = MAPPER.createObjectNode();
            object.forEachEntry((name, child) -> copy.set(name, filled(child, values)));
            copy.removeIf(JsonNode::isMissingNode);
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = MAPPER.createArrayNode();
            array.valueStream()
                    .map(child -> filled(child, values))
                    .filter(child -> !child.isMissingNode())
                    .forEach(copy::add);
            return copy;
        }
        return node.isString() ? filled(node.asString(), values) : node;
    }

    private static JsonNode filled(String text, Map<String, ?> values) {
        Matcher variable = VARIABLE.matcher(text);
        if (!variable.matches()) {
            return MAPPER.valueToTree(variable.replaceAll(
                    match -> Matcher.quoteReplacement(Objects.requireNonNull(values.get(match.group(1)), match.group())
                            .toString())));
        }
        Object value = values.get(variable.group(1));
        return value == null
                ? MAPPER.missingNode()
                : MAPPER.<JsonNode>valueToTree(value).deepCopy();
    }
}
