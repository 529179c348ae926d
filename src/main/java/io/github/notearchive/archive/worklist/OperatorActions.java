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
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.core.simple.JdbcClient.StatementSpec;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** What is done to notes on an operator's word, beside the runs. Notes in work are left alone. */
@Repository
public class OperatorActions {

    /** What is set where a note begins anew. */
    private static final String AS_NEW = """
            state = 'PENDING', due_at = :now, attempts = 0, attempts_tonight = 0, media_attempts = 0,
            media_attempts_tonight = 0, missing_night = NULL, reason = NULL, detail = NULL, %s""".formatted(ClaimRepository.ENDED);

    /** Whether nobody works on a note; a claim whose lease ended an hour ago is nobody's. */
    private static final String NOT_IN_WORK = "(claim_id IS NULL OR claimed_until < now() - interval '1 hour')";

    /** Keeps a note that no run has, and of which what is filled in holds, as it is. */
    private static final String UNCLAIMED =
            "SELECT 1 FROM worklist WHERE note_id = :noteId AND claim_id IS NULL%s FOR UPDATE";

    /** Whether no run has decided about a note since {@code :seen}, or ever if that is null. */
    private static final String NOT_DECIDED_SINCE = "settled_at IS NOT DISTINCT FROM :seen";

    private final JdbcClient jdbc;
    private final Clock clock;
    private final TransactionTemplate transaction;

    OperatorActions(JdbcClient jdbc, Clock clock, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.clock = clock;
        this.transaction = new TransactionTemplate(transactions);
    }

    /**
     * Makes notes due now, as if they were new; a paid answer in the ledger stays usable.
     *
     * @return those that were found on the list and are due now
     */
    public List<NoteId> requeue(Collection<NoteId> ids) {
        return jdbc.sql("""
                        UPDATE worklist SET %s
                        WHERE note_id = ANY (:ids) AND %s
                        RETURNING note_id
                        """.formatted(AS_NEW, NOT_IN_WORK))
                .param("now", Timestamp.from(clock.instant()))
                .param("ids", ids.stream().map(NoteId::value).toArray(String[]::new))
                .query((row, _) -> new NoteId(row.getString("note_id")))
                .list();
    }

    /** Makes every note of a state due now, as {@link #requeue(Collection)} does. */
    public int requeue(NoteState state) {
        return updateMany(jdbc.sql("""
                                UPDATE worklist SET %s
                                WHERE state = :state AND %s
                                """.formatted(AS_NEW, NOT_IN_WORK))
                .param("now", Timestamp.from(clock.instant()))
                .param("state", state.name()));
    }

    /**
     * Makes every archived note due now whose video was not asked for, as {@link #requeue(Collection)} does.
     *
     * @return how many there are
     */
    public int requeueWithoutVideo() {
        return updateMany(jdbc.sql("""
                                UPDATE worklist w SET %s
                                WHERE state = 'ARCHIVED' AND %s
                                  AND EXISTS (SELECT 1 FROM note_media m
                                              WHERE m.note_id = w.note_id AND m.kind = 'VIDEO'
                                                AND m.state = 'WAIVED' AND m.reason = 'NOT_OFFERED_BY_V1')
                                """.formatted(AS_NEW, NOT_IN_WORK)).param("now", Timestamp.from(clock.instant())));
    }

    /**
     * Makes every archived note due now that has a lesser rendition of a file, as {@link #requeue(Collection)} does.
     *
     * @return how many there are
     */
    public int requeueDegraded() {
        return updateMany(jdbc.sql("""
                                UPDATE worklist w SET %s
                                WHERE state = 'ARCHIVED' AND %s
                                  AND EXISTS (SELECT 1 FROM note_media m
                                              WHERE m.note_id = w.note_id AND m.state = 'STORED'
                                                AND m.reason = 'DEGRADED')
                                """.formatted(AS_NEW, NOT_IN_WORK)).param("now", Timestamp.from(clock.instant())));
    }

    private int updateMany(StatementSpec change) {
        return transaction.execute(_ -> {
            WorklistStats.countByStatement(jdbc);
            return change.update();
        });
    }

    /** Keeps runs from claiming a note until the caller's transaction ends; false when one has it. */
    public boolean keepUnclaimed(NoteId id) {
        return isKept(jdbc.sql(UNCLAIMED.formatted("")), id);
    }

    /**
     * The same for a note about which no run has decided since it was looked at.
     *
     * @param seen as it was then
     */
    public boolean keepUnclaimed(NoteId id, WorklistRow seen) {
        return isKept(
                jdbc.sql(UNCLAIMED.formatted(" AND " + NOT_DECIDED_SINCE))
                        .param("seen", timestamp(seen.settledAt()), Types.TIMESTAMP),
                id);
    }

    private static boolean isKept(StatementSpec unclaimed, NoteId id) {
        return unclaimed
                .param("noteId", id.value())
                .query(Integer.class)
                .optional()
                .isPresent();
    }

    /**
     * Marks a note as archived that an operator's waiver has completed. Part of the caller's transaction.
     *
     * @param seen as it was looked at
     * @return false when a run has it, or has decided about it since
     */
    public boolean completeByWaiver(NoteId id, WorklistRow seen, Instant now) {
        return jdbc.sql("""
                                UPDATE worklist
                                SET state = 'ARCHIVED', due_at = NULL, reason = NULL, detail = NULL, response_held = false, settled_at = :now
                                WHERE note_id = :noteId AND state IN ('PENDING', 'POSTPONED', 'FAILED') AND claim_id IS NULL
                                  AND %s
                                """.formatted(NOT_DECIDED_SINCE))
                        .param("seen", timestamp(seen.settledAt()), Types.TIMESTAMP)
                        .param("now", Timestamp.from(now))
                        .param("noteId", id.value())
                        .update()
                == 1;
    }
}
