package io.github.notearchive.io.text;

import static java.time.temporal.ChronoUnit.DAYS;
import static java.time.temporal.ChronoUnit.HOURS;
import static java.time.temporal.ChronoUnit.MILLIS;
import static java.time.temporal.ChronoUnit.MINUTES;
import static java.time.temporal.ChronoUnit.NANOS;
import static java.time.temporal.ChronoUnit.SECONDS;

import io.github.notearchive.note.Night;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Currency;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;

/** Formatter of times, durations and numbers for people. Times are in Asia/Shanghai, the provider's time zone. */
public final class DisplayFormat {

    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm").withZone(Night.ZONE);
    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(Night.ZONE);

    /** A topic within a text, as the app stores it: {@code #name[话题]#}. */
    public static final Pattern TOPIC = Pattern.compile("#([^#\\[\\]\\n]{1,500})\\[话题\\]#");

    private DisplayFormat() {}

    /** Returns a text with its topics as the app shows them, such as {@code #name}; empty for null. */
    public static String topics(@Nullable String text) {
        return text == null ? "" : TOPIC.matcher(text).replaceAll("#$1");
    }

    /** Formats a time to the minute; a dash for null. */
    public static String minute(@Nullable Instant instant) {
        return instant == null ? "-" : MINUTE.format(instant);
    }

    /** Formats a time to the second; a dash for null. */
    public static String second(@Nullable Instant instant) {
        return instant == null ? "-" : SECOND.format(instant);
    }

    public static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** Formats a number with its noun, such as {@code 1 note} and {@code 1,200 notes}. */
    public static String plural(long number, String noun) {
        return count(number) + " " + noun + (number == 1 ? "" : "s");
    }

    /** Formats an exact amount, such as {@code CNY 1,234.50}, with the decimals of its currency or more. */
    public static String money(Currency currency, BigDecimal amount) {
        int decimals = Math.max(
                0,
                Math.max(
                        currency.getDefaultFractionDigits(),
                        amount.stripTrailingZeros().scale()));
        return String.format(Locale.ROOT, "%s %,." + decimals + "f", currency, amount);
    }

    /** Formats a share of 0 to 1 such as {@code 98.3 %}; only 1 is {@code 100.0 %}. */
    public static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", share < 1 ? Math.min(99.9, 100 * share) : 100 * share);
    }

    /** Formats a duration such as {@code 1.2 s}, {@code 3 min 4 s} or {@code 5 h 6 min}. */
    public static String took(Duration duration) {
        if (duration.compareTo(Duration.ofMinutes(1)) < 0) {
            return "%d.%d s".formatted(duration.toSeconds(), duration.toMillisPart() / 100);
        }
        return duration.toHours() == 0
                ? "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart())
                : "%d h %d min".formatted(duration.toHours(), duration.toMinutesPart());
    }

    /** Formats a duration as in settings, by an integer with the largest possible unit: {@code 6h}, {@code 90m}. */
    public static String setting(Duration duration) {
        ChronoUnit unit = Stream.of(DAYS, HOURS, MINUTES, SECONDS, MILLIS)
                .filter(each -> duration.truncatedTo(each).equals(duration))
                .findFirst()
                .orElse(NANOS);
        return DurationStyle.SIMPLE.print(duration, duration.isZero() ? SECONDS : unit);
    }

    /** Formats a size such as {@code 512 B} or {@code 1.2 MB}, by powers of 1,000. */
    public static String size(long bytes) {
        String[] units = {"B", "KB", "MB", "GB", "TB"};
        double value = bytes;
        int unit = 0;
        // a value that would be rounded to 1000.0 belongs to the next unit
        for (; value >= 999.95 && unit < units.length - 1; unit++) {
            value /= 1000;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
    }
}
