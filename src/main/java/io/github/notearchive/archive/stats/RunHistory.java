package io.github.notearchive.archive.stats;

import static io.github.notearchive.io.Timestamps.instant;

import com.fasterxml.jackson.annotation.JsonAlias;
import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.stats.CallTotals.Bill;
import io.github.notearchive.archive.stats.WorklistStats.ReasonCount;
import io.github.notearchive.archive.stats.WorklistStats.StateCount;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.io.RecordParameters;
import io.github.notearchive.note.Night;
import java.sql.Date;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.SimplePropertyRowMapper;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/** Reads and writes how runs ended: {@code run_summary}, and {@code run_history} for runs without a row there. */
@Repository
public class RunHistory {

    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    private static final TypeReference<List<ReasonCount>> REASONS = new TypeReference<>() {};

    private final JdbcClient jdbc;
    private final MediaTotals media;
    private final AuditRepository audits;
    private final WorklistStats worklist;

    RunHistory(JdbcClient jdbc, MediaTotals media, AuditRepository audits, WorklistStats worklist) {
        this.jdbc = jdbc;
        this.media = media;
        this.audits = audits;
        this.worklist = worklist;
    }

    /** Returns the nodes with a run in this night or a later one. */
    public List<String> nodes(Night from) {
        return jdbc.sql("""
                        SELECT node FROM run_summary WHERE night >= :night
                        UNION
                        SELECT h.node FROM run_history h
                        WHERE h.night >= :night AND h.node IS NOT NULL
                          AND NOT EXISTS (SELECT 1 FROM run_summary s WHERE s.job_execution_id = h.job_execution_id)
                        ORDER BY 1
                        """)
                .param("night", Date.valueOf(from.date()))
                .query((row, _) -> row.getString(1))
                .list();
    }

    /**
     * Returns the last night, up to a given one, in which a run ended; empty if there is none.
     *
     * @param node node of the run; null for any node
     */
    public Optional<Night> lastNight(@Nullable String node, Night upTo) {
        return jdbc.sql("""
                        SELECT max(night) AS night FROM run_summary
                        WHERE (:node::text IS NULL OR node = :node) AND night <= :night
                        """)
                .param("node", node, Types.VARCHAR)
                .param("night", Date.valueOf(upTo.date()))
                .query(LocalDate.class)
                .optional()
                .map(Night::new);
    }

    /** Returns the runs of a node in these nights, oldest first, including killed and active ones. */
    public List<Run> runs(String node, Night from, Night to) {
        return jdbc.sql("""
                        SELECT r.job_execution_id AS execution, r.began, r.ended, r.exit, r.said, s.night, to_jsonb(s) AS "left",
                               bill.*
                        FROM (SELECT s.id AS summary, s.job_execution_id, s.began_at AS began, s.ended_at AS ended,
                                     s.exit_code AS exit, s.reason AS said
                              FROM run_summary s
                              WHERE s.node = :node AND s.night BETWEEN :from AND :to
                              UNION ALL
                              SELECT NULL, h.job_execution_id, h.started_at AT TIME ZONE 'UTC',
                                     h.ended_at AT TIME ZONE 'UTC', h.exit_code, h.exit_message
                              FROM run_history h
                              WHERE h.node = :node AND h.night BETWEEN :from AND :to
                                AND NOT EXISTS (SELECT 1 FROM run_summary k WHERE k.job_execution_id = h.job_execution_id)
                             ) AS r
                        LEFT JOIN run_summary s ON s.id = r.summary
                        CROSS JOIN LATERAL (
                            SELECT count(*) AS calls, count(*) FILTER (WHERE c.billed = 'YES') AS billed,
                                   count(*) FILTER (WHERE c.billed = 'UNKNOWN') AS billing_unknown
                            FROM api_call c
                            WHERE c.job_execution_id = r.job_execution_id) AS bill
                        ORDER BY r.began, r.job_execution_id NULLS LAST, r.summary
                        """)
                .params(Map.of("node", node, "from", Date.valueOf(from.date()), "to", Date.valueOf(to.date())))
                .query((row, _) -> {
                    Instant began = row.getTimestamp("began").toInstant();
                    LocalDate night = row.getObject("night", LocalDate.class);
                    return new Run(
                            row.getObject("execution", Long.class),
                            night == null ? Night.of(began) : new Night(night),
                            began,
                            instant(row.getTimestamp("ended")),
                            row.getString("exit"),
                            row.getString("said"),
                            new Bill(row.getLong("calls"), row.getLong("billed"), row.getLong("billing_unknown")),
                            night == null ? null : JSON.readValue(row.getString("left"), Left.class));
                })
                .list();
    }

    /** Returns the newest executions of the nightly job, of all nodes, newest first. */
    public List<Execution> latest(int limit) {
        return jdbc.sql("""
                        SELECT h.job_execution_id AS execution, h.job_instance_id AS instance, h.night, h.instance_night,
                               h.node, h.status, h.exit_code, h.exit_message,
                               coalesce(s.began_at, h.started_at AT TIME ZONE 'UTC') AS began,
                               coalesce(s.ended_at, h.ended_at AT TIME ZONE 'UTC') AS ended, h.calls, h.billed
                        FROM run_history h LEFT JOIN run_summary s ON s.job_execution_id = h.job_execution_id
                        ORDER BY h.job_execution_id DESC
                        LIMIT :limit
                        """)
                .param("limit", limit)
                .query(new SimplePropertyRowMapper<>(Execution.class))
                .list();
    }

    /** Returns the reasons of open notes when the last run of a night ended; empty if no run recorded them. */
    public Optional<List<ReasonCount>> reasonsAtEnd(String node, Night night) {
        return jdbc.sql("""
                        SELECT open_notes FROM run_summary WHERE node = :node AND night = :night ORDER BY id DESC LIMIT 1
                        """)
                .params(Map.of("node", node, "night", Date.valueOf(night.date())))
                .query(String.class)
                .optional()
                .map(json -> JSON.readValue(json, REASONS));
    }

    /** Records the end of a run with the current totals of worklist and store. A repeat changes nothing. */
    public void record(RunEnd end) {
        MediaTotals.Volume stored = media.now();
        List<StateCount> states = worklist.countByState(end.ended());
        MapSqlParameterSource row = RecordParameters.of(end)
                .addValue("due", states.stream().mapToLong(StateCount::due).sum())
                .addValue("objects", stored.files())
                .addValue("objectBytes", stored.bytes())
                .addValue("never", audits.verified(end.ended()).never())
                .addValue("openNotes", JSON.writeValueAsString(worklist.reasons()))
                .addValue("settings", JSON.writeValueAsString(end.settings()));
        for (NoteState state : NoteState.values()) {
            row.addValue("in" + state, notesIn(state, states));
        }
        jdbc.sql("""
                        INSERT INTO run_summary (job_execution_id, night, node, began_at, ended_at, exit_number, exit_code, reason,
                                archived, unavailable, postponed, failed, released, refreshed, files_stored, bytes_stored,
                                media_requests, calls_allowed, worklist_pending, worklist_postponed, worklist_archived,
                                worklist_gone, worklist_failed, due, objects, object_bytes, oldest_verified_at, never_verified,
                                open_findings, open_notes, settings)
                        SELECT :execution, :night, :node, :began, :ended, :exitNumber, :exitCode, :reason,
                               :archived, :unavailable, :postponed, :failed, :released, :refreshed, :filesStored, :bytesStored,
                               :mediaRequests, :callsAllowed, :inPENDING, :inPOSTPONED, :inARCHIVED,
                               :inUNAVAILABLE, :inFAILED, :due, :objects, :objectBytes, o.oldest, :never,
                               (SELECT count(*) FROM fixity_finding WHERE resolved_at IS NULL), :openNotes::jsonb, :settings::jsonb
                        FROM (SELECT min(verified_at) AS oldest
                              FROM (SELECT verified_at FROM media_object
                                    WHERE coalesce(verified_at, timestamptz 'epoch') > timestamptz 'epoch'
                                      AND coalesce(verified_at, timestamptz 'epoch') <= :ended
                                    ORDER BY coalesce(verified_at, timestamptz 'epoch'), sha256 LIMIT 1) AS first) AS o
                        ON CONFLICT (job_execution_id) DO NOTHING
                        """).paramSource(row).update();
    }

    private static long notesIn(NoteState state, List<StateCount> counts) {
        return counts.stream()
                .filter(count -> count.state() == state)
                .mapToLong(StateCount::notes)
                .sum();
    }

    /**
     * A run.
     *
     * @param execution job execution; null if the run ended before one was started
     * @param ended null if the run is active, or was killed and no later run has recorded that
     * @param exitCode name of the exit code; for a killed run that of Spring Batch
     * @param left row of {@code run_summary}; null for a run without one, which was killed or is active
     */
    public record Run(
            @Nullable Long execution,
            Night night,
            Instant began,
            @Nullable Instant ended,
            String exitCode,
            @Nullable String reason,
            Bill bill,
            @Nullable Left left) {}

    /**
     * An execution of the nightly job.
     *
     * @param night calendar day of Shanghai in which it started, as in report and log
     * @param instanceNight calendar day of Shanghai in which its job instance was created
     */
    public record Execution(
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

    /** Results of a run and state of the archive at its end: a row of {@code run_summary}. */
    public record Left(
            long archived,
            long unavailable,
            long postponed,
            long failed,
            long released,
            long refreshed,
            long filesStored,
            long bytesStored,
            long mediaRequests,
            @Nullable Long callsAllowed,
            @JsonAlias("worklist_pending") long pending,
            @JsonAlias("worklist_postponed") long waiting,
            @JsonAlias("worklist_archived") long archivedInAll,
            @JsonAlias("worklist_gone") long goneInAll,
            @JsonAlias("worklist_failed") long failedInAll,
            long due,
            long objects,
            long objectBytes,
            @JsonAlias("oldest_verified_at") @Nullable Instant oldestVerified,
            long neverVerified,
            long openFindings,
            Map<String, String> settings) {

        /** Returns the number of notes that are not settled. */
        public long backlog() {
            return pending + waiting;
        }
    }

    /**
     * End of a run, to be recorded.
     *
     * @param execution job execution; null if none was started
     * @param callsAllowed configured limit of calls in a night; null for none
     * @param settings settings that determine the work of the run, without secrets
     */
    public record RunEnd(
            @Nullable Long execution,
            Night night,
            String node,
            Instant began,
            Instant ended,
            int exitNumber,
            String exitCode,
            String reason,
            Work work,
            @Nullable Long callsAllowed,
            Map<String, String> settings) {}

    /** Work of a run, in the counts of {@code run_summary}. */
    public record Work(
            long archived,
            long unavailable,
            long postponed,
            long failed,
            long released,
            long refreshed,
            long filesStored,
            long bytesStored,
            long mediaRequests) {}
}
