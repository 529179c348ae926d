package io.github.notearchive.note;

import java.time.Instant;
import tools.jackson.databind.JsonNode;

/**
 * Paid response about a note.
 *
 * @param id requested note, which the response contains
 * @param callId row in {@code api_call}
 * @param capturedAt time of receipt, in milliseconds
 * @param response exact bytes of the body, a few MiB at most; must not be modified
 * @param envelope parsed body; must not be modified
 * @param note note object of the envelope
 * @param author author object beside or within the note; a missing node if absent
 */
@SuppressWarnings("ArrayRecordComponent") // captures are never compared, and copies would be expensive
public record NoteCapture(
        NoteId id,
        long callId,
        Instant capturedAt,
        byte[] response,
        JsonNode envelope,
        JsonNode note,
        JsonNode author) {

    public NoteCapture boughtBy(long call) {
        return new NoteCapture(id, call, capturedAt, response, envelope, note, author);
    }

    /** Excludes the response, which is long and may contain credentials. */
    @Override
    public String toString() {
        return "NoteCapture[" + id + " at " + capturedAt + ", call " + callId + "]";
    }
}
