package io.github.notearchive.archive.catalog;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ResponseJson;
import io.github.notearchive.provider.ResponseReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** Fixture of captures, created from responses like in the program. */
final class Captures {

    static final NoteId ID = new NoteId("66aa00000000000000000001");
    static final Instant NOW = Instant.parse("2026-11-25T14:00:00.120Z");

    private Captures() {}

    /** A complete response in the format of the provider's published sample. */
    static byte[] sample() {
        try (InputStream in = Captures.class.getResourceAsStream("answer.json")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static NoteCapture of(byte[] answer) {
        return of(answer, 1, NOW);
    }

    static NoteCapture of(byte[] answer, long call, Instant at) {
        ResponseReader.FoundNote found =
                ResponseReader.read(answer, ID).orElseThrow().note().orElseThrow();
        return found.capture(ID, call, at, answer);
    }

    /** Maps a capture. */
    static NoteDetail map(NoteCapture capture) {
        return NoteMapper.map(capture, ResponseJson.read(capture.response()).orElseThrow());
    }

    /** A capture of a note with these properties besides its id. */
    static NoteCapture ofNote(String properties) {
        return of(answerWith(properties));
    }

    static byte[] answerWith(String properties) {
        return ("{\"code\":0,\"data\":[{\"note_list\":[{\"id\":\"" + ID + "\"," + properties + "}]}]}")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** A sidecar of a capture with these slots, as of the time of the capture. */
    static Sidecar sidecar(NoteCapture capture, List<SlotRow> slots) {
        JsonMapper json = JsonMapper.builder().build();
        return new Sidecar(
                capture.id(),
                capture.capturedAt(),
                capture.callId(),
                json.readTree("{\"endpoint\":\"note-detail/v1\"}"),
                json.readTree("{\"state\":\"ARCHIVED\"}"),
                NOW,
                slots.stream().map(slot -> slot.at(NOW)).toList(),
                null,
                capture.response());
    }

    /** Inserts a call about the note, and returns its number. */
    static long call(ArchiveDatabase database, String endpoint) {
        return database.count(
                "INSERT INTO api_call (note_id, endpoint, sent_at) VALUES (?, ?, now()) RETURNING id",
                ID.value(),
                endpoint);
    }
}
