package io.github.notearchive.archive.catalog;

/**
 * A field of an answer, by where it stands and what its value is.
 *
 * @param path such as {@code note.images_list[].url_size_large}
 * @param type of JSON: object, array, string, number, boolean or null
 */
public record FieldPath(String path, String type) implements Comparable<FieldPath> {

    @Override
    public int compareTo(FieldPath other) {
        int byPath = path.compareTo(other.path);
        return byPath == 0 ? type.compareTo(other.type) : byPath;
    }

    /** As people read it. */
    @Override
    public String toString() {
        return path + ": " + type;
    }
}
