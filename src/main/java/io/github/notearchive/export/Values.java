package io.github.notearchive.export;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the values that an export treats in a way of its own.
 *
 * @param pseudonym of a person's id
 * @param url of an object's key
 * @param path of an object's key; null when the export has no such file
 */
record Values(UnaryOperator<String> pseudonym, UnaryOperator<String> url, UnaryOperator<@Nullable String> path) {

    @Nullable
    Object of(Column column, @Nullable Object value) {
        if (value == null) {
            return null;
        }
        return switch (column.content()) {
            case PLAIN, PERSON, AUTHOR_TRAIT, OBJECT_KEY -> value;
            case PERSON_ID -> pseudonym.apply((String) value);
            case OBJECT_URL -> url.apply((String) value);
            case OBJECT_PATH -> path.apply((String) value);
        };
    }
}
