package io.github.notearchive.cli;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import java.time.Duration;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.util.ReflectionUtils;

/**
 * Renders the results of commands from the templates of {@code src/main/jte-text}. Thread-safe.
 *
 * <p>A printed line of a template begins with a margin, {@code |}; other lines are control structures. Each value is
 * reduced to one line without control characters, except for a {@link TextTable}, which does so with its cells, and for
 * {@code $unsafe}, which is for padding.
 */
public final class ConsoleText {

    private static final TemplateEngine TEMPLATES = TemplateEngine.createPrecompiled(
            null, ContentType.Plain, ConsoleText.class.getClassLoader(), "io.github.notearchive");

    private static final String SEPARATOR = " · ";

    private ConsoleText() {}

    /**
     * Renders a template with one parameter.
     *
     * @param template such as {@code status}
     */
    public static String render(String template, Object model) {
        StringOutput text = new StringOutput() {

            @Override
            public void writeUserContent(String value) {
                writeContent(TerminalText.line(value));
            }
        };
        TEMPLATES.render("cli/" + template + ".jte", model, text);
        return text.toString()
                .lines()
                .map(String::stripLeading)
                .filter(line -> line.startsWith("|"))
                .map(line -> line.substring(1).stripTrailing() + "\n")
                .collect(Collectors.joining());
    }

    /**
     * Formats the counts of a record that are not 0 with the names of its components, such as {@code 19 archived ·
     * postponed 2 times}; {@code none} if all are 0. Those whose names start with {@code bytes} are the size of the
     * count before them.
     */
    static String counts(Record counts) {
        String text = Stream.of(counts.getClass().getRecordComponents())
                .map(component -> {
                    Object value = ReflectionUtils.invokeMethod(component.getAccessor(), counts);
                    return value instanceof Long number && number != 0 ? count(number, component.getName()) : "";
                })
                .collect(Collectors.joining());
        return text.isEmpty() ? "none" : text.substring(SEPARATOR.length());
    }

    private static String count(long number, String name) {
        if (name.startsWith("bytes")) {
            return ", " + DisplayFormat.size(number);
        }
        if (name.equals("postponed")) {
            // a note counts each time
            return SEPARATOR + "postponed " + DisplayFormat.plural(number, "time");
        }
        String words = name.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
        return SEPARATOR
                + (name.matches("calls|requests")
                        ? DisplayFormat.plural(number, name.substring(0, name.length() - 1))
                        : DisplayFormat.count(number) + " " + words);
    }

    static long perSecond(long number, Duration took) {
        return Math.round(number / Math.max(0.001, took.toMillis() / 1000.0));
    }
}
