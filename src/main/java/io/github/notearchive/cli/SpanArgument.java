package io.github.notearchive.cli;

import java.time.Duration;
import java.util.regex.Pattern;
import org.springframework.boot.convert.DurationStyle;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 90m}, {@code 6h}, {@code 30s} and ISO-8601 such as {@code PT1H30M}. */
final class SpanArgument implements ITypeConverter<Duration> {

    private static final Pattern WITHOUT_UNIT = Pattern.compile("[+-]?\\d+");

    @Override
    public Duration convert(String value) {
        Duration duration = read(value);
        if (WITHOUT_UNIT.matcher(value).matches()) {
            throw new TypeConversionException("\"" + value + "\" has no unit; write it like 90m, 6h or PT1H30M");
        }
        if (duration.isPositive()) {
            return duration;
        }
        throw new TypeConversionException("\"" + value + "\" is not more than nothing");
    }

    /** The same, also where it has no unit, which means milliseconds, or is nothing or less. */
    static Duration read(String value) {
        try {
            return DurationStyle.detectAndParse(value);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException("\"" + value + "\" is no duration; write it like 90m, 6h or PT1H30M");
        }
    }
}
