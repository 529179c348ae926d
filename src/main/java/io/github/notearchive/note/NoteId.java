package io.github.notearchive.note;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which note: 24 lower-case hexadecimal digits, as the app's share links carry them.
 *
 * <p>The first eight digits are the second in which the note was made; nothing here depends on that.
 */
public record NoteId(String value) implements Comparable<NoteId> {

    private static final Pattern VALID = Pattern.compile("[0-9a-f]{24}");

    public NoteId {
        if (!VALID.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "A note id is 24 hexadecimal digits in lower case, not \"" + value + "\"");
        }
    }

    /** The id that a text spells, blanks around it and upper case forgiven; empty when it spells none. */
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
