package io.github.notearchive.provider;

import io.github.notearchive.note.NoteId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A note that is asked about, and by what right.
 *
 * @param claim the number of the claim on the note. A request leaves only while that holds: whoever waited for longer
 *     than a lease lasts must not ask beside the one who has the note by now
 * @param settledAt when it was last decided what becomes of the note; null when it never was. A paid answer that was
 *     received later has not been acted upon
 */
public record FetchRequest(NoteId id, long claim, @Nullable Instant settledAt) {

    /** Whether an answer that was received then was followed by a decision about the note. */
    public boolean isDecidedSince(Instant receivedAt) {
        return settledAt != null && !settledAt.isBefore(receivedAt);
    }
}
