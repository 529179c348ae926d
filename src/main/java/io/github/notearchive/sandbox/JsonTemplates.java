package io.github.notearchive.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Named JSON objects with variables, read from a resource. A text that consists of one variable, {@code ${name}}, is
 * replaced by a value of any type; variables within a longer text are replaced by the text of their value.
 */
final class JsonTemplates {

    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)}");

    private final JsonNode templates;

    private JsonTemplates(JsonNode templates) {
        this.templates = templates;
    }

    /** Reads the templates from a resource beside this class. */
    static JsonTemplates load(String resource) {
        try (InputStream in = JsonTemplates.class.getResourceAsStream(resource)) {
            return new JsonTemplates(MAPPER.readTree(Objects.requireNonNull(in).readAllBytes()));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read the resource " + resource, e);
        }
    }

    /** Returns the node at a JSON pointer, unchanged; a missing node if there is none. */
    JsonNode at(String pointer) {
        return templates.at(pointer);
    }

    /** Returns the texts of a list of words. */
    List<String> words(String name) {
        return templates
                .at("/words/" + name)
                .valueStream()
                .map(JsonNode::asString)
                .toList();
    }

    /**
     * Returns a new object with all variables replaced.
     *
     * @throws IllegalArgumentException if a variable has no value
     */
    ObjectNode fill(String name, Map<String, ?> values) {
        return (ObjectNode) filled(templates.required(name), values);
    }

    private static JsonNode filled(JsonNode node, Map<String, ?> values) {
        return switch (node) {
            case ObjectNode object -> {
                ObjectNode copy = MAPPER.createObjectNode();
                object.forEachEntry((name, child) -> copy.set(name, filled(child, values)));
                yield copy;
            }
            case ArrayNode array -> {
                ArrayNode copy = MAPPER.createArrayNode();
                array.forEach(child -> copy.add(filled(child, values)));
                yield copy;
            }
            default -> node.isString() && node.asString().contains("${") ? filled(node.asString(), values) : node;
        };
    }

    private static JsonNode filled(String text, Map<String, ?> values) {
        Matcher variable = VARIABLE.matcher(text);
        return MAPPER.valueToTree(
                variable.matches()
                        ? value(variable, values)
                        : variable.replaceAll(match -> Matcher.quoteReplacement(String.valueOf(value(match, values)))));
    }

    private static Object value(MatchResult variable, Map<String, ?> values) {
        Object value = values.get(variable.group(1));
        if (value == null) {
            throw new IllegalArgumentException("The template variable " + variable.group() + " has no value");
        }
        return value;
    }
}
