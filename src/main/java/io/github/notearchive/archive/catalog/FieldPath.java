package io.github.notearchive.archive.catalog;

import java.util.Comparator;

/**
 * A field of a response: path and JSON type.
 *
 * @param path such as {@code note.images_list[].url_size_large}
 * @param type object, array, string, number, boolean or null
 */
public record FieldPath(String path, String type) implements Comparable<FieldPath> {

    @Override
    public int compareTo(FieldPath other) {
        return Comparator.comparing(FieldPath::path)
                .thenComparing(FieldPath::type)
                .compare(this, other);
    }

    /** Format of logs and {@code documented-fields.txt}. */
    @Override
    public String toString() {
        return path + ": " + type;
    }
}
