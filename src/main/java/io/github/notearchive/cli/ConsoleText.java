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
     * Formats the counts of a record with the names of its components, such as {@code 19 archived · 1 postponed}. Those
     * whose names start with {@code bytes} are sizes.
     */
    static String counts(Record counts) {
        return Stream.of(counts.getClass().getRecordComponents())
                .map(component -> {
                    Object value = ReflectionUtils.invokeMethod(component.getAccessor(), counts);
                    long number = value instanceof Long count ? count : 0;
                    String name =
                            component.getName().replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
                    return name.startsWith("bytes")
                            ? DisplayFormat.size(number) + name.substring("bytes".length())
                            : number + " " + name;
                })
                .collect(Collectors.joining(" · "));
    }

    static long perSecond(long number, Duration took) {
        return Math.round(number / Math.max(0.001, took.toMillis() / 1000.0));
    }
}
