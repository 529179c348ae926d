package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.Expected.Damage.FindingKind;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.io.jdbc.Transactions;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.StoredObject;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Reads and writes the audit: when objects were verified, and findings.
 *
 * <p>An audit processes the objects not verified since its start, by the program's clock. A verified object or a
 * finding leaves that set, so an interrupted audit needs no position.
 */
@Repository
public final class AuditRepository {

    /** Upper bound for counting never verified files; a rebuild leaves all of them unverified. */
    public static final int MAX_NEVER_VERIFIED = 100_000;

    /** Tolerated difference between node clocks before a verification counts as one of the future. */
    public static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(1);

    /** Number of rows changed by one statement; bounds the duration of its locks. */
    private static final int BATCH = 10_000;

    /** Number of rows that one shard of an audit has at least. */
    private static final int SHARD = 100;

    private static final int SHARDS = 256;

    private final JdbcClient jdbc;
    private final PlatformTransactionManager transactions;

    AuditRepository(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.transactions = transactions;
    }

    /** Objects with their rows. The order of an audit is that of indexes of the table. */
    @SuppressWarnings("ImmutableEnumChecker") // mappings and functions are constant
    public enum Area {
        FILES("media_object", "verified_at", "sha256", "text", "object_key", """
                object_key AS key, sha256, size_bytes AS size""", MediaFile.class) {
            @Override
            String bound(long part, long parts, Keys keys) {
                return part == 0 ? "" : part == parts ? "g" : "%04x".formatted((part << 16) / parts);
            }
        },
        SIDECARS("note_capture", "sidecar_verified_at", "call_id", "bigint", "sidecar_key", """
                sidecar_key AS key, note_id AS note, call_id AS call, captured_at,
                (SELECT encode(sha256(c.response), 'hex') FROM api_call c WHERE c.id = call_id) AS response_sha256
                """, SidecarFile.class) {
            @Override
            String bound(long part, long parts, Keys keys) {
                return String.valueOf(part == parts ? Long.MAX_VALUE : (long) (keys.last() * ((double) part / parts)));
            }
        };

        private final String table;
        private final String verifiedAt;
        private final String key;
        private final String id;
        private final String queue;
        private final Columns<? extends Record> type;

        Area(
                String table,
                String verifiedAt,
                String id,
                String idType,
                String key,
                String columns,
                Class<? extends Record> type) {
            this.table = table;
            this.verifiedAt = verifiedAt;
            this.key = key;
            this.id = id;
            this.type = Columns.of(type);
            this.queue = """
                    SELECT %1$s::text AS id, %3$s FROM %%s AND %1$s > :after::%2$s AND %1$s <= :upper::%2$s
                    ORDER BY %1$s LIMIT :limit
                    """.formatted(id, idType, columns);
        }

        /** Returns the key that ends a part of equal size; part 0 precedes all keys, the last part has no end. */
        abstract String bound(long part, long parts, Keys keys);

        private String age() {
            return "coalesce(" + verifiedAt + ", timestamptz 'epoch')";
        }

        /** Returns the part of a query that selects the objects that were not verified since {@code :since}. */
        private String unverified(String finding) {
            return """
                    %1$s WHERE %2$s IS NOT NULL AND %3$s < :since
                        AND NOT EXISTS (SELECT 1 FROM fixity_finding f
                                        WHERE f.object_key = %1$s.%2$s AND f.resolved_at IS NULL
                                          AND f.kind <> 'ORPHAN' AND f.last_seen >= :since AND %4$s)\
                    """.formatted(table, key, age(), finding);
        }
    }

    /**
     * Corrects future times, written by a clock that was ahead by more than {@link #CLOCK_TOLERANCE}. Such a
     * verification counts as never done, and such a finding as older than the audit, so that the audit reads the object
     * again. Orphans stay open, since the bucket may be listed already. Works in batches with their own transactions;
     * idempotent.
     *
     * @param since start of the audit
     * @return number of objects that count as never verified
     */
    public long correctFutureTimes(Instant since, Instant now) {
        Instant latest = now.plus(CLOCK_TOLERANCE);
        TransactionTemplate separate = Transactions.separate(transactions);
        separate.execute(_ ->
                Statements.update(jdbc, Map.of("now", now, "latest", latest, "before", since.minusMillis(1)), """
                        UPDATE fixity_finding
                        SET first_seen = least(first_seen, corrected), last_seen = least(last_seen, corrected),
                            repaired_at = CASE WHEN repaired_at <= :now THEN repaired_at END
                        FROM (SELECT id, CASE WHEN kind IN ('ORPHAN', 'FORGOTTEN') THEN :now::timestamptz
                                         ELSE :before::timestamptz END AS corrected
                              FROM fixity_finding) AS limits
                        WHERE limits.id = fixity_finding.id
                          AND resolved_at IS NULL AND (last_seen > :latest OR repaired_at > :latest)
                        """));
        long all = 0;
        for (Area area : Area.values()) {
            String update = """
                    UPDATE %1$s SET %2$s = NULL
                    WHERE ctid = ANY (ARRAY(
                        SELECT ctid FROM %1$s WHERE %3$s IS NOT NULL AND %4$s > :latest LIMIT :batch))
                    """.formatted(area.table, area.verifiedAt, area.key, area.age());
            int some;
            do {
                some = separate.execute(_ -> Statements.update(jdbc, Map.of("latest", latest, "batch", BATCH), update));
                all += some;
            } while (some == BATCH);
        }
        return all;
    }

    /** Rows of an area, at most as many as the shards need, and the last key if it is a number. */
    record Keys(long rows, long last) {}

    /**
     * Returns keys that cut an area into ranges of about the same number of rows. Digests are uniform, and calls are
     * numbered one by one.
     */
    public List<String> bounds(Area area) {
        Keys keys = Statements.one(jdbc, Keys.class, Map.of("most", SHARD * SHARDS), """
                        SELECT (SELECT count(*) FROM (SELECT FROM %s LIMIT :most) AS counted) AS rows, %s AS last
                        """.formatted(
                area.table,
                area == Area.FILES ? "0" : "coalesce((SELECT max(%s) FROM %s), 0)".formatted(area.id, area.table)));
        long parts = Math.clamp(keys.rows() / SHARD, 1, SHARDS);
        return LongStream.rangeClosed(0, parts)
                .mapToObj(part -> area.bound(part, parts, keys))
                .toList();
    }

    /** Range of keys: after one, up to another, which is included. */
    public record KeyRange(String after, String upper) {}

    public record Queued(String id, Expected expected) {}

    /**
     * Returns objects not verified since the start of an audit, in the order of their keys. In its own transaction.
     *
     * @param repair whether to include objects found damaged since and not repaired
     */
    public List<Queued> queue(Area area, Instant since, boolean repair, KeyRange range, int limit) {
        String objects = area.unverified("(NOT :repair OR f.repaired_at >= :since)");
        return Transactions.separate(transactions)
                .execute(_ -> jdbc.sql(area.queue.formatted(objects))
                        .param("since", Timestamp.from(since))
                        .param("repair", repair)
                        .param("after", range.after())
                        .param("upper", range.upper())
                        .param("limit", limit)
                        .query((row, number) ->
                                new Queued(row.getString("id"), (Expected) area.type.mapRow(row, number)))
                        .list());
    }

    /**
     * Marks objects as verified and resolves their findings; an object without a slot remains an orphan. Part of the
     * caller's transaction.
     */
    public void markVerified(Collection<? extends Expected> objects, Instant now) {
        List<String> keys = objects.stream().map(object -> object.key().value()).toList();
        Map<String, Object> parameters = Map.of("now", now, "keys", keys, "calls", calls(objects.stream()));
        for (String update : List.of(
                "UPDATE media_object SET verified_at = :now WHERE object_key = ANY (:keys)",
                "UPDATE note_capture SET sidecar_verified_at = :now WHERE call_id = ANY (:calls)",
                """
                UPDATE fixity_finding SET resolved_at = :now
                WHERE object_key = ANY (:keys) AND resolved_at IS NULL AND kind <> 'ORPHAN'
                """)) {
            Statements.update(jdbc, parameters, update);
        }
    }

    /**
     * Records findings. Part of the caller's transaction; a repeat updates the row. A damaged sidecar counts as never
     * verified, so that the response in its row stays.
     */
    public void recordFindings(Collection<Verdict> damaged, Instant now, long jobExecution) {
        Statements.update(jdbc, Map.of("calls", calls(damaged.stream().map(Verdict::expected))), """
                UPDATE note_capture SET sidecar_verified_at = NULL
                WHERE call_id = ANY (:calls) AND sidecar_verified_at IS NOT NULL
                """);
        record(damaged.stream().map(FindingRow::of).toList(), now, jobExecution);
    }

    /** As above, for objects without a row. */
    public void recordUnknown(FindingKind kind, Collection<StoredObject> objects, Instant now, long jobExecution) {
        record(objects.stream().map(object -> FindingRow.of(kind, object)).toList(), now, jobExecution);
    }

    private static Long[] calls(Stream<? extends Expected> objects) {
        return objects.flatMap(
                        object -> object instanceof SidecarFile sidecar ? Stream.of(sidecar.call()) : Stream.of())
                .toArray(Long[]::new);
    }

    private record FindingRow(
            FindingKind kind,
            String objectKey,
            @Nullable String sha256,
            @Nullable NoteId noteId,
            @Nullable String expected,
            String seen) {

        static FindingRow of(Verdict damaged) {
            Damage damage = Objects.requireNonNull(damaged.damage());
            Expected expected = damaged.expected();
            return new FindingRow(
                    damage.kind(),
                    expected.key().value(),
                    expected instanceof MediaFile file ? file.sha256() : null,
                    expected instanceof SidecarFile sidecar ? sidecar.note() : null,
                    expected.description(),
                    damage.seen());
        }

        static FindingRow of(FindingKind kind, StoredObject object) {
            String seen = object.size() + " bytes, put " + object.modified();
            return new FindingRow(kind, object.name(), null, null, null, seen);
        }
    }

    private void record(List<FindingRow> rows, Instant now, long jobExecution) {
        Map<String, Object> parameters = Map.of("now", now, "execution", jobExecution, "rows", Columns.json(rows));
        Statements.update(jdbc, parameters, """
                INSERT INTO fixity_finding (kind, object_key, sha256, note_id, expected, seen,
                                            first_seen, last_seen, job_execution_id)
                SELECT kind, object_key, sha256, note_id, expected, seen, :now::timestamptz,
                       :now::timestamptz, :execution
                FROM json_populate_recordset(NULL::fixity_finding, :rows::json)
                ON CONFLICT (object_key) WHERE resolved_at IS NULL DO UPDATE
                SET kind = EXCLUDED.kind, sha256 = EXCLUDED.sha256, note_id = EXCLUDED.note_id,
                    expected = EXCLUDED.expected, seen = EXCLUDED.seen,
                    last_seen = greatest(fixity_finding.first_seen, EXCLUDED.last_seen),
                    job_execution_id = EXCLUDED.job_execution_id
                """);
    }

    /**
     * Finds STORED slots whose digest has no row, and records them. Foreign keys prevent this, but a restore may
     * disable them. Part of the caller's transaction.
     *
     * @return the recorded keys
     */
    public List<String> recordUnrecorded(Instant now, long jobExecution) {
        List<FindingRow> rows = Statements.list(jdbc, FindingRow.class, Map.of(), """
                        SELECT DISTINCT ON (m.sha256) 'UNRECORDED' AS kind, m.sha256, m.note_id,
                               'media/' || left(m.sha256, 2) || '/' || m.sha256 AS object_key,
                               m.kind || ' ' || m.ordinal || ' of note ' || m.note_id || ' is STORED' AS expected,
                               'media_object has no such row' AS seen
                        FROM note_media m
                        WHERE m.state = 'STORED' AND NOT EXISTS (SELECT 1 FROM media_object o WHERE o.sha256 = m.sha256)
                        ORDER BY m.sha256, m.note_id
                        """);
        record(rows, now, jobExecution);
        return rows.stream().map(FindingRow::objectKey).toList();
    }

    /** Resolves findings that a complete audit did not see again. Part of the caller's transaction. */
    public void resolveUnseenSince(Instant since, Instant now) {
        Statements.update(jdbc, Map.of("now", now, "since", since), """
                        UPDATE fixity_finding SET resolved_at = :now WHERE resolved_at IS NULL AND last_seen < :since
                        """);
    }

    /**
     * Deletes the rows of damaged files that no slot uses after a repair replaced them. The objects remain; an audit
     * then reports them as orphans. In its own transaction, which keeps runs from adding objects meanwhile. The
     * caller's transaction must hold no row lock, since a run could wait for it while this waits for the run.
     */
    public void deleteUnusedDamaged(Instant now) {
        String unused = """
                SELECT o.sha256 FROM fixity_finding f JOIN media_object o USING (sha256)
                WHERE f.resolved_at IS NULL AND f.repaired_at IS NOT NULL AND f.kind IN ('MISSING', 'CORRUPT', 'SIZE')
                  AND NOT EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256)\
                """;
        Transactions.separate(transactions).executeWithoutResult(_ -> {
            if (jdbc.sql(unused + " LIMIT 1").query(String.class).optional().isPresent()) {
                // a run that stores these bytes relies on the row between its two inserts
                jdbc.sql("LOCK TABLE media_object IN SHARE ROW EXCLUSIVE MODE").update();
                Statements.update(jdbc, Map.of("now", now), """
                                WITH dropped AS (DELETE FROM media_object WHERE sha256 IN (%s) RETURNING object_key)
                                UPDATE fixity_finding f SET resolved_at = :now
                                FROM dropped WHERE f.object_key = dropped.object_key AND f.resolved_at IS NULL
                                """.formatted(unused));
            }
        });
    }

    public Map<FindingKind, Long> countOpen() {
        Map<FindingKind, Long> counts = new EnumMap<>(FindingKind.class);
        jdbc.sql("SELECT kind, count(*) AS findings FROM fixity_finding WHERE resolved_at IS NULL GROUP BY kind")
                .query(row -> {
                    counts.put(FindingKind.valueOf(row.getString("kind")), row.getLong("findings"));
                });
        return counts;
    }

    /** A row of {@code fixity_finding}; the key is a prefix if the extension of the object is unknown. */
    public record AuditFinding(
            FindingKind kind,
            String key,
            @Nullable String expected,
            String seen,
            Instant firstSeen,
            Instant lastSeen,
            @Nullable String repair) {}

    /** Returns open findings: files before orphans, newest first. */
    public List<AuditFinding> open(int limit) {
        return Statements.list(jdbc, AuditFinding.class, Map.of("limit", limit), """
                        SELECT kind, object_key AS key, expected, seen, first_seen, last_seen, repair
                        FROM fixity_finding
                        WHERE resolved_at IS NULL
                        ORDER BY kind = 'ORPHAN', last_seen DESC, kind, object_key
                        LIMIT :limit
                        """);
    }

    public Remaining remaining(Instant since) {
        return Statements.one(jdbc, Remaining.class, Map.of("since", since), """
                        SELECT (SELECT count(*) FROM %s) AS files, (SELECT count(*) FROM %s) AS sidecars
                        """.formatted(
                        Area.FILES.unverified("true"), Area.SIDECARS.unverified("true")));
    }

    public record Remaining(long files, long sidecars) {}

    /**
     * Age of the verifications of all files.
     *
     * @param oldest oldest verification; null if a file was never verified or there is none. A future time beyond
     *     {@link #CLOCK_TOLERANCE} counts as never
     * @param never files not verified since a rebuild, or verified at a future time; {@value #MAX_NEVER_VERIFIED}
     *     stands for that many or more
     */
    public record Verified(@Nullable Instant oldest, long never) {}

    public Verified verified(Instant now) {
        Map<String, Object> limits = Map.of("latest", now.plus(CLOCK_TOLERANCE), "most", MAX_NEVER_VERIFIED);
        return Statements.one(jdbc, Verified.class, limits, """
                        SELECT (SELECT count(*)
                                FROM (SELECT FROM media_object
                                      WHERE coalesce(verified_at, timestamptz 'epoch') = timestamptz 'epoch'
                                         OR coalesce(verified_at, timestamptz 'epoch') > :latest
                                      LIMIT :most) AS never) AS never,
                               (SELECT verified_at FROM media_object
                                WHERE (SELECT coalesce(verified_at, timestamptz 'epoch') FROM media_object
                                       ORDER BY coalesce(verified_at, timestamptz 'epoch') DESC, sha256 DESC
                                       LIMIT 1) <= :latest
                                ORDER BY coalesce(verified_at, timestamptz 'epoch'), sha256 LIMIT 1) AS oldest
                        """);
    }
}
