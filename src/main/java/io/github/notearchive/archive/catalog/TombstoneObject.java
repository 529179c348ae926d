package io.github.notearchive.archive.catalog;

import io.github.notearchive.io.PostgresText;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Bucket object of an erased note or author, so that a rebuild from the bucket does not restore it. Mirrors
 * {@code forgotten_note} and {@code forgotten_author}; contains no archived data.
 *
 * @param id a note id, or the hexadecimal SHA-256 of an author id
 */
public record TombstoneObject(
        String id, Instant at, @Nullable String reason) {

    public static final String PREFIX = "forgotten/";

    private static final String FORMAT = "note-archive/forgotten/1";
    private static final Pattern KEY = Pattern.compile("forgotten/(?:([0-9a-f]{24})|author-([0-9a-f]{64}))\\.json");
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    public TombstoneObject {
        if (KEY.matcher(nameOf(id)).matches()) {
            reason = PostgresText.of(reason);
        } else {
            throw new IllegalArgumentException("\"" + id + "\" is neither a note id nor the hash of an author id");
        }
    }

    private static String nameOf(String id) {
        return PREFIX + (id.length() == 64 ? "author-" : "") + id + ".json";
    }

    public Optional<NoteId> note() {
        return id.length() == 64 ? Optional.empty() : Optional.of(new NoteId(id));
    }

    public void putInto(ObjectStore store) {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        root.put(note().isPresent() ? "noteId" : "authorSha256", id);
        root.put("forgottenAt", at.toString());
        root.put("reason", reason);
        store.putBytes(new ObjectKey(nameOf(id)), JSON.writeValueAsBytes(root), "application/json");
    }

    /**
     * Reads an object stored at a time; empty if its key is not that of a tombstone. Unreadable content is accepted.
     */
    public static Optional<TombstoneObject> read(String key, byte[] bytes, Instant at) {
        Matcher name = KEY.matcher(key);
        if (!name.matches()) {
            return Optional.empty();
        }
        String id = name.group(1) == null ? name.group(2) : name.group(1);
        try {
            JsonNode root = JSON.readTree(bytes);
            return Optional.of(new TombstoneObject(
                    id,
                    Instant.parse(root.path("forgottenAt").stringValue("")),
                    root.path("reason").stringValue(null)));
        } catch (JacksonException | DateTimeParseException e) {
            return Optional.of(new TombstoneObject(id, at, null));
        }
    }
}
