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
 * The object that says in the bucket what {@code forgotten_note} and {@code forgotten_author} say in the tables, so
 * that nobody who has the bucket alone brings a note or a person back. It holds nothing of what was archived.
 *
 * @param id a note's id, or the SHA-256 of an author's in hex
 * @param at when it was decided
 * @param reason why; null when nobody said
 */
public record TombstoneObject(
        String id, Instant at, @Nullable String reason) {

    /** All of them lie below it. */
    public static final String PREFIX = "forgotten/";

    private static final String FORMAT = "note-archive/forgotten/1";
    private static final Pattern KEY = Pattern.compile("forgotten/(?:([0-9a-f]{24})|author-([0-9a-f]{64}))\\.json");
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    public TombstoneObject {
        if (KEY.matcher(nameOf(id)).matches()) {
            reason = PostgresText.of(reason);
        } else {
            throw new IllegalArgumentException("\"" + id + "\" is neither a note id nor the hash of an author's");
        }
    }

    private static String nameOf(String id) {
        return PREFIX + (id.length() == 64 ? "author-" : "") + id + ".json";
    }

    /** The note; empty when it is about an author. */
    public Optional<NoteId> note() {
        return id.length() == 64 ? Optional.empty() : Optional.of(new NoteId(id));
    }

    /** Puts it where it belongs; a repeat replaces it. */
    public void putInto(ObjectStore store) {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        root.put(note().isPresent() ? "noteId" : "authorSha256", id);
        root.put("forgottenAt", at.toString());
        root.put("reason", reason);
        store.putBytes(new ObjectKey(nameOf(id)), JSON.writeValueAsBytes(root), "application/json");
    }

    /**
     * Reads one; empty when the key is that of none. One whose bytes say nothing that can be read is a tombstone all
     * the same: its key says what counts.
     *
     * @param at when it was put
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
