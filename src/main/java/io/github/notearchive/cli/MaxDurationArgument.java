package io.github.notearchive.cli;

import io.github.notearchive.nightly.NightlyLimitProperties;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads how long a job may take things up, as {@code archive.limits.max-duration} does: nothing below a minute, since a
 * number without its unit is one of milliseconds, and ended every night at once.
 */
final class MaxDurationArgument implements ITypeConverter<Duration> {

    @Override
    public Duration convert(String value) {
        Duration duration = SpanArgument.read(value);
        if (duration.compareTo(NightlyLimitProperties.SHORTEST) < 0) {
            throw new TypeConversionException(
                    "it must be " + NightlyLimitProperties.SHORTEST_IN_WORDS + ", but is \"" + value + "\"");
        }
        return duration;
    }
}
