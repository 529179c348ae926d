package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.ledger.PaidCall;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteCapture;
import org.jspecify.annotations.Nullable;

/** What lies in the bucket where a sidecar should. */
sealed interface SidecarFound {

    /**
     * A sidecar.
     *
     * @param call the call that bought its answer
     * @param capture the note in its answer; null when the catalog is to have no row of it
     * @param standing how far the note got
     */
    record Restorable(
            Sidecar sidecar, PaidCall call, @Nullable NoteCapture capture, WorklistRow standing)
            implements SidecarFound {

        /** Whether its answer was bought for the note's video. */
        boolean isOfVideo() {
            return call.facts().endpoint().equals(Endpoint.VIDEO.ledgerName());
        }
    }

    /** Something that cannot be used as one, and why. */
    record Refused(String name, String reason) implements SidecarFound {}
}
