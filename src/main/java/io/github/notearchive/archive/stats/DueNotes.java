package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.catalog.Columns;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.note.Night;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
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

    /** Kind of {@code notes} with the same {@code state}, {@code held}, {@code due} and {@code is_claimed}. */
    private static final String KIND = """
            CASE WHEN is_claimed THEN 'CLAIMED'
                 WHEN due <= :now AND held AND state <> 'ARCHIVED' THEN 'HELD'
                 ELSE CASE state WHEN 'PENDING' THEN 'NEW' WHEN 'UNAVAILABLE' THEN 'RECHECK'
                                 WHEN 'ARCHIVED' THEN 'BETTER' ELSE 'POSTPONED' END
                      || CASE WHEN due <= :now THEN '' WHEN state = 'POSTPONED' AND due < :nightEnds THEN '_TONIGHT'
                              ELSE '_LATER' END
            END\
            """;

    /** A run that could claim notes. While a run of this node is active, its claims are not orphaned. */
    public record Run(String node, boolean isActive, boolean buysVideos) {}

    /** Work of a run, with the claims of other nodes and the due notes that lack only their video. */
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

    public Work read(Run run, Instant now) {
        return new Work(
                groups(run, now),
                claims(run, now),
                worklist.countByState(now).stream()
                        .filter(count -> count.state() == NoteState.FAILED)
                        .mapToLong(WorklistStats.StateCount::notes)
                        .sum(),
                erasures.count().notes(),
                refreshes(),
                run.buysVideos() ? videosToBuy(run, now) : 0);
    }

    /** Prepares a query with {@code $free}, {@code $kind}, {@code $this_hour} and the query {@code $usable}. */
    private JdbcClient.StatementSpec sql(Run run, Instant now, String sql) {
        return jdbc.sql(sql.replace("$free", FREE)
                        .replace("$kind", KIND)
                        .replace("$this_hour", WorklistStats.THIS_HOUR)
                        .replace("$usable", WorklistRepository.USABLE))
                .params(WorklistStats.hour(now))
                .param("node", run.node())
                .param("running", run.isActive())
                .param("nightEnds", Timestamp.from(Night.of(now).ends()));
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

    /** Notes of one kind, those with a usable response, and the first due date or its hour; null if all are due. */
    public record Group(long notes, long paid, @Nullable Instant first) {

        static final Group NONE = new Group(0, 0, null);
    }

    private record Counted(Kind kind, Group group) {}

    /**
     * Counts the notes with a due date, by kind; empty kinds are omitted. Complete hours are counted from
     * {@code worklist_count}; rows are read only for the current hour, and for notes that a run of this node could not
     * claim because another node has claimed them. For due notes with a usable response, which need no call, the
     * responses of the last nights are read, which the quota limits, and one row per note.
     */
    private Map<Kind, Group> groups(Run run, Instant now) {
        return sql(run, now, """
                        WITH claimed AS (
                            SELECT w.state, w.response_held, w.due_at FROM worklist w
                            WHERE w.claimed_by IS NOT NULL AND NOT $free AND w.due_at IS NOT NULL AND w.state <> 'FAILED'),
                        this_hour AS (
                            SELECT w.state, w.response_held, w.due_at FROM $this_hour WHERE w.state <> 'FAILED' AND $free),
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
                            SELECT $kind AS kind, sum(notes)::bigint AS notes,
                                   min(due) FILTER (WHERE due > :now AND NOT is_claimed) AS first
                            FROM (SELECT state, held, due, notes, false AS is_claimed FROM hours
                                  UNION ALL
                                  SELECT state, response_held, due_at, 1, false FROM this_hour
                                  UNION ALL
                                  SELECT state, response_held, due_at, 1, true FROM claimed) AS due
                            GROUP BY 1),
                        usable AS (
                            SELECT $kind AS kind, count(*) AS paid
                            FROM ($usable) AS c
                            CROSS JOIN LATERAL (
                                SELECT w.state, w.response_held AS held, w.due_at AS due, false AS is_claimed FROM worklist w
                                WHERE w.note_id = c.note_id AND w.due_at <= :now
                                  AND w.state IN ('PENDING', 'POSTPONED', 'UNAVAILABLE') AND w.missing_night IS NULL AND $free
                                OFFSET 0) AS w
                            GROUP BY 1)
                        SELECT kind, notes, coalesce(paid, 0) AS paid, first FROM kinds LEFT JOIN usable USING (kind)
                        """).params(responses.usableAt(now)).query(Columns.of(Counted.class)).list().stream()
                .collect(Collectors.toMap(Counted::kind, Counted::group));
    }

    public record Claims(String node, long notes) {}

    private List<Claims> claims(Run run, Instant now) {
        return sql(run, now, """
                        SELECT w.claimed_by AS node, count(*) AS notes FROM worklist w
                        WHERE w.claimed_by IS NOT NULL AND NOT $free
                        GROUP BY w.claimed_by ORDER BY w.claimed_by
                        """).query(Columns.of(Claims.class)).list();
    }

    /** Refreshes of archived notes, those in progress included, and the first later night. */
    public record Refreshes(long due, long later, @Nullable LocalDate next) {}

    private Refreshes refreshes() {
        WorklistStats.PlannedRefreshes planned = worklist.refreshes();
        return new Refreshes(planned.due(), planned.planned() - planned.due(), planned.next());
    }

    /** Counts due notes that lack only a video that was not fetched yet. */
    private long videosToBuy(Run run, Instant now) {
        return sql(run, now, """
                        SELECT count(DISTINCT m.note_id)
                        FROM note_media m JOIN worklist w USING (note_id)
                        WHERE m.kind = 'VIDEO' AND ((m.state = 'MISSING' AND m.reason = 'NO_ANSWER')
                                                    OR (m.state = 'WAIVED' AND m.reason = 'NOT_OFFERED_BY_V1'))
                          AND w.state IN ('PENDING', 'POSTPONED') AND w.due_at <= :now AND $free
                        """).query(Long.class).single();
    }
}
