package io.github.notearchive.nightly;

import io.github.notearchive.batch.RunCounts;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How far a run is.
 *
 * @param counts what it has done
 * @param inWork notes that are worked on now
 * @param due notes that wait to be taken up, refreshes left aside, as counted within the last minute and followed
 *     since, {@link #MOST_COUNTED} at most; negative when not counted yet
 * @param calls requests to the provider
 * @param callsLeft how many more our own limit allows tonight; null where there is none
 * @param took since it began
 */
public record RunProgress(
        RunCounts counts,
        int inWork,
        long due,
        long calls,
        @Nullable Long callsLeft,
        Duration took) {

    /** The logger of the line of each minute: in lower case, so that an environment variable can name it. */
    public static final String LOGGER = "io.github.notearchive.progress";

    /** More notes that are due are not counted. */
    public static final int MOST_COUNTED = 1_000_000;

    /** A rate over less is chance. */
    private static final Duration TOO_SHORT = Duration.ofSeconds(5);

    /** Notes that it was done with in a minute, since it began. */
    public double notesPerMinute() {
        double minutes = took.toMillis() / 60_000.0;
        return minutes == 0 ? 0 : counts.done() / minutes;
    }

    /**
     * When the notes that wait are done with, at the rate since the run began; empty when that cannot be said. What the
     * provider or a limit puts an end to comes sooner.
     */
    public Optional<Duration> left() {
        if (due < 0 || due >= MOST_COUNTED || counts.done() == 0 || took.compareTo(TOO_SHORT) < 0) {
            return Optional.empty();
        }
        return Optional.of(Duration.ofSeconds(Math.round((due + inWork) / notesPerMinute() * 60)));
    }

    /**
     * In one line of names and values, whose order stays; what is not known is {@code -}. New ones are added at the
     * end.
     */
    @Override
    public String toString() {
        return "archived=%d unavailable=%d postponed=%d failed=%d released=%d refreshed=%d in_work=%d due=%s calls=%d calls_left=%s files=%d bytes=%d notes_per_minute=%s seconds=%d eta_seconds=%s"
                .formatted(
                        counts.notes().archived(),
                        counts.notes().unavailable(),
                        counts.notes().postponed(),
                        counts.notes().failed(),
                        counts.notes().released(),
                        counts.refreshesDone(),
                        inWork,
                        due < 0 ? "-" : due,
                        calls,
                        callsLeft == null ? "-" : callsLeft,
                        counts.files().stored(),
                        counts.files().bytes(),
                        String.format(Locale.ROOT, "%.1f", notesPerMinute()),
                        took.toSeconds(),
                        left().map(Duration::toSeconds).map(String::valueOf).orElse("-"));
    }
}
