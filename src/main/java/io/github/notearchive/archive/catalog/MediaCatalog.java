package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.GroupCommit;
import io.github.notearchive.io.jdbc.PostgresText;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaType;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.StoredObject;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/** Reads and writes the slots of notes and the stored objects. */
@Repository
public class MediaCatalog implements AutoCloseable {

    /**
     * Rows are locked in one order, so that two notes with the same files do not deadlock. Both unique keys are
     * compared: a row that another node inserts at the same moment conflicts with either. Only the objects of slots are
     * verified: at the time of the slot.
     */
    private static final String INSERT_OBJECTS = """
            INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
            SELECT sha256, key, size, content_type, coalesce(updated_at, stored_at), updated_at
            FROM json_to_recordset(:rows::json) AS object (
                sha256 text, key text, size bigint, content_type text, stored_at timestamptz, updated_at timestamptz)
            WHERE sha256 IS NOT NULL
            ORDER BY sha256
            ON CONFLICT DO NOTHING
            """;

    private static final String SAVE_SLOTS = """
            INSERT INTO note_media (note_id, captured_at, kind, ordinal, identity, state, reason, rendition,
                                    width, height, sha256, checks, error, dead_night, updated_at, words)
            SELECT note_id, captured_at, kind, ordinal, identity, state, reason, rendition,
                   width, height, sha256, checks, error, dead_night, updated_at, words
            FROM json_populate_recordset(NULL::note_media, :rows::json)
            ON CONFLICT (note_id, kind, ordinal) DO UPDATE
            SET (captured_at, identity, state, reason, rendition,
                 width, height, sha256, checks, error, dead_night, updated_at, words)
                = (EXCLUDED.captured_at, EXCLUDED.identity, EXCLUDED.state, EXCLUDED.reason, EXCLUDED.rendition,
                   EXCLUDED.width, EXCLUDED.height, EXCLUDED.sha256, EXCLUDED.checks, EXCLUDED.error,
                   EXCLUDED.dead_night, EXCLUDED.updated_at,
                   CASE WHEN note_media.words = EXCLUDED.words THEN note_media.words ELSE EXCLUDED.words END)
            """;

    /**
     * Deletes unfilled slots that an earlier response to the same endpoint promised and this one does not. A stored
     * file that has moved within the note leaves its old slot. One whose slot another file takes moves behind all
     * slots; the motion of a live photo and a preview move with their still. An object whose slot gets other bytes is
     * listed for removal. Another note may use it, or start to; the removal checks this while no run is active.
     */
    private static final String MAKE_ROOM = """
            WITH listed AS (
                SELECT kind, ordinal, identity, sha256 FROM json_populate_recordset(NULL::note_media, :rows::json)
            ), held AS (
                SELECT m.kind, m.ordinal, m.identity, m.sha256,
                       (m.kind, m.ordinal, m.identity) IN (SELECT kind, ordinal, identity FROM listed) AS is_listed,
                       EXISTS (SELECT 1 FROM listed l WHERE l.kind = m.kind AND l.sha256 = m.sha256) AS is_elsewhere
                FROM note_media m
                WHERE m.note_id = :noteId AND m.state = 'STORED'
            ), deleted AS (
                DELETE FROM note_media m
                WHERE m.note_id = :noteId
                  AND ((m.kind, m.ordinal) IN (SELECT kind, ordinal FROM held WHERE is_elsewhere AND NOT is_listed)
                       OR m.state <> 'STORED' AND m.captured_at < :capturedAt
                          AND (:ofVideo AND m.kind IN ('VIDEO', 'SUBTITLE')
                               OR NOT :ofVideo AND NOT EXISTS (
                                   SELECT 1 FROM note_capture c JOIN api_call a ON a.id = c.call_id
                                   WHERE c.note_id = m.note_id AND c.captured_at = m.captured_at
                                     AND a.endpoint = 'note-detail/v6')))
            ), moved AS (
                UPDATE note_media m
                SET ordinal = m.ordinal + 1 + (SELECT max(ordinal) FROM (
                        SELECT ordinal FROM listed UNION SELECT ordinal FROM note_media WHERE note_id = :noteId) AS a)
                FROM held h
                WHERE m.note_id = :noteId AND (m.kind, m.ordinal) = (h.kind, h.ordinal)
                  AND NOT h.is_listed AND NOT h.is_elsewhere
                  AND EXISTS (SELECT 1 FROM listed l
                              WHERE l.ordinal = h.ordinal
                                AND (l.kind = h.kind
                                     OR h.kind IN ('MOTION', 'PREVIEW') AND l.kind = 'IMAGE' AND NOT EXISTS (
                                         SELECT 1 FROM held still
                                         WHERE still.kind = 'IMAGE' AND still.ordinal = h.ordinal AND still.is_listed)))
            )
            INSERT INTO forgotten_object (object_key, size_bytes)
            SELECT o.object_key, o.size_bytes
            FROM held h JOIN listed l USING (kind, ordinal, identity)
            CROSS JOIN LATERAL (SELECT object_key, size_bytes FROM media_object WHERE sha256 = h.sha256 OFFSET 0) AS o
            WHERE l.sha256 <> h.sha256
            ORDER BY o.object_key
            ON CONFLICT (object_key) DO NOTHING
            """;

    private static final String SLOTS = """
                    SELECT m.kind, m.ordinal, m.identity, m.state, m.reason, m.rendition, m.width, m.height,
                           m.checks, m.error, m.dead_night, o.sha256, m.updated_at,
                           o.object_key AS key, o.size_bytes AS size, o.content_type,
                           CASE WHEN o.sha256 IS NOT NULL THEN m.words END AS words, f.kind AS damage
                    FROM note_media m LEFT JOIN media_object o USING (sha256)
                    LEFT JOIN fixity_finding f
                      ON f.object_key = o.object_key AND f.resolved_at IS NULL AND f.kind <> 'ORPHAN'
                    WHERE m.note_id = :noteId
                      AND (:all OR m.captured_at = :capturedAt)
                    ORDER BY array_position(ARRAY['IMAGE', 'MOTION', 'VIDEO', 'SUBTITLE', 'AUDIO', 'PREVIEW'], m.kind),
                             m.ordinal
                    """;

    /**
     * A look-up of the index for each name: most are new, and a join of all would scan the objects for one that is not.
     */
    private static final String SAME_FILES = """
                    SELECT same.*
                    FROM unnest(:names::text[]) AS names (identity)
                    CROSS JOIN LATERAL (
                        SELECT DISTINCT ON (m.kind, m.rendition)
                               m.kind, m.identity, m.rendition, m.note_id AS note, m.width, m.height,
                               o.sha256, o.object_key AS key, o.size_bytes AS size, o.content_type, m.words
                        FROM note_media m JOIN media_object o USING (sha256)
                        WHERE m.identity = names.identity AND m.state = 'STORED' AND m.reason IS NULL
                          AND m.rendition IS NOT NULL
                          AND NOT EXISTS (SELECT 1 FROM fixity_finding f
                                          WHERE f.object_key = o.object_key AND f.resolved_at IS NULL
                                            AND f.kind <> 'ORPHAN')
                        ORDER BY m.kind, m.rendition, m.updated_at DESC) AS same
                    """;

    private final JdbcClient jdbc;
    private final JdbcClient autoCommit;
    private final GroupCommit<Set<String>, List<SameFile>> sameFiles =
            GroupCommit.ofStatements("same-files", this::sameFiles);
    private final GroupCommit<String, Optional<KnownObject>> digests =
            GroupCommit.ofStatements("digests", this::findByDigest);

    MediaCatalog(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.autoCommit = Statements.autoCommit(transactions);
    }

    /** Returns the slots of a note, in its own transaction; empty for a note without a capture. */
    public List<SlotRow> slotsOf(NoteId id) {
        return slotsOf(id, null);
    }

    /** As above, limited to slots that this response was the last to list. */
    List<SlotRow> slotsOf(NoteId id, @Nullable Instant capturedAt) {
        Instant time = Objects.requireNonNullElse(capturedAt, Instant.EPOCH);
        Map<String, Object> parameters = Map.of("noteId", id, "all", capturedAt == null, "capturedAt", time);
        return Statements.list(autoCommit, SlotRow.class, parameters, SLOTS);
    }

    /**
     * Returns the object with a digest if it is stored already, for any note, so that it need not be stored again. In
     * its own transaction.
     *
     * @param sha256 in lower-case hexadecimal
     */
    public Optional<KnownObject> findByDigest(String sha256) {
        return digests.execute(sha256);
    }

    private List<Optional<KnownObject>> findByDigest(List<String> group) {
        Map<String, KnownObject> known = objects(autoCommit, group);
        return group.stream()
                .map(digest -> Optional.ofNullable(known.get(digest)))
                .toList();
    }

    private static Map<String, KnownObject> objects(JdbcClient client, Collection<String> digests) {
        return Statements.list(client, KnownObject.class, Map.of("digests", digests), """
                        SELECT o.sha256, o.object_key AS key, o.size_bytes AS size, o.content_type, NULL::text AS words,
                               EXISTS (SELECT 1 FROM fixity_finding f
                                       WHERE f.object_key = o.object_key AND f.resolved_at IS NULL
                                         AND f.kind <> 'ORPHAN') AS damaged
                        FROM media_object o WHERE o.sha256 = ANY (:digests)
                        """).stream()
                .collect(Collectors.toMap(object -> object.media().sha256(), Function.identity()));
    }

    /**
     * A known object; damaged if an audit found it so and it was not verified since: its bytes are to be stored again.
     */
    public record KnownObject(StoredMedia media, boolean damaged) {}

    /**
     * Slots of a note and reusable files of other notes.
     *
     * @param sameFiles files of other notes with the source names of this note's files, stored in the best rendition
     *     offered: the source uses a name for one file only, such as a sound of many notes
     */
    public record Known(List<SlotRow> slots, List<SameFile> sameFiles) {}

    /**
     * Returns what is known of a note and the files that its responses list, in its own transaction.
     *
     * @param isFirst whether this is the first response about the note, which has no slots therefore
     */
    public Known known(NoteId id, boolean isFirst, Collection<MediaSlot> expected) {
        Set<String> names = expected.stream()
                .filter(MediaSlot::named)
                .map(slot -> PostgresText.ofText(slot.identity()))
                .collect(Collectors.toSet());
        return new Known(
                isFirst ? List.of() : slotsOf(id),
                names.isEmpty()
                        ? List.of()
                        : sameFiles.execute(names).stream()
                                .filter(file -> !file.note().equals(id))
                                .toList());
    }

    private List<List<SameFile>> sameFiles(List<Set<String>> group) {
        Set<String> all = group.stream().flatMap(Set::stream).collect(Collectors.toSet());
        List<SameFile> files = Statements.list(autoCommit, SameFile.class, Map.of("names", all), SAME_FILES);
        return group.stream()
                .map(names -> files.stream()
                        .filter(file -> names.contains(file.identity()))
                        .toList())
                .toList();
    }

    @Override
    public void close() {
        sameFiles.close();
        digests.close();
    }

    record ListedSlot(
            NoteId noteId,
            Instant capturedAt,
            @JsonUnwrapped SlotRow slot) {

        static List<ListedSlot> of(NoteCapture response, List<SlotRow> slots) {
            return slots.stream()
                    .map(slot -> new ListedSlot(response.id(), response.capturedAt(), slot))
                    .toList();
        }
    }

    /** Inserts missing rows of the objects in slots. Part of the caller's transaction. */
    void insertObjects(Collection<SlotRow> slots) {
        Statements.write(jdbc, INSERT_OBJECTS, slots);
    }

    /**
     * Prepares the slots of a note for the files that a response lists. Part of the caller's transaction.
     *
     * @param ofVideo whether it is the response to a video call, which lists only the video
     */
    void makeRoom(NoteCapture response, boolean ofVideo, List<ListedSlot> listed) {
        Map<String, Object> parameters = Map.of(
                "noteId", response.id(),
                "capturedAt", response.capturedAt(),
                "ofVideo", ofVideo,
                "rows", Columns.json(listed));
        Statements.update(jdbc, parameters, MAKE_ROOM);
    }

    /** Writes the state of files whose objects have rows already. Part of the caller's transaction. */
    void saveSlots(List<ListedSlot> listed) {
        Statements.write(jdbc, SAVE_SLOTS, listed);
    }

    /** An unverified object found in the bucket, with its time. */
    public record FoundObject(@JsonUnwrapped StoredMedia media, Instant storedAt) {

        /** Returns a file of the archive; empty if the object is none. */
        public static Optional<FoundObject> of(StoredObject object) {
            String type =
                    MediaType.ofName(object.name()).map(MediaType::contentType).orElse("application/octet-stream");
            return ObjectKey.parse(object.name())
                    .filter(_ -> object.size() > 0)
                    .flatMap(key ->
                            StoredMedia.digestIn(key).map(sha256 -> new StoredMedia(sha256, key, object.size(), type)))
                    .map(file -> new FoundObject(file, object.modified()));
        }
    }

    /** Inserts objects of different files. Part of the caller's transaction; idempotent. */
    public void insertFound(Collection<FoundObject> found) {
        Statements.write(jdbc, INSERT_OBJECTS, found);
    }

    /** Returns the known objects of these digests, by SHA-256. Part of the caller's transaction. */
    public Map<String, KnownObject> known(Collection<String> digests) {
        return objects(jdbc, digests);
    }

    /** Deletes the row of an object unless a slot refers to it. Part of the caller's transaction. */
    public void deleteUnused(String key) {
        Statements.update(jdbc, Map.of("key", key), """
                        DELETE FROM media_object o
                        WHERE o.object_key = :key AND NOT EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256)
                        """);
    }

    /** A file of another note, by its source name. */
    public record SameFile(
            MediaKind kind,
            String identity,
            String rendition,
            NoteId note,
            @Nullable Integer width,
            @Nullable Integer height,
            StoredMedia media) {

        /** Returns whether this is the file of a slot, in the best rendition it offers. */
        public boolean fills(MediaSlot slot) {
            return slot.named()
                    && kind == slot.kind()
                    && identity.equals(PostgresText.of(slot.identity()))
                    && slot.isBest(rendition)
                    && slot.candidates().stream()
                            .limit(1)
                            .anyMatch(best -> best.size() == null || best.size() == media.size());
        }
    }
}
