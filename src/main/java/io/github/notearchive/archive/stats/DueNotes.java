package io.github.notearchive.archive.stats;

import static java.time.temporal.ChronoUnit.HOURS;

import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.UsableResponses;
import io.github.notearchive.note.Night;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
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

/** Reads the notes that wait for a run. Uses maintained counts and indexes; no query scans the whole worklist. */
@Repository
public class DueNotes {

    /** Condition that a run could claim the row {@code w}. */
    private static final String FREE = """
            (w.claimed_by IS NULL OR (w.claimed_by <> :node AND w.claimed_until < now())
             OR (w.claimed_by = :node AND NOT :running))\
            """;

    private final JdbcClient jdbc;
    private final UsableResponses responses;
    private final WorklistStats worklist;
    private final ErasureList erasures;

    DueNotes(JdbcClient jdbc, UsableResponses responses, WorklistStats worklist, ErasureList erasures) {
        this.jdbc = jdbc;
        this.responses = responses;
        this.worklist = worklist;
        this.erasures = erasures;
    }

    /**
     * A run that could claim notes.
     *
     * @param isActive whether a run of this node is active, so that its claims are not orphaned
     * @param refreshPolicy current policy of refreshes
     * @param buysVideos whether runs make calls for videos
     */
    public record Run(String node, boolean isActive, String refreshPolicy, boolean buysVideos) {}

    /**
     * Work of a run.
     *
     * @param groups notes with a due date, by kind
     * @param claims claims of other nodes
     * @param failed number of failed notes
     * @param erased number of erased notes
     * @param refreshes refreshes of archived notes
     * @param videosToBuy due notes that lack only their video
     */
    public record Work(
            Map<Kind, Group> groups,
            List<Claims> claims,
            long failed,
            long erased,
            Refreshes refreshes,
            long videosToBuy) {

        /** Returns the notes of a kind. */
        public Group group(Kind kind) {
            return groups.getOrDefault(kind, Group.NONE);
        }
    }

    /** Returns the work of a run at a time. */
    public Work read(Run run, Instant now) {
        return new Work(
                groups(run, now),
                claims(run),
                worklist.countByState(now).stream()
                        .filter(count -> count.state() == NoteState.FAILED)
                        .mapToLong(WorklistStats.StateCount::notes)
                        .sum(),
                erasures.count().notes(),
                refreshes(run, now, run.refreshPolicy()),
                run.buysVideos() ? videosToBuy(run, now) : 0);
    }

    /** Prepares a query with the condition {@code $free} and the query {@code $usable}. */
    private JdbcClient.StatementSpec sql(Run run, String sql) {
        return jdbc.sql(sql.replace("$free", FREE).replace("$usable", UsableResponses.NOTES))
                .param("node", run.node())
                .param("running", run.isActive());
    }

    /** Class of a note with a due date: what a run would do with it, or when. */
    public enum Kind {
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
    public record Group(long notes, long paid, @Nullable Instant first) {

        static final Group NONE = new Group(0, 0, null);
    }

    /**
     * Counts the notes with a due date, by kind; empty kinds are omitted. Complete hours are counted from
     * {@code worklist_count}; rows are read only for the current hour and for claimed notes.
     */
    private Map<Kind, Group> groups(Run run, Instant now) {
        Instant ends = Night.of(now).ends();
        Instant thisHour = now.truncatedTo(HOURS);
        Map<Kind, Long> notes = new EnumMap<>(Kind.class);
        Map<Kind, Hour> hours = new EnumMap<>(Kind.class);
        Map<Hour, Long> byHour = byHour();
        List<Row> held = held(run);
        for (Row row : held) {
            byHour.merge(row.hour(), -1L, Long::sum);
            notes.merge(Kind.CLAIMED, 1L, Long::sum);
        }
        List<Row> laterThisHour = laterThisHour(now, run);
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
        Map<Kind, Long> paid = paid(run, now);
        Map<Kind, Group> groups = new EnumMap<>(Kind.class);
        notes.forEach((kind, count) -> groups.put(
                kind,
                new Group(count, paid.getOrDefault(kind, 0L), first(kind, laterThisHour, hours, now, ends, run))));
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
            return DueNotes.kind(state, held, !due.isAfter(now), due.isBefore(ends));
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
    private List<Row> held(Run run) {
        return sql(run, """
                        SELECT w.state, w.response_held, w.due_at FROM worklist w
                        WHERE w.claimed_by IS NOT NULL AND NOT $free AND w.due_at IS NOT NULL AND w.state <> 'FAILED'
                        """).query((row, _) -> row(row)).list();
    }

    private List<Row> laterThisHour(Instant now, Run run) {
        return sql(run, """
                        SELECT w.state, w.response_held, w.due_at
                        FROM generate_series(10, 0, -1) AS lanes (lane)
                        CROSS JOIN LATERAL (
                            SELECT w.state, w.response_held, w.due_at FROM worklist w
                            WHERE w.lane = lanes.lane AND w.due_at > :now AND w.due_at < :hourEnds
                              AND w.state <> 'FAILED' AND $free
                            OFFSET 0) AS w
                        """)
                .param("now", Timestamp.from(now))
                .param("hourEnds", Timestamp.from(WorklistStats.endOfHour(now)))
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
            Kind kind, List<Row> laterThisHour, Map<Kind, Hour> hours, Instant now, Instant ends, Run run) {
        Optional<Instant> soon = laterThisHour.stream()
                .filter(row -> row.kind(now, ends) == kind)
                .map(Row::due)
                .min(Comparator.naturalOrder());
        Hour hour = hours.get(kind);
        if (soon.isPresent() || hour == null) {
            return soon.orElse(null);
        }
        return sql(run, """
                        SELECT min(first.due_at) AS first
                        FROM generate_series(10, 0, -1) AS lanes (lane)
                        CROSS JOIN LATERAL (
                            SELECT w.due_at FROM worklist w
                            WHERE w.lane = lanes.lane AND w.due_at >= :begins AND w.due_at < :hourEnds
                              AND w.state = :state AND $free
                            ORDER BY w.due_at
                            LIMIT 1) AS first
                        """)
                .param("begins", Timestamp.from(hour.begins()))
                .param("hourEnds", Timestamp.from(WorklistStats.endOfHour(hour.begins())))
                .param("state", hour.state().name())
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

    /**
     * Counts due notes with a usable response, which need no call. Reads the responses of the last nights, which the
     * quota limits, and one row per note.
     */
    private Map<Kind, Long> paid(Run run, Instant now) {
        Map<Kind, Long> paid = new EnumMap<>(Kind.class);
        sql(run, """
                        SELECT w.state, w.response_held, count(*) AS notes
                        FROM ($usable) AS c
                        CROSS JOIN LATERAL (
                            SELECT w.state, w.response_held FROM worklist w
                            WHERE w.note_id = c.note_id AND w.due_at <= :now
                              AND w.state IN ('PENDING', 'POSTPONED', 'UNAVAILABLE') AND w.missing_night IS NULL AND $free
                            OFFSET 0) AS w
                        GROUP BY 1, 2
                        """)
                .param("now", Timestamp.from(now))
                .params(responses.parameters(now))
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
    public record Claims(String node, long notes) {}

    /** Returns the claims of other nodes. */
    private List<Claims> claims(Run run) {
        return sql(run, """
                        SELECT w.claimed_by, count(*) AS notes FROM worklist w
                        WHERE w.claimed_by IS NOT NULL AND NOT $free
                        GROUP BY w.claimed_by ORDER BY w.claimed_by
                        """)
                .query((row, _) -> new Claims(row.getString("claimed_by"), row.getLong("notes")))
                .list();
    }

    /**
     * Refreshes of archived notes.
     *
     * @param due refreshes due this night
     * @param later refreshes of later nights
     * @param next first of those nights
     * @param isPlanned whether they were planned by the current settings
     */
    public record Refreshes(long due, long later, @Nullable LocalDate next, boolean isPlanned) {}

    /** Returns the planned refreshes. */
    private Refreshes refreshes(Run run, Instant now, String policy) {
        return sql(run, """
                        SELECT coalesce(sum(p.notes) FILTER (WHERE p.refresh_night <= :tonight), 0)
                               - (SELECT count(*) FROM worklist w
                                  WHERE w.claimed_by IS NOT NULL AND w.refresh_night <= :tonight
                                    AND w.state IN ('ARCHIVED', 'UNAVAILABLE') AND NOT $free) AS due,
                               coalesce(sum(p.notes) FILTER (WHERE p.refresh_night > :tonight), 0) AS later,
                               min(p.refresh_night) FILTER (WHERE p.refresh_night > :tonight) AS next,
                               coalesce((SELECT p.policy FROM refresh_policy p), 'off') = :policy AS planned
                        FROM (SELECT c.refresh_night, sum(c.notes) AS notes FROM worklist_count c
                              WHERE c.refresh_night IS NOT NULL
                              GROUP BY c.refresh_night HAVING sum(c.notes) > 0) AS p
                        """)
                .param("tonight", Date.valueOf(Night.of(now).date()))
                .param("policy", policy)
                .query((row, _) -> new Refreshes(
                        row.getLong("due"),
                        row.getLong("later"),
                        row.getObject("next", LocalDate.class),
                        row.getBoolean("planned")))
                .single();
    }

    /** Counts due notes that lack only a video that was not fetched yet. */
    private long videosToBuy(Run run, Instant now) {
        return sql(run, """
                        SELECT count(DISTINCT m.note_id)
                        FROM note_media m JOIN worklist w USING (note_id)
                        WHERE m.kind = 'VIDEO' AND ((m.state = 'MISSING' AND m.reason = 'NO_ANSWER')
                                                    OR (m.state = 'WAIVED' AND m.reason = 'NOT_OFFERED_BY_V1'))
                          AND w.state IN ('PENDING', 'POSTPONED') AND w.due_at <= :now AND $free
                        """).param("now", Timestamp.from(now)).query(Long.class).single();
    }
}
