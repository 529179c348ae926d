package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.io.PostgresText;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.SourceName;
import io.github.notearchive.store.ObjectKey;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.ByteArrayBuilder;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * JSON object beside a note's files, one per paid response: the exact response and its table columns, so that the
 * bucket alone can rebuild the tables.
 *
 * <p>{@code answer} is the response body as text; encoded as UTF-8 it gives the bytes as received. A body that is not
 * UTF-8 is stored as {@code answerBase64}. The response never changes; the other fields are rewritten under the same
 * key.
 *
 * @param noteId requested note
 * @param capturedAt when the response was received
 * @param callId number of the call
 * @param call ledger columns of the call
 * @param worklist worklist row of the note; valid in its newest sidecar
 * @param archivedAt when the note became complete; null if it is not
 * @param media state of each file that this response lists; null if the response is not in the catalog, mostly because
 *     it lacks its note
 * @param answer exact bytes of the response
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and a copy of the bytes would be a waste
public record Sidecar(
        NoteId noteId,
        Instant capturedAt,
        long callId,
        JsonNode call,
        JsonNode worklist,
        @Nullable Instant archivedAt,
        @Nullable List<SlotRow> media,
        byte[] answer) {

    /** Key prefix of all sidecars. */
    public static final String PREFIX = "notes/";

    /** Upper bound of call numbers in sidecars, below that of the database sequence. */
    static final long HIGHEST_CALL = 1_000_000_000_000_000L;

    private static final String FORMAT = "note-archive/sidecar/2";
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final int DECODE_CHUNK = 4096;
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(20)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    /** Returns the key of this sidecar. */
    public ObjectKey key() {
        return keyOf(noteId, capturedAt);
    }

    /** Returns the key of a response's sidecar. */
    public static ObjectKey keyOf(NoteId id, Instant capturedAt) {
        return new ObjectKey(name(id.value(), capturedAt));
    }

    private static String name(String id, Instant capturedAt) {
        return PREFIX + id + "/" + STAMP.format(capturedAt) + ".json";
    }

    /** Returns the document. The same content gives the same bytes. */
    public byte[] bytes() {
        try (ByteArrayBuilder bytes = new ByteArrayBuilder()) {
            try (JsonGenerator json = JSON.createGenerator(bytes)) {
                write(json);
            }
            return bytes.toByteArray();
        }
    }

    /** Writes the response bytes without a copy as text. */
    private void write(JsonGenerator json) {
        ObjectNode root = facts();
        json.writeStartObject();
        root.properties().forEach(field -> {
            json.writeName(field.getKey());
            json.writeTree(field.getValue());
        });
        if (isUtf8(answer)) {
            json.writeName("answer");
            json.writeUTF8String(answer, 0, answer.length);
        } else {
            json.writeName("answerBase64");
            json.writeBinary(answer);
        }
        json.writeEndObject();
    }

    /** Returns all fields but the response. */
    private ObjectNode facts() {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        root.put("noteId", noteId.value());
        root.put("capturedAt", capturedAt.toString());
        root.put("callId", callId);
        root.set("call", call);
        root.set("worklist", worklist);
        putIfAny(root, "archivedAt", archivedAt);
        if (media != null) {
            var entries = root.putArray("media");
            for (SlotRow row : media) {
                describe(row, entries.addObject());
            }
        }
        return root;
    }

    private static void describe(SlotRow row, ObjectNode entry) {
        entry.put("kind", row.kind().name());
        entry.put("ordinal", row.ordinal());
        entry.put("identity", row.identity());
        entry.put("state", row.state().name());
        putIfAny(entry, "reason", row.reason());
        putIfAny(entry, "rendition", row.rendition());
        putIfAny(entry, "width", row.width());
        putIfAny(entry, "height", row.height());
        if (row.media() != null) {
            entry.put("sha256", row.media().sha256());
            entry.put("key", row.media().key().value());
            entry.put("size", row.media().size());
            entry.put("contentType", row.media().contentType());
        }
        putIfAny(entry, "checks", row.checks());
        putIfAny(entry, "error", row.error());
        putIfAny(entry, "deadNight", row.deadNight());
        entry.put("updatedAt", row.updatedAt().toString());
    }

    private static void putIfAny(ObjectNode object, String name, @Nullable Object value) {
        switch (value) {
            case null -> {}
            case Integer number -> object.put(name, number);
            default -> object.put(name, value.toString());
        }
    }

    private static boolean isUtf8(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(DECODE_CHUNK);
        CoderResult result;
        do {
            out.clear();
            result = decoder.decode(in, out, true);
        } while (result.isOverflow());
        return !result.isError();
    }

    /**
     * Reads a sidecar. Accepts only content that matches its key and that the tables could have held.
     *
     * @throws BrokenSidecarException if the object is not a sidecar, or not that of this key
     */
    public static Sidecar read(ObjectKey key, byte[] bytes) throws BrokenSidecarException {
        SidecarFields root = new SidecarFields(document(bytes), "");
        String format = root.required("format");
        if (!format.equals(FORMAT)) {
            throw new BrokenSidecarException("unknown format " + SidecarFields.shown(format));
        }
        String id = root.required("noteId");
        Instant capturedAt = root.instant("capturedAt");
        if (capturedAt == null || !key.value().equals(nameOrNone(id, capturedAt))) {
            throw new BrokenSidecarException("the content is of note " + SidecarFields.shown(id) + ", captured at "
                    + capturedAt + ", unlike its key");
        }
        long call = root.number("callId", 1, HIGHEST_CALL);
        List<SlotRow> media = root.node("media") == null ? null : media(root, capturedAt);
        return new Sidecar(
                new NoteId(id),
                capturedAt,
                call,
                root.requiredObject("call"),
                root.requiredObject("worklist"),
                root.instant("archivedAt"),
                media,
                answer(root));
    }

    private static JsonNode document(byte[] bytes) throws BrokenSidecarException {
        JsonNode document;
        try {
            document = JSON.readTree(bytes);
        } catch (JacksonException e) {
            throw new BrokenSidecarException("not JSON: " + SidecarFields.shown(e.getOriginalMessage()));
        }
        if (!document.isObject()) {
            throw new BrokenSidecarException("not a JSON object");
        }
        return document;
    }

    private static String nameOrNone(String id, Instant capturedAt) {
        try {
            return NoteId.parse(id).filter(note -> note.value().equals(id)).isPresent() ? name(id, capturedAt) : "";
        } catch (DateTimeException beyondAllCalendars) {
            return "";
        }
    }

    private static byte[] answer(SidecarFields root) throws BrokenSidecarException {
        String text = root.text("answer");
        if (text != null) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        String base64 = root.text("answerBase64");
        if (base64 == null) {
            throw new BrokenSidecarException("field answer is missing");
        }
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new BrokenSidecarException("field answerBase64 is not Base64: " + e.getMessage());
        }
    }

    private static List<SlotRow> media(SidecarFields root, Instant capturedAt) throws BrokenSidecarException {
        JsonNode list = root.node("media");
        if (list == null || !list.isArray()) {
            throw new BrokenSidecarException("field media is not a list");
        }
        List<SlotRow> rows = new ArrayList<>();
        Set<String> places = new HashSet<>();
        for (JsonNode node : list) {
            SlotRow row = slot(new SidecarFields(node, "media " + rows.size() + " "), capturedAt);
            if (!places.add(row.kind() + " " + row.ordinal())) {
                throw new BrokenSidecarException("slot " + row.kind() + " " + row.ordinal() + " is listed twice");
            }
            rows.add(row);
        }
        return rows;
    }

    private static SlotRow slot(SidecarFields entry, Instant capturedAt) throws BrokenSidecarException {
        SlotState state = entry.constant("state", SlotState.class);
        StoredMedia stored = switch (state) {
            case STORED -> stored(entry);
            case MISSING, WAIVED -> {
                entry.required("reason");
                yield null;
            }
        };
        Instant updatedAt = entry.instant("updatedAt");
        return new SlotRow(
                entry.constant("kind", MediaKind.class),
                (int) entry.number("ordinal", 0, Integer.MAX_VALUE),
                PostgresText.ofText(SourceName.bounded(entry.requiredOrEmpty("identity"))),
                state,
                PostgresText.of(entry.text("reason")),
                PostgresText.of(entry.text("rendition")),
                entry.integer("width"),
                entry.integer("height"),
                PostgresText.of(entry.text("checks")),
                PostgresText.of(entry.text("error")),
                entry.night("deadNight"),
                stored,
                null,
                updatedAt == null ? capturedAt : updatedAt);
    }

    private static StoredMedia stored(SidecarFields entry) throws BrokenSidecarException {
        String sha256 = entry.required("sha256");
        if (!SHA256.matcher(sha256).matches()) {
            throw entry.broken("sha256", sha256);
        }
        String key = entry.required("key");
        Optional<ObjectKey> parsed = ObjectKey.parse(key);
        if (parsed.isEmpty()
                || StoredMedia.digestIn(parsed.get()).filter(sha256::equals).isEmpty()) {
            throw entry.broken("key", key);
        }
        return new StoredMedia(
                sha256,
                parsed.get(),
                entry.number("size", 1, Long.MAX_VALUE),
                PostgresText.ofText(entry.required("contentType")));
    }
}
