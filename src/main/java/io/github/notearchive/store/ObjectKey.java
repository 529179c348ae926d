package io.github.notearchive.store;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A name in the store that every S3-compatible server takes: segments of letters, digits, dot, dash and underscore, at
 * most 200 bytes each, with slashes between, at most 1,024 bytes in all.
 *
 * <p>S3 itself takes more, but servers that keep objects as files do not.
 */
public record ObjectKey(String value) implements Comparable<ObjectKey> {

    private static final int MAX_LENGTH = 1024;
    private static final Pattern VALID = Pattern.compile(
            "(?!\\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,200}" + "(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,200})*");

    public ObjectKey {
        if (!isValid(value)) {
            throw new IllegalArgumentException("Not an object key: \"" + value + "\"");
        }
    }

    /** The key that a text spells; empty when it spells none. */
    public static Optional<ObjectKey> parse(String text) {
        return isValid(text) ? Optional.of(new ObjectKey(text)) : Optional.empty();
    }

    private static boolean isValid(String text) {
        return text.length() <= MAX_LENGTH && VALID.matcher(text).matches();
    }

    @Override
    public int compareTo(ObjectKey other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
