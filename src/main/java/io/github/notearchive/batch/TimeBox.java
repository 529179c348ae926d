package io.github.notearchive.batch;

import io.github.notearchive.note.Spans;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long a job may take things up.
 *
 * @param length from its beginning
 * @param origin who says so, as it is typed
 */
public record TimeBox(Duration length, String origin) {

    public static TimeBox ofOption(Duration length) {
        return new TimeBox(length, "--max-duration");
    }

    /** The same where there may be no such option. */
    public static @Nullable TimeBox ofNullableOption(@Nullable Duration length) {
        return length == null ? null : ofOption(length);
    }

    /** Why the job ended. */
    public String isOver() {
        return origin + " " + Spans.inWords(length) + " is over";
    }
}
