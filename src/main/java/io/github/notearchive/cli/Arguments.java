package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.RefreshProperties;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.unit.DataSize;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

final class Arguments {

    private Arguments() {}

    static CommandLine register(CommandLine program) {
        return program.registerConverter(Duration.class, Arguments::positive)
                .registerConverter(Night.class, Arguments::night)
                .registerConverter(Instant.class, Arguments::time)
                .registerConverter(DataSize.class, Arguments::size)
                .registerConverter(RefreshAfter.class, Arguments::refreshAfter);
    }

    private static Night night(String value) {
        return new Night(parse(value, LocalDate::parse, "is not a day; write it like 2026-11-25"));
    }

    private static TypeConversionException invalid(String value, String problem) {
        return new TypeConversionException("\"" + value + "\" " + problem);
    }

    private static <T> T parse(String value, Function<String, T> parser, String problem) {
        try {
            return parser.apply(value);
        } catch (IllegalArgumentException | ArithmeticException | DateTimeException e) {
            throw invalid(value, problem);
        }
    }

    private static DataSize size(String value) {
        DataSize size = parse(value, DataSize::parse, "is not a size; write it like 50MB or 2GB");
        if (size.isNegative()) {
            throw invalid(value, "must not be negative");
        }
        return size;
    }

    /**
     * Reads a positive duration with its unit: {@code 90m}, {@code 6h}, {@code 30s}, or ISO-8601 such as
     * {@code PT1H30M}.
     */
    static Duration positive(String value) {
        Duration duration =
                parse(value, DurationStyle::detectAndParse, "is not a duration; write it like 90m, 6h or PT1H30M");
        if (value.matches("[+-]?\\d+")) {
            throw invalid(value, "has no unit; write it like 90m, 6h or PT1H30M");
        }
        if (!duration.isPositive()) {
            throw invalid(value, "must be more than 0");
        }
        return duration;
    }

    /** Reads a date, which starts in Shanghai, or a time with its offset. */
    static Instant time(String value) {
        return parse(
                value,
                text -> text.contains("T")
                        ? OffsetDateTime.parse(text).toInstant()
                        : LocalDate.parse(text).atStartOfDay(Night.ZONE).toInstant(),
                "is neither a date like 2026-03-01, which starts in Shanghai, nor a time like 2026-03-01T12:00:00Z");
    }

    /** Time of refreshes: an interval in nights, or one night. At most one of the two is not null. */
    record RefreshAfter(@Nullable Integer days, @Nullable LocalDate night) {}

    /** Reads {@code 7d}, {@code P7D}, {@code 168h} and {@code 2027-01-31}. */
    static RefreshAfter refreshAfter(String value) {
        if (value.matches("\\d{4}-\\d{1,2}-\\d{1,2}")) {
            return new RefreshAfter(null, parse(value, LocalDate::parse, "is not a date; write it like 2027-01-31"));
        }
        Duration time = parse(
                value, DurationStyle::detectAndParse, "is neither a time such as 7d nor a date such as 2027-01-31");
        if (!time.isPositive() || !RefreshProperties.isWholeDays(time) || time.toDays() > Enqueuer.MAX_GAP_DAYS) {
            throw invalid(value, "is not a number of whole days from 1 to " + Enqueuer.MAX_GAP_DAYS);
        }
        return new RefreshAfter(Math.toIntExact(time.toDays()), null);
    }
}
