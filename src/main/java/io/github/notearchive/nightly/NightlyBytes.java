package io.github.notearchive.nightly;

import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.note.Night;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Configured limit of media bytes per night, across restarts and nodes. Thread-safe.
 *
 * <p>The catalog is authoritative. It is queried once a second for bytes of other nodes, and whenever the bytes of this
 * one seem to reach the limit.
 */
class NightlyBytes {

    private static final Duration VALID_FOR = Duration.ofSeconds(1);

    private final MediaTotals media;
    private final NightlyLimitProperties limits;
    private final RunState run;
    private final Clock clock;
    private @Nullable Snapshot last;

    NightlyBytes(MediaTotals media, NightlyLimitProperties limits, RunState run, Clock clock) {
        this.media = media;
        this.limits = limits;
        this.run = run;
        this.clock = clock;
    }

    /** Bytes in the catalog at a time, and the part that was certainly stored by this run. */
    private record Snapshot(Night night, long at, long settled, long ofTheNight) {}

    /** Returns whether the limit is reached, so that no note is started. */
    boolean isUsedUp() {
        return refusal().isPresent();
    }

    /** Returns the refusal if the limit is reached. */
    synchronized Optional<StartRefusal> refusal() {
        long limit = limits.bytesPerNight().toBytes();
        if (limit == 0) {
            return Optional.empty();
        }
        Snapshot snapshot = last;
        if (snapshot != null
                && snapshot.night().equals(Night.current(clock))
                && System.nanoTime() - snapshot.at() < VALID_FOR.toNanos()
                && snapshot.ofTheNight() + run.bytesStored.sum() - snapshot.settled() < limit) {
            return Optional.empty();
        }
        last = snapshot();
        return StartRefusal.ofBytes(limits, last.ofTheNight(), last.night());
    }

    private Snapshot snapshot() {
        Night tonight = Night.current(clock);
        // before the catalog query: bytes settled in between count twice rather than never
        long settled = run.bytesSettled.sum();
        return new Snapshot(
                tonight, System.nanoTime(), settled, media.storedIn(tonight).bytes());
    }
}
