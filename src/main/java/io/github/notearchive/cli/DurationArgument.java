package io.github.notearchive.cli;

import io.github.notearchive.nightly.NightlyLimitProperties;
import java.time.Duration;
import java.util.regex.Pattern;
import org.springframework.boot.convert.DurationStyle;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads a positive duration with its unit: {@code 90m}, {@code 6h}, {@code 30s}, or ISO-8601 such as {@code PT1H30M}.
 */
class DurationArgument implements ITypeConverter<Duration> {

    private static final Pattern WITHOUT_UNIT = Pattern.compile("[+-]?\\d+");

    @Override
    public Duration convert(String value) {
        Duration duration = parse(value);
        if (WITHOUT_UNIT.matcher(value).matches()) {
            throw new TypeConversionException("\"" + value + "\" has no unit; write it like 90m, 6h or PT1H30M");
        }
        if (!duration.isPositive()) {
            throw new TypeConversionException("\"" + value + "\" must be more than 0");
        }
        return duration;
    }

    /** Parses any duration; without unit it is in milliseconds. */
    private static Duration parse(String value) {
        try {
            return DurationStyle.detectAndParse(value);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException("\"" + value + "\" is not a duration; write it like 90m, 6h or PT1H30M");
        }
    }

    /** Reads a time limit with the bounds of {@code archive.limits.max-duration}. */
    static final class Limit extends DurationArgument {

        @Override
        public Duration convert(String value) {
            Duration duration = parse(value);
            if (duration.compareTo(NightlyLimitProperties.SHORTEST) < 0) {
                throw new TypeConversionException(
                        "it must be %s, but is \"%s\"".formatted(NightlyLimitProperties.SHORTEST_IN_WORDS, value));
            }
            return duration;
        }
    }
}
