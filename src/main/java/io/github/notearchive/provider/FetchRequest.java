package io.github.notearchive.provider;

import io.github.notearchive.note.NoteId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Request of a claimed note.
 *
 * @param claim fencing token; nothing is sent if the claim is lost
 * @param hasCalls whether calls about the note were made before; otherwise there is no response to be reused
 * @param settledAt time of the last disposition; null if none. A response that was received later has not been used
 */
public record FetchRequest(
        NoteId id, long claim, boolean hasCalls, @Nullable Instant settledAt) {}
