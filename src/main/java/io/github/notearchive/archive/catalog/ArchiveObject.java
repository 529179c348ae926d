package io.github.notearchive.archive.catalog;

import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Bucket object that identifies its archive and the newest revision of the database that wrote to it. The table
 * {@code archive} holds the same.
 *
 * @param execution newest job execution at that time, for operators; null if there was none
 */
public record ArchiveObject(
        UUID archiveId, long revision, @Nullable Long execution, Instant writtenAt) {

    public static final ObjectKey KEY = new ObjectKey("archive.json");

    private static final String FORMAT = "note-archive/archive/1";
    private static final String NO_BUCKET = "NoSuchBucket";
    private static final int MAX_SIZE = 1 << 16;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .build();

    public ArchiveObject {
        if (archiveId == null || writtenAt == null || revision < 1) {
            throw new IllegalArgumentException("invalid archive object");
        }
    }

    /** Writes the object, replacing an earlier one. */
    public void putInto(ObjectStore store) {
        ObjectNode root = JSON.createObjectNode().put("format", FORMAT).setAll(JSON.<ObjectNode>valueToTree(this));
        store.putBytes(KEY, JSON.writeValueAsBytes(root), "application/json");
    }

    /**
     * Reads the object of a bucket with one request; empty if the object or the bucket does not exist.
     *
     * @throws IOException if the object has another format
     */
    public static Optional<ArchiveObject> read(ObjectStore store) throws IOException {
        byte[] bytes;
        try {
            bytes = store.read(KEY, (in, _) -> in.readNBytes(MAX_SIZE));
        } catch (StoreException e) {
            if (e.absent() || e.code().equals(NO_BUCKET)) {
                return Optional.empty();
            }
            throw e;
        }
        try {
            JsonNode root = JSON.readTree(bytes);
            if (root.path("format").asString("").equals(FORMAT)) {
                return Optional.of(JSON.treeToValue(root, ArchiveObject.class));
            }
        } catch (JacksonException unreadable) {
            // as an unknown format
        }
        throw new IOException(
                "the object " + KEY + " is not readable: " + Sidecar.shown(new String(bytes, StandardCharsets.UTF_8)));
    }
}
