package io.github.notearchive.archive.query;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.query.CallTotals.Bill;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.archive.worklist.WorklistStats.ReasonCount;
import io.github.notearchive.archive.worklist.WorklistStats.StateCount;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.RecordParameters;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Night;
import java.math.BigDecimal;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads and writes how runs ended: {@code run_summary}, and {@code run_history} for runs without a row there. Also
 * reads what they did.
 */
@Component
public final class RunHistory {

    private static final JsonMapper JSON = new JsonMapper();

    /** Parts of a night. */
    public static final int SLICES = 60;

    private static final int EXAMPLES = 5;

    private static final String SLICE_OF =
            "floor(extract(epoch FROM %s - :from::timestamptz) * 1000 / :width)::integer AS slice";

    private final JdbcClient jdbc;
    private final PlatformTransactionManager transactions;
    private final MediaTotals media;
    private final AuditRepository audits;
    private final WorklistStats worklist;
    private final Survival survival;

    RunHistory(
            JdbcClient jdbc,
            PlatformTransactionManager transactions,
            MediaTotals media,
            AuditRepository audits,
            WorklistStats worklist,
            Survival survival) {
        this.jdbc = jdbc;
        this.transactions = transactions;
        this.media = media;
        this.audits = audits;
        this.worklist = worklist;
        this.survival = survival;
    }

    /** Returns the last night, up to a given one, in which a run ended; empty if there is none. */
    public Optional<Night> lastNight(@Nullable String node, Night upTo) {
        return jdbc.sql("""
                        SELECT max(night) AS night FROM run_summary
                        WHERE (:node::text IS NULL OR node = :node) AND night <= :night
                        """)
                .param("node", node, Types.VARCHAR)
                .param("night", upTo.date())
                .query(LocalDate.class)
                .optional()
                .map(Night::new);
    }

    /** Returns the runs of these nights, of a node or of all, oldest first, including killed and active ones. */
    public List<RecordedRun> runs(@Nullable String node, Night from, Night to) {
        return jdbc.sql("""
                        SELECT r.*, bill.*, s.*
                        FROM (SELECT s.id, s.job_execution_id AS execution, s.node, s.night, s.began_at AS began,
                                     s.ended_at AS ended, s.exit_code, s.reason
                              FROM run_summary s
                              WHERE (:node::text IS NULL OR s.node = :node) AND s.night BETWEEN :from AND :to
                              UNION ALL
                              SELECT NULL, h.job_execution_id, h.node, h.night, h.started_at AT TIME ZONE 'UTC',
                                     h.ended_at AT TIME ZONE 'UTC',
                                     CASE WHEN h.ended_at IS NOT NULL THEN h.exit_code END, h.exit_message
                              FROM run_history h
                              WHERE h.node IS NOT NULL AND (:node::text IS NULL OR h.node = :node)
                                AND h.night BETWEEN :from AND :to
                                AND NOT EXISTS (SELECT FROM run_summary k
                                                WHERE k.job_execution_id = h.job_execution_id)) AS r
                        LEFT JOIN run_summary s USING (id)
                        CROSS JOIN LATERAL (
                            SELECT count(*) AS calls, count(*) FILTER (WHERE c.billed = 'YES') AS billed,
                                   count(*) FILTER (WHERE c.billed = 'UNKNOWN') AS billing_unknown
                            FROM api_call c
                            WHERE c.job_execution_id = r.execution) AS bill
                        ORDER BY r.began, r.node, r.execution NULLS LAST, r.id
                        """)
                .param("node", node, Types.VARCHAR)
                .param("from", from.date())
                .param("to", to.date())
                .query(Columns.of(RecordedRun.class))
                .list();
    }

    /** Returns the newest executions of the nightly job, of all nodes, newest first. */
    public List<RecordedExecution> latest(int limit) {
        return Statements.list(jdbc, RecordedExecution.class, Map.of("limit", limit), """
                        SELECT h.job_execution_id AS execution, h.job_instance_id AS instance, h.night::text,
                               h.instance_night::text, h.node, h.status, h.exit_code, h.exit_message,
                               coalesce(s.began_at, h.started_at AT TIME ZONE 'UTC') AS began,
                               coalesce(s.ended_at, h.ended_at AT TIME ZONE 'UTC') AS ended, h.calls, h.billed
                        FROM run_history h LEFT JOIN run_summary s ON s.job_execution_id = h.job_execution_id
                        ORDER BY h.job_execution_id DESC
                        LIMIT :limit
                        """);
    }

    /**
     * Records the end of a run with the current totals of worklist and store. A repeat changes nothing. Waits five
     * seconds for a lock: a table that is locked has ended the run already, and must not delay the end of its process.
     */
    public void record(RunEnd end) {
        boolean isNew = new TransactionTemplate(transactions).execute(_ -> {
            jdbc.sql("SET LOCAL lock_timeout = '5s'").update();
            return insert(end);
        });
        if (isNew && end.execution() != null && !end.exitCode().equals("INTERRUPTED")) {
            survival.record(end.execution());
        }
    }

    private boolean insert(RunEnd end) {
        MediaTotals.Volume stored = media.now();
        List<StateCount> states = worklist.countByState(end.ended());
        MapSqlParameterSource row = RecordParameters.of(end)
                .addValue("due", states.stream().mapToLong(StateCount::due).sum())
                .addValue("objects", stored.files())
                .addValue("objectBytes", stored.bytes())
                .addValue("never", audits.verified(end.ended()).never())
                .addValue("openNotes", JSON.writeValueAsString(worklist.reasons()))
                .addValue("settings", JSON.writeValueAsString(end.settings()));
        CallTotals.Cost cost = end.cost();
        row.addValue("cost", cost == null ? null : cost.billed(), Types.NUMERIC)
                .addValue("currency", cost == null ? null : cost.currency().getCurrencyCode(), Types.VARCHAR);
        for (NoteState state : NoteState.values()) {
            row.addValue("in" + state, 0L);
        }
        states.forEach(count -> row.addValue("in" + count.state(), count.notes()));
        int inserted = jdbc.sql("""
                        INSERT INTO run_summary (
                            job_execution_id, night, node, began_at, ended_at, exit_number, exit_code, reason,
                            archived, unavailable, postponed, failed, released, refreshed, files_stored,
                            bytes_stored, files_differing, media_requests, calls_allowed, worklist_pending,
                            worklist_postponed, worklist_archived, worklist_gone, worklist_failed, due, objects,
                            object_bytes, oldest_verified_at, never_verified, open_findings,
                            open_notes, settings, cost, currency)
                        SELECT
                            :execution, :night, :node, :began, :ended, :exitNumber, :exitCode, :reason,
                            :archived, :unavailable, :postponed, :failed, :released, :refreshed, :filesStored,
                            :bytesStored, :filesDiffering, :mediaRequests, :callsAllowed, :inPENDING,
                            :inPOSTPONED, :inARCHIVED, :inUNAVAILABLE, :inFAILED, :due, :objects,
                            :objectBytes, o.oldest, :never, (SELECT count(*) FROM fixity_finding
                                                             WHERE resolved_at IS NULL),
                            :openNotes::jsonb, :settings::jsonb, :cost, :currency
                        FROM (SELECT min(verified_at) AS oldest
                              FROM (SELECT verified_at FROM media_object
                                    WHERE coalesce(verified_at, timestamptz 'epoch') > timestamptz 'epoch'
                                      AND coalesce(verified_at, timestamptz 'epoch') <= :ended
                                    ORDER BY coalesce(verified_at, timestamptz 'epoch'), sha256 LIMIT 1) AS first) AS o
                        ON CONFLICT (job_execution_id) DO NOTHING
                        """).paramSource(row).update();
        if (inserted > 0) {
            countFinalResults(end);
        }
        return inserted > 0;
    }

    /** Moves the results of notes that were processed again to {@code retried}, in all runs of the night of a node. */
    private void countFinalResults(RunEnd end) {
        Statements.update(jdbc, Map.of("night", end.night(), "node", end.node()), """
                        UPDATE run_summary s
                        SET postponed = l.postponed, failed = l.failed,
                            retried = s.retried + s.postponed + s.failed - l.postponed - l.failed
                        FROM run_summary r
                        CROSS JOIN LATERAL (
                            SELECT count(*) FILTER (WHERE state = 'POSTPONED') AS postponed,
                                   count(*) FILTER (WHERE state = 'FAILED') AS failed
                            FROM worklist
                            WHERE state IN ('POSTPONED', 'FAILED') AND settled_by = r.job_execution_id) AS l
                        WHERE s.id = r.id AND r.night = :night AND r.node = :node
                        """);
    }

    /**
     * A run.
     *
     * @param execution job execution; null if the run ended before one was started
     * @param ended null if the run is active, or was killed and no later run has recorded that
     * @param exitCode name of the exit code; null if the run has not ended; for a killed run that of the recovery
     * @param left row of {@code run_summary}; null for a run without one, which was killed or is active
     */
    public record RecordedRun(
            String node,
            @Nullable Long execution,
            Night night,
            Instant began,
            @Nullable Instant ended,
            @Nullable String exitCode,
            @Nullable String reason,
            Bill bill,
            @Nullable Left left) {

        public boolean isKilled() {
            return left == null && "CRASHED".equals(exitCode);
        }

        public Duration took() {
            return ended == null || ended.isBefore(began) ? Duration.ZERO : Duration.between(began, ended);
        }
    }

    /** An execution of the nightly job, the night in which it started, and that of its job instance. */
    public record RecordedExecution(
            long execution,
            long instance,
            @Nullable String night,
            @Nullable String instanceNight,
            @Nullable String node,
            String status,
            String exitCode,
            @Nullable String exitMessage,
            @Nullable Instant began,
            @Nullable Instant ended,
            long calls,
            long billed) {}

    /**
     * Results of a run and state of the archive at its end: a row of {@code run_summary}.
     *
     * @param openNotes postponed and failed notes by reason, most frequent first: JSON of {@link #reasons}
     * @param settings settings that determined the work of the run: JSON of {@link #settingsByName}
     * @param survival share of notes that is still available, by days: JSON of {@link #shares}; null if unknown
     */
    public record Left(
            RunWork work,
            @Nullable Long callsAllowed,
            StateTotals states,
            StoreTotals store,
            String openNotes,
            String settings,
            @Nullable Paid paid,
            @Nullable String survival) {

        private static final TypeReference<List<ReasonCount>> REASONS = new TypeReference<>() {};
        private static final TypeReference<TreeMap<String, String>> SETTINGS = new TypeReference<>() {};

        public long backlog() {
            return states.worklistPending + states.worklistPostponed;
        }

        public List<ReasonCount> reasons() {
            return JSON.readValue(openNotes, REASONS);
        }

        public Map<String, String> settingsByName() {
            return JSON.readValue(settings, SETTINGS);
        }

        /** Returns the shares by days, without unknown ones. */
        public Map<Integer, Survival.SurvivalEstimate> shares() {
            return survival == null ? Map.of() : Survival.parse(survival);
        }
    }

    public record Paid(BigDecimal cost, String currency) {}

    /** Notes of the worklist by state, and those that are due. */
    public record StateTotals(
            long worklistPending,
            long worklistPostponed,
            long worklistArchived,
            long worklistGone,
            long worklistFailed,
            long due) {}

    public record StoreTotals(
            long objects,
            long objectBytes,
            @Nullable Instant oldestVerifiedAt,
            long neverVerified,
            long openFindings) {}

    /** End of a run, to be recorded, with the settings that determine its work, without secrets. */
    public record RunEnd(
            @Nullable Long execution,
            Night night,
            String node,
            Instant began,
            Instant ended,
            int exitNumber,
            String exitCode,
            String reason,
            RunWork work,
            @Nullable Long callsAllowed,
            Map<String, String> settings,
            CallTotals.@Nullable Cost cost) {}

    /**
     * Work of a run, in the counts of {@code run_summary}.
     *
     * @param postponed notes by their last result of the night, as are the failed ones; before it is recorded, each
     *     result counts
     * @param retried earlier results of such notes; 0 before it is recorded
     */
    public record RunWork(
            long archived,
            long unavailable,
            long postponed,
            long failed,
            long released,
            long refreshed,
            long filesStored,
            long bytesStored,
            long filesDiffering,
            long mediaRequests,
            long retried) {}

    /**
     * Facts of a night.
     *
     * @param openNotes notes that it postponed or failed and that still are, at most {@value #EXAMPLES} of each reason
     * @param amounts totals of the parts of {@code width}, which begin at {@code from}
     * @param findings findings of audits that were open at the end, by kind
     */
    public record NightFacts(
            List<OpenNote> openNotes,
            Instant from,
            Duration width,
            List<Amount> amounts,
            List<CallClass> calls,
            List<FindingCount> findings) {}

    /** Returns what executions of a night did, for its report. */
    public NightFacts facts(Collection<Long> executions, Instant from, Instant to) {
        Duration width = Duration.between(from, to).dividedBy(SLICES).plusMillis(1);
        Map<String, Object> parameters = Map.of(
                "executions", executions.toArray(Long[]::new),
                "from", Timestamp.from(from),
                "to", Timestamp.from(to),
                "width", width.toMillis(),
                "examples", EXAMPLES,
                "ends", from.plus(width.multipliedBy(SLICES)));
        return new NightFacts(
                Statements.list(jdbc, OpenNote.class, parameters, """
                        SELECT w.note_id AS id, w.state, w.reason, w.last_code AS code, w.detail, n.title, w.in_all
                        FROM (SELECT *, count(*) OVER same AS in_all,
                                     row_number() OVER (same ORDER BY note_id) AS number
                              FROM worklist
                              WHERE state IN ('POSTPONED', 'FAILED') AND settled_by = ANY (:executions)
                              WINDOW same AS (PARTITION BY state, reason)) AS w
                        LEFT JOIN note n USING (note_id)
                        WHERE w.number <= :examples
                          AND NOT EXISTS (SELECT FROM forgotten_note f WHERE f.note_id = w.note_id)
                        ORDER BY w.state, w.in_all DESC, w.reason, w.note_id
                        """),
                from,
                width,
                amounts(parameters),
                callClasses(parameters),
                Statements.list(jdbc, FindingCount.class, parameters, """
                        SELECT kind, count(*) AS findings FROM fixity_finding
                        WHERE first_seen <= :to AND (resolved_at IS NULL OR resolved_at > :to)
                        GROUP BY kind ORDER BY kind
                        """));
    }

    private List<Amount> amounts(Map<String, ?> parameters) {
        return Statements.list(jdbc, Amount.class, parameters, """
                        WITH call AS (
                            SELECT %s, code, http_status, duration_ms
                            FROM api_call
                            WHERE job_execution_id = ANY (:executions) AND sent_at >= :from AND sent_at < :ends)
                        SELECT 'CODE' AS kind, slice, coalesce(code::text, 'HTTP ' || http_status, '-') AS name,
                               count(*) AS amount
                        FROM call GROUP BY 2, 3
                        UNION ALL
                        SELECT 'LATENCY', slice, unnest(ARRAY['p50', 'p95']),
                               unnest(percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY duration_ms))
                        FROM call WHERE duration_ms IS NOT NULL GROUP BY 2
                        UNION ALL
                        SELECT 'BYTES', %s, split_part(content_type, '/', 1), sum(size_bytes)::bigint
                        FROM media_object WHERE stored_at >= :from AND stored_at < :ends GROUP BY 2, 3
                        ORDER BY 1, 2, 3
                        """.formatted(
                        SLICE_OF.formatted("sent_at"), SLICE_OF.formatted("stored_at")));
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

    /** A note that is not archived; {@code inAll} is the number of such notes with its state and reason. */
    public record OpenNote(
            String id,
            NoteState state,
            StateReason reason,
            @Nullable Integer code,
            @Nullable String detail,
            @Nullable String title,
            long inAll) {}

    /**
     * Total of one part of a night.
     *
     * @param slice number of the part, from 0
     * @param name a code or, without one, an HTTP status; a percentile in milliseconds; a type of file
     */
    public record Amount(AmountKind kind, int slice, String name, long amount) {}

    /** Calls of the night; their latency; bytes stored by all nodes. */
    public enum AmountKind {
        CODE,
        LATENCY,
        BYTES
    }

    /** Calls with the same endpoint, code and billing. Percentiles are in milliseconds, null without a response. */
    public record CallClass(
            String endpoint,
            @Nullable Integer code,
            @Nullable Integer httpStatus,
            Billed billed,
            long calls,
            @Nullable Long p50,
            @Nullable Long p95,
            @Nullable Long p99) {}

    public record FindingCount(Damage.FindingKind kind, long findings) {}
}
