package io.github.notearchive.note;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Id of a note: 24 lower-case hexadecimal digits, as in share links of the app. */
public record NoteId(@JsonValue String value) implements Comparable<NoteId> {

    private static final Pattern VALID = Pattern.compile("[0-9a-f]{24}");

    public NoteId {
        if (!VALID.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "A note id is 24 hexadecimal digits in lower case, not \"" + value + "\"");
        }
    }

    /** Parses an id; accepts surrounding blanks and upper case. Empty if the text is not an id. */
    public static Optional<NoteId> parse(String text) {
        String candidate = text.strip().toLowerCase(Locale.ROOT);
        return VALID.matcher(candidate).matches() ? Optional.of(new NoteId(candidate)) : Optional.empty();
    }

    @Override
    public int compareTo(NoteId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
