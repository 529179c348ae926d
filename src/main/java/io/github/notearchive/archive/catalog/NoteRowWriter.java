package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.Savepoint;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/** Writes catalog rows and worklist row of a note in one transaction. Writes nothing if the claim was lost. */
@Component
public class NoteRowWriter {

    private static final Logger log = LoggerFactory.getLogger(NoteRowWriter.class);

    private final NoteCatalog notes;
    private final ClaimRepository claims;
    private final WorklistRepository worklist;
    private final RefreshPlan refreshPlan;
    private final JdbcOperations batches;
    private final JdbcClient jdbc;
    private final Savepoint transaction;

    NoteRowWriter(
            NoteCatalog notes,
            ClaimRepository claims,
            WorklistRepository worklist,
            RefreshPlan refreshPlan,
            JdbcOperations batches,
            JdbcClient jdbc,
            PlatformTransactionManager transactions) {
        this.notes = notes;
        this.claims = claims;
        this.worklist = worklist;
        this.refreshPlan = refreshPlan;
        this.batches = batches;
        this.jdbc = jdbc;
        this.transaction = new Savepoint(transactions);
    }

    /** What a response has changed of a note: any count, title or text, a new file or a newly listed one. */
    public record Change(boolean counts, boolean words, boolean files) {

        public static final Change NONE = new Change(false, false, false);
    }

    /**
     * Writes a note and its worklist row.
     *
     * @return what a refresh has changed, {@link Change#NONE} for other notes; empty if the claim was lost
     */
    public Optional<Change> record(
            WorklistItem claimed, CapturedNote note, WorklistRow row, long jobExecution, Instant now) {
        if (Savepoint.repeated(() -> hasWrittenFirst(claimed, note, row, jobExecution, now))) {
            return Optional.of(Change.NONE);
        }
        return transaction.executeRepeated(_ -> {
            if (!worklist.settle(claimed, row, jobExecution)) {
                return Optional.empty();
            }
            Optional<Snapshot> before = claimed.refreshNight() == null ? Optional.empty() : snapshot(claimed.id());
            notes.save(note, now);
            Optional<Change> change =
                    before.flatMap(old -> snapshot(claimed.id()).map(old::changeTo));
            refreshPlan.plan(claimed.id());
            return change.or(() -> Optional.of(Change.NONE));
        });
    }

    /**
     * Writes a note without rows, the common case, in one round trip. Writes nothing and returns false if it has rows,
     * if the claim was lost, or if it is not a new one for another reason.
     */
    private boolean hasWrittenFirst(
            WorklistItem claimed, CapturedNote note, WorklistRow row, long jobExecution, Instant now) {
        if (claimed.state() != NoteState.PENDING || note.video() != null) {
            return false;
        }
        StatementBatch trip = new StatementBatch(batches);
        Supplier<Integer> settled = trip.update(worklist.settleStatement(claimed, row, jobExecution));
        NoteCatalog.First first = notes.first(trip, note, now);
        trip.update(refreshPlan.planStatement(claimed.id()));
        try {
            return transaction.execute(status -> {
                trip.run();
                boolean isWritten = settled.get() == 1 && first.isTrue();
                if (isWritten) {
                    notes.recordNewFields(first);
                } else {
                    status.setRollbackOnly();
                }
                return isWritten;
            });
        } catch (DuplicateKeyException e) {
            log.debug("Note {}: has rows already", claimed.id(), e);
            return false;
        }
    }

    private record Snapshot(String counts, String words, List<String> files) {

        Change changeTo(Snapshot now) {
            return new Change(!counts.equals(now.counts), !words.equals(now.words), !files.containsAll(now.files));
        }
    }

    private Optional<Snapshot> snapshot(NoteId id) {
        return jdbc.sql("""
                        SELECT ROW(liked_count, collected_count, comments_count, shared_count, view_count)::text AS counts,
                               ROW(title, note_text)::text AS words,
                               ARRAY(SELECT m.kind || ' ' || m.identity FROM note_media m
                                     WHERE m.note_id = n.note_id
                                       AND (m.state = 'STORED' OR m.reason = 'NOT_REFRESHED')) AS files
                        FROM note n WHERE n.note_id = :noteId
                        """)
                .param("noteId", id.value())
                .query((row, _) -> new Snapshot(row.getString("counts"), row.getString("words"), List.of((String[])
                        row.getArray("files").getArray())))
                .optional();
    }

    /** Writes the row of a note without new data; false if the claim was lost. */
    public boolean settle(WorklistItem claimed, WorklistRow row, long jobExecution) {
        return transaction.executeRepeated(_ -> worklist.settle(claimed, row, jobExecution));
    }

    /** Releases a note unchanged; false if the claim was lost. */
    public boolean release(WorklistItem claimed) {
        return transaction.executeRepeated(_ -> claims.release(claimed));
    }

    /** Sets a note due whose claim was lost to a node that postponed it because the response was not in the ledger. */
    public void setDue(WorklistItem lost) {
        claims.setDue(List.of(lost.id()));
    }

    /** Releases a note and writes its collected media; false if the claim was lost. */
    public boolean release(WorklistItem claimed, CapturedNote note, Instant now) {
        return transaction.executeRepeated(_ -> {
            boolean released = claims.release(claimed);
            if (released) {
                notes.save(note, now);
            }
            return released;
        });
    }
}
