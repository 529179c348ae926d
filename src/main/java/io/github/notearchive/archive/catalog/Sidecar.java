package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import io.github.notearchive.archive.catalog.LogRepository.LogEntry;
import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.ResponseMemory;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamReadException;
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
 * @param worklist worklist row of the note; valid in its newest sidecar
 * @param media files that this response lists; null if the response is not in the catalog, mostly without its note
 * @param logSalt salt of the newest entry of this capture in the transparency log; null without one
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
        @Nullable String logSalt,
        @JsonIgnore byte[] response) {

    public static final String PREFIX = "notes/";

    /** Upper bound of call numbers in sidecars, below that of the database sequence. */
    static final long HIGHEST_CALL = 1_000_000_000_000_000L;

    private static final String FORMAT = "note-archive/sidecar/2";
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final int MAX_SHOWN = 80;
    private static final int DECODE_CHUNK = 4096;

    /** Mapper of the JSON objects in the bucket. */
    static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
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

    Sidecar with(String salt) {
        return new Sidecar(noteId, capturedAt, callId, call, worklist, archivedAt, media, salt, response);
    }

    /** Returns the files that the response lists; empty if the response is not in the catalog. */
    public List<SlotRow> files() {
        return Objects.requireNonNullElse(media, List.of());
    }

    public static ObjectKey keyOf(NoteId id, Instant capturedAt) {
        return new ObjectKey(PREFIX + id + "/" + STAMP.format(capturedAt) + ".json");
    }

    /**
     * Returns the canonical record of the capture for the transparency log: one line of JSON, a function of what the
     * sidecar stores about the capture, independent of the order of its files. A file has its digest if it is stored,
     * otherwise its state, and the reason of a waiver.
     */
    public String record() {
        ObjectNode record = JSON.createObjectNode()
                .put("format", "note-archive/record/1")
                .put("noteId", noteId.value())
                .put("capturedAt", capturedAt.toString())
                .put("responseSha256", DigestUtils.sha256Hex(response));
        ArrayNode list = record.putArray("files");
        for (SlotRow slot : files().stream()
                .sorted(Comparator.comparing(SlotRow::kind).thenComparingInt(SlotRow::ordinal))
                .toList()) {
            ObjectNode file = list.addObject().put("kind", slot.kind().name()).put("ordinal", slot.ordinal());
            if (slot.media() != null) {
                file.put("sha256", slot.media().sha256());
            } else if (slot.state() == SlotState.WAIVED) {
                file.put("state", slot.state().name()).put("reason", slot.reason());
            } else {
                file.put("state", slot.state().name());
            }
        }
        return record.toString();
    }

    /** Returns the entry of the log with this sidecar's salt; empty without one. */
    public Optional<LogEntry> logEntry() {
        return Optional.ofNullable(logSalt).map(salt -> new LogEntry(noteId, capturedAt, salt, record()));
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
        if (isUtf8(response)) {
            json.writeName("answer");
            json.writeUTF8String(response, 0, response.length);
        } else {
            json.writeName("answerBase64");
            json.writeBinary(response);
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
        return read(key, bytes, false);
    }

    /** As above; if {@code responseOnly}, without the fields that describe rows, which may be invalid then. */
    static Sidecar read(ObjectKey key, byte[] bytes, boolean responseOnly) throws BrokenSidecarException {
        try {
            @Nullable
            Document document = responseOnly ? responseIn(JSON.readTree(bytes)) : JSON.readValue(bytes, Document.class);
            if (document == null) {
                throw new BrokenSidecarException("not a JSON object");
            }
            return document.sidecar(key);
        } catch (StreamReadException e) {
            throw new BrokenSidecarException("not JSON: " + shown(e.getOriginalMessage()));
        } catch (JacksonException e) {
            Throwable cause = e.getCause();
            throw new BrokenSidecarException(
                    "invalid value: " + shown(cause == null ? e.getOriginalMessage() : cause.getMessage()));
        } catch (DateTimeException | IllegalArgumentException e) {
            throw new BrokenSidecarException("invalid value: " + shown(e.getMessage()));
        }
    }

    private static @Nullable Document responseIn(JsonNode tree) {
        if (tree instanceof ObjectNode document) {
            document.remove(List.of("archivedAt", "logSalt"));
            if (document.hasNonNull("media")) {
                document.putArray("media"); // the response must contain the note
            }
            document.putObject("worklist");
        }
        return JSON.treeToValue(tree, Document.class);
    }

    /** Returns a stored sidecar; empty if the object is lost or cannot be used. */
    public static Optional<Sidecar> find(ObjectStore store, ObjectKey key) {
        return store.find(key, Integer.MAX_VALUE).flatMap(bytes -> readable(key, bytes));
    }

    private static Optional<Sidecar> readable(ObjectKey key, byte[] bytes) {
        try {
            return Optional.of(read(key, bytes));
        } catch (BrokenSidecarException e) {
            return Optional.empty();
        }
    }

    /**
     * Opens a stored sidecar. One of ordinary size is read at once; a large one when the result is requested, one after
     * the other, to limit memory. Listed sizes are not used, since another object may be stored meanwhile.
     *
     * @param longest number of bytes that are read at most
     * @param use receives the bytes, and the SHA-256 given at the upload
     */
    public static <T> Supplier<T> open(
            ObjectStore store, ObjectKey key, int longest, BiFunction<byte[], Optional<String>, T> use) {
        Optional<T> ordinary = store.read(key, (in, sha256) -> {
            byte[] bytes = in.readNBytes(ResponseMemory.ORDINARY_SIZE + 1);
            return ResponseMemory.isLarge(bytes.length) ? Optional.empty() : Optional.of(use.apply(bytes, sha256));
        });
        return () -> ordinary.orElseGet(() -> {
            synchronized (Sidecar.class) {
                return store.read(key, (in, sha256) -> use.apply(in.readNBytes(longest), sha256));
            }
        });
    }

    /** Opens the response in a stored sidecar; empty if the object is lost or cannot be used. */
    static Supplier<Optional<byte[]>> openResponse(ObjectStore store, ObjectKey key) {
        try {
            return open(
                    store,
                    key,
                    Integer.MAX_VALUE - 8,
                    (bytes, _) -> readable(key, bytes).map(Sidecar::response));
        } catch (StoreException e) {
            if (e.absent()) {
                return Optional::empty;
            }
            throw e;
        }
    }

    /** Content of an object before it is checked. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Document(
            @Nullable String format,
            @Nullable NoteId noteId,
            @Nullable Instant capturedAt,
            @Nullable Long callId,
            @Nullable ObjectNode call,
            @Nullable ObjectNode worklist,
            @Nullable Instant archivedAt,
            @Nullable List<JsonNode> media,
            @Nullable String logSalt,
            @Nullable String answer,
            byte @Nullable [] answerBase64) {

        Sidecar sidecar(ObjectKey key) throws BrokenSidecarException {
            if (!FORMAT.equals(format)) {
                throw new BrokenSidecarException("unknown format " + shown(format));
            }
            if (noteId == null || capturedAt == null || !key.equals(keyOf(noteId, capturedAt))) {
                throw new BrokenSidecarException(
                        "the content is of note \"" + noteId + "\", captured at " + capturedAt + ", unlike its key");
            }
            byte[] body = answer == null ? answerBase64 : answer.getBytes(StandardCharsets.UTF_8);
            if (body == null || body.length == 0 || callId == null || call == null || worklist == null) {
                throw new BrokenSidecarException("the answer, the call or the worklist row is missing");
            }
            if (callId < 1 || callId > HIGHEST_CALL) {
                throw new BrokenSidecarException("the call number " + callId + " is out of range");
            }
            if (logSalt != null && !logSalt.matches("[0-9a-f]{64}")) {
                throw new BrokenSidecarException("the salt of its log entry is invalid");
            }
            List<SlotRow> slots = media == null ? null : slots(media);
            return new Sidecar(noteId, capturedAt, callId, call, worklist, archivedAt, slots, logSalt, body);
        }
    }

    private static List<SlotRow> slots(List<JsonNode> media) throws BrokenSidecarException {
        Map<String, SlotRow> slots = new LinkedHashMap<>();
        for (JsonNode node : media) {
            SlotRow slot = slot(node);
            String place = slot.kind() + " " + slot.ordinal();
            if (slots.put(place, slot) != null) {
                throw new BrokenSidecarException("slot " + place + " is listed twice");
            }
        }
        return List.copyOf(slots.values());
    }

    private static SlotRow slot(JsonNode node) throws BrokenSidecarException {
        SlotRow slot = JSON.treeToValue(node, SlotRow.class);
        boolean isComplete = slot != null && slot.kind() != null && slot.state() != null && slot.ordinal() >= 0;
        if (isComplete && slot.updatedAt() != null) {
            if (slot.state() != SlotState.STORED && slot.reason() != null) {
                return slot;
            }
            StoredMedia file = JSON.treeToValue(node, StoredMedia.class);
            if (file.key() != null
                    && StoredMedia.digestIn(file.key())
                            .filter(digest -> digest.equals(file.sha256()))
                            .isPresent()
                    && file.size() > 0
                    && file.contentType() != null) {
                return slot.with(file);
            }
        }
        throw new BrokenSidecarException("a slot is incomplete or contradictory: " + shown(node.toString()));
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

    /** Thrown if the object at the key of a sidecar is not a valid sidecar. The message states why. */
    public static final class BrokenSidecarException extends Exception {

        public BrokenSidecarException(String message) {
            super(message);
        }
    }
}
