package io.github.notearchive.archive.worklist;

import io.github.notearchive.note.NoteId;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Collection;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Removes erased notes from the worklist, after their tombstones are written. Part of the caller's transaction. */
@Repository
public class WorklistRemoval {

    private final JdbcClient jdbc;

    WorklistRemoval(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Removes notes that may be enqueued concurrently. A missing note is inserted first, which waits for a transaction
     * that is enqueueing it and may have read the tombstones too early. Rows are locked in id order.
     *
     * @return number of notes that were on the worklist
     */
    public long remove(Collection<NoteId> notes, Instant now) {
        long inserted = jdbc.sql("""
                                INSERT INTO worklist (note_id, enqueued_at, due_at)
                                SELECT note_id, :now::timestamptz, :now::timestamptz
                                FROM unnest(:notes) AS note_id
                                ORDER BY note_id
                                ON CONFLICT (note_id) DO UPDATE SET note_id = EXCLUDED.note_id WHERE false
                                """)
                .param("now", Timestamp.from(now))
                .param("notes", notes.stream().map(NoteId::value).toArray(String[]::new))
                .update();
        return delete(notes) - inserted;
    }

    /**
     * Deletes the rows of notes.
     *
     * @return number of deleted rows
     */
    public long delete(Collection<NoteId> notes) {
        return jdbc.sql("DELETE FROM worklist WHERE note_id = ANY (:notes)")
                .param("notes", notes.stream().map(NoteId::value).toArray(String[]::new))
                .update();
    }
}
