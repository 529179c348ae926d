package io.github.notearchive.catalog;

import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.objectstore.ObjectKey;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
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
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /** Describes a capture as it stands; a repeat with the same slots gives the same bytes. */
    public static Sidecar of(NoteCapture capture, List<SlotStatus> slots) {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
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
