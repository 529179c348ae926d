package io.github.notearchive.note;

import java.time.Instant;
import tools.jackson.databind.JsonNode;

/**
 * One paid answer about one note, as it was at one moment.
 *
 * @param id the note that was asked about, and that this answer is about
 * @param callId the row of {@code api_call} that bought it
 * @param capturedAt when the answer was received, to the millisecond
 * @param answer the exact bytes of the body, at most a few MiB; never changed
 * @param envelope the answer as it was read; never changed
 * @param note the note object within it
 * @param author the author object beside or within the note; a missing node when there is none
 */
@SuppressWarnings("ArrayRecordComponent") // captures are never compared, and a copy of the bytes would be a
// waste
public record NoteCapture(
        NoteId id, long callId, Instant capturedAt, byte[] answer, JsonNode envelope, JsonNode note, JsonNode author) {

    /** The same capture, bought by a call of another number. */
    public NoteCapture boughtBy(long call) {
        return new NoteCapture(id, call, capturedAt, answer, envelope, note, author);
    }

    /** Prints without the answer, which may hold credentials and is long. */
    @Override
    public String toString() {
        return "NoteCapture[" + id + " at " + capturedAt + ", call " + callId + "]";
    }
}
