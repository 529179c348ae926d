package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Counts of the notes that are POSTPONED or FAILED, by state and reason, with an example of each. */
@Repository
public class OpenNotes {

    private final JdbcClient jdbc;

    OpenNotes(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Notes with the same state and reason.
     *
     * @param code last code of the example
     * @param detail detail of the example
     * @param notes number of notes in the whole worklist
     * @param example one of the notes; null if none of the examined ones is
     * @param due earliest due date of the examined notes; null if there is none
     */
    public record Group(
            NoteState state,
            StateReason reason,
            @Nullable Integer code,
            @Nullable String detail,
            long notes,
            @Nullable String example,
            @Nullable Instant due) {}

    /**
     * Returns all groups, the largest of each state first.
     *
     * @param examined number of notes per state that are examined for an example, the last settled first
     */
    public List<Group> byReason(int examined) {
        return jdbc.sql("""
                        SELECT counted.state, counted.reason, counted.notes, seen.example, seen.due,
                               e.last_code AS code, e.detail
                        FROM (SELECT c.state, c.reason, sum(c.notes)::bigint AS notes
                              FROM worklist_count c
                              WHERE c.reason IS NOT NULL
                              GROUP BY 1, 2 HAVING sum(c.notes) > 0) AS counted
                        LEFT JOIN (SELECT w.state, w.reason, min(w.note_id) AS example, min(w.due_at) AS due
                                   FROM unnest(ARRAY['POSTPONED', 'FAILED']) AS states (state)
                                   CROSS JOIN LATERAL (
                                       -- separate from notes that no run settled, so that the index returns them in order
                                       (SELECT n.state, n.reason, n.note_id, n.due_at, n.settled_by FROM worklist n
                                        WHERE n.state IN ('POSTPONED', 'FAILED') AND n.state = states.state
                                          AND n.settled_by IS NOT NULL
                                        ORDER BY n.settled_by DESC
                                        LIMIT :examined)
                                       UNION ALL
                                       (SELECT n.state, n.reason, n.note_id, n.due_at, n.settled_by FROM worklist n
                                        WHERE n.state IN ('POSTPONED', 'FAILED') AND n.state = states.state
                                          AND n.settled_by IS NULL
                                        LIMIT :examined)
                                       ORDER BY settled_by DESC NULLS LAST
                                       LIMIT :examined) AS w
                                   GROUP BY 1, 2) AS seen USING (state, reason)
                        LEFT JOIN worklist e ON e.note_id = seen.example
                        ORDER BY counted.state, counted.notes DESC, counted.reason
                        """).param("examined", examined).query(Group.class).list();
    }

    /** Counts the notes of the worklist with a reason, by reason and code, the most frequent first. */
    public List<ReasonCount> reasons() {
        return jdbc.sql("""
                        SELECT state, reason, code, sum(notes) AS notes
                        FROM worklist_count
                        WHERE reason IS NOT NULL
                        GROUP BY 1, 2, 3 HAVING sum(notes) > 0
                        ORDER BY state, sum(notes) DESC, 2, 3
                        LIMIT 100
                        """).query(ReasonCount.class).list();
    }

    /** Number of notes with the same state, reason and code. */
    public record ReasonCount(
            String state, StateReason reason, @Nullable Integer code, long notes) {}
}
