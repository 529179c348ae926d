package io.github.notearchive.report;

import io.github.notearchive.archive.worklist.NoteState;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Which notes are left over, by what stands in their way. Every one of them is counted. */
@Repository
public class OpenNotes {

    private final JdbcClient jdbc;

    OpenNotes(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Notes of a state with the same obstacle.
     *
     * @param code the last code that one of them met, that of the example
     * @param error what stands in the way of the example, in the words of its row
     * @param notes how many there are, of all that are on the worklist
     * @param example one of them; null when none of those that were looked at is one
     * @param due when the first one of those that were looked at is due; null as that, or never
     */
    public record Group(
            NoteState state,
            Obstacle obstacle,
            @Nullable Integer code,
            @Nullable String error,
            long notes,
            @Nullable String example,
            @Nullable Instant due) {}

    /**
     * All groups, the largest of each state first.
     *
     * @param lookedAt of each state so many notes are looked at for an example, those that runs left last
     */
    public List<Group> byObstacle(int lookedAt) {
        return jdbc.sql("""
                        SELECT counted.state, counted.obstacle, counted.notes, seen.example, seen.due, e.last_code, e.last_error
                        FROM (SELECT c.state, c.obstacle, sum(c.notes)::bigint AS notes
                              FROM worklist_count c
                              WHERE c.obstacle IS NOT NULL
                              GROUP BY 1, 2 HAVING sum(c.notes) > 0) AS counted
                        LEFT JOIN (SELECT w.state, %s AS obstacle, min(w.note_id) AS example, min(w.due_at) AS due
                                   FROM unnest(ARRAY['POSTPONED', 'FAILED']) AS states (state)
                                   CROSS JOIN LATERAL (
                                       -- apart from those that no run left, or the index would not give them in order
                                       (SELECT n.state, n.last_code, n.last_error, n.note_id, n.due_at, n.settled_by FROM worklist n
                                        WHERE n.state IN ('POSTPONED', 'FAILED') AND n.state = states.state
                                          AND n.settled_by IS NOT NULL
                                        ORDER BY n.settled_by DESC
                                        LIMIT :lookedAt)
                                       UNION ALL
                                       (SELECT n.state, n.last_code, n.last_error, n.note_id, n.due_at, n.settled_by FROM worklist n
                                        WHERE n.state IN ('POSTPONED', 'FAILED') AND n.state = states.state
                                          AND n.settled_by IS NULL
                                        LIMIT :lookedAt)
                                       ORDER BY settled_by DESC NULLS LAST
                                       LIMIT :lookedAt) AS w
                                   GROUP BY 1, 2) AS seen USING (state, obstacle)
                        LEFT JOIN worklist e ON e.note_id = seen.example
                        ORDER BY counted.state, counted.notes DESC, counted.obstacle
                        """.formatted(Obstacle.SQL))
                .param("lookedAt", lookedAt)
                .query((row, _) -> {
                    Timestamp due = row.getTimestamp("due");
                    return new Group(
                            NoteState.valueOf(row.getString("state")),
                            Obstacle.valueOf(row.getString("obstacle")),
                            row.getObject("last_code", Integer.class),
                            row.getString("last_error"),
                            row.getLong("notes"),
                            row.getString("example"),
                            due == null ? null : due.toInstant());
                })
                .list();
    }
}
