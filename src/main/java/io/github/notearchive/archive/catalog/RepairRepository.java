package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.io.jdbc.NodeLocks;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.store.StoredObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads and writes the rows of damaged and orphaned objects. Each method is part of the caller's transaction. */
@Repository
public final class RepairRepository {

    private final JdbcClient jdbc;

    RepairRepository(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public void recordRepair(String key, String repair, Instant now) {
        Statements.update(jdbc, Map.of("repair", repair, "now", now, "key", key), """
                        UPDATE fixity_finding SET repair = :repair, repaired_at = :now
                        WHERE object_key = :key AND resolved_at IS NULL
                        """);
    }

    /** Resolves the open finding of a key; returns whether there was one. */
    public boolean resolve(String key, Instant now) {
        return Statements.update(jdbc, Map.of("now", now, "key", key), """
                        UPDATE fixity_finding SET resolved_at = :now WHERE object_key = :key AND resolved_at IS NULL
                        """) == 1;
    }

    /**
     * Returns the listed objects without a row, or with a file row that no slot uses. Each paid response has a sidecar,
     * including those without their note and without a capture.
     */
    public List<StoredObject> unreferenced(List<StoredObject> listed) {
        return those(listed, """
                        NOT EXISTS (SELECT 1 FROM media_object o JOIN note_media m USING (sha256)
                                    WHERE o.object_key = key)
                        AND NOT EXISTS (SELECT 1 FROM api_call c
                                        WHERE c.note_id = split_part(key, '/', 2) AND c.billed = 'YES'
                                          AND key = 'notes/' || c.note_id || '/'
                                              || to_char(date_trunc('milliseconds', c.received_at AT TIME ZONE 'UTC'),
                                                         'YYYYMMDD"T"HH24MISS.MS"Z"')
                                              || '.json')
                        """);
    }

    /** Returns the listed objects below the prefixes of erased notes. */
    public List<StoredObject> ofErasedNotes(List<StoredObject> listed) {
        return those(listed, """
                        key LIKE 'notes/%' AND split_part(key, '/', 2) IN (SELECT note_id FROM forgotten_note)
                        """);
    }

    /** @param condition SQL over the {@code key} of an object */
    private List<StoredObject> those(List<StoredObject> listed, String condition) {
        List<String> names = listed.stream().map(StoredObject::name).toList();
        Set<String> found = Set.copyOf(Statements.texts(jdbc, Map.of("keys", names), """
                        SELECT key FROM unnest(:keys) AS key WHERE
                        """ + condition));
        return listed.stream().filter(object -> found.contains(object.name())).toList();
    }

    /**
     * Returns a file that a note misses and may get again, of which an orphan may be the only copy; empty if there is
     * none, or if the orphan is listed for removal.
     */
    public Optional<String> missingFile(String orphan) {
        return Statements.optional(jdbc, String.class, Map.of("key", orphan), """
                        SELECT kind || ' ' || ordinal || ' of note ' || note_id FROM note_media
                        WHERE state = 'MISSING' AND reason <> 'GONE'
                          AND NOT EXISTS (SELECT 1 FROM forgotten_object WHERE object_key = :key)
                        LIMIT 1
                        """);
    }

    public List<String> orphans(Instant since, String after, int limit) {
        return Statements.texts(jdbc, Map.of("since", since, "after", after, "limit", limit), """
                        SELECT object_key FROM fixity_finding
                        WHERE resolved_at IS NULL AND kind = 'ORPHAN' AND last_seen >= :since AND object_key > :after
                        ORDER BY object_key
                        LIMIT :limit
                        """);
    }

    /** Returns a sidecar among the open orphans; empty if there is none. */
    public Optional<String> orphanedSidecar() {
        return Statements.optional(jdbc, String.class, Map.of(), """
                        SELECT object_key FROM fixity_finding
                        WHERE kind = 'ORPHAN' AND resolved_at IS NULL
                          AND object_key ~ '^notes/[0-9a-f]{24}/[0-9]{8}T[0-9]{6}[.][0-9]{3}Z[.]json$'
                        ORDER BY object_key
                        LIMIT 1
                        """);
    }

    /** Returns whether {@code note_capture} has the response of a call; that of an older capture is emptied. */
    public boolean isResponseHeld(long call) {
        return Statements.one(jdbc, Boolean.class, Map.of("call", call), """
                        SELECT EXISTS (SELECT 1 FROM note_capture WHERE call_id = :call AND response IS NOT NULL)
                        """);
    }

    /** Returns whether a run holds a runner lock, so that objects may exist whose rows are not written yet. */
    public boolean isRunActive() {
        return Statements.one(jdbc, Boolean.class, Map.of("group", NodeLocks.GROUP), """
                        SELECT EXISTS (SELECT 1 FROM pg_locks l WHERE %s)
                        """.formatted(NodeLocks.OF_GROUP));
    }

    /** A note that uses a file, and whether a run may fetch the file again through it. */
    public record ObjectUser(
            NoteId note, boolean fetchable, @Nullable NoteState state, boolean claimed) {}

    /**
     * Returns the notes that use a file other than as a preview, cheapest source first: a due note is fetched anyway.
     */
    public List<ObjectUser> usersOf(String sha256, Instant freshSince, boolean videos) {
        Integer[] absent = ProviderCode.ABSENT_NOTE.toArray(Integer[]::new);
        Map<String, Object> parameters =
                Map.of("sha256", sha256, "freshSince", freshSince, "videos", videos, "absent", absent);
        return Statements.list(jdbc, ObjectUser.class, parameters, """
                        SELECT m.note_id AS note, m.fetchable, w.state, w.claim_id IS NOT NULL AS claimed,
                               EXISTS (SELECT 1 FROM api_call c
                                       WHERE c.note_id = m.note_id AND c.endpoint = 'note-detail/v1'
                                         AND c.billed = 'YES' AND c.response IS NOT NULL
                                         AND c.media_gone_at IS NULL AND c.received_at >= :freshSince) AS fresh
                        FROM (SELECT u.note_id, u.captured_at,
                                     CASE WHEN v.code IS NULL THEN u.listed OR (u.of_video AND :videos)
                                          ELSE (v.fresh OR :videos) AND v.code <> ALL (:absent) END AS fetchable
                              FROM (SELECT f.note_id, max(f.captured_at) AS captured_at,
                                           bool_or(f.captured_at >= n.last_captured_at) AS listed,
                                           bool_or(f.kind IN ('VIDEO', 'SUBTITLE')) AS of_video
                                    FROM note_media f JOIN note n USING (note_id)
                                    WHERE f.sha256 = :sha256 AND f.state = 'STORED' AND f.kind <> 'PREVIEW'
                                    GROUP BY f.note_id) u
                              LEFT JOIN LATERAL (SELECT c.code,
                                                        c.code = 0 AND c.billed = 'YES' AND c.response IS NOT NULL
                                                        AND c.media_gone_at IS NULL
                                                        AND c.received_at >= :freshSince AS fresh
                                                 FROM api_call c
                                                 WHERE c.note_id = u.note_id AND c.endpoint = 'note-detail/v6'
                                                   AND (c.code = 0 OR c.code = ANY (:absent))
                                                 ORDER BY c.id DESC LIMIT 1) v ON u.of_video) m
                        LEFT JOIN worklist w USING (note_id)
                        ORDER BY m.fetchable DESC, fresh DESC, m.captured_at DESC, m.note_id
                        LIMIT 1000
                        """);
    }

    /**
     * Deletes the slots of a damaged or unrecorded file that is a preview only.
     *
     * @return number of slots; 0 if another slot has the same bytes and decides about them, or the file has a row again
     */
    public List<NoteId> dropPreviews(String key) {
        return Statements.list(jdbc, NoteId.class, Map.of("key", key), """
                        DELETE FROM note_media m USING fixity_finding f
                        WHERE f.object_key = :key AND f.resolved_at IS NULL AND m.sha256 = f.sha256
                          AND m.kind = 'PREVIEW'
                          AND NOT EXISTS (SELECT 1 FROM note_media o WHERE o.sha256 = f.sha256 AND o.kind <> 'PREVIEW')
                          AND (f.kind <> 'UNRECORDED'
                               OR NOT EXISTS (SELECT 1 FROM media_object o WHERE o.sha256 = f.sha256))
                        RETURNING m.note_id AS value
                        """);
    }

    /** Returns the notes with slots of a damaged file. */
    public List<NoteId> notesOf(String key) {
        return Statements.list(jdbc, NoteId.class, Map.of("key", key), """
                        SELECT DISTINCT m.note_id AS value FROM note_media m JOIN fixity_finding f USING (sha256)
                        WHERE f.object_key = :key AND f.resolved_at IS NULL
                        """);
    }

    /** Resets STORED slots whose digest has no row to MISSING, and returns their notes; their previews are deleted. */
    public List<NoteId> resetUnrecorded(String key, Instant now) {
        return Statements.list(jdbc, NoteId.class, Map.of("key", key, "now", now), """
                        WITH deleted AS (
                            DELETE FROM note_media m USING fixity_finding f
                            WHERE f.object_key = :key AND f.resolved_at IS NULL AND f.kind = 'UNRECORDED'
                              AND m.sha256 = f.sha256 AND m.kind = 'PREVIEW'
                              AND NOT EXISTS (SELECT 1 FROM media_object o WHERE o.sha256 = m.sha256)
                        ), emptied AS (
                            UPDATE note_media m
                            SET state = 'MISSING', reason = 'RETRY', sha256 = NULL, words = NULL, updated_at = :now,
                                error = 'it was stored with sha256 ' || f.sha256 || ', of which no row is left'
                            FROM fixity_finding f
                            WHERE f.object_key = :key AND f.resolved_at IS NULL AND f.kind = 'UNRECORDED'
                              AND m.sha256 = f.sha256 AND m.state = 'STORED' AND m.kind <> 'PREVIEW'
                              AND NOT EXISTS (SELECT 1 FROM media_object o WHERE o.sha256 = m.sha256)
                            RETURNING m.note_id)
                        SELECT DISTINCT note_id AS value FROM emptied ORDER BY value
                        """);
    }
}
