package io.github.notearchive.io;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Filter of untrusted text for terminals, logs and reports: replaces controls that move the cursor, clear the screen,
 * change the writing direction or start a line.
 */
public final class TerminalText {

    private static final int ZERO_WIDTH_JOINER = 0x200d;

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
        StringBuilder json = new StringBuilder(document.length());
        document.codePoints().forEach(c -> {
            if (isControl(c) && c != '\n' && c != '\r') {
                for (char unit : Character.toChars(c)) {
                    json.append("\\u%04x".formatted((int) unit));
                }
            } else {
                json.appendCodePoint(c);
            }
        });
        return json.toString();
    }

    /** Replaces control characters, including line breaks and unpaired surrogates, but no tabs. */
    public static String withoutControls(String text, char replacement) {
        if (text.codePoints().noneMatch(TerminalText::isControl)) {
            return text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        text.codePoints().map(c -> isControl(c) ? replacement : c).forEach(plain::appendCodePoint);
        return plain.toString();
    }

    private static boolean isControl(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL -> c != '\t';
            // emoji need the joiner
            case Character.FORMAT -> c != ZERO_WIDTH_JOINER;
            case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> true;
            default -> false;
        };
    }
}
