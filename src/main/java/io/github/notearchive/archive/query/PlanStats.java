package io.github.notearchive.archive.query;

import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.ProviderCode;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Reads what a plan follows from: the notes that wait for a run, and measurements of the last nights. Uses maintained
 * counts and indexes; no query scans the whole worklist.
 */
@Component
public final class PlanStats {

    public static final int NIGHTS = 7;

    /** Maximum number of newest calls that are evaluated. */
    private static final int CALLS = 5000;

    private static final int NOTES = 1000;
    private static final int STOPS = 5;

    /** Condition that a run could claim the row {@code w}. */
    private static final String FREE = """
            (w.claimed_by IS NULL OR (w.claimed_by <> :node AND w.claimed_until < now())
             OR (w.claimed_by = :node AND NOT :running))\
            """;

    /** Kind of {@code notes} with the same {@code state}, {@code held} and {@code due}. */
    private static final String KIND = """
            CASE WHEN due <= :now AND held AND state <> 'ARCHIVED' THEN 'HELD'
                 ELSE CASE state WHEN 'PENDING' THEN 'NEW' WHEN 'UNAVAILABLE' THEN 'RECHECK'
                                 WHEN 'ARCHIVED' THEN 'BETTER' ELSE 'POSTPONED' END
                      || CASE WHEN due <= :now THEN '' WHEN state = 'POSTPONED' AND due < :nightEnds THEN '_TONIGHT'
                              ELSE '_LATER' END
            END\
            """;

    private final JdbcClient jdbc;
    private final WorklistRepository responses;
    private final WorklistStats worklist;
    private final ErasureList erasures;

    PlanStats(JdbcClient jdbc, WorklistRepository responses, WorklistStats worklist, ErasureList erasures) {
        this.jdbc = jdbc;
        this.responses = responses;
        this.worklist = worklist;
        this.erasures = erasures;
    }

    /** A run that could claim notes. While a run of this node is active, its claims are not orphaned. */
    public record PlannedRun(String node, boolean isActive, String refreshPolicy, boolean buysVideos) {}

    /**
     * Work of a run, with the claims of other nodes and the due notes that lack only their video.
     *
     * @param isPlanned whether the refreshes were planned by the current settings
     */
    public record PlannedWork(
            Map<WorkKind, Group> groups,
            List<Claims> claims,
            long failed,
            long erased,
            WorklistStats.PlannedRefreshes refreshes,
            boolean isPlanned,
            long videosToBuy) {

        public Group group(WorkKind kind) {
            return groups.getOrDefault(kind, Group.NONE);
        }
    }

    public PlannedWork read(PlannedRun run, Instant now) {
        Map<String, Object> parameters = new HashMap<>(responses.usableAt(now));
        parameters.putAll(WorklistStats.hour(now));
        parameters.putAll(Map.of(
                "node", run.node(),
                "running", run.isActive(),
                "nightEnds", Night.of(now).ends()));
        return new PlannedWork(
                groups(parameters),
                claims(parameters),
                worklist.countByState(now).stream()
                        .filter(count -> count.state() == NoteState.FAILED)
                        .mapToLong(WorklistStats.StateCount::notes)
                        .sum(),
                erasures.count().notes(),
                worklist.refreshes(),
                Statements.one(jdbc, Boolean.class, Map.of("policy", run.refreshPolicy()), """
                                SELECT coalesce((SELECT policy FROM refresh_policy), 'off') = :policy
                                """),
                run.buysVideos() ? videosToBuy(parameters) : 0);
    }

    /** Class of a note with a due date: what a run would do with it, or when. */
    public enum WorkKind {
        NEW,
        POSTPONED,
        HELD,
        RECHECK,
        BETTER,
        NEW_LATER,
        POSTPONED_TONIGHT,
        POSTPONED_LATER,
        RECHECK_LATER,
        BETTER_LATER
    }

    /** Notes of one kind, those with a usable response, and the first due date or its hour; null if all are due. */
    public record Group(long notes, long paid, @Nullable Instant first) {

        static final Group NONE = new Group(0, 0, null);
    }

    private record Counted(WorkKind kind, Group group) {}

    /**
     * Counts the notes with a due date, by kind; empty kinds are omitted. Complete hours are counted from
     * {@code worklist_count}; rows are read only for the current hour, and for notes that a run of this node could not
     * claim because another node has claimed them. For due notes with a usable response, which need no call, the
     * responses of the last nights are read, which the quota limits, and one row per note.
     */
    private Map<WorkKind, Group> groups(Map<String, ?> parameters) {
        String sql = """
                WITH this_hour AS (
                    SELECT w.state, w.response_held, w.due_at FROM $this_hour WHERE w.state <> 'FAILED' AND $free),
                claimed AS (
                    SELECT w.state, w.response_held, w.due_at FROM worklist w
                    WHERE w.claimed_by IS NOT NULL AND NOT $free AND w.due_at IS NOT NULL AND w.state <> 'FAILED'),
                hours AS (
                    SELECT state, held, due, sum(notes) AS notes
                    FROM (SELECT state, response_held, due_hour, sum(notes) FROM worklist_count
                          WHERE due_hour IS NOT NULL AND state <> 'FAILED' GROUP BY 1, 2, 3
                          UNION ALL
                          SELECT state, response_held, date_trunc('hour', due_at, 'UTC'), -1
                          FROM (SELECT * FROM claimed UNION ALL SELECT * FROM this_hour) AS counted)
                         AS counts (state, held, due, notes)
                    GROUP BY 1, 2, 3 HAVING sum(notes) > 0),
                kinds AS (
                    SELECT $kind AS kind, sum(notes)::bigint AS notes, min(due) FILTER (WHERE due > :now) AS first
                    FROM (SELECT * FROM hours UNION ALL SELECT state, response_held, due_at, 1 FROM this_hour) AS due
                    GROUP BY 1),
                usable AS (
                    SELECT $kind AS kind, count(*) AS paid
                    FROM ($usable) AS c
                    CROSS JOIN LATERAL (
                        SELECT w.state, w.response_held AS held, w.due_at AS due FROM worklist w
                        WHERE w.note_id = c.note_id AND w.due_at <= :now
                          AND w.state IN ('PENDING', 'POSTPONED', 'UNAVAILABLE') AND w.missing_night IS NULL AND $free
                        OFFSET 0) AS w
                    GROUP BY 1)
                SELECT kind, notes, coalesce(paid, 0) AS paid, first FROM kinds LEFT JOIN usable USING (kind)
                """.replace("$free", FREE)
                .replace("$kind", KIND)
                .replace("$this_hour", WorklistStats.THIS_HOUR)
                .replace("$usable", WorklistRepository.USABLE);
        return Statements.list(jdbc, Counted.class, parameters, sql).stream()
                .collect(Collectors.toMap(Counted::kind, Counted::group));
    }

    public record Claims(String node, long notes) {}

    private List<Claims> claims(Map<String, ?> parameters) {
        return Statements.list(jdbc, Claims.class, parameters, """
                        SELECT w.claimed_by AS node, count(*) AS notes FROM worklist w
                        WHERE w.claimed_by IS NOT NULL AND NOT %s
                        GROUP BY w.claimed_by ORDER BY w.claimed_by
                        """.formatted(FREE));
    }

    /** Counts due notes that lack only a video that was not fetched yet. */
    private long videosToBuy(Map<String, ?> parameters) {
        return Statements.one(jdbc, Long.class, parameters, """
                        SELECT count(DISTINCT m.note_id)
                        FROM note_media m JOIN worklist w USING (note_id)
                        WHERE m.kind = 'VIDEO' AND ((m.state = 'MISSING' AND m.reason = 'NO_ANSWER')
                                                    OR (m.state = 'WAIVED' AND m.reason = 'NOT_OFFERED_BY_V1'))
                          AND w.state IN ('PENDING', 'POSTPONED') AND w.due_at <= :now AND %s
                        """.formatted(FREE));
    }

    /**
     * Measurements.
     *
     * @param files time from a response until its note was archived
     * @param responsesBeforeStops responses before the provider reported its quota as used up, per night, newest first
     */
    public record Measurements(
            MeasuredShare videoShare, MeasuredCalls calls, Measured files, List<Long> responsesBeforeStops) {}

    /** Measures the nights before a time. */
    public Measurements measure(Instant now, boolean videos) {
        Instant since = new Night(Night.of(now).date().minusDays(NIGHTS)).begins();
        return new Measurements(
                videos ? videos() : MeasuredShare.NONE, calls(since), files(since), responsesBeforeStops(now));
    }

    /** A share of a sample with {@code of} elements. */
    public record MeasuredShare(long of, double share) {

        public static final MeasuredShare NONE = new MeasuredShare(0, 0);
    }

    private MeasuredShare videos() {
        return Statements.one(jdbc, MeasuredShare.class, Map.of("notes", NOTES), """
                        SELECT count(*) AS "of", coalesce(avg((note_type = 'video')::int), 0) AS share
                        FROM (SELECT note_type FROM note
                              ORDER BY published_at DESC NULLS LAST, note_id DESC LIMIT :notes) AS n
                        """);
    }

    /** Median duration in a sample with {@code of} elements; 0 if nothing was measured. */
    public record Measured(long of, double seconds) {

        public Duration median() {
            return Duration.ofMillis(Math.round(seconds * 1000));
        }
    }

    /** Measurements of the calls of the last nights; one call per billed response if unknown. */
    public record MeasuredCalls(Measured latency, double perResponse) {

        public long neededFor(long responses) {
            return (long) Math.ceil(responses * perResponse);
        }
    }

    private MeasuredCalls calls(Instant since) {
        Map<String, ?> parameters = Map.of("since", since, "endingCalls", ProviderCode.ENDING_CALLS, "calls", CALLS);
        return Statements.one(jdbc, MeasuredCalls.class, parameters, """
                        SELECT count(*) AS "of",
                               coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms), 0) / 1000 AS seconds,
                               coalesce(count(*)::float8 / nullif(count(*) FILTER (WHERE billed = 'YES'), 0), 1)
                                   AS per_response
                        FROM (SELECT duration_ms, billed FROM api_call
                              WHERE sent_at >= :since AND duration_ms IS NOT NULL
                                AND code IS NOT NULL AND code <> ALL (:endingCalls::text[]::integer[])
                              ORDER BY sent_at DESC LIMIT :calls) AS newest
                        """);
    }

    private Measured files(Instant since) {
        Map<String, ?> parameters = Map.of("since", since, "detail", Endpoint.DETAIL.ledgerName(), "notes", NOTES);
        return Statements.one(jdbc, Measured.class, parameters, """
                        SELECT count(*) AS "of",
                               coalesce(percentile_cont(0.5) WITHIN GROUP (
                                   ORDER BY extract(epoch FROM w.settled_at - c.received_at)), 0) AS seconds
                        FROM (SELECT note_id, received_at, job_execution_id FROM api_call
                              WHERE sent_at >= :since AND code = 0 AND endpoint = :detail
                              ORDER BY sent_at DESC LIMIT :notes) AS c
                        CROSS JOIN LATERAL (
                            SELECT w.settled_at FROM worklist w
                            WHERE w.note_id = c.note_id AND w.state = 'ARCHIVED'
                              AND w.settled_by = c.job_execution_id AND w.settled_at >= c.received_at
                            OFFSET 0) AS w
                        """);
    }

    private List<Long> responsesBeforeStops(Instant now) {
        Map<String, ?> parameters = Map.of("since", now.minus(Duration.ofDays(60)), "stops", STOPS);
        return Statements.list(jdbc, Long.class, parameters, """
                        SELECT max(billed_before) AS responses FROM quota_stop
                        WHERE closed_at >= :since GROUP BY night ORDER BY night DESC LIMIT :stops
                        """);
    }
}
