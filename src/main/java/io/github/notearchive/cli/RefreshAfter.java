package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.provider.RefreshProperties;
import java.time.Duration;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Time of refreshes: an interval in nights, or one night. One of the two is null. */
record RefreshAfter(@Nullable Integer days, @Nullable LocalDate night) {

    /** Reads {@code 7d}, {@code P7D}, {@code 168h} and {@code 2027-01-31}. */
    static final class Argument implements ITypeConverter<RefreshAfter> {

        @Override
        public RefreshAfter convert(String value) {
            if (!value.matches("\\d{4}-\\d{1,2}-\\d{1,2}")) {
                return new RefreshAfter(days(value), null);
            }
            try {
                return new RefreshAfter(null, LocalDate.parse(value));
            } catch (DateTimeParseException e) {
                throw new TypeConversionException("\"" + value + "\" is not a date; write it like 2027-01-31");
            }
        }

        private static int days(String value) {
            Duration time;
            try {
                time = DurationStyle.detectAndParse(value);
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw new TypeConversionException(
                        "\"" + value + "\" is neither a time such as 7d nor a date such as 2027-01-31");
            }
            if (!time.isPositive() || !RefreshProperties.isWholeDays(time) || time.toDays() > Enqueuer.MAX_GAP_DAYS) {
                throw new TypeConversionException(
                        "\"%s\" is not a number of whole days from 1 to %d".formatted(value, Enqueuer.MAX_GAP_DAYS));
            }
            return Math.toIntExact(time.toDays());
        }
    }
}
