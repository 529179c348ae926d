package io.github.notearchive.io;

import java.time.Duration;
import java.util.Locale;

/** Numbers as they are shown to people. */
public final class Figures {

    private Figures() {}

    /** Like {@code 12,345}. */
    public static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** Like {@code 1.2 s}, {@code 3 min 4 s} or {@code 5 h 6 min}. */
    public static String took(Duration duration) {
        if (duration.compareTo(Duration.ofMinutes(1)) < 0) {
            return "%d.%d s".formatted(duration.toSeconds(), duration.toMillisPart() / 100);
        }
        return duration.toHours() == 0
                ? "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart())
                : "%d h %d min".formatted(duration.toHours(), duration.toMinutesPart());
    }

    /** Like {@code 512 B} or {@code 1.2 MB}, by powers of 1,000. */
    public static String size(long bytes) {
        String[] units = {"B", "KB", "MB", "GB", "TB"};
        double value = bytes;
        int unit = 0;
        // what would be rounded to a thousand of a unit is one of the next
        for (; value >= 999.95 && unit < units.length - 1; unit++) {
            value /= 1000;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
    }
}
