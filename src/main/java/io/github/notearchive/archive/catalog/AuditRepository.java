package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.Damage.Kind;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.StoredObject;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcOperations;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Reads and writes the audit: when objects were verified, and findings.
 *
 * <p>An audit processes the objects not verified since its start, by the program's clock. A verified object or a
 * finding leaves that set, so an interrupted audit needs no further state.
 */
@Repository
public class AuditRepository {

    /** Upper bound for counting never verified files; a rebuild leaves all of them unverified. */
    public static final int MAX_NEVER_VERIFIED = 100_000;

    /** Condition that this audit has no finding about object {@code %s} yet, or has to repair it. */
    private static final String WITHOUT_FINDING = """
            NOT EXISTS (SELECT 1 FROM fixity_finding f
                        WHERE f.object_key = %s AND f.resolved_at IS NULL
                          AND f.kind <> 'ORPHAN' AND f.last_seen >= :since
                          AND (NOT :repair OR f.repaired_at >= :since))\
            """;

    /** Tolerated difference between node clocks before a verification counts as one of the future. */
    static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(1);

    /** Number of rows changed by one statement; bounds the duration of its locks. */
    private static final int BATCH = 10_000;

    private static final Pattern SIDECAR = Pattern.compile("notes/([0-9a-f]{24})/.*");

    private final JdbcClient jdbc;
    private final NamedParameterJdbcOperations batches;
    private final TransactionTemplate ownTransaction;

    AuditRepository(JdbcClient jdbc, NamedParameterJdbcOperations batches, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.batches = batches;
        this.ownTransaction = new TransactionTemplate(transactions);
        this.ownTransaction.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
    }

    /**
     * Corrects future times, written by a clock that was ahead. Such a verification counts as never done, and such a
     * finding as older than the audit, so that the audit reads the object again. Orphans stay open, since the bucket
     * may be listed already. Works in batches with their own transactions; idempotent.
     *
     * @param since start of the audit, at most {@code now}
     * @return number of objects that count as never verified
     */
    public long correctFutureTimes(Instant since, Instant now) {
        ownTransaction.executeWithoutResult(_ -> jdbc.sql("""
                                        UPDATE fixity_finding
                                        SET first_seen = least(first_seen, CASE kind WHEN 'ORPHAN' THEN :now::timestamptz
                                                                                     ELSE :before::timestamptz END),
                                            last_seen = least(last_seen, CASE kind WHEN 'ORPHAN' THEN :now::timestamptz
                                                                                   ELSE :before::timestamptz END),
                                            repaired_at = CASE WHEN repaired_at <= :now THEN repaired_at END
                                        WHERE resolved_at IS NULL AND (last_seen > :now OR repaired_at > :now)
                                        """)
                .param("now", Timestamp.from(now))
                .param("before", Timestamp.from(since.minusMillis(1)))
                .update());
        return inBatches("""
                        UPDATE media_object SET verified_at = NULL
                        WHERE sha256 IN (SELECT sha256 FROM media_object
                                         WHERE coalesce(verified_at, timestamptz 'epoch') > :now
                                         LIMIT :batch)
                        """, now) + inBatches("""
                        UPDATE note_capture SET sidecar_verified_at = NULL
                        WHERE call_id IN (SELECT call_id FROM note_capture
                                          WHERE sidecar_key IS NOT NULL
                                            AND coalesce(sidecar_verified_at, timestamptz 'epoch') > :now
                                          LIMIT :batch)
                        """, now);
    }

    private long inBatches(String update, Instant now) {
        long all = 0;
        int some;
        do {
            Integer updated = ownTransaction.execute(_ -> jdbc.sql(update)
                    .param("now", Timestamp.from(now))
                    .param("batch", BATCH)
                    .update());
            some = updated == null ? 0 : updated;
            all += some;
        } while (some == BATCH);
        return all;
    }

    /** Position in the order of objects to audit. */
    public record Place(Instant verifiedAt, String id) {

        /** Before all objects. */
        public static final Place FIRST = new Place(Instant.EPOCH, "");
    }

    /** An object to audit and its position. */
    public record Queued(Place place, Expected expected) {}

    /**
     * Returns files not verified since the start of an audit, never verified ones first, then by age of verification.
     * In its own transaction.
     *
     * @param repair whether to include files found damaged since and not repaired
     */
    public List<Queued> files(Instant since, boolean repair, Place after, int limit) {
        return ownTransaction.execute(_ -> jdbc.sql("""
                                        SELECT o.object_key, o.sha256, o.size_bytes,
                                               coalesce(o.verified_at, timestamptz 'epoch') AS verified
                                        FROM media_object o
                                        WHERE coalesce(o.verified_at, timestamptz 'epoch') < :since
                                          AND (coalesce(o.verified_at, timestamptz 'epoch'), o.sha256) > (:verified, :id)
                                          AND %s
                                        ORDER BY coalesce(o.verified_at, timestamptz 'epoch'), o.sha256
                                        LIMIT :limit
                                        """.formatted(WITHOUT_FINDING.formatted("o.object_key")))
                .param("since", Timestamp.from(since))
                .param("verified", Timestamp.from(after.verifiedAt()))
                .param("id", after.id())
                .param("repair", repair)
                .param("limit", limit)
                .query((row, _) -> file(row))
                .list());
    }

    private static Queued file(ResultSet row) throws SQLException {
        String sha256 = row.getString("sha256");
        return new Queued(
                new Place(row.getTimestamp("verified").toInstant(), sha256),
                new MediaFile(new ObjectKey(row.getString("object_key")), sha256, row.getLong("size_bytes")));
    }

    /** As above, for sidecars. */
    public List<Queued> sidecars(Instant since, boolean repair, Place after, int limit) {
        return ownTransaction.execute(_ -> jdbc.sql("""
                                        SELECT n.sidecar_key, n.note_id, n.call_id, n.captured_at,
                                               encode(sha256(c.response), 'hex') AS answer_sha256,
                                               coalesce(n.sidecar_verified_at, timestamptz 'epoch') AS verified
                                        FROM note_capture n JOIN api_call c ON c.id = n.call_id
                                        WHERE n.sidecar_key IS NOT NULL
                                          AND coalesce(n.sidecar_verified_at, timestamptz 'epoch') < :since
                                          AND (coalesce(n.sidecar_verified_at, timestamptz 'epoch'), n.call_id)
                                              > (:verified, :call)
                                          AND %s
                                        ORDER BY coalesce(n.sidecar_verified_at, timestamptz 'epoch'), n.call_id
                                        LIMIT :limit
                                        """.formatted(WITHOUT_FINDING.formatted("n.sidecar_key")))
                .param("since", Timestamp.from(since))
                .param("verified", Timestamp.from(after.verifiedAt()))
                .param("call", after.id().isEmpty() ? -1 : Long.parseLong(after.id()))
                .param("repair", repair)
                .param("limit", limit)
                .query((row, _) -> sidecar(row))
                .list());
    }

    private static Queued sidecar(ResultSet row) throws SQLException {
        long call = row.getLong("call_id");
        return new Queued(
                new Place(row.getTimestamp("verified").toInstant(), String.valueOf(call)),
                new SidecarFile(
                        new ObjectKey(row.getString("sidecar_key")),
                        new NoteId(row.getString("note_id")),
                        call,
                        row.getTimestamp("captured_at").toInstant(),
                        row.getString("answer_sha256")));
    }

    /**
     * Marks objects as verified and resolves their findings; an object without a slot remains an orphan. Part of the
     * caller's transaction.
     */
    public void markVerified(Collection<? extends Expected> objects, Instant now) {
        String[] digests = objects.stream()
                .filter(MediaFile.class::isInstance)
                .map(file -> ((MediaFile) file).sha256())
                .toArray(String[]::new);
        if (digests.length > 0) {
            jdbc.sql("UPDATE media_object SET verified_at = :now WHERE sha256 = ANY (:digests)")
                    .param("now", Timestamp.from(now))
                    .param("digests", digests)
                    .update();
        }
        Long[] calls = objects.stream()
                .filter(SidecarFile.class::isInstance)
                .map(sidecar -> ((SidecarFile) sidecar).call())
                .toArray(Long[]::new);
        if (calls.length > 0) {
            jdbc.sql("""
                            UPDATE note_capture SET sidecar_verified_at = :now WHERE call_id = ANY (:calls)
                            """)
                    .param("now", Timestamp.from(now))
                    .param("calls", calls)
                    .update();
        }
        jdbc.sql("""
                        UPDATE fixity_finding SET resolved_at = :now
                        WHERE object_key = ANY (:keys) AND resolved_at IS NULL AND kind <> 'ORPHAN'
                        """)
                .param("now", Timestamp.from(now))
                .param(
                        "keys",
                        objects.stream().map(object -> object.key().value()).toArray(String[]::new))
                .update();
    }

    /** Resolves the findings of these keys. Part of the caller's transaction. */
    public void resolve(Collection<String> keys, Instant now) {
        jdbc.sql("""
                        UPDATE fixity_finding SET resolved_at = :now
                        WHERE object_key = ANY (:keys) AND resolved_at IS NULL
                        """)
                .param("now", Timestamp.from(now))
                .param("keys", keys.toArray(String[]::new))
                .update();
    }

    /** Records findings. Part of the caller's transaction; a repeat updates the row. */
    public void recordFindings(Collection<Verdict.Damaged> damaged, Instant now, long jobExecution) {
        write(
                damaged.stream()
                        .map(damage -> row(
                                        damage.damage().kind(),
                                        damage.expected().key().value(),
                                        damage.damage().seen())
                                .addValue("expected", damage.damage().expected())
                                .addValue("sha256", digestOf(damage.expected()))
                                .addValue("noteId", noteOf(damage.expected())))
                        .toList(),
                now,
                jobExecution);
    }

    /** As above, for objects without a row. */
    public void recordOrphans(Collection<StoredObject> orphans, Instant now, long jobExecution) {
        write(
                orphans.stream()
                        .map(orphan ->
                                row(Kind.ORPHAN, orphan.name(), orphan.size() + " bytes, put " + orphan.modified()))
                        .toList(),
                now,
                jobExecution);
    }

    private static @Nullable String digestOf(Expected expected) {
        return switch (expected) {
            case MediaFile file -> file.sha256();
            case SidecarFile _ -> null;
        };
    }

    private static @Nullable String noteOf(Expected expected) {
        return switch (expected) {
            case MediaFile _ -> null;
            case SidecarFile sidecar -> sidecar.note().value();
        };
    }

    private static MapSqlParameterSource row(Kind kind, String key, String seen) {
        return new MapSqlParameterSource()
                .addValue("kind", kind.name())
                .addValue("key", key)
                .addValue("sha256", null)
                .addValue("noteId", null)
                .addValue("expected", null)
                .addValue("seen", seen);
    }

    private void write(List<MapSqlParameterSource> rows, Instant now, long jobExecution) {
        if (rows.isEmpty()) {
            return;
        }
        rows.forEach(row -> row.addValue("now", Timestamp.from(now)).addValue("execution", jobExecution));
        batches.batchUpdate("""
                INSERT INTO fixity_finding (kind, object_key, sha256, note_id, expected, seen, first_seen, last_seen,
                                            job_execution_id)
                VALUES (:kind, :key, :sha256, :noteId, :expected, :seen, :now, :now, :execution)
                ON CONFLICT (object_key) WHERE resolved_at IS NULL DO UPDATE
                SET kind = EXCLUDED.kind, sha256 = EXCLUDED.sha256, note_id = EXCLUDED.note_id,
                    expected = EXCLUDED.expected, seen = EXCLUDED.seen,
                    last_seen = greatest(fixity_finding.first_seen, EXCLUDED.last_seen),
                    job_execution_id = EXCLUDED.job_execution_id
                """, rows.toArray(MapSqlParameterSource[]::new));
    }

    /** Records the repair of a finding. Part of the caller's transaction. */
    public void recordRepair(String key, String repair, Instant now) {
        jdbc.sql("""
                        UPDATE fixity_finding SET repair = :repair, repaired_at = :now
                        WHERE object_key = :key AND resolved_at IS NULL
                        """)
                .param("repair", repair)
                .param("now", Timestamp.from(now))
                .param("key", key)
                .update();
    }

    /**
     * Finds STORED slots whose digest has no row, and records them. Foreign keys prevent this, but a restore may
     * disable them. Part of the caller's transaction.
     *
     * @return the recorded keys
     */
    public List<String> recordUnrecorded(Instant now, long jobExecution) {
        return jdbc.sql("""
                        INSERT INTO fixity_finding (kind, object_key, sha256, note_id, expected, seen, first_seen, last_seen,
                                                    job_execution_id)
                        SELECT DISTINCT ON (m.sha256) 'UNRECORDED', 'media/' || left(m.sha256, 2) || '/' || m.sha256, m.sha256, m.note_id,
                               m.kind || ' ' || m.ordinal || ' of note ' || m.note_id || ' is STORED',
                               'media_object has no such row', :now, :now, :execution
                        FROM note_media m
                        WHERE m.state = 'STORED'
                          AND NOT EXISTS (SELECT 1 FROM media_object o WHERE o.sha256 = m.sha256)
                        ORDER BY m.sha256, m.note_id
                        ON CONFLICT (object_key) WHERE resolved_at IS NULL DO UPDATE
                        SET last_seen = greatest(fixity_finding.first_seen, EXCLUDED.last_seen),
                            note_id = EXCLUDED.note_id, expected = EXCLUDED.expected,
                            job_execution_id = EXCLUDED.job_execution_id
                        RETURNING object_key
                        """)
                .param("now", Timestamp.from(now))
                .param("execution", jobExecution)
                .query((row, _) -> row.getString(1))
                .list();
    }

    /** Resolves findings that a complete audit did not see again. Part of the caller's transaction. */
    public void resolveUnseenSince(Instant since, Instant now) {
        jdbc.sql("""
                        UPDATE fixity_finding SET resolved_at = :now
                        WHERE resolved_at IS NULL AND last_seen < :since
                        """)
                .param("now", Timestamp.from(now))
                .param("since", Timestamp.from(since))
                .update();
    }

    /** Returns the listed objects without a row, or with a file row that no slot uses. In its own transaction. */
    public List<StoredObject> unreferenced(List<? extends StoredObject> listed) {
        Set<String> known = ownTransaction.execute(_ -> {
            Set<String> keys = new HashSet<>();
            keys.addAll(jdbc.sql("""
                                                    SELECT object_key FROM media_object o
                                                    WHERE object_key = ANY (:keys)
                                                      AND EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256)
                                                    """)
                    .param("keys", listed.stream().map(StoredObject::name).toArray(String[]::new))
                    .query((row, _) -> row.getString(1))
                    .list());
            keys.addAll(sidecarsOf(listed));
            return keys;
        });
        return listed.stream()
                .filter(object -> !known.contains(object.name()))
                .map(StoredObject.class::cast)
                .toList();
    }

    /** Each paid response has a sidecar, including those without their note and without a capture. */
    private List<String> sidecarsOf(List<? extends StoredObject> listed) {
        String[] notes = listed.stream()
                .map(object -> SIDECAR.matcher(object.name()))
                .filter(Matcher::matches)
                .map(name -> name.group(1))
                .distinct()
                .toArray(String[]::new);
        return notes.length == 0
                ? List.of()
                : jdbc.sql("""
                                SELECT note_id, received_at FROM api_call
                                WHERE note_id = ANY (:notes) AND billed = 'YES' AND received_at IS NOT NULL
                                """)
                        .param("notes", notes)
                        .query((row, _) -> Sidecar.keyOf(
                                        new NoteId(row.getString("note_id")),
                                        row.getTimestamp("received_at").toInstant())
                                .value())
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
        return ownTransaction.execute(_ -> jdbc.sql("""
                                        SELECT EXISTS (
                                            SELECT 1 FROM pg_locks
                                            WHERE locktype = 'advisory' AND granted AND objsubid = 2
                                              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                                              AND classid::bigint = hashtext('note-archive')::bigint & 4294967295)
                                        """).query(Boolean.class).single());
    }

    /**
     * Returns the notes that use a file, cheapest source first: a due note is fetched anyway.
     *
     * @param freshSince time since which a paid response is reused
     * @param videos whether runs make calls for videos
     */
    public List<User> usersOf(String sha256, Instant freshSince, boolean videos) {
        return jdbc.sql("""
                        SELECT m.note_id, m.obstacle, w.state, w.claim_id IS NOT NULL AS claimed,
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
                .query((row, _) -> new User(
                        new NoteId(row.getString("note_id")),
                        obstacle(row.getString("obstacle")),
                        row.getString("state"),
                        row.getBoolean("claimed")))
                .list();
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
            @Nullable String state,
            boolean claimed) {}

    /** Reason why no run can fetch a file again. */
    public enum Obstacle {
        /** The newest response of the note does not list it. */
        UNLISTED,
        /** The video came from a video call, and runs make none. */
        VIDEOS_OFF,
        /** The newest video response states that there is no video. */
        NOT_OFFERED
    }

    private static @Nullable Obstacle obstacle(@Nullable String name) {
        return name == null ? null : Obstacle.valueOf(name);
    }

    /**
     * Resets STORED slots whose digest has no row to MISSING. Part of the caller's transaction.
     *
     * @return the notes of the slots
     */
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
                        SELECT DISTINCT note_id FROM emptied ORDER BY note_id
                        """)
                .param("key", key)
                .param("now", Timestamp.from(now))
                .query((row, _) -> new NoteId(row.getString("note_id")))
                .list();
    }

    /**
     * Deletes the rows of damaged files that no slot uses after a repair replaced them. The objects remain; an audit
     * then reports them as orphans. In its own transaction, which keeps runs from adding objects meanwhile. The
     * caller's transaction must hold no row lock, since a run could wait for it while this waits for the run.
     *
     * @return number of deleted rows
     */
    public int deleteUnusedDamaged(Instant now) {
        return ownTransaction.execute(_ -> {
            List<String> candidates =
                    jdbc.sql("""
                                            SELECT f.sha256 FROM fixity_finding f JOIN media_object o USING (sha256)
                                            WHERE f.resolved_at IS NULL AND f.repaired_at IS NOT NULL
                                              AND f.kind IN ('MISSING', 'CORRUPT', 'SIZE')
                                              AND NOT EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256)
                                            """).query((row, _) -> row.getString(1)).list();
            if (candidates.isEmpty()) {
                return 0;
            }
            // a run that stores these bytes relies on the row between its two inserts
            jdbc.sql("LOCK TABLE media_object IN SHARE ROW EXCLUSIVE MODE").update();
            List<String> dropped = jdbc.sql("""
                                            DELETE FROM media_object o
                                            WHERE o.sha256 = ANY (:candidates)
                                              AND NOT EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256)
                                            RETURNING object_key
                                            """)
                    .param("candidates", candidates.toArray(String[]::new))
                    .query((row, _) -> row.getString(1))
                    .list();
            resolve(dropped, now);
            return dropped.size();
        });
    }

    /** Deletes the row of a file that no slot uses. Part of the caller's transaction. */
    public void deleteUnused(String key) {
        jdbc.sql("""
                        DELETE FROM media_object o
                        WHERE o.object_key = :key AND NOT EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256)
                        """).param("key", key).update();
    }

    /** Returns orphans seen since the start of an audit, in key order. */
    public List<String> orphans(Instant since, String after, int limit) {
        return jdbc.sql("""
                        SELECT object_key FROM fixity_finding
                        WHERE resolved_at IS NULL AND kind = 'ORPHAN' AND last_seen >= :since AND object_key > :after
                        ORDER BY object_key
                        LIMIT :limit
                        """)
                .param("since", Timestamp.from(since))
                .param("after", after)
                .param("limit", limit)
                .query((row, _) -> row.getString("object_key"))
                .list();
    }

    /** Counts open findings by kind. */
    public Map<Kind, Long> countOpen() {
        Map<Kind, Long> counts = new EnumMap<>(Kind.class);
        jdbc.sql("""
                        SELECT kind, count(*) AS findings FROM fixity_finding WHERE resolved_at IS NULL GROUP BY kind
                        """).query(row -> {
            counts.put(Kind.valueOf(row.getString("kind")), row.getLong("findings"));
        });
        return counts;
    }

    /** Returns open findings: files before orphans, newest first. */
    public List<Finding> open(int limit) {
        return jdbc.sql("""
                        SELECT kind, object_key, expected, seen, first_seen, last_seen, repair
                        FROM fixity_finding
                        WHERE resolved_at IS NULL
                        ORDER BY kind = 'ORPHAN', last_seen DESC, kind, object_key
                        LIMIT :limit
                        """)
                .param("limit", limit)
                .query((row, _) -> new Finding(
                        Kind.valueOf(row.getString("kind")),
                        row.getString("object_key"),
                        row.getString("expected"),
                        row.getString("seen"),
                        row.getTimestamp("first_seen").toInstant(),
                        row.getTimestamp("last_seen").toInstant(),
                        row.getString("repair")))
                .list();
    }

    /** Counts the files and sidecars not verified since the start of an audit. */
    public Remaining remaining(Instant since) {
        return jdbc.sql("""
                        SELECT (SELECT count(*) FROM media_object o
                                WHERE coalesce(o.verified_at, timestamptz 'epoch') < :since
                                  AND NOT EXISTS (SELECT 1 FROM fixity_finding f
                                                  WHERE f.object_key = o.object_key AND f.resolved_at IS NULL
                                                    AND f.kind <> 'ORPHAN' AND f.last_seen >= :since)) AS files,
                               (SELECT count(*) FROM note_capture n
                                WHERE n.sidecar_key IS NOT NULL
                                  AND coalesce(n.sidecar_verified_at, timestamptz 'epoch') < :since
                                  AND NOT EXISTS (SELECT 1 FROM fixity_finding f
                                                  WHERE f.object_key = n.sidecar_key AND f.resolved_at IS NULL
                                                    AND f.kind <> 'ORPHAN' AND f.last_seen >= :since)) AS sidecars
                        """)
                .param("since", Timestamp.from(since))
                .query((row, _) -> new Remaining(row.getLong("files"), row.getLong("sidecars")))
                .single();
    }

    /** Numbers of objects an audit has yet to verify. */
    public record Remaining(long files, long sidecars) {}

    /**
     * Age of verifications.
     *
     * @param oldest as {@link #oldestVerified}; null if that is empty
     * @param never files not verified since a rebuild, or verified at a future time beyond {@link #CLOCK_TOLERANCE};
     *     {@value #MAX_NEVER_VERIFIED} stands for that many or more
     */
    public record Verified(@Nullable Instant oldest, long never) {}

    /** Returns the age of the verifications of all files. */
    public Verified verified(Instant now) {
        return jdbc.sql("""
                        SELECT count(*) AS never
                        FROM (SELECT FROM media_object
                              WHERE coalesce(verified_at, timestamptz 'epoch') = timestamptz 'epoch'
                                 OR coalesce(verified_at, timestamptz 'epoch') > :latest
                              LIMIT :most) AS never
                        """)
                .param("latest", Timestamp.from(now.plus(CLOCK_TOLERANCE)))
                .param("most", MAX_NEVER_VERIFIED)
                .query((row, _) -> new Verified(oldestVerified(now).orElse(null), row.getLong("never")))
                .single();
    }

    /**
     * Returns the oldest verification; empty if a file was never verified or there is none. A future time beyond
     * {@link #CLOCK_TOLERANCE} counts as never.
     */
    public Optional<Instant> oldestVerified(Instant now) {
        return jdbc.sql("""
                        SELECT CASE WHEN newest.at <= :latest THEN oldest.at END AS verified_at
                        FROM (SELECT verified_at AS at FROM media_object
                              ORDER BY coalesce(verified_at, timestamptz 'epoch'), sha256 LIMIT 1) AS oldest,
                             (SELECT coalesce(verified_at, timestamptz 'epoch') AS at FROM media_object
                              ORDER BY coalesce(verified_at, timestamptz 'epoch') DESC, sha256 DESC LIMIT 1) AS newest
                        """)
                .param("latest", Timestamp.from(now.plus(CLOCK_TOLERANCE)))
                .query((row, _) -> Optional.ofNullable(row.getTimestamp("verified_at")))
                .optional()
                .flatMap(verified -> verified)
                .map(Timestamp::toInstant);
    }
}
