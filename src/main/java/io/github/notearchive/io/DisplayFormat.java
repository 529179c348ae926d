package io.github.notearchive.io;

import io.github.notearchive.note.Night;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Times as they are shown to people: in Asia/Shanghai, by which the provider counts. */
public final class DisplayFormat {

    private static final DateTimeFormatter MINUTES =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm").withZone(Night.ZONE);
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(Night.ZONE);

    private DisplayFormat() {}

    public static String minute(@Nullable Instant instant) {
        return instant == null ? "-" : MINUTES.format(instant);
    }

    public static String second(@Nullable Instant instant) {
        return instant == null ? "-" : SECONDS.format(instant);
    }

    public static String took(Duration duration) {
        return Figures.took(duration);
    }

    public static String size(long bytes) {
        return Figures.size(bytes);
    }
}
