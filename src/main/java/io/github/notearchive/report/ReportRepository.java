package io.github.notearchive.report;

import static io.github.notearchive.io.Timestamps.instant;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.report.NightReport.CallClass;
import io.github.notearchive.report.NightReport.FailedNote;
import io.github.notearchive.report.NightReport.Left;
import io.github.notearchive.report.NightReport.NewField;
import io.github.notearchive.report.NightReport.ReasonCount;
import io.github.notearchive.report.NightReport.Remark;
import io.github.notearchive.report.NightReport.Retry;
import io.github.notearchive.report.NightReport.Run;
import io.github.notearchive.report.NightReport.Stop;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The questions that a report puts to the tables. */
@Repository
class ReportRepository {

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final TypeReference<TreeMap<String, String>> TEXTS = new TypeReference<>() {};

    /** How a run ended that has not. */
    static final String NOT_OVER = "NOT_OVER";

    /** How a run ended that could not say so itself. */
    static final String KILLED = "KILLED";

    private final JdbcClient jdbc;
    private final MediaTotals media;
    private final AuditRepository fixity;

    ReportRepository(JdbcClient jdbc, MediaTotals media, AuditRepository fixity) {
        this.jdbc = jdbc;
        this.media = media;
        this.fixity = fixity;
    }

    /** The nodes that had a run in a night, or in one after it. */
    List<String> nodes(Night from) {
        return jdbc.sql("""
                        SELECT node FROM run_summary WHERE night >= :night
                        UNION
                        SELECT p.parameter_value
                        FROM batch_job_execution e
                        JOIN batch_job_instance i USING (job_instance_id)
                        JOIN batch_job_execution_params p
                          ON p.job_execution_id = e.job_execution_id AND p.parameter_name = 'node'
                        WHERE i.job_name = 'archiveNotes' AND e.start_time >= :local
                        ORDER BY 1
                        """)
                .param("night", Date.valueOf(from.date()))
                .param("local", local(from.begins()))
                .query((row, _) -> row.getString("node"))
                .list();
    }

    /** The last night with a run of a node, up to one; empty when there was none. */
    Optional<Night> lastNight(@Nullable String node, Night upTo) {
        return jdbc.sql("""
                        SELECT max(night) AS night FROM run_summary
                        WHERE (:node::text IS NULL OR node = :node) AND night <= :night
                        """)
                .param("node", node, Types.VARCHAR)
                .param("night", Date.valueOf(upTo.date()))
                .query((row, _) -> Optional.ofNullable(row.getObject("night", LocalDate.class)))
                .single()
                .map(Night::new);
    }

    /**
     * A node's runs of some nights, oldest first: those that said how they ended, and those that were killed or are not
     * over.
     */
    List<Run> runs(String node, Night from, Night to) {
        return jdbc.sql("""
                        SELECT s.*, r.job_execution_id AS execution, r.night AS of_night, r.began, r.ended, r.exit, r.said,
                               bill.calls, bill.billed, bill.maybe_billed
                        FROM (SELECT s.id AS summary, s.job_execution_id, s.night, s.began_at::timestamptz AS began,
                                     s.ended_at AS ended, s.exit_code AS exit, s.reason AS said, s.began_at AS sorted
                              FROM run_summary s
                              WHERE s.node = :node AND s.night BETWEEN :from AND :to
                              UNION ALL
                              SELECT NULL, e.job_execution_id, NULL, e.start_time AT TIME ZONE :zone,
                                     e.end_time AT TIME ZONE :zone, e.exit_code, nullif(e.exit_message, ''),
                                     e.start_time AT TIME ZONE :zone
                              FROM batch_job_execution e
                              JOIN batch_job_instance i USING (job_instance_id)
                              JOIN batch_job_execution_params p
                                ON p.job_execution_id = e.job_execution_id AND p.parameter_name = 'node'
                              WHERE i.job_name = 'archiveNotes' AND p.parameter_value = :node
                                AND e.start_time >= :localFrom AND e.start_time < :localTo
                                AND NOT EXISTS (SELECT 1 FROM run_summary k WHERE k.job_execution_id = e.job_execution_id)
                             ) AS r
                        LEFT JOIN run_summary s ON s.id = r.summary
                        CROSS JOIN LATERAL (
                            SELECT count(*) AS calls, count(*) FILTER (WHERE c.billed = 'YES') AS billed,
                                   count(*) FILTER (WHERE c.billed = 'UNKNOWN') AS maybe_billed
                            FROM api_call c
                            WHERE c.job_execution_id = r.job_execution_id) AS bill
                        ORDER BY r.sorted, r.job_execution_id NULLS LAST, r.summary
                        """)
                .param("node", node)
                .param("from", Date.valueOf(from.date()))
                .param("to", Date.valueOf(to.date()))
                .param("zone", ZoneId.systemDefault().getId())
                .param("localFrom", local(from.begins()))
                .param("localTo", local(to.ends()))
                .query((row, _) -> run(row))
                .list();
    }

    /** Spring Batch writes local times of the process, which runs in UTC. */
    private static LocalDateTime local(Instant instant) {
        return LocalDateTime.ofInstant(instant, ZoneId.systemDefault());
    }

    private static Run run(ResultSet row) throws SQLException {
        Instant began = row.getTimestamp("began").toInstant();
        LocalDate night = row.getObject("of_night", LocalDate.class);
        boolean isKnown = night != null;
        String exit = row.getString("exit");
        Instant ended = instant(row.getTimestamp("ended"));
        return new Run(
                row.getObject("execution", Long.class),
                night == null ? Night.of(began) : new Night(night),
                began,
                ended,
                isKnown ? Integer.valueOf(row.getInt("exit_number")) : numberOf(exit, ended),
                isKnown ? exit : nameOf(exit, ended),
                row.getString("said"),
                row.getLong("calls"),
                row.getLong("billed"),
                row.getLong("maybe_billed"),
                isKnown ? left(row) : null);
    }

    /**
     * Returns the exit name of a run without a row in {@code run_summary}: one that is active, was killed, or could not
     * write its row.
     */
    private static String nameOf(String exit, @Nullable Instant ended) {
        return ended == null ? NOT_OVER : "CRASHED".equals(exit) ? KILLED : exit;
    }

    private static @Nullable Integer numberOf(String exit, @Nullable Instant ended) {
        return ended == null || "CRASHED".equals(exit)
                ? null
                : ExitCode.named(exit).number();
    }

    private static Left left(ResultSet row) throws SQLException {
        return new Left(
                row.getLong("archived"),
                row.getLong("unavailable"),
                row.getLong("postponed"),
                row.getLong("failed"),
                row.getLong("released"),
                row.getLong("refreshed"),
                row.getLong("files_stored"),
                row.getLong("bytes_stored"),
                row.getLong("media_requests"),
                row.getObject("calls_allowed", Long.class),
                row.getLong("worklist_pending"),
                row.getLong("worklist_postponed"),
                row.getLong("worklist_archived"),
                row.getLong("worklist_gone"),
                row.getLong("worklist_failed"),
                row.getLong("due"),
                row.getLong("objects"),
                row.getLong("object_bytes"),
                instant(row.getTimestamp("oldest_verified_at")),
                row.getLong("never_verified"),
                row.getLong("open_findings"),
                JSON.readValue(row.getString("settings"), TEXTS));
    }

    /** What was kept of the notes that a night left; empty when no run has kept anything. */
    Optional<List<ReasonCount>> keptClasses(String node, Night night) {
        return jdbc.sql("""
                        SELECT open_notes FROM run_summary WHERE node = :node AND night = :night ORDER BY id DESC LIMIT 1
                        """)
                .param("node", node)
                .param("night", Date.valueOf(night.date()))
                .query(String.class)
                .optional()
                .map(json -> JSON.readValue(json, new TypeReference<List<ReasonCount>>() {}));
    }

    /** What stands in the way of notes now, the most frequent first. */
    List<ReasonCount> classes() {
        return jdbc.sql("""
                        SELECT state, reason, code, sum(notes) AS notes
                        FROM worklist_count
                        WHERE reason IS NOT NULL
                        GROUP BY 1, 2, 3 HAVING sum(notes) > 0
                        ORDER BY state, sum(notes) DESC, 2, 3
                        LIMIT 100
                        """)
                .query((row, _) -> new ReasonCount(
                        row.getString("state"),
                        StateReason.valueOf(row.getString("reason")),
                        row.getObject("code", Integer.class),
                        row.getLong("notes")))
                .list();
    }

    /** Notes that these executions gave up and nobody has settled since. */
    List<FailedNote> failedNotes(Collection<Long> executions, int limit) {
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

    long countFailedNotes(Collection<Long> executions) {
        return jdbc.sql("""
                        SELECT count(*) FROM worklist WHERE state = 'FAILED' AND settled_by = ANY (:executions)
                        """)
                .param("executions", array(executions))
                .query(Long.class)
                .single();
    }

    /** Files whose own structure, or whose promise, does not fit, of answers of these runs. */
    Remarks remarks(Collection<Long> executions, int limit) {
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

    /** The first of them, how many there are, and how many of these are lesser renditions. */
    record Remarks(List<Remark> first, long inAll, long lesser) {}

    /** A time at which so much was counted. */
    record Count(int slice, long number) {}

    /** Calls of all nodes in each part of a time, from its begin. */
    List<Count> calls(Instant from, Instant to, Duration width) {
        return counts("""
                SELECT floor(extract(epoch FROM c.sent_at - :from::timestamptz) * 1000 / :width)::integer AS slice, count(*) AS number
                FROM api_call c
                WHERE c.sent_at >= :from AND c.sent_at < :to
                GROUP BY 1 ORDER BY 1
                """, from, to, width, List.of());
    }

    /** Calls of all nodes in a time. */
    long countCalls(Instant from, Instant to) {
        return jdbc.sql("SELECT count(*) FROM api_call WHERE sent_at >= :from AND sent_at < :to")
                .param("from", Timestamp.from(from))
                .param("to", Timestamp.from(to))
                .query(Long.class)
                .single();
    }

    /** Notes that these executions got an answer about. */
    List<Count> answers(Instant from, Instant to, Duration width, Collection<Long> executions) {
        return counts("""
                SELECT floor(extract(epoch FROM c.received_at - :from::timestamptz) * 1000 / :width)::integer AS slice, count(*) AS number
                FROM api_call c
                WHERE c.job_execution_id = ANY (:executions) AND c.billed = 'YES' AND c.endpoint = 'note-detail/v1'
                  AND c.received_at >= :from AND c.received_at < :to
                GROUP BY 1 ORDER BY 1
                """, from, to, width, executions);
    }

    /** Bytes that came into the store. */
    List<Count> bytes(Instant from, Instant to, Duration width) {
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

    /** How notes fared that these executions met 301 with. */
    List<Retry> retries(Collection<Long> executions) {
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

    /** The calls of these executions with their latencies. */
    List<CallClass> callClasses(Collection<Long> executions) {
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

    /** When the provider ended the night of these executions. */
    List<Stop> stops(Collection<Long> executions) {
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

    /** Findings that were open at a time, as far as the tables have them, by kind. */
    Map<String, Long> findingsAt(Instant at) {
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

    /** Fields that were first seen in a time. */
    List<NewField> newFields(Instant from, Instant to) {
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

    /** Keeps how a run of a node ended, once, with what the worklist and the store hold now. */
    void keep(String node, FinishedRun end, SettingsInForce inForce) {
        RunSummary run = end.summary();
        MediaCatalog.Volume stored = media.now();
        jdbc.sql("""
                        INSERT INTO run_summary (job_execution_id, night, node, began_at, ended_at, exit_number, exit_code, reason,
                                archived, unavailable, postponed, failed, released, refreshed, files_stored, bytes_stored,
                                media_requests, calls_allowed, worklist_pending, worklist_postponed, worklist_archived,
                                worklist_gone, worklist_failed, due, objects, object_bytes, oldest_verified_at, never_verified,
                                open_findings, open_notes, settings)
                        SELECT :execution, :night, :node, :began, :ended, :exitNumber, :exitCode, :reason,
                               :archived, :unavailable, :postponed, :failed, :released, :refreshed, :filesStored, :bytesStored,
                               :mediaRequests, :callsAllowed, w.pending, w.postponed, w.archived,
                               w.gone, w.failed, w.due, :objects, :objectBytes, o.oldest, :never,
                               (SELECT count(*) FROM fixity_finding WHERE resolved_at IS NULL), :openNotes::jsonb, :settings::jsonb
                        FROM (SELECT coalesce(sum(notes) FILTER (WHERE state = 'PENDING'), 0) AS pending,
                                     coalesce(sum(notes) FILTER (WHERE state = 'POSTPONED'), 0) AS postponed,
                                     coalesce(sum(notes) FILTER (WHERE state = 'ARCHIVED'), 0) AS archived,
                                     coalesce(sum(notes) FILTER (WHERE state = 'UNAVAILABLE'), 0) AS gone,
                                     coalesce(sum(notes) FILTER (WHERE state = 'FAILED'), 0) AS failed,
                                     coalesce(sum(notes) FILTER (WHERE due_hour <= :ended), 0)
                                     - (SELECT count(*)
                                        FROM generate_series(10, 0, -1) AS lanes (lane)
                                        CROSS JOIN LATERAL (
                                            SELECT FROM worklist
                                            WHERE lane = lanes.lane AND due_at > :ended AND due_at < :hourEnds
                                            OFFSET 0) AS later) AS due
                              FROM worklist_count) AS w,
                             (SELECT min(verified_at) AS oldest
                              FROM (SELECT verified_at FROM media_object
                                    WHERE coalesce(verified_at, timestamptz 'epoch') > timestamptz 'epoch'
                                      AND coalesce(verified_at, timestamptz 'epoch') <= :ended
                                    ORDER BY coalesce(verified_at, timestamptz 'epoch'), sha256 LIMIT 1) AS first) AS o
                        ON CONFLICT (job_execution_id) DO NOTHING
                        """)
                .param("execution", run.executionId(), Types.BIGINT)
                .param("night", Date.valueOf(end.night().date()))
                .param("node", node)
                .param("began", Timestamp.from(end.began()))
                .param("ended", Timestamp.from(end.ended()))
                .param("hourEnds", Timestamp.from(WorklistStats.endOfHour(end.ended())))
                .param("objects", stored.files())
                .param("objectBytes", stored.bytes())
                .param("never", fixity.verified(end.ended()).never())
                .param("exitNumber", run.exitCode().number())
                .param("exitCode", run.exitCode().name())
                .param("reason", run.reason())
                .param("archived", run.notes().archived())
                .param("unavailable", run.notes().unavailable())
                .param("postponed", run.notes().postponed())
                .param("failed", run.notes().failed())
                .param("released", run.notes().released())
                .param("refreshed", run.refreshes().answered().notes())
                .param("filesStored", run.files().stored())
                .param("bytesStored", run.files().bytes())
                .param("mediaRequests", run.files().requests())
                .param("callsAllowed", inForce.callsAllowed(), Types.BIGINT)
                .param("openNotes", JSON.writeValueAsString(classes()))
                .param("settings", JSON.writeValueAsString(inForce.byName()))
                .update();
    }

    private static Long[] array(Collection<Long> numbers) {
        return numbers.toArray(Long[]::new);
    }

    private static @Nullable Long asLong(@Nullable Integer number) {
        return number == null ? null : number.longValue();
    }
}
