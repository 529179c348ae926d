package io.github.notearchive.nightly.plan;

import static java.time.temporal.ChronoUnit.HOURS;

import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.ProviderCode;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * Queries on pending work and past durations. Uses maintained counts and indexes; no query scans the whole worklist.
 */
@Repository
public class PlanQueries {

    /** Number of past nights that measurements cover. */
    static final int NIGHTS = 7;

    /** Maximum number of newest calls that are evaluated. */
    private static final int CALLS = 5000;

    private static final int NOTES = 1000;
    private static final int STOPS = 5;

    /** Selects the notes with a usable response. */
    private static final String PAID = """
            SELECT DISTINCT c.note_id FROM api_call c
            WHERE c.response IS NOT NULL AND c.received_at >= :since AND c.code = 0 AND c.endpoint = :detail
              AND (c.media_gone_at IS NULL OR c.received_at >= :begins OR NOT :buyAgain)\
            """;

    /** Condition: a run of this node could claim the row {@code w}. */
    private static final String FREE = """
            (w.claimed_by IS NULL OR (w.claimed_by <> :node AND w.claimed_until < now())
             OR (w.claimed_by = :node AND NOT :running))
            """;

    private final JdbcClient jdbc;
    private final LedgerProperties ledger;
    private final Clock clock;

    PlanQueries(JdbcClient jdbc, LedgerProperties ledger, Clock clock) {
        this.jdbc = jdbc;
        this.ledger = ledger;
        this.clock = clock;
    }

    /** Class of a note with a due date: what a run would do with it, or when. */
    enum Kind {
        NEW,
        POSTPONED,
        HELD,
        RECHECK,
        BETTER,
        CLAIMED,
        NEW_LATER,
        POSTPONED_TONIGHT,
        POSTPONED_LATER,
        RECHECK_LATER,
        BETTER_LATER
    }

    /**
     * Notes of one kind.
     *
     * @param notes number of notes
     * @param paid number of notes with a usable response in the ledger
     * @param first due date of the first note; null if all are due
     */
    record Group(long notes, long paid, @Nullable Instant first) {

        static final Group NONE = new Group(0, 0, null);
    }

    /**
     * Counts the notes with a due date, by kind; empty kinds are omitted. Complete hours are counted from
     * {@code worklist_count}; rows are read only for the current hour and for claimed notes.
     *
     * @param running whether a run of this node is active, so that its claims are not orphaned
     */
    Map<Kind, Group> groups(String node, boolean running) {
        Instant now = clock.instant();
        Instant ends = Night.of(now).ends();
        Instant thisHour = now.truncatedTo(HOURS);
        Map<Kind, Long> notes = new EnumMap<>(Kind.class);
        Map<Kind, Hour> hours = new EnumMap<>(Kind.class);
        Map<Hour, Long> byHour = byHour();
        List<Row> held = held(node, running);
        for (Row row : held) {
            byHour.merge(row.hour(), -1L, Long::sum);
            notes.merge(Kind.CLAIMED, 1L, Long::sum);
        }
        List<Row> laterThisHour = laterThisHour(now, node, running);
        for (Row row : laterThisHour) {
            byHour.merge(row.hour(), -1L, Long::sum);
            notes.merge(row.kind(now, ends), 1L, Long::sum);
        }
        byHour.forEach((hour, count) -> {
            if (count > 0) {
                boolean due = !hour.begins().isAfter(thisHour);
                Kind kind = kind(hour.state(), hour.held(), due, hour.begins().isBefore(ends));
                notes.merge(kind, count, Long::sum);
                if (!due) {
                    hours.merge(kind, hour, (one, other) -> other.begins().isBefore(one.begins()) ? other : one);
                }
            }
        });
        Map<Kind, Long> paid = paid(node, running, now);
        Map<Kind, Group> groups = new EnumMap<>(Kind.class);
        notes.forEach((kind, count) -> groups.put(
                kind,
                new Group(
                        count,
                        paid.getOrDefault(kind, 0L),
                        first(kind, laterThisHour, hours, now, ends, node, running))));
        return groups;
    }

    /** Notes of one state that are due in the same hour. */
    private record Hour(NoteState state, boolean held, Instant begins) {}

    /** A note with its due date. */
    private record Row(NoteState state, boolean held, Instant due) {

        Hour hour() {
            return new Hour(state, held, due.truncatedTo(HOURS));
        }

        Kind kind(Instant now, Instant ends) {
            return PlanQueries.kind(state, held, !due.isAfter(now), due.isBefore(ends));
        }
    }

    private Map<Hour, Long> byHour() {
        Map<Hour, Long> byHour = new HashMap<>();
        jdbc.sql("""
                        SELECT state, response_held, due_hour, sum(notes) AS notes FROM worklist_count
                        WHERE due_hour IS NOT NULL AND state <> 'FAILED'
                        GROUP BY 1, 2, 3 HAVING sum(notes) > 0
                        """).query(row -> {
            byHour.put(
                    new Hour(
                            NoteState.valueOf(row.getString("state")),
                            row.getBoolean("response_held"),
                            row.getTimestamp("due_hour").toInstant()),
                    row.getLong("notes"));
        });
        return byHour;
    }

    /** Returns the notes that a run of this node could not claim because another node has claimed them. */
    private List<Row> held(String node, boolean running) {
        return jdbc.sql("""
                        SELECT w.state, w.response_held, w.due_at FROM worklist w
                        WHERE w.claimed_by IS NOT NULL AND NOT %s AND w.due_at IS NOT NULL AND w.state <> 'FAILED'
                        """.formatted(FREE))
                .param("node", node)
                .param("running", running)
                .query((row, _) -> row(row))
                .list();
    }

    private List<Row> laterThisHour(Instant now, String node, boolean running) {
        return jdbc.sql("""
                        SELECT w.state, w.response_held, w.due_at
                        FROM generate_series(10, 0, -1) AS lanes (lane)
                        CROSS JOIN LATERAL (
                            SELECT w.state, w.response_held, w.due_at FROM worklist w
                            WHERE w.lane = lanes.lane AND w.due_at > :now AND w.due_at < :hourEnds
                              AND w.state <> 'FAILED' AND %s
                            OFFSET 0) AS w
                        """.formatted(FREE))
                .param("now", Timestamp.from(now))
                .param("hourEnds", Timestamp.from(WorklistStats.endOfHour(now)))
                .param("node", node)
                .param("running", running)
                .query((row, _) -> row(row))
                .list();
    }

    private static Row row(ResultSet row) throws SQLException {
        return new Row(
                NoteState.valueOf(row.getString("state")),
                row.getBoolean("response_held"),
                row.getTimestamp("due_at").toInstant());
    }

    /** Returns the due date of the first note of a kind; null if all are due, and for claimed notes. */
    private @Nullable Instant first(
            Kind kind,
            List<Row> laterThisHour,
            Map<Kind, Hour> hours,
            Instant now,
            Instant ends,
            String node,
            boolean running) {
        Optional<Instant> soon = laterThisHour.stream()
                .filter(row -> row.kind(now, ends) == kind)
                .map(Row::due)
                .min(Comparator.naturalOrder());
        Hour hour = hours.get(kind);
        if (soon.isPresent() || hour == null) {
            return soon.orElse(null);
        }
        return jdbc.sql("""
                        SELECT min(first.due_at) AS first
                        FROM generate_series(10, 0, -1) AS lanes (lane)
                        CROSS JOIN LATERAL (
                            SELECT w.due_at FROM worklist w
                            WHERE w.lane = lanes.lane AND w.due_at >= :begins AND w.due_at < :hourEnds
                              AND w.state = :state AND %s
                            ORDER BY w.due_at
                            LIMIT 1) AS first
                        """.formatted(FREE))
                .param("begins", Timestamp.from(hour.begins()))
                .param("hourEnds", Timestamp.from(WorklistStats.endOfHour(hour.begins())))
                .param("state", hour.state().name())
                .param("node", node)
                .param("running", running)
                .query((row, _) -> Optional.ofNullable(row.getTimestamp("first")))
                .single()
                .map(Timestamp::toInstant)
                .orElse(hour.begins());
    }

    private static Kind kind(NoteState state, boolean held, boolean due, boolean tonight) {
        if (due && held && state != NoteState.ARCHIVED) {
            return Kind.HELD;
        }
        return switch (state) {
            case PENDING -> due ? Kind.NEW : Kind.NEW_LATER;
            case UNAVAILABLE -> due ? Kind.RECHECK : Kind.RECHECK_LATER;
            case ARCHIVED -> due ? Kind.BETTER : Kind.BETTER_LATER;
            case POSTPONED, FAILED -> due ? Kind.POSTPONED : tonight ? Kind.POSTPONED_TONIGHT : Kind.POSTPONED_LATER;
        };
    }

    /** Marks due notes with a usable response, so that they are claimed first and by runs without calls. Idempotent. */
    public void markPaid() {
        Instant now = clock.instant();
        jdbc.sql("""
                        UPDATE worklist w SET response_held = true
                        WHERE w.note_id = ANY (ARRAY(%s)) AND w.due_at <= :now AND NOT w.response_held
                          AND w.state IN ('PENDING', 'POSTPONED', 'UNAVAILABLE') AND w.missing_night IS NULL
                          AND w.claim_id IS NULL
                        """.formatted(PAID))
                .param("now", Timestamp.from(now))
                .params(paidSince(now))
                .update();
    }

    private Map<String, Object> paidSince(Instant now) {
        return Map.of(
                "since", Timestamp.from(now.minus(ledger.reuseFor())),
                "detail", Endpoint.DETAIL.ledgerName(),
                "begins", Timestamp.from(Night.of(now).begins()),
                "buyAgain", ledger.buyAgain());
    }

    /**
     * Counts due notes with a usable response, which need no call. Reads the responses of the last nights, which the
     * quota limits, and one row per note.
     */
    private Map<Kind, Long> paid(String node, boolean running, Instant now) {
        Map<Kind, Long> paid = new EnumMap<>(Kind.class);
        jdbc.sql("""
                        SELECT w.state, w.response_held, count(*) AS notes
                        FROM (%s) AS c
                        CROSS JOIN LATERAL (
                            SELECT w.state, w.response_held FROM worklist w
                            WHERE w.note_id = c.note_id AND w.due_at <= :now
                              AND w.state IN ('PENDING', 'POSTPONED', 'UNAVAILABLE') AND w.missing_night IS NULL AND %s
                            OFFSET 0) AS w
                        GROUP BY 1, 2
                        """.formatted(PAID, FREE))
                .param("now", Timestamp.from(now))
                .params(paidSince(now))
                .param("node", node)
                .param("running", running)
                .query(row -> {
                    paid.merge(
                            kind(
                                    NoteState.valueOf(row.getString("state")),
                                    row.getBoolean("response_held"),
                                    true,
                                    true),
                            row.getLong("notes"),
                            Long::sum);
                });
        return paid;
    }

    /** Number of notes claimed by a node. */
    record Claims(String node, long notes) {}

    /** Returns the claims of other nodes. */
    List<Claims> claims(String node, boolean running) {
        return jdbc.sql("""
                        SELECT w.claimed_by, count(*) AS notes FROM worklist w
                        WHERE w.claimed_by IS NOT NULL AND NOT %s
                        GROUP BY w.claimed_by ORDER BY w.claimed_by
                        """.formatted(FREE))
                .param("node", node)
                .param("running", running)
                .query((row, _) -> new Claims(row.getString("claimed_by"), row.getLong("notes")))
                .list();
    }

    /** Counts the failed notes. */
    long failed() {
        return jdbc.sql("SELECT coalesce(sum(notes), 0) FROM worklist_count WHERE state = 'FAILED'")
                .query(Long.class)
                .single();
    }

    /**
     * Refreshes of archived notes.
     *
     * @param due refreshes due this night
     * @param later refreshes of later nights
     * @param next first of those nights
     * @param isPlanned whether they were planned by the current settings
     */
    record Refreshes(long due, long later, @Nullable LocalDate next, boolean isPlanned) {}

    /** Returns the planned refreshes. */
    Refreshes refreshes(String node, boolean running, String policy) {
        return jdbc.sql("""
                        SELECT coalesce(sum(p.notes) FILTER (WHERE p.refresh_night <= :tonight), 0)
                               - (SELECT count(*) FROM worklist w
                                  WHERE w.claimed_by IS NOT NULL AND w.refresh_night <= :tonight
                                    AND w.state IN ('ARCHIVED', 'UNAVAILABLE') AND NOT %s) AS due,
                               coalesce(sum(p.notes) FILTER (WHERE p.refresh_night > :tonight), 0) AS later,
                               min(p.refresh_night) FILTER (WHERE p.refresh_night > :tonight) AS next,
                               coalesce((SELECT p.policy FROM refresh_policy p), 'off') = :policy AS planned
                        FROM (SELECT c.refresh_night, sum(c.notes) AS notes FROM worklist_count c
                              WHERE c.refresh_night IS NOT NULL
                              GROUP BY c.refresh_night HAVING sum(c.notes) > 0) AS p
                        """.formatted(FREE))
                .param("tonight", Date.valueOf(Night.current(clock).date()))
                .param("node", node)
                .param("running", running)
                .param("policy", policy)
                .query((row, _) -> new Refreshes(
                        row.getLong("due"),
                        row.getLong("later"),
                        row.getObject("next", LocalDate.class),
                        row.getBoolean("planned")))
                .single();
    }

    /** Counts due notes that lack only a video that was not fetched yet. */
    long videosToBuy(String node, boolean running) {
        return jdbc.sql("""
                        SELECT count(DISTINCT m.note_id)
                        FROM note_media m JOIN worklist w USING (note_id)
                        WHERE m.kind = 'VIDEO' AND ((m.state = 'MISSING' AND m.reason = 'NO_ANSWER')
                                                    OR (m.state = 'WAIVED' AND m.reason = 'NOT_OFFERED_BY_V1'))
                          AND w.state IN ('PENDING', 'POSTPONED') AND w.due_at <= :now AND %s
                        """.formatted(FREE))
                .param("now", Timestamp.from(clock.instant()))
                .param("node", node)
                .param("running", running)
                .query(Long.class)
                .single();
    }

    /**
     * A share of a sample.
     *
     * @param of size of the sample
     */
    record Share(long of, double share) {

        static final Share NONE = new Share(0, 0);
    }

    /** Returns the share of videos among the notes published last. */
    Share videos() {
        return jdbc.sql("""
                        SELECT count(*) AS notes, coalesce(avg((note_type = 'video')::int), 0) AS share
                        FROM (SELECT note_type FROM note ORDER BY published_at DESC NULLS LAST, note_id DESC LIMIT :notes) AS n
                        """)
                .param("notes", NOTES)
                .query((row, _) -> new Share(row.getLong("notes"), row.getDouble("share")))
                .single();
    }

    /**
     * Measured durations.
     *
     * @param of size of the sample; 0 if nothing was measured
     * @param median median duration
     */
    record Measured(long of, Duration median) {

        private static Measured ofSeconds(long of, double median) {
            return new Measured(of, Duration.ofMillis(Math.round(median * 1000)));
        }
    }

    /**
     * Measurements of the calls of the last nights.
     *
     * @param latency duration of a call
     * @param perAnswer calls per billed response; 1 if unknown
     */
    record Calls(Measured latency, double perAnswer) {}

    /** Measures the newest calls. */
    Calls calls() {
        return jdbc.sql("""
                        SELECT count(*) AS calls, count(*) FILTER (WHERE billed = 'YES') AS billed,
                               coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms), 0) / 1000 AS median
                        FROM (SELECT duration_ms, billed FROM api_call
                              WHERE sent_at >= :since AND duration_ms IS NOT NULL
                                AND code IS NOT NULL AND code NOT IN (:endingCalls)
                              ORDER BY sent_at DESC LIMIT :calls) AS newest
                        """)
                .param("since", since())
                .param("endingCalls", ProviderCode.ENDING_CALLS)
                .param("calls", CALLS)
                .query((row, _) -> new Calls(
                        Measured.ofSeconds(row.getLong("calls"), row.getDouble("median")),
                        row.getLong("billed") == 0 ? 1 : (double) row.getLong("calls") / row.getLong("billed")))
                .single();
    }

    /** Measures the time from a response until its note was archived. */
    Measured files() {
        return jdbc.sql("""
                        SELECT count(*) AS notes,
                               coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM w.settled_at - c.received_at)), 0) AS median
                        FROM (SELECT note_id, received_at, job_execution_id FROM api_call
                              WHERE sent_at >= :since AND code = 0 AND endpoint = :detail
                              ORDER BY sent_at DESC LIMIT :notes) AS c
                        CROSS JOIN LATERAL (
                            SELECT w.settled_at FROM worklist w
                            WHERE w.note_id = c.note_id AND w.state = 'ARCHIVED'
                              AND w.settled_by = c.job_execution_id AND w.settled_at >= c.received_at
                            OFFSET 0) AS w
                        """)
                .param("since", since())
                .param("detail", Endpoint.DETAIL.ledgerName())
                .param("notes", NOTES)
                .query((row, _) -> Measured.ofSeconds(row.getLong("notes"), row.getDouble("median")))
                .single();
    }

    /** Returns the average media bytes per response in the last nights; 0 if unknown. */
    long bytesPerAnswer() {
        return jdbc.sql("""
                        SELECT coalesce((SELECT sum(size_bytes) FROM media_object WHERE stored_at >= :since)
                                        / nullif((SELECT count(*) FROM api_call WHERE sent_at >= :since AND code = 0), 0), 0)::bigint
                        """).param("since", since()).query(Long.class).single();
    }

    /** Returns the number of responses before the provider reported its quota as used up, per night, newest first. */
    List<Long> answersBeforeStops() {
        return jdbc.sql("""
                        SELECT max(billed_before) AS answers FROM quota_stop
                        WHERE closed_at >= :since GROUP BY night ORDER BY night DESC LIMIT :stops
                        """)
                .param("since", Timestamp.from(clock.instant().minus(Duration.ofDays(60))))
                .param("stops", STOPS)
                .query((row, _) -> row.getLong("answers"))
                .list();
    }

    private Timestamp since() {
        return Timestamp.from(Night.current(clock)
                .date()
                .minusDays(NIGHTS)
                .atStartOfDay(Night.ZONE)
                .toInstant());
    }
}
