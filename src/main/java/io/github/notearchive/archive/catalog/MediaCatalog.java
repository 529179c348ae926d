package io.github.notearchive.archive.catalog;

import static io.github.notearchive.io.Timestamps.timestamp;

import io.github.notearchive.io.PostgresText;
import io.github.notearchive.io.Transactions;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcOperations;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Reads and writes the slots of notes and the stored objects. */
@Repository
public class MediaCatalog {

    /** Reason of a slot stored in a lesser rendition than the best one offered. */
    static final String DEGRADED = "DEGRADED";

    /**
     * Reason of a slot that a refresh added and whose file was unavailable. It is waived, since the note stays
     * archived, until a later attempt succeeds.
     */
    public static final String NOT_REFRESHED = "NOT_REFRESHED";

    private static final Columns<ObjectRow> OBJECT = Columns.of(ObjectRow.class);
    private static final Columns<FileRow> FILE = Columns.of(FileRow.class);

    /** Rows are locked in one order, so that two notes with the same files do not deadlock. */
    private static final NamedStatement INSERT_OBJECTS =
            NamedStatement.of("""
                    INSERT INTO media_object (%s, stored_at, verified_at)
                    SELECT %s, :now::timestamptz, :now::timestamptz FROM %s ORDER BY sha256
                    ON CONFLICT (sha256) DO NOTHING
                    """.formatted(OBJECT.each("?"), OBJECT.each("?"), OBJECT.table()));

    private static final NamedStatement SAVE_SLOTS =
            NamedStatement.of("""
                    INSERT INTO note_media (note_id, captured_at, %s)
                    SELECT :noteId, :capturedAt::timestamptz, %s FROM %s
                    ON CONFLICT (note_id, kind, ordinal) DO UPDATE
                    SET captured_at = EXCLUDED.captured_at, %s
                    """.formatted(FILE.each("?"), FILE.each("?"), FILE.table(), FILE.each("? = EXCLUDED.?")));

    private static final NamedStatement SLOTS = NamedStatement.of("""
                    SELECT m.kind, m.ordinal, m.identity, m.state, m.reason, m.rendition, m.width, m.height,
                           m.checks, m.error, m.dead_night, m.sha256, m.updated_at,
                           o.object_key, o.size_bytes, o.content_type, f.kind AS damage
                    FROM note_media m LEFT JOIN media_object o USING (sha256)
                    LEFT JOIN fixity_finding f
                      ON f.object_key = o.object_key AND f.resolved_at IS NULL AND f.kind <> 'ORPHAN'
                    WHERE m.note_id = :noteId
                      AND (:capturedAt::timestamptz IS NULL OR m.captured_at = :capturedAt)
                    ORDER BY array_position(ARRAY['IMAGE', 'MOTION', 'VIDEO', 'SUBTITLE', 'AUDIO'], m.kind), m.ordinal
                    """);

    private static final NamedStatement SAME_FILES = NamedStatement.of("""
                    SELECT DISTINCT ON (m.kind, m.identity, m.rendition)
                           m.kind, m.identity, m.rendition, m.note_id, m.width, m.height,
                           o.sha256, o.object_key, o.size_bytes, o.content_type
                    FROM note_media m JOIN media_object o USING (sha256)
                    WHERE m.identity = ANY (:names) AND m.state = 'STORED' AND m.reason IS NULL
                      AND m.rendition IS NOT NULL AND m.note_id <> :noteId
                      AND NOT EXISTS (SELECT 1 FROM fixity_finding f
                                      WHERE f.object_key = o.object_key AND f.resolved_at IS NULL
                                        AND f.kind <> 'ORPHAN')
                    ORDER BY m.kind, m.identity, m.rendition, m.updated_at DESC
                    """);

    private final JdbcClient jdbc;
    private final HeldSlots heldSlots;
    private final NamedParameterJdbcOperations batches;

    /** Commits each statement on its own, independent of the caller's transaction. */
    private final TransactionTemplate autoCommit;

    MediaCatalog(JdbcClient jdbc, NamedParameterJdbcOperations batches, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.heldSlots = new HeldSlots(jdbc);
        this.batches = batches;
        this.autoCommit = Transactions.autoCommit(transactions);
    }

    /** Returns the slots of a note, in its own transaction; empty for a note without a capture. */
    public List<SlotRow> slotsOf(NoteId id) {
        return slots(id, null);
    }

    /** As above, limited to slots that this response was the last to list. */
    public List<SlotRow> slotsOf(NoteId id, Instant capturedAt) {
        return slots(id, capturedAt);
    }

    private List<SlotRow> slots(NoteId id, @Nullable Instant capturedAt) {
        return autoCommit.execute(_ -> slotsQuery(id, capturedAt).execute(jdbc).list());
    }

    private static Query<SlotRow> slotsQuery(NoteId id, @Nullable Instant capturedAt) {
        return SLOTS.with(new MapSqlParameterSource()
                        .addValue("noteId", id.value())
                        .addValue("capturedAt", timestamp(capturedAt), Types.TIMESTAMP))
                .as((row, _) -> slotRow(row));
    }

    private static SlotRow slotRow(ResultSet row) throws SQLException {
        String sha256 = row.getString("sha256");
        LocalDate deadNight = row.getObject("dead_night", LocalDate.class);
        return new SlotRow(
                MediaKind.valueOf(row.getString("kind")),
                row.getInt("ordinal"),
                row.getString("identity"),
                SlotState.valueOf(row.getString("state")),
                row.getString("reason"),
                row.getString("rendition"),
                row.getObject("width", Integer.class),
                row.getObject("height", Integer.class),
                row.getString("checks"),
                row.getString("error"),
                deadNight == null ? null : new Night(deadNight),
                sha256 == null || row.getString("object_key") == null ? null : storedMedia(row),
                row.getString("damage"),
                row.getTimestamp("updated_at").toInstant());
    }

    /**
     * Returns objects that are stored already, for any note, so that they need not be stored again. In its own
     * transaction.
     *
     * @param digests SHA-256 in lower-case hexadecimal
     * @return objects by SHA-256, without unknown ones
     */
    public Map<String, KnownObject> findByDigest(Collection<String> digests) {
        if (digests.isEmpty()) {
            return Map.of();
        }
        return autoCommit.execute(_ -> jdbc
                .sql("""
                                        SELECT o.sha256, o.object_key, o.size_bytes, o.content_type,
                                               EXISTS (SELECT 1 FROM fixity_finding f
                                                       WHERE f.object_key = o.object_key AND f.resolved_at IS NULL
                                                         AND f.kind <> 'ORPHAN') AS damaged
                                        FROM media_object o WHERE o.sha256 = ANY (:digests)
                                        """)
                .param("digests", digests.toArray(String[]::new))
                .query((row, _) -> new KnownObject(storedMedia(row), row.getBoolean("damaged")))
                .list()
                .stream()
                .collect(Collectors.toMap(known -> known.media().sha256(), Function.identity())));
    }

    /**
     * A known object.
     *
     * @param damaged whether an audit found it damaged and it was not verified since, so that its bytes are to be
     *     stored again
     */
    public record KnownObject(StoredMedia media, boolean damaged) {}

    private static StoredMedia storedMedia(ResultSet row) throws SQLException {
        return new StoredMedia(
                row.getString("sha256"),
                new ObjectKey(row.getString("object_key")),
                row.getLong("size_bytes"),
                row.getString("content_type"));
    }

    /**
     * Slots of a note and reusable files of other notes.
     *
     * @param slots slots of the note; empty without a capture
     * @param sameFiles files of other notes with the source names of this note's files, stored in the best rendition
     *     offered: the source uses a name for one file only, such as a sound of many notes
     */
    public record Known(List<SlotRow> slots, List<SameFile> sameFiles) {}

    /**
     * Returns what is known of the files of a note, in its own transaction.
     *
     * @param expected files that its responses list
     */
    public Known known(NoteId id, Collection<MediaSlot> expected) {
        String[] names = expected.stream()
                .filter(MediaSlot::named)
                .map(slot -> PostgresText.of(slot.identity()))
                .distinct()
                .toArray(String[]::new);
        StatementBatch batch = new StatementBatch(batches.getJdbcOperations());
        Supplier<List<SlotRow>> slots = batch.query(slotsQuery(id, null));
        Supplier<List<SameFile>> sameFiles = batch.query(sameFilesQuery(id, names));
        autoCommit.executeWithoutResult(_ -> batch.run());
        return new Known(slots.get(), sameFiles.get());
    }

    private static Query<SameFile> sameFilesQuery(NoteId id, String[] names) {
        return SAME_FILES
                .with(new MapSqlParameterSource().addValue("names", names).addValue("noteId", id.value()))
                .as((row, _) -> new SameFile(
                        MediaKind.valueOf(row.getString("kind")),
                        row.getString("identity"),
                        row.getString("rendition"),
                        new NoteId(row.getString("note_id")),
                        row.getObject("width", Integer.class),
                        row.getObject("height", Integer.class),
                        storedMedia(row)));
    }

    /** Returns the statement that inserts missing rows of objects; empty if no file is stored. */
    Optional<BoundStatement> objects(List<SlotRow> slots, Instant now) {
        List<ObjectRow> stored = slots.stream()
                .map(SlotRow::media)
                .filter(Objects::nonNull)
                .distinct()
                .map(ObjectRow::of)
                .toList();
        return stored.isEmpty()
                ? Optional.empty()
                : Optional.of(INSERT_OBJECTS.with(OBJECT.arrays(stored).addValue("now", Timestamp.from(now))));
    }

    /**
     * Writes the state of the files that a response lists; their objects have rows already. Part of the caller's
     * transaction.
     *
     * @param ofVideo whether it is the response to a video call, which lists only the video
     */
    void saveSlots(NoteCapture answer, boolean ofVideo, List<SlotRow> slots) {
        dropUnlisted(answer, ofVideo);
        if (slots.isEmpty()) {
            return;
        }
        List<HeldSlots.Held> before = heldSlots.makeRoom(answer.id(), slots);
        slots(answer, slots).ifPresent(statement -> statement.update(jdbc));
        heldSlots.listReplaced(before, slots);
    }

    /** As above, for a note without files or with room for these; empty without any. */
    Optional<BoundStatement> slots(NoteCapture answer, List<SlotRow> slots) {
        return slots.isEmpty()
                ? Optional.empty()
                : Optional.of(SAVE_SLOTS.with(
                        FILE.arrays(slots.stream().map(FileRow::of).toList())
                                .addValue("noteId", answer.id().value())
                                .addValue("capturedAt", Timestamp.from(answer.capturedAt()))));
    }

    /**
     * Deletes slots that an earlier response to the same endpoint promised, this one does not, and that were never
     * filled.
     */
    private void dropUnlisted(NoteCapture answer, boolean ofVideo) {
        jdbc.sql("""
                        DELETE FROM note_media m
                        WHERE m.note_id = :noteId AND m.state <> 'STORED' AND m.captured_at < :capturedAt
                          AND (:ofVideo AND m.kind IN ('VIDEO', 'SUBTITLE')
                               OR NOT :ofVideo AND NOT EXISTS (
                                   SELECT 1 FROM note_capture c JOIN api_call a ON a.id = c.call_id
                                   WHERE c.note_id = m.note_id AND c.captured_at = m.captured_at
                                     AND a.endpoint = 'note-detail/v6'))
                        """)
                .param("noteId", answer.id().value())
                .param("capturedAt", Timestamp.from(answer.capturedAt()))
                .param("ofVideo", ofVideo)
                .update();
    }

    /**
     * Inserts objects found in the bucket, which are not verified yet. Part of the caller's transaction; idempotent.
     *
     * @param found objects with the time at which they were stored
     */
    public void insertFound(Map<StoredMedia, Instant> found) {
        batches.batchUpdate(
                """
                INSERT INTO media_object (%s, stored_at, verified_at)
                VALUES (%s, :storedAt, NULL)
                ON CONFLICT (sha256) DO NOTHING
                """.formatted(OBJECT.each("?"), OBJECT.each(":?")),
                found.entrySet().stream()
                        .map(object -> OBJECT.parameters(ObjectRow.of(object.getKey()))
                                .addValue("storedAt", Timestamp.from(object.getValue())))
                        .toArray(MapSqlParameterSource[]::new));
    }

    /** Returns the known objects of these digests, by SHA-256. */
    public Map<String, StoredMedia> known(Collection<String> digests) {
        return jdbc
                .sql("""
                        SELECT sha256, object_key, size_bytes, content_type FROM media_object WHERE sha256 = ANY (:digests)
                        """)
                .param("digests", digests.toArray(String[]::new))
                .query((row, _) -> storedMedia(row))
                .list()
                .stream()
                .collect(Collectors.toMap(StoredMedia::sha256, Function.identity()));
    }

    /**
     * Deletes the row of an object whose bytes do not match its name, unless a slot refers to it. Part of the caller's
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

    /** Columns of {@code media_object} that describe the file. */
    private record ObjectRow(String sha256, String objectKey, Long sizeBytes, String contentType) {

        static ObjectRow of(StoredMedia media) {
            return new ObjectRow(media.sha256(), media.key().value(), media.size(), media.contentType());
        }
    }

    /** Columns of {@code note_media} that describe the slot. */
    private record FileRow(
            String kind,
            Integer ordinal,
            String identity,
            String state,
            @Nullable String reason,
            @Nullable String rendition,
            @Nullable Integer width,
            @Nullable Integer height,
            @Nullable String sha256,
            @Nullable String checks,
            @Nullable String error,
            @Nullable LocalDate deadNight,
            Instant updatedAt) {

        static FileRow of(SlotRow row) {
            return new FileRow(
                    row.kind().name(),
                    row.ordinal(),
                    row.identity(),
                    row.state().name(),
                    row.reason(),
                    row.rendition(),
                    row.width(),
                    row.height(),
                    row.media() == null ? null : row.media().sha256(),
                    row.checks(),
                    row.error(),
                    row.deadNight() == null ? null : row.deadNight().date(),
                    row.updatedAt());
        }
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

    /**
     * A row of {@code note_media} with its object.
     *
     * @param damage finding of the last audit about the object; null if there is none
     */
    public record SlotRow(
            MediaKind kind,
            int ordinal,
            String identity,
            SlotState state,
            @Nullable String reason,
            @Nullable String rendition,
            @Nullable Integer width,
            @Nullable Integer height,
            @Nullable String checks,
            @Nullable String error,
            @Nullable Night deadNight,
            @Nullable StoredMedia media,
            @Nullable String damage,
            Instant updatedAt) {

        /** Creates the row of a slot status as of a time. */
        public static SlotRow of(SlotStatus status, Instant now) {
            MediaSlot slot = status.slot();
            String identity = PostgresText.ofText(slot.identity());
            return switch (status) {
                case SlotStatus.Stored(
                        var _,
                        var media,
                        var rendition,
                        var width,
                        var height,
                        var checks,
                        var lesserBecause) ->
                    new SlotRow(
                            slot.kind(),
                            slot.ordinal(),
                            identity,
                            SlotState.STORED,
                            lesserBecause == null ? null : DEGRADED,
                            PostgresText.of(rendition),
                            width,
                            height,
                            PostgresText.of(checks),
                            PostgresText.of(lesserBecause),
                            null,
                            media,
                            null,
                            now);
                case SlotStatus.Waived(var _, var reason) ->
                    empty(slot.kind(), slot.ordinal(), identity, SlotState.WAIVED, reason, null, null, now);
                case SlotStatus.Missing(var _, var gap, var error, var deadNight) ->
                    empty(
                            slot.kind(),
                            slot.ordinal(),
                            identity,
                            SlotState.MISSING,
                            gap.name(),
                            PostgresText.of(error),
                            deadNight,
                            now);
            };
        }

        private static SlotRow empty(
                MediaKind kind,
                int ordinal,
                String identity,
                SlotState state,
                String reason,
                @Nullable String error,
                @Nullable Night deadNight,
                Instant now) {
            return new SlotRow(
                    kind, ordinal, identity, state, reason, null, null, null, null, error, deadNight, null, null, now);
        }

        /** Returns the slot as MISSING, to be downloaded again. */
        public SlotRow asMissing(String error, Instant now) {
            return empty(kind, ordinal, identity, SlotState.MISSING, SlotStatus.Gap.RETRY.name(), error, null, now);
        }

        /** Returns the slot with the known columns of its object. */
        public SlotRow with(StoredMedia known) {
            return new SlotRow(
                    kind, ordinal, identity, state, reason, rendition, width, height, checks, error, deadNight, known,
                    damage, updatedAt);
        }

        /** Returns the slot as waived by an operator. The previous error is kept. */
        public SlotRow waived(String why, Instant now) {
            return new SlotRow(
                    kind,
                    ordinal,
                    identity,
                    SlotState.WAIVED,
                    why,
                    rendition,
                    width,
                    height,
                    checks,
                    error,
                    deadNight,
                    media,
                    damage,
                    now);
        }

        /**
         * Returns the status of a slot that is stored or waived; empty for a damaged file and for one that a refresh
         * did not obtain, both of which are still wanted.
         *
         * @param slot slot of this row
         */
        public Optional<SlotStatus> settled(MediaSlot slot) {
            return damage == null && !NOT_REFRESHED.equals(reason) ? recorded(slot) : Optional.empty();
        }

        /** Returns the recorded status, regardless of damage. */
        public Optional<SlotStatus> recorded(MediaSlot slot) {
            if (media != null) {
                return Optional.of(new SlotStatus.Stored(
                        slot,
                        media,
                        rendition,
                        width,
                        height,
                        checks,
                        DEGRADED.equals(reason) ? String.valueOf(error) : null));
            }
            return state == SlotState.WAIVED && reason != null
                    ? Optional.of(new SlotStatus.Waived(slot, reason))
                    : Optional.empty();
        }

        /** Returns whether a file is still wanted. */
        public boolean isMissing() {
            return state == SlotState.MISSING;
        }

        /** Returns whether the stored file is a lesser rendition than the best one offered. */
        public boolean isLesser() {
            return media != null && DEGRADED.equals(reason);
        }

        /** Returns the slot of this row, without URLs. */
        public MediaSlot slot() {
            return new MediaSlot(kind, ordinal, identity, List.of(), null);
        }

        /** Returns whether this row holds the file of a slot by source name, in any position. */
        public boolean hasFileOf(MediaSlot slot) {
            return media != null
                    && slot.named()
                    && kind == slot.kind()
                    && identity.equals(PostgresText.of(slot.identity()));
        }

        /** Returns whether this row is about the file of a slot: same position and same source name. */
        public boolean isFor(MediaSlot slot) {
            return kind == slot.kind()
                    && ordinal == slot.ordinal()
                    && identity.equals(PostgresText.of(slot.identity()));
        }
    }
}
