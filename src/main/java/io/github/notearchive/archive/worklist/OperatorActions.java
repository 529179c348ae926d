package io.github.notearchive.archive.worklist;

import static io.github.notearchive.io.Timestamps.timestamp;

import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.note.NoteId;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Changes of worklist rows on behalf of an operator, outside of runs. */
@Repository
public class OperatorActions {

    /** Resets notes on which no node works; a claim whose lease ended an hour ago does not count. */
    private static final String RESET = """
            UPDATE worklist w
            SET state = 'PENDING', due_at = :now, attempts = 0, attempts_tonight = 0, media_attempts = 0,
                media_attempts_tonight = 0, missing_night = NULL, reason = NULL, detail = NULL, %s
            WHERE (claim_id IS NULL OR claimed_until < now() - interval '1 hour')
            """.formatted(ClaimRepository.ENDED);

    private final JdbcClient jdbc;
    private final Clock clock;
    private final TransactionTemplate transaction;

    OperatorActions(JdbcClient jdbc, Clock clock, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.clock = clock;
        this.transaction = new TransactionTemplate(transactions);
    }

    /**
     * Makes notes due now, as if new; stored paid responses remain usable. Notes in progress are not changed.
     *
     * @return the notes that are due now
     */
    public List<NoteId> requeue(Collection<NoteId> ids) {
        return jdbc.sql(RESET + " AND note_id = ANY (:ids) RETURNING note_id AS value")
                .param("now", Timestamp.from(clock.instant()))
                .param("ids", array(ids))
                .query(NoteId.class)
                .list();
    }

    /** As above, for all notes of a state; returns their number. */
    public int requeue(NoteState state) {
        return requeueAll(state, "true");
    }

    /** As above, for all archived notes without a fetched video. */
    public int requeueWithoutVideo() {
        return requeueWith("m.kind = 'VIDEO' AND m.state = 'WAIVED' AND m.reason = 'NOT_OFFERED_BY_V1'");
    }

    /** As above, for all archived notes with a lesser rendition. */
    public int requeueDegraded() {
        return requeueWith("m.state = 'STORED' AND m.reason = 'DEGRADED'");
    }

    private int requeueWith(String file) {
        return requeueAll(
                NoteState.ARCHIVED,
                "EXISTS (SELECT 1 FROM note_media m WHERE m.note_id = w.note_id AND %s)".formatted(file));
    }

    private int requeueAll(NoteState state, String condition) {
        return transaction.execute(_ -> {
            WorklistStats.countByStatement(jdbc);
            return jdbc.sql(RESET + " AND state = :state AND " + condition)
                    .param("now", Timestamp.from(clock.instant()))
                    .param("state", state.name())
                    .update();
        });
    }

    /**
     * Prevents claims of a note until the caller's transaction ends.
     *
     * @param seen row as read; null if it was not read yet
     * @return false if the note is claimed, or was settled since it was read
     */
    public boolean lockUnclaimed(NoteId id, @Nullable WorklistRow seen) {
        return jdbc.sql("""
                        SELECT 1 FROM worklist
                        WHERE note_id = :noteId AND claim_id IS NULL
                          AND (NOT :isSeen OR settled_at IS NOT DISTINCT FROM :settledAt)
                        FOR UPDATE
                        """)
                .param("noteId", id.value())
                .param("isSeen", seen != null)
                .param("settledAt", seen == null ? null : timestamp(seen.settledAt()), Types.TIMESTAMP)
                .query(Integer.class)
                .optional()
                .isPresent();
    }

    /**
     * Removes erased notes after their tombstones are written, in the caller's transaction. A missing note is inserted
     * first, which waits for a transaction that is enqueueing it and may have read the tombstones too early. Rows are
     * locked in id order.
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
                .param("notes", array(notes))
                .update();
        return delete(notes) - inserted;
    }

    /** Deletes the rows of notes in the caller's transaction; returns their number. */
    public long delete(Collection<NoteId> notes) {
        return jdbc.sql("DELETE FROM worklist WHERE note_id = ANY (:notes)")
                .param("notes", array(notes))
                .update();
    }

    private static String[] array(Collection<NoteId> notes) {
        return notes.stream().map(NoteId::value).toArray(String[]::new);
    }
}
