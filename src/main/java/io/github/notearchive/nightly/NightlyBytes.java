package io.github.notearchive.nightly;

import io.github.notearchive.archive.query.MediaTotals;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.note.Night;
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
    private final RunState run;
    private @Nullable DownloadedBytes last;

    NightlyBytes(MediaTotals media, RunState run) {
        this.media = media;
        this.run = run;
    }

    /** Bytes in the catalog, and the part that this run had stored before. */
    private record DownloadedBytes(Night night, Deadline validity, long ofThisRun, long ofTheNight) {}

    synchronized Optional<StopReason> refusal() {
        NightlyLimitProperties limits = run.settings.limits();
        long limit = limits.bytesPerNight().toBytes();
        if (limit == 0) {
            return Optional.empty();
        }
        DownloadedBytes snapshot = last;
        if (snapshot != null
                && snapshot.night().equals(run.tonight())
                && !snapshot.validity().isOver()
                && snapshot.ofTheNight() + run.bytesStored.sum() - snapshot.ofThisRun() < limit) {
            return Optional.empty();
        }
        Night tonight = run.tonight();
        // before the catalog query: bytes stored in between count twice rather than never
        long ofThisRun = run.bytesStored.sum();
        long bytes = media.storedIn(tonight).bytes();
        last = new DownloadedBytes(tonight, Deadline.in(VALID_FOR), ofThisRun, bytes);
        return StartRefusals.usedUpBytes(limits, bytes, tonight);
    }
}
