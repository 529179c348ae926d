package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.ProviderCode;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowCallbackHandler;
import org.springframework.jdbc.core.SimplePropertyRowMapper;
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
        return list(FailedNote.class, Map.of("executions", array(executions), "limit", limit), """
                        SELECT note_id AS note, reason, last_code AS code, detail AS error
                        FROM worklist
                        WHERE state = 'FAILED' AND settled_by = ANY (:executions)
                        ORDER BY reason, note_id
                        LIMIT :limit
                        """);
    }

    /** Counts the notes of {@link #failedNotes}. */
    public long countFailedNotes(Collection<Long> executions) {
        return jdbc.sql("SELECT count(*) FROM worklist WHERE state = 'FAILED' AND settled_by = ANY (:executions)")
                .param("executions", array(executions))
                .query(Long.class)
                .single();
    }

    /** Returns stored files of these executions that differ from what their response promised. */
    public Remarks remarks(Collection<Long> executions, int limit) {
        List<Remark> first = list(Remark.class, Map.of("executions", array(executions), "limit", limit), """
                        SELECT m.note_id AS note, m.kind, m.ordinal,
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
                        """);
        return first.isEmpty()
                ? new Remarks(first, 0, 0)
                : new Remarks(first, first.getFirst().inAll(), first.getFirst().lesser());
    }

    /** Counts the calls of all nodes by slice of a period. */
    public List<Count> calls(Instant from, Instant to, Duration width) {
        return counts("sent_at", "count(*)", "FROM api_call WHERE", from, to, width, List.of());
    }

    /** Counts the calls of all nodes in a period. */
    public long countCalls(Instant from, Instant to) {
        return jdbc.sql("SELECT count(*) FROM api_call WHERE sent_at >= :from AND sent_at < :to")
                .params(period(from, to))
                .query(Long.class)
                .single();
    }

    /** Counts the notes with a response in these executions, by slice of a period. */
    public List<Count> answers(Instant from, Instant to, Duration width, Collection<Long> executions) {
        String source = """
                FROM api_call
                WHERE job_execution_id = ANY (:executions) AND billed = 'YES' AND endpoint = 'note-detail/v1' AND
                """;
        return counts("received_at", "count(*)", source, from, to, width, executions);
    }

    /** Sums the bytes stored by all nodes, by slice of a period. */
    public List<Count> bytes(Instant from, Instant to, Duration width) {
        return counts("stored_at", "sum(size_bytes)", "FROM media_object WHERE", from, to, width, List.of());
    }

    private List<Count> counts(
            String time,
            String number,
            String source,
            Instant from,
            Instant to,
            Duration width,
            Collection<Long> executions) {
        Map<String, Object> parameters = new HashMap<>(period(from, to));
        parameters.putAll(Map.of("width", width.toMillis(), "executions", array(executions)));
        return list(Count.class, parameters, """
                        SELECT floor(extract(epoch FROM %1$s - :from::timestamptz) * 1000 / :width)::integer AS slice,
                               %2$s AS number
                        %3$s %1$s >= :from AND %1$s < :to
                        GROUP BY 1 ORDER BY 1
                        """.formatted(time, number, source));
    }

    /** Counts the notes with code 301 in these executions. */
    public List<Retry> retries(Collection<Long> executions) {
        int code = ProviderCode.COLLECTION_FAILED.number();
        return list(Retry.class, Map.of("collectionFailed", code, "executions", array(executions)), """
                        SELECT times, count(*) AS notes, count(*) FILTER (WHERE answered) AS answered
                        FROM (SELECT count(*) FILTER (WHERE code = :collectionFailed)::integer AS times,
                                     bool_or(billed = 'YES') AS answered
                              FROM api_call
                              WHERE job_execution_id = ANY (:executions)
                              GROUP BY note_id, endpoint) AS note
                        WHERE times > 0
                        GROUP BY times ORDER BY times
                        """);
    }

    /** Returns the calls of these executions with their durations. */
    public List<CallClass> callClasses(Collection<Long> executions) {
        return list(CallClass.class, Map.of("executions", array(executions)), """
                        SELECT *, took[1] AS p50, took[2] AS p95, took[3] AS p99
                        FROM (SELECT endpoint, code, CASE WHEN code IS NULL THEN http_status END AS http_status, billed,
                                     count(*) AS calls,
                                     percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_ms) AS took
                              FROM api_call
                              WHERE job_execution_id = ANY (:executions)
                              GROUP BY 1, 2, 3, 4) AS classes
                        ORDER BY endpoint, code NULLS LAST, http_status NULLS LAST, billed
                        """);
    }

    /** Returns the used-up quotas of these executions. */
    public List<Stop> stops(Collection<Long> executions) {
        return list(Stop.class, Map.of("executions", array(executions)), """
                        SELECT closed_at AS at, closed_until AS until FROM source_gate
                        WHERE job_execution_id = ANY (:executions) ORDER BY closed_at, id
                        """);
    }

    /** Counts the findings that were open at a time, by kind. */
    public Map<String, Long> findingsAt(Instant at) {
        Map<String, Long> counts = new TreeMap<>();
        jdbc.sql("""
                        SELECT kind, count(*) AS findings FROM fixity_finding
                        WHERE first_seen <= :at AND (resolved_at IS NULL OR resolved_at > :at)
                        GROUP BY kind
                        """).param("at", Timestamp.from(at)).query((RowCallbackHandler)
                row -> counts.put(row.getString("kind"), row.getLong("findings")));
        return counts;
    }

    /** Returns response fields that were first seen in a period. */
    public List<NewField> newFields(Instant from, Instant to) {
        return list(NewField.class, period(from, to), """
                        SELECT path, json_type AS type, state, example_note_id AS example FROM schema_drift
                        WHERE first_seen_at >= :from AND first_seen_at <= :to
                        ORDER BY path, json_type
                        LIMIT 50
                        """);
    }

    private <T> List<T> list(Class<T> type, Map<String, ?> parameters, String sql) {
        return jdbc.sql(sql)
                .params(parameters)
                .query(new SimplePropertyRowMapper<>(type))
                .list();
    }

    private static Map<String, Object> period(Instant from, Instant to) {
        return Map.of("from", Timestamp.from(from), "to", Timestamp.from(to));
    }

    private static Long[] array(Collection<Long> numbers) {
        return numbers.toArray(Long[]::new);
    }

    /** A note that failed permanently. */
    public record FailedNote(
            String note,
            StateReason reason,
            @Nullable Integer code,
            @Nullable String error) {}

    /** Remark about a stored file, with the totals of {@link Remarks}. */
    public record Remark(String note, String kind, int ordinal, String what, long inAll, long lesser) {}

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
}
