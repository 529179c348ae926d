package io.github.notearchive.archive.catalog;

import static io.github.notearchive.io.Timestamps.timestamp;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.io.GroupCommit;
import io.github.notearchive.io.PostgresText;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/** Reads and writes the slots of notes and the stored objects. */
@Repository
public class MediaCatalog implements AutoCloseable {

    /**
     * Rows are locked in one order, so that two notes with the same files do not deadlock. Both unique keys are
     * compared: a row that another node inserts at the same moment conflicts with either.
     */
    private static final String INSERT_OBJECTS = """
            INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
            SELECT sha256, key, size, content_type, stored_at, verified_at
            FROM json_to_recordset(:rows::json) AS object (
                sha256 text, key text, size bigint, content_type text, stored_at timestamptz, verified_at timestamptz)
            ORDER BY sha256
            ON CONFLICT DO NOTHING
            """;

    private static final String SAVE_SLOTS = """
            INSERT INTO note_media (note_id, captured_at, kind, ordinal, identity, state, reason, rendition,
                                    width, height, sha256, checks, error, dead_night, updated_at)
            SELECT note_id, captured_at, kind, ordinal, identity, state, reason, rendition,
                   width, height, sha256, checks, error, dead_night, updated_at
            FROM json_populate_recordset(NULL::note_media, :rows::json)
            ON CONFLICT (note_id, kind, ordinal) DO UPDATE
            SET (captured_at, identity, state, reason, rendition,
                 width, height, sha256, checks, error, dead_night, updated_at)
                = (EXCLUDED.captured_at, EXCLUDED.identity, EXCLUDED.state, EXCLUDED.reason, EXCLUDED.rendition,
                   EXCLUDED.width, EXCLUDED.height, EXCLUDED.sha256, EXCLUDED.checks, EXCLUDED.error,
                   EXCLUDED.dead_night, EXCLUDED.updated_at)
            """;

    private static final String SLOTS = """
                    SELECT m.kind, m.ordinal, m.identity, m.state, m.reason, m.rendition, m.width, m.height,
                           m.checks, m.error, m.dead_night, m.sha256, m.updated_at,
                           o.object_key AS key, o.size_bytes AS size, o.content_type, f.kind AS damage
                    FROM note_media m LEFT JOIN media_object o USING (sha256)
                    LEFT JOIN fixity_finding f
                      ON f.object_key = o.object_key AND f.resolved_at IS NULL AND f.kind <> 'ORPHAN'
                    WHERE m.note_id = :noteId
                      AND (:capturedAt::timestamptz IS NULL OR m.captured_at = :capturedAt)
                    ORDER BY array_position(ARRAY['IMAGE', 'MOTION', 'VIDEO', 'SUBTITLE', 'AUDIO'], m.kind), m.ordinal
                    """;

    private static final String SAME_FILES = """
                    SELECT DISTINCT ON (m.kind, m.identity, m.rendition)
                           m.kind, m.identity, m.rendition, m.note_id AS note, m.width, m.height,
                           o.sha256, o.object_key AS key, o.size_bytes AS size, o.content_type
                    FROM note_media m JOIN media_object o USING (sha256)
                    WHERE m.identity = ANY (:names) AND m.state = 'STORED' AND m.reason IS NULL
                      AND m.rendition IS NOT NULL
                      AND NOT EXISTS (SELECT 1 FROM fixity_finding f
                                      WHERE f.object_key = o.object_key AND f.resolved_at IS NULL
                                        AND f.kind <> 'ORPHAN')
                    ORDER BY m.kind, m.identity, m.rendition, m.updated_at DESC
                    """;

    private final JdbcClient jdbc;
    private final HeldSlots heldSlots;
    private final JdbcClient autoCommit;
    private final GroupCommit<Set<String>, List<SameFile>> sameFiles =
            GroupCommit.ofStatements("same-files", this::sameFiles);
    private final GroupCommit<String, Optional<KnownObject>> digests =
            GroupCommit.ofStatements("digests", this::findByDigest);

    MediaCatalog(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.heldSlots = new HeldSlots(jdbc);
        this.autoCommit = Statements.autoCommit(transactions);
    }

    /** Returns the slots of a note, in its own transaction; empty for a note without a capture. */
    public List<SlotRow> slotsOf(NoteId id) {
        return slotsOf(id, null);
    }

    /** As above, limited to slots that this response was the last to list. */
    public List<SlotRow> slotsOf(NoteId id, @Nullable Instant capturedAt) {
        return autoCommit
                .sql(SLOTS)
                .param("noteId", id.value())
                .param("capturedAt", timestamp(capturedAt), Types.TIMESTAMP)
                .query(Columns.of(SlotRow.class))
                .list();
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
        Map<String, KnownObject> objects = objects(autoCommit, new HashSet<>(group));
        return group.stream()
                .map(digest -> Optional.ofNullable(objects.get(digest)))
                .toList();
    }

    private static Map<String, KnownObject> objects(JdbcClient client, Collection<String> digests) {
        return client
                .sql("""
                        SELECT o.sha256, o.object_key AS key, o.size_bytes AS size, o.content_type,
                               EXISTS (SELECT 1 FROM fixity_finding f
                                       WHERE f.object_key = o.object_key AND f.resolved_at IS NULL
                                         AND f.kind <> 'ORPHAN') AS damaged
                        FROM media_object o WHERE o.sha256 = ANY (:digests)
                        """)
                .param("digests", digests.toArray(String[]::new))
                .query(Columns.of(KnownObject.class))
                .list()
                .stream()
                .collect(Collectors.toMap(known -> known.media().sha256(), Function.identity()));
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
        List<SameFile> files = autoCommit
                .sql(SAME_FILES)
                .param("names", group.stream().flatMap(Set::stream).distinct().toArray(String[]::new))
                .query(Columns.of(SameFile.class))
                .list();
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

    /** Row of an object. */
    record ObjectRow(
            @JsonUnwrapped StoredMedia media,
            Instant storedAt,
            @Nullable Instant verifiedAt) {

        /** Returns the objects of files that are stored now. */
        static Stream<ObjectRow> of(List<SlotRow> files, Instant now) {
            return files.stream()
                    .map(SlotRow::media)
                    .filter(Objects::nonNull)
                    .distinct()
                    .map(media -> new ObjectRow(media, now, now));
        }
    }

    /** Row of a slot, as listed by a response. */
    record ListedSlot(
            NoteId noteId,
            Instant capturedAt,
            @JsonUnwrapped SlotRow slot) {

        static Stream<ListedSlot> of(NoteCapture response, List<SlotRow> slots) {
            return slots.stream().map(slot -> new ListedSlot(response.id(), response.capturedAt(), slot));
        }
    }

    /** Inserts missing rows of objects. Part of the caller's transaction. */
    void insertObjects(Stream<ObjectRow> objects) {
        write(INSERT_OBJECTS, objects);
    }

    /** Writes the rows of slots that are new or in their place. Part of the caller's transaction. */
    void writeSlots(Stream<ListedSlot> slots) {
        write(SAVE_SLOTS, slots);
    }

    private void write(String statement, Stream<?> rows) {
        List<?> list = rows.toList();
        if (!list.isEmpty()) {
            jdbc.sql(statement).param("rows", Columns.json(list)).update();
        }
    }

    /**
     * Writes the state of the files that a response lists; their objects have rows already. Part of the caller's
     * transaction.
     *
     * @param ofVideo whether it is the response to a video call, which lists only the video
     */
    void saveSlots(NoteCapture response, boolean ofVideo, List<SlotRow> slots) {
        dropUnlisted(response, ofVideo);
        if (!slots.isEmpty()) {
            List<HeldSlots.Held> before = heldSlots.makeRoom(response.id(), slots);
            writeSlots(ListedSlot.of(response, slots));
            heldSlots.listReplaced(before, slots);
        }
    }

    /** Deletes unfilled slots that an earlier response to the same endpoint promised and this one does not. */
    private void dropUnlisted(NoteCapture response, boolean ofVideo) {
        jdbc.sql("""
                        DELETE FROM note_media m
                        WHERE m.note_id = :noteId AND m.state <> 'STORED' AND m.captured_at < :capturedAt
                          AND (:ofVideo AND m.kind IN ('VIDEO', 'SUBTITLE')
                               OR NOT :ofVideo AND NOT EXISTS (
                                   SELECT 1 FROM note_capture c JOIN api_call a ON a.id = c.call_id
                                   WHERE c.note_id = m.note_id AND c.captured_at = m.captured_at
                                     AND a.endpoint = 'note-detail/v6'))
                        """)
                .param("noteId", response.id().value())
                .param("capturedAt", Timestamp.from(response.capturedAt()))
                .param("ofVideo", ofVideo)
                .update();
    }

    /**
     * Inserts unverified objects found in the bucket, with their time. Part of the caller's transaction; idempotent.
     */
    public void insertFound(Map<StoredMedia, Instant> found) {
        insertObjects(found.entrySet().stream().map(object -> new ObjectRow(object.getKey(), object.getValue(), null)));
    }

    /** Returns the known objects of these digests, by SHA-256. Part of the caller's transaction. */
    public Map<String, StoredMedia> known(Collection<String> digests) {
        Map<String, StoredMedia> known = new HashMap<>();
        objects(jdbc, digests).forEach((sha256, object) -> known.put(sha256, object.media()));
        return known;
    }

    /**
     * Deletes the row of an object with other bytes than its name, unless a slot refers to it, in the caller's
     * transaction.
     */
    public void deleteUnused(String sha256) {
        jdbc.sql("""
                        DELETE FROM media_object o
                        WHERE o.sha256 = :sha256 AND NOT EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256)
                        """).param("sha256", sha256).update();
    }

    /** Waives a missing slot. Part of the caller's transaction. */
    public void waive(NoteId id, MediaKind kind, int ordinal, String reason, Instant now) {
        jdbc.sql("""
                        UPDATE note_media SET state = 'WAIVED', reason = :reason, updated_at = :now
                        WHERE note_id = :noteId AND kind = :kind AND ordinal = :ordinal AND state = 'MISSING'
                        """)
                .param("reason", reason)
                .param("now", Timestamp.from(now))
                .param("noteId", id.value())
                .param("kind", kind.name())
                .param("ordinal", ordinal)
                .update();
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
                    && slot.candidates().stream()
                            .findFirst()
                            .filter(best -> slot.isBest(rendition))
                            .filter(best -> best.size() == null || best.size() == media.size())
                            .isPresent();
        }
    }
}
