package io.github.notearchive.report;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import java.sql.Timestamp;
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
     * Notes of a state with the same reason.
     *
     * @param code the last code of the example
     * @param detail the reason of the example, in words
     * @param notes how many there are, of all that are on the worklist
     * @param example one of them; null when none of those that were looked at is one
     * @param due when the first one of those that were looked at is due; null as that, or never
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
     * All groups, the largest of each state first.
     *
     * @param lookedAt of each state so many notes are looked at for an example, those that runs left last
     */
    public List<Group> byReason(int lookedAt) {
        return jdbc.sql("""
                        SELECT counted.state, counted.reason, counted.notes, seen.example, seen.due, e.last_code, e.detail
                        FROM (SELECT c.state, c.reason, sum(c.notes)::bigint AS notes
                              FROM worklist_count c
                              WHERE c.reason IS NOT NULL
                              GROUP BY 1, 2 HAVING sum(c.notes) > 0) AS counted
                        LEFT JOIN (SELECT w.state, w.reason, min(w.note_id) AS example, min(w.due_at) AS due
                                   FROM unnest(ARRAY['POSTPONED', 'FAILED']) AS states (state)
                                   CROSS JOIN LATERAL (
                                       -- apart from those that no run left, or the index would not give them in order
                                       (SELECT n.state, n.reason, n.note_id, n.due_at, n.settled_by FROM worklist n
                                        WHERE n.state IN ('POSTPONED', 'FAILED') AND n.state = states.state
                                          AND n.settled_by IS NOT NULL
                                        ORDER BY n.settled_by DESC
                                        LIMIT :lookedAt)
                                       UNION ALL
                                       (SELECT n.state, n.reason, n.note_id, n.due_at, n.settled_by FROM worklist n
                                        WHERE n.state IN ('POSTPONED', 'FAILED') AND n.state = states.state
                                          AND n.settled_by IS NULL
                                        LIMIT :lookedAt)
                                       ORDER BY settled_by DESC NULLS LAST
                                       LIMIT :lookedAt) AS w
                                   GROUP BY 1, 2) AS seen USING (state, reason)
                        LEFT JOIN worklist e ON e.note_id = seen.example
                        ORDER BY counted.state, counted.notes DESC, counted.reason
                        """)
                .param("lookedAt", lookedAt)
                .query((row, _) -> {
                    Timestamp due = row.getTimestamp("due");
                    return new Group(
                            NoteState.valueOf(row.getString("state")),
                            StateReason.valueOf(row.getString("reason")),
                            row.getObject("last_code", Integer.class),
                            row.getString("detail"),
                            row.getLong("notes"),
                            row.getString("example"),
                            due == null ? null : due.toInstant());
                })
                .list();
    }
}
