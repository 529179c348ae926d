package io.github.notearchive.catalog;

import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.objectstore.ObjectKey;
import io.github.notearchive.objectstore.ObjectStore;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The object beside a note's files: the exact answer and the list of its media with digests, so
 * that the bucket alone can rebuild the tables.
 *
 * <p>A JSON document. {@code answer} is the body of the answer as a text, from which encoding as
 * UTF-8 gives the bytes as received; where they were not UTF-8, {@code answerBase64} stands in its
 * place.
 */
public record Sidecar(ObjectKey key, @SuppressWarnings("ArrayRecordComponent") byte[] bytes) {

    private static final String FORMAT = "note-archive/sidecar/1";

    /** As {@code api_call.endpoint} calls it. */
    private static final String VIDEO_ENDPOINT = "note-detail/v6";

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final JsonMapper JSON =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    // the answer is one string, and may be longer than usual ones
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxStringLength(Integer.MAX_VALUE)
                                                    .build())
                                    .build())
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build();

    /** Describes a capture as it stands; a repeat with the same slots gives the same bytes. */
    public static Sidecar of(NoteCapture capture, List<SlotStatus> slots) {
        return of(capture, slots, null);
    }

    /**
     * The same for an answer that was bought for the note's video. It names its question as {@code
     * endpoint}, so that nobody takes it for the answer about the note.
     *
     * @param slots all of the note's, not those of this answer only
     */
    public static Sidecar ofVideo(NoteCapture video, List<SlotStatus> slots) {
        return of(video, slots, VIDEO_ENDPOINT);
    }

    /** Puts it where it belongs; returns its key when the store has shown that it holds it. */
    public ObjectKey putInto(ObjectStore store) {
        store.putBytes(key, bytes, "application/json");
        return key;
    }

    private static Sidecar of(
            NoteCapture capture, List<SlotStatus> slots, @Nullable String endpoint) {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        if (endpoint != null) {
            root.put("endpoint", endpoint);
        }
        root.put("noteId", capture.id().value());
        root.put("capturedAt", capture.capturedAt().toString());
        root.put("callId", capture.callId());
        var media = root.putArray("media");
        for (SlotStatus status : slots) {
            describe(status, media.addObject());
        }
        String text = utf8(capture.answer());
        if (text != null) {
            root.put("answer", text);
        } else {
            root.put("answerBase64", Base64.getEncoder().encodeToString(capture.answer()));
        }
        return new Sidecar(keyOf(capture), JSON.writeValueAsBytes(root));
    }

    /**
     * Reads a sidecar; empty when the bytes are none.
     *
     * @param bytes as they lie in the store
     */
    public static Optional<Contents> read(byte[] bytes) {
        try {
            JsonNode root = JSON.readTree(bytes);
            if (root == null || !FORMAT.equals(root.path("format").stringValue(null))) {
                return Optional.empty();
            }
            String noteId = root.path("noteId").stringValue(null);
            String capturedAt = root.path("capturedAt").stringValue(null);
            byte[] answer = answer(root);
            return noteId == null || capturedAt == null || answer == null
                    ? Optional.empty()
                    : Optional.of(new Contents(noteId, Instant.parse(capturedAt), answer));
        } catch (JacksonException | DateTimeParseException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static byte @Nullable [] answer(JsonNode root) {
        String text = root.path("answer").stringValue(null);
        if (text != null) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        String encoded = root.path("answerBase64").stringValue(null);
        return encoded == null ? null : Base64.getDecoder().decode(encoded);
    }

    /**
     * What a sidecar says of itself.
     *
     * @param noteId the note it belongs to, as it is written there
     * @param capturedAt when its answer was received
     * @param answer the exact bytes of the answer
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Contents(String noteId, Instant capturedAt, byte[] answer) {}

    /** Where the sidecar of a capture lies. */
    static ObjectKey keyOf(NoteCapture capture) {
        return new ObjectKey(
                "notes/" + capture.id() + "/" + STAMP.format(capture.capturedAt()) + ".json");
    }

    private static void describe(SlotStatus status, ObjectNode entry) {
        entry.put("kind", status.slot().kind().name());
        entry.put("ordinal", status.slot().ordinal());
        entry.put("identity", StorableText.of(status.slot().identity()));
        switch (status) {
            case SlotStatus.Stored(
                            _,
                            var stored,
                            var rendition,
                            _,
                            _,
                            var checks,
                            var lesserBecause) -> {
                entry.put("state", "STORED");
                entry.put("rendition", rendition);
                entry.put("sha256", stored.sha256());
                entry.put("key", stored.key().value());
                entry.put("size", stored.size());
                entry.put("contentType", stored.contentType());
                entry.put("checks", checks);
                if (lesserBecause != null) {
                    entry.put("lesserBecause", lesserBecause);
                }
            }
            case SlotStatus.Waived(_, var reason) -> {
                entry.put("state", "WAIVED");
                entry.put("reason", reason);
            }
            case SlotStatus.Missing(_, var gap, var error, _) -> {
                entry.put("state", "MISSING");
                entry.put("reason", gap.name());
                entry.put("error", error);
            }
        }
    }

    private static @Nullable String utf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException notUtf8) {
            return null;
        }
    }
}
