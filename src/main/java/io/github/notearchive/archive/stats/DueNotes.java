package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.catalog.Columns;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.note.Night;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Reads the notes that wait for a run. Uses maintained counts and indexes; no query scans the whole worklist. */
@Component
public record DueNotes(JdbcClient jdbc, WorklistRepository responses, WorklistStats worklist, ErasureList erasures) {

    /** Condition that a run could claim the row {@code w}. */
    private static final String FREE = """
            (w.claimed_by IS NULL OR (w.claimed_by <> :node AND w.claimed_until < now())
             OR (w.claimed_by = :node AND NOT :running))\
            """;

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
     * @param videosToBuy due notes that lack only their video
     */
    public record Work(
            Map<Kind, Group> groups,
            List<Claims> claims,
            long failed,
            long erased,
            Refreshes refreshes,
            long videosToBuy) {

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

    /** Prepares a query with the condition {@code $free}, the query {@code $usable} and {@code $this_hour}. */
    private JdbcClient.StatementSpec sql(Run run, String sql) {
        return jdbc.sql(sql.replace("$free", FREE)
                        .replace("$usable", WorklistRepository.USABLE)
                        .replace("$this_hour", WorklistStats.THIS_HOUR))
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
     * Number of notes of one kind.
     *
     * @param paid number of those with a usable response in the ledger
     * @param first due date of the first note, or the begin of its hour; null if all are due
     */
    public record Group(long notes, long paid, @Nullable Instant first) {

        static final Group NONE = new Group(0, 0, null);
    }

    /**
     * Notes of one state that are due at the same time, or in the same hour.
     *
     * @param due the time, or the begin of the hour
     */
    private record Slice(NoteState state, boolean held, boolean isClaimed, Instant due, long notes) {

        Kind kind(Instant now) {
            boolean isDue = !due.isAfter(now);
            if (isClaimed) {
                return Kind.CLAIMED;
            }
            if (isDue && held && state != NoteState.ARCHIVED) {
                return Kind.HELD;
            }
            return switch (state) {
                case PENDING -> isDue ? Kind.NEW : Kind.NEW_LATER;
                case UNAVAILABLE -> isDue ? Kind.RECHECK : Kind.RECHECK_LATER;
                case ARCHIVED -> isDue ? Kind.BETTER : Kind.BETTER_LATER;
                case POSTPONED, FAILED -> {
                    boolean isTonight = due.isBefore(Night.of(now).ends());
                    yield isDue ? Kind.POSTPONED : isTonight ? Kind.POSTPONED_TONIGHT : Kind.POSTPONED_LATER;
                }
            };
        }
    }

    /** Counts the notes with a due date, by kind; empty kinds are omitted. */
    private Map<Kind, Group> groups(Run run, Instant now) {
        Map<Kind, Long> notes = new EnumMap<>(Kind.class);
        Map<Kind, Instant> later = new EnumMap<>(Kind.class);
        for (Slice slice : slices(run, now)) {
            notes.merge(slice.kind(now), slice.notes(), Long::sum);
            if (!slice.isClaimed() && slice.due().isAfter(now)) {
                later.merge(slice.kind(now), slice.due(), BinaryOperator.minBy(Comparator.naturalOrder()));
            }
        }
        Map<Kind, Long> paid = paid(run, now);
        Map<Kind, Group> groups = new EnumMap<>(Kind.class);
        notes.forEach(
                (kind, count) -> groups.put(kind, new Group(count, paid.getOrDefault(kind, 0L), later.get(kind))));
        return groups;
    }

    /**
     * Returns the notes with a due date. Complete hours are counted from {@code worklist_count}; rows are read only for
     * the current hour, and for notes that a run of this node could not claim because another node has claimed them.
     */
    private List<Slice> slices(Run run, Instant now) {
        return sql(run, """
                        WITH claimed AS (
                            SELECT w.state, w.response_held, w.due_at FROM worklist w
                            WHERE w.claimed_by IS NOT NULL AND NOT $free AND w.due_at IS NOT NULL AND w.state <> 'FAILED'),
                        this_hour AS (
                            SELECT w.state, w.response_held, w.due_at FROM $this_hour WHERE w.state <> 'FAILED' AND $free)
                        SELECT state, held, false AS is_claimed, due, sum(notes)::bigint AS notes
                        FROM (SELECT state, response_held, due_hour, sum(notes) FROM worklist_count
                              WHERE due_hour IS NOT NULL AND state <> 'FAILED' GROUP BY 1, 2, 3
                              UNION ALL
                              SELECT state, response_held, date_trunc('hour', due_at, 'UTC'), -1
                              FROM (SELECT * FROM claimed UNION ALL SELECT * FROM this_hour) AS counted)
                             AS hours (state, held, due, notes)
                        GROUP BY 1, 2, 4 HAVING sum(notes) > 0
                        UNION ALL
                        SELECT state, response_held, false, due_at, 1 FROM this_hour
                        UNION ALL
                        SELECT state, response_held, true, due_at, 1 FROM claimed
                        """)
                .params(WorklistStats.hour(now))
                .query(Columns.of(Slice.class))
                .list();
    }

    /**
     * Counts due notes with a usable response, which need no call. Reads the responses of the last nights, which the
     * quota limits, and one row per note.
     */
    private Map<Kind, Long> paid(Run run, Instant now) {
        return sql(run, """
                        SELECT w.state, w.response_held AS held, false AS is_claimed, timestamptz 'epoch' AS due, count(*) AS notes
                        FROM ($usable) AS c
                        CROSS JOIN LATERAL (
                            SELECT w.state, w.response_held FROM worklist w
                            WHERE w.note_id = c.note_id AND w.due_at <= :now
                              AND w.state IN ('PENDING', 'POSTPONED', 'UNAVAILABLE') AND w.missing_night IS NULL AND $free
                            OFFSET 0) AS w
                        GROUP BY 1, 2
                        """)
                .param("now", Timestamp.from(now))
                .params(responses.usableAt(now))
                .query(Columns.of(Slice.class))
                .list()
                .stream()
                .collect(Collectors.groupingBy(slice -> slice.kind(now), Collectors.summingLong(Slice::notes)));
    }

    /** Number of notes claimed by a node. */
    public record Claims(String node, long notes) {}

    private List<Claims> claims(Run run) {
        return sql(run, """
                        SELECT w.claimed_by AS node, count(*) AS notes FROM worklist w
                        WHERE w.claimed_by IS NOT NULL AND NOT $free
                        GROUP BY w.claimed_by ORDER BY w.claimed_by
                        """).query(Columns.of(Claims.class)).list();
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

    private Refreshes refreshes(Run run, Instant now, String policy) {
        return sql(run, """
                        SELECT coalesce(sum(p.notes) FILTER (WHERE p.refresh_night <= :tonight), 0)
                               - (SELECT count(*) FROM worklist w
                                  WHERE w.claimed_by IS NOT NULL AND w.refresh_night <= :tonight
                                    AND w.state IN ('ARCHIVED', 'UNAVAILABLE') AND NOT $free) AS due,
                               coalesce(sum(p.notes) FILTER (WHERE p.refresh_night > :tonight), 0) AS later,
                               min(p.refresh_night) FILTER (WHERE p.refresh_night > :tonight) AS next,
                               coalesce((SELECT p.policy FROM refresh_policy p), 'off') = :policy AS is_planned
                        FROM (SELECT c.refresh_night, sum(c.notes) AS notes FROM worklist_count c
                              WHERE c.refresh_night IS NOT NULL
                              GROUP BY c.refresh_night HAVING sum(c.notes) > 0) AS p
                        """)
                .params(Map.of("tonight", Night.of(now).date(), "policy", policy))
                .query(Refreshes.class)
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
