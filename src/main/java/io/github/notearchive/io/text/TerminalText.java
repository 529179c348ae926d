package io.github.notearchive.io.text;

import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Filter of untrusted text for terminals, logs and reports: replaces controls that move the cursor, clear the screen,
 * change the writing direction or start a line.
 */
public final class TerminalText {

    /** Controls, line breaks and unpaired surrogates, but no tabs and no zero-width joiners, which emoji need. */
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}&&[^\\t\\u200d]]");

    private static final Pattern CONTROL_IN_JSON = Pattern.compile("(?![\\n\\r])" + CONTROL);

    private TerminalText() {}

    /** Returns one line, with any white space as one blank; empty for null. */
    public static String line(@Nullable Object text) {
        return text == null
                ? ""
                : withoutControls(String.valueOf(text).replaceAll("[\\s\\u0085\\u2028\\u2029]+", " "), '?')
                        .strip();
    }

    /** Returns one line of at most this number of characters, of which the last is an ellipsis if it is cut. */
    public static String excerpt(@Nullable Object text, int length) {
        String line = line(text);
        return line.codePointCount(0, line.length()) <= length
                ? line
                : line.substring(0, line.offsetByCodePoints(0, length - 1)) + "…";
    }

    /** Returns the lines of the text, all but the first one indented. */
    public static String lines(String text) {
        return Stream.of(text.split("\\R", -1))
                .map(line -> withoutControls(line, '?'))
                .collect(Collectors.joining("\n    "))
                .replaceFirst("\n    $", "\n");
    }

    /** Returns the same JSON document with controls escaped; white space between values is kept. */
    public static String json(String document) {
        return CONTROL_IN_JSON
                .matcher(document)
                .replaceAll(control ->
                        control.group().chars().mapToObj("\\\\u%04x"::formatted).collect(Collectors.joining()));
    }

    /** Replaces control characters, including line breaks and unpaired surrogates, but no tabs. */
    public static String withoutControls(String text, char replacement) {
        return CONTROL.matcher(text).replaceAll(String.valueOf(replacement));
    }
}
