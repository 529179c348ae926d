package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.SchemaDrift.FieldPath;
import io.github.notearchive.note.ResponseJson;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Finds unknown fields of a response.
 *
 * <p>A note is {@code note}, whether it is in a {@code note_list} or, as in version 6, in {@code data}; {@code []}
 * stands for each element of a list. Bounds for arbitrary input: a name that looks like an id is {@code *}; levels
 * below {@value #MAX_LEVELS} and paths longer than {@value #MAX_LENGTH} characters are ignored; a response yields at
 * most {@value #MAX_FIELDS} fields.
 */
final class FieldPaths {

    static final int MAX_LENGTH = 300;
    static final int MAX_LEVELS = 20;
    static final int MAX_FIELDS = 100;

    private static final String ANY = "*";

    /** Identifier-like names; others are data. */
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

    /** Returns the unknown fields of a response, sorted. A null value is unknown only if its path is. */
    static SortedSet<FieldPath> unknownIn(
            JsonNode response, Predicate<String> isKnownPath, Predicate<FieldPath> isKnown) {
        FieldPaths paths = new FieldPaths(isKnownPath, isKnown);
        paths.visitChildren(response, "", 0);
        return paths.unknown;
    }

    private void visit(JsonNode value, String path, int level) {
        if (path.length() > MAX_LENGTH || level > MAX_LEVELS || unknown.size() >= MAX_FIELDS) {
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
        visitChildren(value, path, level);
    }

    private void visitChildren(JsonNode value, String path, int level) {
        if (value.isArray()) {
            value.forEach(element -> visit(element, element(path, element), level + 1));
        }
        String parent = path.isEmpty() ? "" : path + ".";
        value.forEachEntry((name, child) -> visit(child, child(parent, name, child), level + 1));
    }

    private String child(String parent, String name, JsonNode child) {
        if (parent.isEmpty() && name.equals("data") && isNote(child)) {
            return "note";
        }
        boolean isName = isKnownPath.test(parent + name)
                || (NAME.matcher(name).matches() && !ID.matcher(name).find());
        return parent + (isName ? name : ANY);
    }

    private static String element(String path, JsonNode element) {
        boolean isInList = path.endsWith("note_list") && path.startsWith("data");
        return isInList || (path.equals("data") && isNote(element)) ? "note" : path + "[]";
    }

    private static boolean isNote(JsonNode node) {
        return node.isObject()
                && !node.has("note_list")
                && (node.has("id") || node.has("title") || node.has("images_list"));
    }

    /** Null for a placeholder that this program inserted. */
    private static @Nullable String type(JsonNode value) {
        if (value.isString()) {
            return value.stringValue().equals(ResponseJson.LEFT_OUT) ? null : "string";
        }
        return value.getNodeType().name().toLowerCase(Locale.ROOT);
    }
}
