package io.github.notearchive.job;

import io.github.notearchive.catalog.Sidecar;
import io.github.notearchive.ledger.BoughtCall;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.source.Endpoint;
import io.github.notearchive.worklist.Standing;
import org.jspecify.annotations.Nullable;

/** What lies in the bucket where a sidecar should. */
sealed interface SidecarFound {

    /**
     * A sidecar.
     *
     * @param call the call that bought its answer
     * @param capture the note in its answer; null when the catalog is to have no row of it
     * @param standing how far the note got
     * @param isOld whether it is of a format that does not say all
     */
    record Restorable(
            Sidecar sidecar, BoughtCall call, @Nullable NoteCapture capture, Standing standing, boolean isOld)
            implements SidecarFound {

        /** Whether its answer was bought for the note's video. */
        boolean isOfVideo() {
            return call.facts().endpoint().equals(Endpoint.VIDEO.ledgerName());
        }
    }

    /** Something that cannot be used as one, and why. */
    record Refused(String name, String reason) implements SidecarFound {}
}
