package io.github.notearchive.archive.worklist;

import static io.github.notearchive.io.Timestamps.timestamp;

import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.note.NoteId;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.core.simple.JdbcClient.StatementSpec;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Changes of worklist rows on behalf of an operator, outside of runs. Notes in progress are not changed. */
@Repository
public class OperatorActions {

    /** Assignments that reset a note. */
    private static final String RESET = """
            state = 'PENDING', due_at = :now, attempts = 0, attempts_tonight = 0, media_attempts = 0,
            media_attempts_tonight = 0, missing_night = NULL, reason = NULL, detail = NULL, %s""".formatted(ClaimRepository.ENDED);

    /** Condition that no node works on a note; a claim whose lease ended an hour ago does not count. */
    private static final String NOT_IN_PROGRESS = "(claim_id IS NULL OR claimed_until < now() - interval '1 hour')";

    /** Locks the row of an unclaimed note, under an optional further condition. */
    private static final String UNCLAIMED =
            "SELECT 1 FROM worklist WHERE note_id = :noteId AND claim_id IS NULL%s FOR UPDATE";

    private final JdbcClient jdbc;
    private final Clock clock;
    private final TransactionTemplate transaction;

    OperatorActions(JdbcClient jdbc, Clock clock, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.clock = clock;
        this.transaction = new TransactionTemplate(transactions);
    }

    /**
     * Makes notes due now, as if new; stored paid responses remain usable.
     *
     * @return the notes that are due now
     */
    public List<NoteId> requeue(Collection<NoteId> ids) {
        return jdbc.sql("""
                        UPDATE worklist SET %s
                        WHERE note_id = ANY (:ids) AND %s
                        RETURNING note_id
                        """.formatted(RESET, NOT_IN_PROGRESS))
                .param("now", Timestamp.from(clock.instant()))
                .param("ids", ids.stream().map(NoteId::value).toArray(String[]::new))
                .query((row, _) -> new NoteId(row.getString("note_id")))
                .list();
    }

    /** Makes all notes of a state due now, as {@link #requeue(Collection)}. */
    public int requeue(NoteState state) {
        return updateMany(jdbc.sql("""
                                UPDATE worklist SET %s
                                WHERE state = :state AND %s
                                """.formatted(RESET, NOT_IN_PROGRESS))
                .param("now", Timestamp.from(clock.instant()))
                .param("state", state.name()));
    }

    /**
     * Makes all archived notes without a fetched video due now, as {@link #requeue(Collection)}.
     *
     * @return number of notes
     */
    public int requeueWithoutVideo() {
        return updateMany(
                jdbc.sql("""
                                UPDATE worklist w SET %s
                                WHERE state = 'ARCHIVED' AND %s
                                  AND EXISTS (SELECT 1 FROM note_media m
                                              WHERE m.note_id = w.note_id AND m.kind = 'VIDEO'
                                                AND m.state = 'WAIVED' AND m.reason = 'NOT_OFFERED_BY_V1')
                                """.formatted(RESET, NOT_IN_PROGRESS)).param("now", Timestamp.from(clock.instant())));
    }

    /**
     * Makes all archived notes with a lesser rendition due now, as {@link #requeue(Collection)}.
     *
     * @return number of notes
     */
    public int requeueDegraded() {
        return updateMany(
                jdbc.sql("""
                                UPDATE worklist w SET %s
                                WHERE state = 'ARCHIVED' AND %s
                                  AND EXISTS (SELECT 1 FROM note_media m
                                              WHERE m.note_id = w.note_id AND m.state = 'STORED'
                                                AND m.reason = 'DEGRADED')
                                """.formatted(RESET, NOT_IN_PROGRESS)).param("now", Timestamp.from(clock.instant())));
    }

    private int updateMany(StatementSpec change) {
        return transaction.execute(_ -> {
            WorklistStats.countByStatement(jdbc);
            return change.update();
        });
    }

    /** Prevents claims of a note until the caller's transaction ends; false if it is claimed. */
    public boolean lockUnclaimed(NoteId id) {
        return isLocked(jdbc.sql(UNCLAIMED.formatted("")), id);
    }

    /**
     * As above, for a note that no run has settled since it was read.
     *
     * @param seen row as read
     */
    public boolean lockUnclaimed(NoteId id, WorklistRow seen) {
        return isLocked(
                jdbc.sql(UNCLAIMED.formatted(" AND settled_at IS NOT DISTINCT FROM :seen"))
                        .param("seen", timestamp(seen.settledAt()), Types.TIMESTAMP),
                id);
    }

    private static boolean isLocked(StatementSpec unclaimed, NoteId id) {
        return unclaimed
                .param("noteId", id.value())
                .query(Integer.class)
                .optional()
                .isPresent();
    }
}
