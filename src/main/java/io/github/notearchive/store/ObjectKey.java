package io.github.notearchive.store;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Name of an object that every S3-compatible server accepts: segments of letters, digits, dots, dashes and underscores,
 * at most 200 bytes each, separated by slashes, at most 1,024 bytes in total. S3 itself accepts more, but servers that
 * store objects as files do not.
 */
public record ObjectKey(@JsonValue String value) implements Comparable<ObjectKey> {

    private static final int MAX_LENGTH = 1024;
    private static final Pattern VALID =
            Pattern.compile("(?!\\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,200}(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,200})*");

    /**
     * Key of an empty object: a request for it shows whether the store responds, an upload whether it accepts writes.
     */
    static final ObjectKey PROBE = new ObjectKey("probe");

    /** Key of an upload whose signature names other bytes: a store that accepts it does not verify signatures. */
    static final ObjectKey WRONG_PAYLOAD = new ObjectKey("probe-payload");

    public ObjectKey {
        if (!isValid(value)) {
            throw new IllegalArgumentException("Not an object key: \"" + value + "\"");
        }
    }

    /** Parses a name from a listing or a file; empty if it is not a valid key. */
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
