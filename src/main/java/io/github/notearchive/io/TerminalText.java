package io.github.notearchive.io;

import org.jspecify.annotations.Nullable;

/**
 * Makes a text from outside fit for a terminal and a log: nothing in it moves the cursor, clears the screen, turns the
 * direction of what follows, or begins a line of its own.
 */
public final class TerminalText {

    private static final int ZERO_WIDTH_JOINER = 0x200d;

    private TerminalText() {}

    /** In one line, white space of any sort being one blank. */
    public static String line(@Nullable Object text) {
        return text == null
                ? ""
                : withoutControls(String.valueOf(text).replaceAll("[\\s\\u0085\\u2028\\u2029]+", " "))
                        .strip();
    }

    /** In several lines if it has them, each but the first one indented. */
    public static String lines(String text) {
        StringBuilder lines = new StringBuilder();
        String[] each = text.split("\\R", -1);
        for (int i = 0; i < each.length; i++) {
            boolean isEnd = i == each.length - 1 && each[i].isEmpty();
            lines.append(i == 0 ? "" : isEnd ? "\n" : "\n    ").append(withoutControls(each[i]));
        }
        return lines.toString();
    }

    /** A JSON document: the same value, with each control written as its escape. White space between values stays. */
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

    private static String withoutControls(String text) {
        if (text.codePoints().noneMatch(TerminalText::isControl)) {
            return text;
        }
        StringBuilder harmless = new StringBuilder(text.length());
        text.codePoints().map(c -> isControl(c) ? '?' : c).forEach(harmless::appendCodePoint);
        return harmless.toString();
    }

    private static boolean isControl(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL -> c != '\t';
            // without the joiner some emoji fall apart
            case Character.FORMAT -> c != ZERO_WIDTH_JOINER;
            case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> true;
            default -> false;
        };
    }
}
