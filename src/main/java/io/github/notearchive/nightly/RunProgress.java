package io.github.notearchive.nightly;

import io.github.notearchive.batch.RunCounts;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Progress of a run.
 *
 * @param due waiting notes without refreshes, counted within the last minute and updated since, {@link #MOST_COUNTED}
 *     at most; negative if not counted yet
 * @param calls requests to the provider
 * @param callsLeft remaining calls of the configured limit tonight; null without limit
 */
public record RunProgress(
        RunCounts counts,
        int inProgress,
        long due,
        long calls,
        @Nullable Long callsLeft,
        Duration took) {

    /** Logger of the progress line of each minute: in lower case, so that an environment variable can name it. */
    public static final String LOGGER = "io.github.notearchive.progress";

    public static final int MOST_COUNTED = 1_000_000;

    private static final Duration MINIMUM_TIME = Duration.ofSeconds(5);

    public double notesPerMinute() {
        double minutes = took.toMillis() / 60_000.0;
        return minutes == 0 ? 0 : counts.done() / minutes;
    }

    /**
     * Estimates the remaining time from the rate since the start; empty if it is unknown. A quota or limit may stop the
     * run earlier.
     */
    public Optional<Duration> left() {
        boolean isKnown = due >= 0 && due < MOST_COUNTED && counts.done() > 0 && took.compareTo(MINIMUM_TIME) >= 0;
        return isKnown
                ? Optional.of(Duration.ofSeconds(Math.round((due + inProgress) / notesPerMinute() * 60)))
                : Optional.empty();
    }

    /** Formats one line of names and values in a stable order; unknown values are {@code -}. New ones are appended. */
    @Override
    public String toString() {
        return ("archived=%d unavailable=%d postponed=%d failed=%d released=%d refreshed=%d in_progress=%d due=%s "
                        + "calls=%d calls_left=%s files=%d bytes=%d notes_per_minute=%s seconds=%d eta_seconds=%s")
                .formatted(
                        counts.notes().archived(),
                        counts.notes().unavailable(),
                        counts.notes().postponed(),
                        counts.notes().failed(),
                        counts.notes().released(),
                        counts.refreshes().done(),
                        inProgress,
                        due < 0 ? "-" : due,
                        calls,
                        callsLeft == null ? "-" : callsLeft,
                        counts.files().stored(),
                        counts.files().bytesStored(),
                        String.format(Locale.ROOT, "%.1f", notesPerMinute()),
                        took.toSeconds(),
                        left().map(Duration::toSeconds).map(String::valueOf).orElse("-"));
    }
}
