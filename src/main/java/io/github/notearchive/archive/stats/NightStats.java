package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.Statements;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.note.Billed;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Reads what the executions of a night did, for its report. Read-only. */
@Component
public record NightStats(JdbcClient jdbc) {

    private static final int SLICES = 60;

    private static final String SLICE_OF =
            "floor(extract(epoch FROM %s - :from::timestamptz) * 1000 / :width)::integer AS slice";

    /**
     * Facts of a night.
     *
     * @param failedNotes notes that failed in it and are still FAILED, at most 50
     * @param slices the time from {@code from}, in parts of {@code width}
     * @param findings findings of audits that were open at the end, by kind
     */
    public record NightFacts(
            List<FailedNote> failedNotes,
            Instant from,
            Duration width,
            List<Slice> slices,
            List<CallClass> calls,
            List<FindingCount> findings) {}

    public NightFacts read(Collection<Long> executions, Instant from, Instant to) {
        Duration width = Duration.between(from, to).dividedBy(SLICES).plusMillis(1);
        Map<String, Object> parameters = Map.of(
                "executions", executions.toArray(Long[]::new),
                "from", Timestamp.from(from),
                "to", Timestamp.from(to),
                "width", width.toMillis(),
                "slices", SLICES,
                "ends", Timestamp.from(from.plus(width.multipliedBy(SLICES))));
        return new NightFacts(
                Statements.list(jdbc, FailedNote.class, parameters, """
                        SELECT note_id AS note, reason, last_code AS code, detail AS error, count(*) OVER () AS in_all
                        FROM worklist
                        WHERE state = 'FAILED' AND settled_by = ANY (:executions)
                        ORDER BY reason, note_id
                        LIMIT 50
                        """),
                from,
                width,
                slices(parameters),
                callClasses(parameters),
                Statements.list(jdbc, FindingCount.class, parameters, """
                        SELECT kind, count(*) AS findings FROM fixity_finding
                        WHERE first_seen <= :to AND (resolved_at IS NULL OR resolved_at > :to)
                        GROUP BY kind ORDER BY kind
                        """));
    }

    private List<Slice> slices(Map<String, ?> parameters) {
        return Statements.list(jdbc, Slice.class, parameters, """
                        SELECT (SELECT count(*) FROM api_call
                                WHERE sent_at >= date_trunc('day', begins, 'Asia/Shanghai') AND sent_at < ends) AS calls_so_far,
                               coalesce(notes, 0) AS notes, coalesce(bytes, 0) AS bytes
                        FROM (SELECT slice, :from::timestamptz + slice * :width * interval '1 millisecond' AS begins,
                                     :from::timestamptz + (slice + 1) * :width * interval '1 millisecond' AS ends
                              FROM generate_series(0, :slices - 1) AS slice) AS slices
                        LEFT JOIN (SELECT %s, count(*) AS notes FROM api_call
                                   WHERE job_execution_id = ANY (:executions) AND billed = 'YES'
                                     AND endpoint = 'note-detail/v1' AND received_at >= :from AND received_at < :ends
                                   GROUP BY 1) AS responses USING (slice)
                        LEFT JOIN (SELECT %s, sum(size_bytes)::bigint AS bytes FROM media_object
                                   WHERE stored_at >= :from AND stored_at < :ends
                                   GROUP BY 1) AS files USING (slice)
                        ORDER BY slice
                        """.formatted(
                        SLICE_OF.formatted("received_at"), SLICE_OF.formatted("stored_at")));
    }

    private List<CallClass> callClasses(Map<String, ?> parameters) {
        return Statements.list(jdbc, CallClass.class, parameters, """
                        SELECT *, took[1]::bigint AS p50, took[2]::bigint AS p95, took[3]::bigint AS p99
                        FROM (SELECT endpoint, code, CASE WHEN code IS NULL THEN http_status END AS http_status, billed,
                                     count(*) AS calls,
                                     percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_ms) AS took
                              FROM api_call
                              WHERE job_execution_id = ANY (:executions)
                              GROUP BY 1, 2, 3, 4) AS classes
                        ORDER BY endpoint, code NULLS LAST, http_status NULLS LAST, billed
                        """);
    }

    /** A note that failed permanently; {@code inAll} is the number of all such notes. */
    public record FailedNote(
            String note,
            StateReason reason,
            @Nullable Integer code,
            @Nullable String error,
            long inAll) {}

    /**
     * Totals of one part of the night.
     *
     * @param callsSoFar calls of all nodes from 00:00 in Shanghai to the end of the part
     * @param notes responses about notes that the executions received
     * @param bytes bytes stored by all nodes
     */
    public record Slice(long callsSoFar, long notes, long bytes) {}

    /** Calls with the same endpoint, code and billing. Percentiles are in milliseconds, null if none was answered. */
    public record CallClass(
            String endpoint,
            @Nullable Integer code,
            @Nullable Integer httpStatus,
            Billed billed,
            long calls,
            @Nullable Long p50,
            @Nullable Long p95,
            @Nullable Long p99) {}

    public record FindingCount(Damage.Kind kind, long findings) {}
}
