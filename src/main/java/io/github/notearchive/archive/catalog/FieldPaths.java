package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.AnswerJson;
import java.util.Collection;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Finds the fields of an answer that are not known.
 *
 * <p>A note is {@code note}, whether it stands in a {@code note_list} or, as in answers of version 6, in {@code data}
 * itself; {@code []} is each element of a list. What a stranger may make up is bounded: a name that looks like an id is
 * {@code *}, and so are all unknown names of an object with more than {@value #MOST_NAMES} of them; nothing is looked
 * at below {@value #MOST_LEVELS} levels or beyond {@value #LONGEST} characters; of one answer no more than
 * {@value #MOST} are given.
 */
final class FieldPaths {

    static final int LONGEST = 300;
    static final int MOST_LEVELS = 20;
    static final int MOST_NAMES = 30;
    static final int MOST = 100;

    private static final String ANY = "*";

    /** As programmers write names; what they are not is somebody's data. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,59}");

    /** Long numbers, digests and random names. */
    private static final Pattern ID = Pattern.compile(
            "\\d{5}|(?<![A-Za-z0-9])(?=[a-f]*\\d)[0-9a-f]{8}|^(?=(?:.*\\d){3})[A-Za-z0-9]{16}",
            Pattern.CASE_INSENSITIVE);

    private final Predicate<String> isKnownPath;
    private final Predicate<FieldPath> isKnown;
    private final SortedSet<FieldPath> unknown = new TreeSet<>();

    private FieldPaths(Predicate<String> isKnownPath, Predicate<FieldPath> isKnown) {
        this.isKnownPath = isKnownPath;
        this.isKnown = isKnown;
    }

    /**
     * The fields of an answer that are not known, in their order.
     *
     * @param isKnownPath whether a path is known with any type; then null says nothing new
     * @param isKnown whether a path is known with this type
     */
    static SortedSet<FieldPath> unknownIn(
            JsonNode answer, Predicate<String> isKnownPath, Predicate<FieldPath> isKnown) {
        FieldPaths paths = new FieldPaths(isKnownPath, isKnown);
        paths.lookInto(answer, "", 0);
        return paths.unknown;
    }

    private void lookAt(JsonNode value, String path, int level) {
        if (path.length() > LONGEST || level > MOST_LEVELS || unknown.size() >= MOST) {
            return;
        }
        String type = type(value);
        if (type == null || (value.isNull() && isKnownPath.test(path))) {
            return;
        }
        FieldPath field = new FieldPath(path, type);
        if (!isKnown.test(field)) {
            unknown.add(field);
        }
        lookInto(value, path, level);
    }

    private void lookInto(JsonNode value, String path, int level) {
        if (value.isArray()) {
            for (JsonNode element : value.values()) {
                lookAt(element, element(path, element), level + 1);
            }
        } else if (value.isObject()) {
            String parent = path.isEmpty() ? "" : path + ".";
            boolean isCrowded = isCrowded(value.propertyNames(), parent);
            for (var property : value.properties()) {
                String name = property.getKey();
                JsonNode child = property.getValue();
                String below = parent + name;
                if (path.isEmpty() && name.equals("data") && isNote(child)) {
                    lookAt(child, "note", level + 1);
                } else if (isKnownPath.test(below)) {
                    lookAt(child, below, level + 1);
                } else {
                    boolean isName = !isCrowded && isName(name);
                    lookAt(child, parent + (isName ? name : ANY), level + 1);
                }
            }
        }
    }

    private static String element(String path, JsonNode element) {
        boolean isInList = path.endsWith("note_list") && path.startsWith("data");
        return isInList || (path.equals("data") && isNote(element)) ? "note" : path + "[]";
    }

    /** Whether this is a note itself and not what notes are wrapped in. */
    private static boolean isNote(JsonNode node) {
        return node.isObject()
                && !node.has("note_list")
                && (node.has("id") || node.has("title") || node.has("images_list"));
    }

    private boolean isCrowded(Collection<String> names, String parent) {
        return names.size() > MOST_NAMES
                && names.stream()
                                .filter(name -> !isKnownPath.test(parent + name))
                                .count()
                        > MOST_NAMES;
    }

    private static boolean isName(String name) {
        return NAME.matcher(name).matches() && !ID.matcher(name).find();
    }

    /** Null for what is no value of the provider's: it was left out by us. */
    private static @Nullable String type(JsonNode value) {
        if (value.isString()) {
            return value.stringValue().equals(AnswerJson.LEFT_OUT) ? null : "string";
        }
        return value.getNodeType().name().toLowerCase(Locale.ROOT);
    }
}
