package io.github.notearchive.archive.worklist;

import static java.time.temporal.ChronoUnit.HOURS;

import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.note.Night;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.lang3.ArrayUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Counts the notes of the worklist by kind. Reads {@code worklist_count}, which follows each change, and never the
 * whole worklist.
 */
@Repository
public final class WorklistStats {

    /** Surplus of count rows over kinds of notes that is tolerated before {@link #compact} merges them. */
    private static final int MAX_SURPLUS = 1000;

    /** Notes that are due within this hour, but later than now; read lane by lane, so that an index serves them. */
    public static final String THIS_HOUR = """
            generate_series(10, 0, -1) AS lanes (lane)
            CROSS JOIN LATERAL (
                SELECT l.* FROM worklist l
                WHERE l.lane = lanes.lane AND l.due_at > :now AND l.due_at < :hourEnds
                OFFSET 0) AS w
            """;

    private final JdbcClient jdbc;
    private final Clock clock;
    private final PlatformTransactionManager transactions;

    WorklistStats(JdbcClient jdbc, Clock clock, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.clock = clock;
        this.transactions = transactions;
    }

    public static Map<String, Object> hour(Instant now) {
        Instant ends = now.truncatedTo(HOURS).plus(1, HOURS);
        return Map.of("now", Timestamp.from(now), "hourEnds", Timestamp.from(ends));
    }

    /**
     * Returns the notes by state, with those due now. An archived note that {@code requeue} made due again counts as
     * ARCHIVED and due, while its files are complete. Exact, at a cost independent of the number of notes: whole hours
     * are counted already; notes due later in the current hour are subtracted.
     */
    public List<StateCount> countByState() {
        return countByState(clock.instant());
    }

    /** As above, with the notes due at a time. */
    public List<StateCount> countByState(Instant now) {
        return Statements.list(jdbc, StateCount.class, hour(now), """
                        SELECT state, sum(notes)::bigint AS notes, sum(due)::bigint AS due,
                               sum(in_progress)::bigint AS in_progress
                        FROM (SELECT state, sum(notes) AS notes,
                                     coalesce(sum(notes) FILTER (WHERE due_hour <= :now), 0) AS due, 0 AS in_progress
                              FROM worklist_count GROUP BY state
                              UNION ALL
                              SELECT w.state, 0, -count(*), 0 FROM %s GROUP BY w.state
                              UNION ALL
                              SELECT state, 0, 0, count(*) FROM worklist
                              WHERE claimed_by IS NOT NULL AND claimed_until >= now()
                              GROUP BY state
                              UNION ALL
                              SELECT t.state, t.by, CASE WHEN w.due_at <= :now THEN t.by ELSE 0 END,
                                     CASE WHEN w.claimed_until >= now() THEN t.by ELSE 0 END
                              FROM worklist w JOIN note n USING (note_id)
                              CROSS JOIN LATERAL (VALUES (w.state, -1), ('ARCHIVED', 1)) AS t (state, by)
                              WHERE w.requeued_at IS NOT NULL AND w.state IN ('PENDING', 'POSTPONED')
                                AND n.archived_at IS NOT NULL) AS parts
                        GROUP BY state HAVING sum(notes) > 0
                        ORDER BY array_position(ARRAY['PENDING', 'POSTPONED', 'ARCHIVED', 'UNAVAILABLE', 'FAILED'],
                                                state)
                        """.formatted(THIS_HOUR));
    }

    /** Counts the notes that wait to be claimed, without refreshes. */
    public long countDue(int most, Instant until) {
        long due = Statements.one(jdbc, Long.class, hour(until), """
                        SELECT (SELECT coalesce(sum(notes), 0) FROM worklist_count WHERE due_hour <= :now)
                               - (SELECT count(*) FROM %s)
                               - (SELECT count(*) FROM worklist WHERE claimed_by IS NOT NULL AND due_at <= :now)
                        """.formatted(THIS_HOUR));
        return Math.clamp(due, 0, most);
    }

    /** Counts the notes that these executions postponed or failed and that are not settled since. */
    public OpenCount countOpenOf(Collection<Long> jobExecutionIds) {
        return Statements.one(jdbc, OpenCount.class, Map.of("executions", jobExecutionIds.toArray(Long[]::new)), """
                        SELECT count(*) FILTER (WHERE state = 'POSTPONED') AS postponed,
                               count(*) FILTER (WHERE state = 'FAILED') AS failed
                        FROM worklist
                        WHERE state IN ('POSTPONED', 'FAILED') AND settled_by = ANY (:executions)
                        """);
    }

    public record OpenCount(long postponed, long failed) {

        public boolean isNone() {
            return postponed + failed == 0;
        }

        /** Describes the counts that are not 0, such as {@code 14 notes postponed, 1 note failed}. */
        public String inWords() {
            return Stream.of(
                            postponed == 0 ? "" : DisplayFormat.plural(postponed, "note") + " postponed",
                            failed == 0 ? "" : DisplayFormat.plural(failed, "note") + " failed")
                    .filter(part -> !part.isEmpty())
                    .collect(Collectors.joining(", "));
        }
    }

    public PlannedRefreshes refreshes() {
        return Statements.one(jdbc, PlannedRefreshes.class, Map.of("tonight", Night.current(clock)), """
                        SELECT coalesce(sum(notes) FILTER (WHERE refresh_night <= :tonight), 0) AS due,
                               coalesce(sum(notes), 0) AS planned,
                               min(refresh_night) FILTER (WHERE refresh_night > :tonight) AS next
                        FROM (SELECT refresh_night, sum(notes) AS notes FROM worklist_count
                              WHERE refresh_night IS NOT NULL
                              GROUP BY refresh_night HAVING sum(notes) > 0) AS planned
                        """);
    }

    /**
     * Merges count rows added by changes, so that reading them stays cheap. Idempotent and safe to run concurrently.
     */
    public void compact() {
        Statements.update(Statements.autoCommit(transactions), Map.of("most", MAX_SURPLUS), """
                                        WITH gone AS (
                                            DELETE FROM worklist_count
                                            WHERE (SELECT coalesce(sum(more), 0)
                                                   FROM (SELECT count(*) - 1 AS more FROM worklist_count
                                                         GROUP BY state, response_held, due_hour, refresh_night,
                                                                  reason, code)
                                                         AS kinds) > :most
                                              AND (SELECT pg_try_advisory_xact_lock(
                                                       hashtext('note-archive, worklist_count'), 0))
                                            RETURNING *)
                                        INSERT INTO worklist_count (state, response_held, due_hour, refresh_night,
                                                                    reason, code, notes)
                                        SELECT state, response_held, due_hour, refresh_night, reason, code, sum(notes)
                                        FROM gone
                                        GROUP BY 1, 2, 3, 4, 5, 6
                                        HAVING sum(notes) <> 0
                                        """);
    }

    /**
     * Makes the rest of a transaction count worklist changes once per statement instead of once per note, for
     * statements that change many notes, with further settings of the transaction.
     *
     * @param settings calls of {@code set_config}
     */
    public static void countByStatement(JdbcClient jdbc, String... settings) {
        String counted = "SELECT set_config('note_archive.counted', 'by statement', true)";
        jdbc.sql(String.join(", ", ArrayUtils.insert(0, settings, counted)))
                .query()
                .singleRow();
    }

    public record StateCount(NoteState state, long notes, long due, long inProgress) {}

    /** Notes whose refresh is due, those with any planned refresh, and the first later night with one. */
    public record PlannedRefreshes(
            long due, long planned, @Nullable LocalDate next) {

        public long later() {
            return planned - due;
        }
    }

    /** Notes with the same state and reason; example and earliest due date of the examined ones, if any. */
    public record OpenNotes(
            NoteState state,
            StateReason reason,
            @Nullable Integer code,
            @Nullable String detail,
            long notes,
            @Nullable String example,
            @Nullable Instant due) {}

    /**
     * Returns the notes that are POSTPONED or FAILED by reason, the largest group of each state first.
     *
     * @param examined number of notes per state that are examined for an example; first those that no run settled, then
     *     the last settled
     */
    public List<OpenNotes> openNotes(int examined) {
        return Statements.list(jdbc, OpenNotes.class, Map.of("examined", examined), """
                        SELECT counted.state, counted.reason, counted.notes, seen.example, seen.due,
                               e.last_code AS code, e.detail
                        FROM (SELECT c.state, c.reason, sum(c.notes)::bigint AS notes
                              FROM worklist_count c
                              WHERE c.reason IS NOT NULL
                              GROUP BY 1, 2 HAVING sum(c.notes) > 0) AS counted
                        LEFT JOIN (SELECT w.state, w.reason, min(w.note_id) AS example, min(w.due_at) AS due
                                   FROM unnest(ARRAY['POSTPONED', 'FAILED']) AS states (state)
                                   CROSS JOIN LATERAL (
                                       SELECT n.state, n.reason, n.note_id, n.due_at FROM worklist n
                                       WHERE n.state IN ('POSTPONED', 'FAILED') AND n.state = states.state
                                       ORDER BY n.settled_by DESC
                                       LIMIT :examined) AS w
                                   GROUP BY 1, 2) AS seen USING (state, reason)
                        LEFT JOIN worklist e ON e.note_id = seen.example
                        ORDER BY counted.state, counted.notes DESC, counted.reason
                        """);
    }

    /** Counts the notes of the worklist with a reason, by reason and code, the most frequent first. */
    public List<ReasonCount> reasons() {
        return Statements.list(jdbc, ReasonCount.class, Map.of(), """
                        SELECT state, reason, code, sum(notes)::bigint AS notes
                        FROM worklist_count
                        WHERE reason IS NOT NULL
                        GROUP BY 1, 2, 3 HAVING sum(notes) > 0
                        ORDER BY state, sum(notes) DESC, 2, 3
                        LIMIT 100
                        """);
    }

    public record ReasonCount(
            NoteState state, StateReason reason, @Nullable Integer code, long notes) {}
}
