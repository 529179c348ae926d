package io.github.notearchive.cli;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.io.text.TerminalText;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.util.ReflectionUtils;

/**
 * Renders the results of commands from the templates of {@code src/main/jte-text}. Thread-safe.
 *
 * <p>A printed line of a template begins with a margin, {@code |}, or {@code #} for a heading; other lines are control
 * structures. Each value is reduced to one line without control characters, except for a {@link TextTable}, which does
 * so with its cells, and for {@code $unsafe}, which is for padding. Integers are counts and get separators: an id is a
 * text.
 */
public final class ConsoleText {

    private static final TemplateEngine TEMPLATES = TemplateEngine.createPrecompiled(
            null, ContentType.Plain, ConsoleText.class.getClassLoader(), "io.github.notearchive");

    private static final String SEPARATOR = " · ";

    /**
     * States by colour: green, yellow, red. Matches the beginning of a line only, which never contains text of others.
     */
    private static final Pattern STATE = Pattern.compile("^( *|Note \\S+ is )((ok|HEALTHY|COMPLETED|ARCHIVED)"
            + "|(warning|ATTENTION|INCOMPLETE|INTERRUPTED|QUOTA_EXHAUSTED|ALREADY_RUNNING|POSTPONED)"
            + "|failed|BROKEN|FAILED|USAGE|BLOCKED_\\w+|UPSTREAM_UNAVAILABLE)\\b");

    private ConsoleText() {}

    public static String render(String template, Object model) {
        return render(template, model, false);
    }

    /**
     * Renders a template with one parameter.
     *
     * @param template such as {@code status}
     * @param isColoured whether states and headings are coloured, for a terminal
     */
    static String render(String template, Object model, boolean isColoured) {
        StringOutput text = new StringOutput() {

            @Override
            public void writeUserContent(String value) {
                writeContent(TerminalText.line(value));
            }

            @Override
            public void writeUserContent(int value) {
                writeUserContent((long) value);
            }

            @Override
            public void writeUserContent(long value) {
                writeContent(DisplayFormat.count(value));
            }
        };
        TEMPLATES.render("cli/" + template + ".jte", model, text);
        return text.toString()
                .lines()
                .map(String::stripLeading)
                .filter(line -> line.startsWith("|") || line.startsWith("#"))
                .map(line -> (isColoured ? coloured(line) : line.substring(1).stripTrailing()) + "\n")
                .collect(Collectors.joining());
    }

    private static String coloured(String line) {
        String text = line.substring(1).stripTrailing();
        return line.startsWith("#")
                ? "\u001b[1m" + text + "\u001b[0m"
                : STATE.matcher(text)
                        .replaceFirst(state -> "$1\u001b[%dm$2\u001b[0m"
                                .formatted(state.group(3) != null ? 32 : state.group(4) != null ? 33 : 31));
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
