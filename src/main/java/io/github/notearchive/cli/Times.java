package io.github.notearchive.cli;

import io.github.notearchive.note.Night;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Times as they are shown to people: in Asia/Shanghai, by which the provider counts. */
final class Times {

    private static final DateTimeFormatter MINUTES =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm").withZone(Night.ZONE);
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(Night.ZONE);

    private Times() {}

    static String minute(@Nullable Instant instant) {
        return instant == null ? "-" : MINUTES.format(instant);
    }

    static String second(@Nullable Instant instant) {
        return instant == null ? "-" : SECONDS.format(instant);
    }

    static String took(Duration duration) {
        if (duration.compareTo(Duration.ofMinutes(1)) < 0) {
            return "%d.%d s".formatted(duration.toSeconds(), duration.toMillisPart() / 100);
        }
        return duration.toHours() == 0
                ? "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart())
                : "%d h %d min".formatted(duration.toHours(), duration.toMinutesPart());
    }

    static String size(long bytes) {
        String[] units = {"B", "KB", "MB", "GB", "TB"};
        double value = bytes;
        int unit = 0;
        for (; value >= 1000 && unit < units.length - 1; unit++) {
            value /= 1000;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
    }
}
