package io.github.notearchive.batch;

import io.github.notearchive.note.Spans;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Time limit of a job.
 *
 * @param length from its start
 * @param origin option or setting that defines it, as typed
 */
public record TimeBox(Duration length, String origin) {

    public static TimeBox ofOption(Duration length) {
        return new TimeBox(length, "--max-duration");
    }

    /** Returns the time box of an optional option. */
    public static @Nullable TimeBox ofNullableOption(@Nullable Duration length) {
        return length == null ? null : ofOption(length);
    }

    /** Returns the stop reason. */
    public String reason() {
        return origin + " " + Spans.inWords(length) + " has elapsed";
    }
}
