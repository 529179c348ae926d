package io.github.notearchive.job;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How far a run is.
 *
 * @param archived notes that reached their end complete
 * @param unavailable notes that are not there
 * @param postponed times that a note was put off, which is tried again
 * @param failed notes that were given up
 * @param released notes that were handed back untouched
 * @param refreshed archived notes that were asked about anew
 * @param inWork notes that are worked on now
 * @param due notes that wait to be taken up, refreshes left aside, as counted within the last
 *     minute and followed since, {@link #MOST_COUNTED} at most; negative when not counted yet
 * @param calls requests to the provider
 * @param callsLeft how many more our own limit allows tonight; null where there is none
 * @param files files stored
 * @param bytes bytes stored
 * @param took since it began
 */
public record RunProgress(
        long archived,
        long unavailable,
        long postponed,
        long failed,
        long released,
        long refreshed,
        int inWork,
        long due,
        long calls,
        @Nullable Long callsLeft,
        long files,
        long bytes,
        Duration took) {

    /**
     * The logger of the line of each minute: in lower case, so that an environment variable can
     * name it.
     */
    public static final String LOGGER = "io.github.notearchive.progress";

    /** More notes that are due are not counted. */
    public static final int MOST_COUNTED = 1_000_000;

    /** A rate over less is chance. */
    private static final Duration TOO_SHORT = Duration.ofSeconds(5);

    /** Notes that this run is done with. */
    public long done() {
        return archived + unavailable + failed + refreshed;
    }

    /** Notes that it was done with in a minute, since it began. */
    public double notesPerMinute() {
        double minutes = took.toMillis() / 60_000.0;
        return minutes == 0 ? 0 : done() / minutes;
    }

    /**
     * When the notes that wait are done with, at the rate since the run began; empty when that
     * cannot be said. What the provider or a limit puts an end to comes sooner.
     */
    public Optional<Duration> left() {
        if (due < 0 || due >= MOST_COUNTED || done() == 0 || took.compareTo(TOO_SHORT) < 0) {
            return Optional.empty();
        }
        return Optional.of(Duration.ofSeconds(Math.round((due + inWork) / notesPerMinute() * 60)));
    }

    /**
     * In one line of names and values, whose order stays; what is not known is {@code -}. New ones
     * are added at the end.
     */
    @Override
    public String toString() {
        return "archived=%d unavailable=%d postponed=%d failed=%d released=%d refreshed=%d in_work=%d due=%s calls=%d calls_left=%s files=%d bytes=%d notes_per_minute=%s seconds=%d eta_seconds=%s"
                .formatted(
                        archived,
                        unavailable,
                        postponed,
                        failed,
                        released,
                        refreshed,
                        inWork,
                        due < 0 ? "-" : due,
                        calls,
                        callsLeft == null ? "-" : callsLeft,
                        files,
                        bytes,
                        String.format(Locale.ROOT, "%.1f", notesPerMinute()),
                        took.toSeconds(),
                        left().map(Duration::toSeconds).map(String::valueOf).orElse("-"));
    }
}
