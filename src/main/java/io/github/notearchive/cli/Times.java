package io.github.notearchive.cli;

import io.github.notearchive.html.Figures;
import io.github.notearchive.note.Night;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
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
        return Figures.took(duration);
    }

    static String size(long bytes) {
        return Figures.size(bytes);
    }
}
