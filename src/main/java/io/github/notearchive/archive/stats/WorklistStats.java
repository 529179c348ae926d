package io.github.notearchive.archive.stats;

import static java.time.temporal.ChronoUnit.HOURS;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.io.Transactions;
import io.github.notearchive.note.Night;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * How many notes there are of which kind. None is found out by reading the worklist as a whole: {@code worklist_count}
 * counts along with each change.
 */
@Repository
public class WorklistStats {

    /** So many rows of counts more than there are kinds of notes cost nothing. */
    private static final int COUNTS_KEPT = 1000;

    private final JdbcClient jdbc;
    private final Clock clock;
    private final TransactionTemplate ownTransaction;

    public WorklistStats(JdbcClient jdbc, Clock clock, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.clock = clock;
        this.ownTransaction = Transactions.perStatement(transactions);
    }

    /**
     * Notes by state, and of those how many are due now. Exact, and costs the same however many notes there are: whole
     * hours are counted already, of the one that it is what is not due yet is subtracted.
     */
    public List<StateCount> countByState() {
        Instant now = clock.instant();
        return jdbc.sql("""
                        SELECT c.state, c.notes, c.due - coalesce(l.notes, 0) AS due, coalesce(w.notes, 0) AS in_work
                        FROM (SELECT state, sum(notes) AS notes,
                                     coalesce(sum(notes) FILTER (WHERE due_hour <= :now), 0) AS due
                              FROM worklist_count GROUP BY state HAVING sum(notes) > 0) AS c
                        LEFT JOIN (SELECT later.state, count(*) AS notes
                                   FROM generate_series(10, 0, -1) AS lanes (lane)
                                   CROSS JOIN LATERAL (
                                       SELECT state FROM worklist
                                       WHERE lane = lanes.lane AND due_at > :now AND due_at < :hourEnds
                                       OFFSET 0) AS later
                                   GROUP BY later.state) AS l USING (state)
                        LEFT JOIN (SELECT state, count(*) AS notes FROM worklist
                                   WHERE claimed_by IS NOT NULL AND claimed_until >= now()
                                   GROUP BY state) AS w USING (state)
                        ORDER BY array_position(ARRAY['PENDING', 'POSTPONED', 'ARCHIVED', 'UNAVAILABLE', 'FAILED'], state)
                        """)
                .param("now", Timestamp.from(now))
                .param("hourEnds", Timestamp.from(endOfHour(now)))
                .query((row, _) -> new StateCount(
                        NoteState.valueOf(row.getString("state")),
                        row.getLong("notes"),
                        row.getLong("due"),
                        row.getLong("in_work")))
                .list();
    }

    /**
     * How many notes wait to be claimed, refreshes left aside.
     *
     * @param most where counting ends; more are as many
     * @param until due by this time
     */
    public long countDue(int most, Instant until) {
        return jdbc.sql("""
                        SELECT greatest(0, least(:most,
                            (SELECT coalesce(sum(notes), 0) FROM worklist_count WHERE due_hour <= :until)
                            - (SELECT count(*)
                               FROM generate_series(10, 0, -1) AS lanes (lane)
                               CROSS JOIN LATERAL (
                                   SELECT FROM worklist
                                   WHERE lane = lanes.lane AND due_at > :until AND due_at < :hourEnds
                                   OFFSET 0) AS later)
                            - (SELECT count(*) FROM worklist WHERE claimed_by IS NOT NULL AND due_at <= :until)))
                        """)
                .param("until", Timestamp.from(until))
                .param("hourEnds", Timestamp.from(endOfHour(until)))
                .param("most", most)
                .query(Long.class)
                .single();
    }

    /** How many notes these executions put off to later, or gave up, and nobody has settled since. */
    public long countLeftBy(Collection<Long> jobExecutionIds) {
        return jdbc.sql("""
                        SELECT count(*) FROM worklist
                        WHERE state IN ('POSTPONED', 'FAILED') AND settled_by IN (:executions)
                        """)
                .param("executions", jobExecutionIds)
                .query(Long.class)
                .single();
    }

    /** What is planned to be asked about anew. */
    public RefreshOutlook refreshes() {
        return jdbc.sql("""
                        SELECT coalesce(sum(notes) FILTER (WHERE refresh_night <= :tonight), 0) AS due,
                               coalesce(sum(notes), 0) AS planned,
                               min(refresh_night) FILTER (WHERE refresh_night > :tonight) AS next
                        FROM (SELECT refresh_night, sum(notes) AS notes FROM worklist_count
                              WHERE refresh_night IS NOT NULL
                              GROUP BY refresh_night HAVING sum(notes) > 0) AS planned
                        """)
                .param("tonight", Night.current(clock).date())
                .query((row, _) -> new RefreshOutlook(
                        row.getLong("due"), row.getLong("planned"), row.getObject("next", LocalDate.class)))
                .single();
    }

    /**
     * Puts together what changes have added to the counts, so that reading them stays cheap. A repeat, and two at once,
     * do no harm.
     */
    public void compact() {
        ownTransaction.executeWithoutResult(
                _ -> jdbc.sql("""
                                        WITH gone AS (
                                            DELETE FROM worklist_count
                                            WHERE (SELECT coalesce(sum(more), 0)
                                                   FROM (SELECT count(*) - 1 AS more FROM worklist_count
                                                         GROUP BY state, response_held, due_hour, refresh_night, reason, code)
                                                         AS kinds) > :most
                                              AND (SELECT pg_try_advisory_xact_lock(hashtext('note-archive, worklist_count'), 0))
                                            RETURNING *)
                                        INSERT INTO worklist_count (state, response_held, due_hour, refresh_night, reason, code, notes)
                                        SELECT state, response_held, due_hour, refresh_night, reason, code, sum(notes)
                                        FROM gone
                                        GROUP BY 1, 2, 3, 4, 5, 6
                                        HAVING sum(notes) <> 0
                                        """).param("most", COUNTS_KEPT).update());
    }

    /**
     * Has what the rest of a transaction changes in the worklist counted once a statement, and not once a note: for
     * those that change many.
     */
    public static void countByStatement(JdbcClient jdbc) {
        jdbc.sql("SET LOCAL note_archive.counted = 'by statement'").update();
    }

    /** When the hour of a moment ends: {@code worklist_count} counts by the hour. */
    public static Instant endOfHour(Instant moment) {
        return moment.truncatedTo(HOURS).plus(1, HOURS);
    }

    /** How many notes are in a state, how many of them are due now and how many are in work. */
    public record StateCount(NoteState state, long notes, long due, long inWork) {}

    /**
     * What is planned to be asked about anew.
     *
     * @param due notes whose time has come
     * @param planned notes whose time has come or will
     * @param next the first night after this one in which it will; null when in none
     */
    public record RefreshOutlook(
            long due, long planned, @Nullable LocalDate next) {}
}
