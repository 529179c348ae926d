package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.ProviderCode;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads what the executions of a night did, for its report. Read-only. */
@Repository
public class NightStats {

    private final JdbcClient jdbc;

    NightStats(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Returns notes that failed in these executions and were not settled since. */
    public List<FailedNote> failedNotes(Collection<Long> executions, int limit) {
        return jdbc.sql("""
                        SELECT w.note_id, w.reason, w.last_code, w.detail
                        FROM worklist w
                        WHERE w.state = 'FAILED' AND w.settled_by = ANY (:executions)
                        ORDER BY 2, w.note_id
                        LIMIT :limit
                        """)
                .param("executions", array(executions))
                .param("limit", limit)
                .query((row, _) -> new FailedNote(
                        row.getString("note_id"),
                        StateReason.valueOf(row.getString("reason")),
                        row.getObject("last_code", Integer.class),
                        row.getString("detail")))
                .list();
    }

    /** Counts the notes of {@link #failedNotes}. */
    public long countFailedNotes(Collection<Long> executions) {
        return jdbc.sql("""
                        SELECT count(*) FROM worklist WHERE state = 'FAILED' AND settled_by = ANY (:executions)
                        """)
                .param("executions", array(executions))
                .query(Long.class)
                .single();
    }

    /** Returns stored files of these executions that differ from what their response promised. */
    public Remarks remarks(Collection<Long> executions, int limit) {
        return jdbc.sql("""
                        SELECT m.note_id, m.kind, m.ordinal,
                               concat_ws('; ', m.checks, CASE WHEN m.reason = 'DEGRADED' THEN 'lesser rendition: ' || m.error END) AS what,
                               count(*) OVER () AS in_all,
                               count(*) FILTER (WHERE m.reason = 'DEGRADED') OVER () AS lesser
                        FROM api_call c
                        JOIN note_capture n ON n.call_id = c.id
                        JOIN note_media m ON m.note_id = n.note_id AND m.captured_at = n.captured_at
                        WHERE c.job_execution_id = ANY (:executions) AND c.billed = 'YES' AND m.state = 'STORED'
                          AND (m.reason = 'DEGRADED' OR m.checks LIKE '%mismatch%' OR m.checks LIKE '%remarks "%')
                        ORDER BY m.note_id, m.kind, m.ordinal
                        LIMIT :limit
                        """)
                .param("executions", array(executions))
                .param("limit", limit)
                .query(row -> {
                    List<Remark> first = new ArrayList<>();
                    long inAll = 0;
                    long lesser = 0;
                    while (row.next()) {
                        inAll = row.getLong("in_all");
                        lesser = row.getLong("lesser");
                        first.add(new Remark(
                                row.getString("note_id"),
                                row.getString("kind"),
                                row.getInt("ordinal"),
                                row.getString("what")));
                    }
                    return new Remarks(first, inAll, lesser);
                });
    }

    /** Counts the calls of all nodes by slice of a period. */
    public List<Count> calls(Instant from, Instant to, Duration width) {
        return counts("""
                SELECT floor(extract(epoch FROM c.sent_at - :from::timestamptz) * 1000 / :width)::integer AS slice, count(*) AS number
                FROM api_call c
                WHERE c.sent_at >= :from AND c.sent_at < :to
                GROUP BY 1 ORDER BY 1
                """, from, to, width, List.of());
    }

    /** Counts the calls of all nodes in a period. */
    public long countCalls(Instant from, Instant to) {
        return jdbc.sql("SELECT count(*) FROM api_call WHERE sent_at >= :from AND sent_at < :to")
                .param("from", Timestamp.from(from))
                .param("to", Timestamp.from(to))
                .query(Long.class)
                .single();
    }

    /** Counts the notes with a response in these executions, by slice of a period. */
    public List<Count> answers(Instant from, Instant to, Duration width, Collection<Long> executions) {
        return counts("""
                SELECT floor(extract(epoch FROM c.received_at - :from::timestamptz) * 1000 / :width)::integer AS slice, count(*) AS number
                FROM api_call c
                WHERE c.job_execution_id = ANY (:executions) AND c.billed = 'YES' AND c.endpoint = 'note-detail/v1'
                  AND c.received_at >= :from AND c.received_at < :to
                GROUP BY 1 ORDER BY 1
                """, from, to, width, executions);
    }

    /** Sums the bytes stored by all nodes, by slice of a period. */
    public List<Count> bytes(Instant from, Instant to, Duration width) {
        return counts("""
                SELECT floor(extract(epoch FROM o.stored_at - :from::timestamptz) * 1000 / :width)::integer AS slice,
                       sum(o.size_bytes)::bigint AS number
                FROM media_object o
                WHERE o.stored_at >= :from AND o.stored_at < :to
                GROUP BY 1 ORDER BY 1
                """, from, to, width, List.of());
    }

    private List<Count> counts(String sql, Instant from, Instant to, Duration width, Collection<Long> executions) {
        return jdbc.sql(sql)
                .param("from", Timestamp.from(from))
                .param("to", Timestamp.from(to))
                .param("width", width.toMillis())
                .param("executions", array(executions))
                .query((row, _) -> new Count(row.getInt("slice"), row.getLong("number")))
                .list();
    }

    /** Counts the notes with code 301 in these executions. */
    public List<Retry> retries(Collection<Long> executions) {
        return jdbc.sql("""
                        SELECT times, count(*) AS notes, count(*) FILTER (WHERE answered) AS answered
                        FROM (SELECT c.note_id, c.endpoint, count(*) FILTER (WHERE c.code = :collectionFailed)::integer AS times,
                                     bool_or(c.billed = 'YES') AS answered
                              FROM api_call c
                              WHERE c.job_execution_id = ANY (:executions)
                              GROUP BY c.note_id, c.endpoint) AS note
                        WHERE times > 0
                        GROUP BY times ORDER BY times
                        """)
                .param("collectionFailed", ProviderCode.COLLECTION_FAILED.number())
                .param("executions", array(executions))
                .query((row, _) -> new Retry(row.getInt("times"), row.getLong("notes"), row.getLong("answered")))
                .list();
    }

    /** Returns the calls of these executions with their durations. */
    public List<CallClass> callClasses(Collection<Long> executions) {
        return jdbc.sql("""
                        SELECT c.endpoint, c.code, CASE WHEN c.code IS NULL THEN c.http_status END AS http_status, c.billed,
                               count(*) AS calls,
                               percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY c.duration_ms) AS took
                        FROM api_call c
                        WHERE c.job_execution_id = ANY (:executions)
                        GROUP BY 1, 2, 3, 4
                        ORDER BY c.endpoint, c.code NULLS LAST, 3 NULLS LAST, c.billed
                        """)
                .param("executions", array(executions))
                .query((row, _) -> {
                    var took = row.getArray("took");
                    Integer[] ms = took == null ? new Integer[3] : (Integer[]) took.getArray();
                    return new CallClass(
                            row.getString("endpoint"),
                            row.getObject("code", Integer.class),
                            row.getObject("http_status", Integer.class),
                            Billed.valueOf(row.getString("billed")),
                            row.getLong("calls"),
                            asLong(ms[0]),
                            asLong(ms[1]),
                            asLong(ms[2]));
                })
                .list();
    }

    /** Returns the used-up quotas of these executions. */
    public List<Stop> stops(Collection<Long> executions) {
        return jdbc.sql("""
                        SELECT closed_at, closed_until FROM source_gate
                        WHERE job_execution_id = ANY (:executions) ORDER BY closed_at, id
                        """)
                .param("executions", array(executions))
                .query((row, _) -> new Stop(
                        row.getTimestamp("closed_at").toInstant(),
                        row.getTimestamp("closed_until").toInstant()))
                .list();
    }

    /** Counts the findings that were open at a time, by kind. */
    public Map<String, Long> findingsAt(Instant at) {
        Map<String, Long> counts = new TreeMap<>();
        jdbc.sql("""
                        SELECT kind, count(*) AS findings FROM fixity_finding
                        WHERE first_seen <= :at AND (resolved_at IS NULL OR resolved_at > :at)
                        GROUP BY kind
                        """).param("at", Timestamp.from(at)).query(row -> {
            counts.put(row.getString("kind"), row.getLong("findings"));
        });
        return counts;
    }

    /** Returns response fields that were first seen in a period. */
    public List<NewField> newFields(Instant from, Instant to) {
        return jdbc.sql("""
                        SELECT path, json_type, state, example_note_id FROM schema_drift
                        WHERE first_seen_at >= :from AND first_seen_at <= :to
                        ORDER BY path, json_type
                        LIMIT 50
                        """)
                .param("from", Timestamp.from(from))
                .param("to", Timestamp.from(to))
                .query((row, _) -> new NewField(
                        row.getString("path"),
                        row.getString("json_type"),
                        row.getString("state"),
                        row.getString("example_note_id")))
                .list();
    }

    /** A note that failed permanently. */
    public record FailedNote(
            String note,
            StateReason reason,
            @Nullable Integer code,
            @Nullable String error) {}

    /** Remark about a stored file. */
    public record Remark(String note, String kind, int ordinal, String what) {}

    /**
     * Remarks about stored files.
     *
     * @param first first remarks
     * @param inAll number of all remarks
     * @param lesser number of those about a lesser rendition
     */
    public record Remarks(List<Remark> first, long inAll, long lesser) {}

    /** A number per slice of time; slices are numbered from 0. */
    public record Count(int slice, long number) {}

    /** Number of notes that got code 301 so many times, and how many of them were delivered nevertheless. */
    public record Retry(int times, long notes, long answered) {}

    /**
     * Calls with the same endpoint, code and billing.
     *
     * @param p50 median duration in milliseconds; null if none was answered
     */
    public record CallClass(
            String endpoint,
            @Nullable Integer code,
            @Nullable Integer httpStatus,
            Billed billed,
            long calls,
            @Nullable Long p50,
            @Nullable Long p95,
            @Nullable Long p99) {}

    /** A used-up quota. */
    public record Stop(Instant at, Instant until) {}

    /** A response field that was seen for the first time. */
    public record NewField(String path, String type, String state, String example) {}

    private static Long[] array(Collection<Long> numbers) {
        return numbers.toArray(Long[]::new);
    }

    private static @Nullable Long asLong(@Nullable Integer number) {
        return number == null ? null : number.longValue();
    }
}
