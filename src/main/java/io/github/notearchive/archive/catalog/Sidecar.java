package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import io.github.notearchive.io.PostgresText;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.ByteArrayBuilder;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * JSON object beside a note's files, one per paid response: the exact response and its table columns, so that the
 * bucket alone can rebuild the tables.
 *
 * <p>{@code answer} is the response body as text; encoded as UTF-8 it gives the bytes as received. A body that is not
 * UTF-8 is stored as {@code answerBase64}. The response never changes; the other fields are rewritten under the same
 * key.
 *
 * @param call ledger columns of the call
 * @param worklist worklist row of the note; valid in its newest sidecar
 * @param archivedAt when the note became complete; null if it is not
 * @param media files that this response lists; null if the response is not in the catalog, mostly without its note
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
        @JsonIgnore byte[] answer) {

    public static final String PREFIX = "notes/";

    /** Upper bound of call numbers in sidecars, below that of the database sequence. */
    static final long HIGHEST_CALL = 1_000_000_000_000_000L;

    private static final String FORMAT = "note-archive/sidecar/2";
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final int MAX_SHOWN = 80;
    private static final int DECODE_CHUNK = 4096;
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(20)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(EnumFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS, MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .changeDefaultPropertyInclusion(inclusion -> inclusion.withValueInclusion(Include.NON_NULL))
            .changeDefaultVisibility(visibility -> visibility.withIsGetterVisibility(Visibility.NONE))
            .build();

    public ObjectKey key() {
        return keyOf(noteId, capturedAt);
    }

    /** Returns the files that the response lists; empty if the response is not in the catalog. */
    public List<SlotRow> files() {
        return Objects.requireNonNullElse(media, List.of());
    }

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
        json.writeStartObject();
        json.writeStringProperty("format", FORMAT);
        JSON.<ObjectNode>valueToTree(this).properties().forEach(field -> {
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
        Fields root = new Fields(document(bytes), "");
        String format = root.required("format", String.class);
        if (!format.equals(FORMAT)) {
            throw new BrokenSidecarException("unknown format " + shown(format));
        }
        String id = root.required("noteId", String.class);
        Instant capturedAt = root.required("capturedAt", Instant.class);
        if (!key.value().equals(nameOrNone(id, capturedAt))) {
            throw new BrokenSidecarException(
                    "the content is of note " + shown(id) + ", captured at " + capturedAt + ", unlike its key");
        }
        return new Sidecar(
                new NoteId(id),
                capturedAt,
                root.number("callId", 1, HIGHEST_CALL),
                root.required("call", ObjectNode.class),
                root.required("worklist", ObjectNode.class),
                root.optional("archivedAt", Instant.class),
                media(root.optional("media", ArrayNode.class), capturedAt),
                answer(root));
    }

    private static JsonNode document(byte[] bytes) throws BrokenSidecarException {
        try {
            JsonNode document = JSON.readTree(bytes);
            if (document.isObject()) {
                return document;
            }
            throw new BrokenSidecarException("not a JSON object");
        } catch (JacksonException e) {
            throw new BrokenSidecarException("not JSON: " + shown(e.getOriginalMessage()));
        }
    }

    private static String nameOrNone(String id, Instant capturedAt) {
        try {
            return NoteId.parse(id).filter(note -> note.value().equals(id)).isPresent() ? name(id, capturedAt) : "";
        } catch (DateTimeException beyondAllCalendars) {
            return "";
        }
    }

    private static byte[] answer(Fields root) throws BrokenSidecarException {
        String text = root.optional("answer", String.class);
        return text == null ? root.required("answerBase64", byte[].class) : text.getBytes(StandardCharsets.UTF_8);
    }

    private static @Nullable List<SlotRow> media(@Nullable ArrayNode list, Instant capturedAt)
            throws BrokenSidecarException {
        if (list == null) {
            return null;
        }
        List<SlotRow> rows = new ArrayList<>();
        Set<String> places = new HashSet<>();
        for (JsonNode node : list) {
            SlotRow row = slot(new Fields(node, "media " + rows.size() + " "), capturedAt);
            if (!places.add(row.kind() + " " + row.ordinal())) {
                throw new BrokenSidecarException("slot " + row.kind() + " " + row.ordinal() + " is listed twice");
            }
            rows.add(row);
        }
        return rows;
    }

    private static SlotRow slot(Fields entry, Instant capturedAt) throws BrokenSidecarException {
        SlotState state = entry.required("state", SlotState.class);
        LocalDate deadNight = entry.optional("deadNight", LocalDate.class);
        return new SlotRow(
                entry.required("kind", MediaKind.class),
                (int) entry.number("ordinal", 0, Integer.MAX_VALUE),
                MediaSlot.bounded(entry.requiredOrEmpty("identity", String.class)),
                state,
                state == SlotState.STORED
                        ? entry.optional("reason", String.class)
                        : entry.required("reason", String.class),
                entry.optional("rendition", String.class),
                entry.optional("width", Integer.class),
                entry.optional("height", Integer.class),
                state == SlotState.STORED ? stored(entry) : null,
                entry.optional("checks", String.class),
                entry.optional("error", String.class),
                deadNight == null ? null : new Night(deadNight),
                null,
                Objects.requireNonNullElse(entry.optional("updatedAt", Instant.class), capturedAt));
    }

    private static StoredMedia stored(Fields entry) throws BrokenSidecarException {
        String sha256 = entry.required("sha256", String.class);
        if (!SHA256.matcher(sha256).matches()) {
            throw entry.broken("sha256", sha256);
        }
        String name = entry.required("key", String.class);
        ObjectKey key = ObjectKey.parse(name)
                .filter(parsed ->
                        StoredMedia.digestIn(parsed).filter(sha256::equals).isPresent())
                .orElseThrow(() -> entry.broken("key", name));
        long size = entry.number("size", 1, Long.MAX_VALUE);
        return new StoredMedia(sha256, key, size, PostgresText.ofText(entry.required("contentType", String.class)));
    }

    /** Fields of an object in a sidecar; a value of another type or range makes the sidecar broken. */
    private record Fields(JsonNode object, String where) {

        BrokenSidecarException broken(String field, String value) {
            return new BrokenSidecarException("field " + where + field + " has the invalid value " + shown(value));
        }

        <T> @Nullable T optional(String field, Class<T> type) throws BrokenSidecarException {
            JsonNode node = object.get(field);
            if (node == null || node.isNull()) {
                return null;
            }
            try {
                return JSON.treeToValue(node, type);
            } catch (JacksonException e) {
                throw broken(field, node.isString() ? node.stringValue() : node.toString());
            }
        }

        <T> T requiredOrEmpty(String field, Class<T> type) throws BrokenSidecarException {
            T value = optional(field, type);
            if (value == null) {
                throw new BrokenSidecarException("field " + where + field + " is missing");
            }
            return value;
        }

        <T> T required(String field, Class<T> type) throws BrokenSidecarException {
            T value = requiredOrEmpty(field, type);
            if (value.equals("")) {
                throw broken(field, "");
            }
            return value;
        }

        long number(String field, long least, long most) throws BrokenSidecarException {
            long value = requiredOrEmpty(field, Long.class);
            if (value < least || value > most) {
                throw broken(field, String.valueOf(value));
            }
            return value;
        }
    }

    /** Returns a value for a message: quoted, without control characters, shortened. */
    static String shown(@Nullable String text) {
        String plain = String.valueOf(text).replaceAll("\\p{Cntrl}", "?");
        return "\""
                + (plain.codePointCount(0, plain.length()) <= MAX_SHOWN
                        ? plain
                        : plain.substring(0, plain.offsetByCodePoints(0, MAX_SHOWN)) + "…")
                + "\"";
    }
}
