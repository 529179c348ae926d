package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.io.NodeLocks;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.store.StoredObject;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads and writes the rows of damaged and orphaned objects. Each method is part of the caller's transaction. */
@Repository
public record RepairRepository(JdbcClient jdbc) {

    public void recordRepair(String key, String repair, Instant now) {
        jdbc.sql("""
                        UPDATE fixity_finding SET repair = :repair, repaired_at = :now
                        WHERE object_key = :key AND resolved_at IS NULL
                        """)
                .params(Map.of("repair", repair, "now", Timestamp.from(now), "key", key))
                .update();
    }

    public void resolve(String key, Instant now) {
        jdbc.sql("UPDATE fixity_finding SET resolved_at = :now WHERE object_key = :key AND resolved_at IS NULL")
                .params(Map.of("now", Timestamp.from(now), "key", key))
                .update();
    }

    /**
     * Returns the listed objects without a row, or with a file row that no slot uses. Each paid response has a sidecar,
     * including those without their note and without a capture.
     */
    public List<StoredObject> unreferenced(List<? extends StoredObject> listed) {
        Set<String> orphans = new HashSet<>(jdbc.sql("""
                        SELECT key FROM unnest(:keys) AS key
                        WHERE NOT EXISTS (SELECT 1 FROM media_object o JOIN note_media m USING (sha256)
                                          WHERE o.object_key = key)
                          AND NOT EXISTS (SELECT 1 FROM api_call c
                                          WHERE c.note_id = split_part(key, '/', 2) AND c.billed = 'YES'
                                            AND key = 'notes/' || c.note_id || '/'
                                                || to_char(date_trunc('milliseconds', c.received_at AT TIME ZONE 'UTC'),
                                                           'YYYYMMDD"T"HH24MISS.MS"Z"')
                                                || '.json')
                        """)
                .param("keys", listed.stream().map(StoredObject::name).toArray(String[]::new))
                .query(String.class)
                .list());
        return listed.stream()
                .filter(object -> orphans.contains(object.name()))
                .map(StoredObject.class::cast)
                .toList();
    }

    /** Returns orphans seen since the start of an audit, in key order. */
    public List<String> orphans(Instant since, String after, int limit) {
        return jdbc.sql("""
                        SELECT object_key FROM fixity_finding
                        WHERE resolved_at IS NULL AND kind = 'ORPHAN' AND last_seen >= :since AND object_key > :after
                        ORDER BY object_key
                        LIMIT :limit
                        """)
                .params(Map.of("since", Timestamp.from(since), "after", after, "limit", limit))
                .query((row, _) -> row.getString(1))
                .list();
    }

    /** Returns a sidecar among the open orphans; empty if there is none. */
    public Optional<String> orphanedSidecar() {
        return jdbc.sql("""
                        SELECT object_key FROM fixity_finding
                        WHERE kind = 'ORPHAN' AND resolved_at IS NULL
                          AND object_key ~ '^notes/[0-9a-f]{24}/[0-9]{8}T[0-9]{6}[.][0-9]{3}Z[.]json$'
                        ORDER BY object_key
                        LIMIT 1
                        """).query(String.class).optional();
    }

    /** Returns whether a run holds a runner lock, so that objects may exist whose rows are not written yet. */
    public boolean isRunActive() {
        return jdbc.sql("SELECT EXISTS (SELECT 1 FROM pg_locks l WHERE %s)".formatted(NodeLocks.OF_GROUP))
                .param("group", NodeLocks.GROUP)
                .query(Boolean.class)
                .single();
    }

    public void deleteUnused(String key) {
        jdbc.sql("""
                        DELETE FROM media_object o
                        WHERE o.object_key = :key AND NOT EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256)
                        """).param("key", key).update();
    }

    /**
     * A note that uses a file.
     *
     * @param obstacle why no run can fetch the file again through this note; null if one may
     * @param state state in the worklist; null if it is not on it
     * @param claimed whether a run has claimed it
     */
    public record User(
            NoteId note,
            @Nullable Obstacle obstacle,
            @Nullable NoteState state,
            boolean claimed) {}

    public enum Obstacle {
        /** The newest response of the note does not list it. */
        UNLISTED,
        /** The video came from a video call, and runs make none. */
        VIDEOS_OFF,
        /** The newest video response states that there is no video. */
        NOT_OFFERED
    }

    /**
     * Returns the notes that use a file, cheapest source first: a due note is fetched anyway.
     *
     * @param freshSince time since which a paid response is reused
     * @param videos whether runs make calls for videos
     */
    public List<User> usersOf(String sha256, Instant freshSince, boolean videos) {
        return jdbc.sql("""
                        SELECT m.note_id AS note, m.obstacle, w.state, w.claim_id IS NOT NULL AS claimed,
                               EXISTS (SELECT 1 FROM api_call c
                                       WHERE c.note_id = m.note_id AND c.endpoint = 'note-detail/v1'
                                         AND c.billed = 'YES' AND c.response IS NOT NULL
                                         AND c.media_gone_at IS NULL AND c.received_at >= :freshSince) AS fresh
                        FROM (SELECT u.note_id, u.captured_at,
                                     CASE WHEN v.code IS NULL AND NOT u.listed AND NOT (u.of_video AND :videos) THEN 'UNLISTED'
                                          WHEN v.code IS NOT NULL AND NOT v.fresh AND NOT :videos THEN 'VIDEOS_OFF'
                                          WHEN v.code = ANY (:absent) THEN 'NOT_OFFERED' END AS obstacle
                              FROM (SELECT f.note_id, max(f.captured_at) AS captured_at,
                                           bool_or(f.captured_at >= n.last_captured_at) AS listed,
                                           bool_or(f.kind IN ('VIDEO', 'SUBTITLE')) AS of_video
                                    FROM note_media f JOIN note n USING (note_id)
                                    WHERE f.sha256 = :sha256 AND f.state = 'STORED'
                                    GROUP BY f.note_id) u
                              LEFT JOIN LATERAL (SELECT c.code,
                                                        c.code = 0 AND c.billed = 'YES' AND c.response IS NOT NULL
                                                        AND c.media_gone_at IS NULL AND c.received_at >= :freshSince AS fresh
                                                 FROM api_call c
                                                 WHERE c.note_id = u.note_id AND c.endpoint = 'note-detail/v6'
                                                   AND (c.code = 0 OR c.code = ANY (:absent))
                                                 ORDER BY c.id DESC LIMIT 1) v ON u.of_video) m
                        LEFT JOIN worklist w USING (note_id)
                        ORDER BY (m.obstacle IS NULL) DESC, fresh DESC, m.captured_at DESC, m.note_id
                        LIMIT 1000
                        """)
                .param("sha256", sha256)
                .param("freshSince", Timestamp.from(freshSince))
                .param("videos", videos)
                .param("absent", ProviderCode.ABSENT_NOTE.toArray(Integer[]::new))
                .query(Columns.of(User.class))
                .list();
    }

    /** Resets STORED slots whose digest has no row to MISSING, and returns their notes. */
    public List<NoteId> resetUnrecorded(String key, Instant now) {
        return jdbc.sql("""
                        WITH emptied AS (
                            UPDATE note_media m
                            SET state = 'MISSING', reason = 'RETRY', sha256 = NULL, updated_at = :now,
                                error = 'it was stored with sha256 ' || f.sha256 || ', of which no row is left'
                            FROM fixity_finding f
                            WHERE f.object_key = :key AND f.resolved_at IS NULL AND f.kind = 'UNRECORDED'
                              AND m.sha256 = f.sha256 AND m.state = 'STORED'
                              AND NOT EXISTS (SELECT 1 FROM media_object o WHERE o.sha256 = m.sha256)
                            RETURNING m.note_id)
                        SELECT DISTINCT note_id AS value FROM emptied ORDER BY value
                        """)
                .params(Map.of("key", key, "now", Timestamp.from(now)))
                .query(Columns.of(NoteId.class))
                .list();
    }
}
