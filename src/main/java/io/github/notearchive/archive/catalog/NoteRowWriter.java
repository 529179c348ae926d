package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.NoteChanges.Change;
import io.github.notearchive.archive.catalog.NoteChanges.Snapshot;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.Savepoint;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/** Writes catalog rows and worklist row of a note in one transaction. Writes nothing if the claim was lost. */
@Component
public class NoteRowWriter {

    private static final Logger log = LoggerFactory.getLogger(NoteRowWriter.class);

    private final NoteCatalog notes;
    private final NoteChanges changes;
    private final ClaimRepository claims;
    private final WorklistRepository worklist;
    private final RefreshPlan refreshPlan;
    private final JdbcOperations jdbc;
    private final Savepoint transaction;

    NoteRowWriter(
            NoteCatalog notes,
            NoteChanges changes,
            ClaimRepository claims,
            WorklistRepository worklist,
            RefreshPlan refreshPlan,
            JdbcOperations jdbc,
            PlatformTransactionManager transactions) {
        this.notes = notes;
        this.changes = changes;
        this.claims = claims;
        this.worklist = worklist;
        this.refreshPlan = refreshPlan;
        this.jdbc = jdbc;
        this.transaction = new Savepoint(transactions);
    }

    /**
     * Writes a note and its worklist row.
     *
     * @return what a refresh has changed, {@link Change#NONE} for other notes; empty if the claim was lost
     */
    public Optional<Change> record(
            WorklistItem claimed, CapturedNote note, WorklistRow row, long jobExecution, Instant now) {
        FirstWrite first = Savepoint.repeated(() -> recordFirst(claimed, note, row, jobExecution, now));
        return switch (first) {
            case WRITTEN -> Optional.of(Change.NONE);
            case LOST -> Optional.empty();
            case NOT_THE_FIRST -> recordAny(claimed, note, row, jobExecution, now);
        };
    }

    /** Result of writing a note as one without rows. */
    private enum FirstWrite {
        WRITTEN,
        /** The claim was lost. */
        LOST,
        /** The note has rows, or is not a new one for another reason; nothing is written. */
        NOT_THE_FIRST
    }

    /** Writes a note without rows, the common case, in one round trip. */
    private FirstWrite recordFirst(
            WorklistItem claimed, CapturedNote note, WorklistRow row, long jobExecution, Instant now) {
        if (claimed.state() != NoteState.PENDING || note.video() != null) {
            return FirstWrite.NOT_THE_FIRST;
        }
        StatementBatch trip = new StatementBatch(jdbc);
        Supplier<Integer> settled = trip.update(worklist.settleStatement(claimed, row, jobExecution));
        NoteCatalog.First first = notes.first(trip, note, now);
        trip.update(refreshPlan.planStatement(claimed.id()));
        try {
            return transaction.execute(status -> {
                trip.run();
                if (settled.get() == 1 && first.isTrue()) {
                    first.recordNewFields();
                    return FirstWrite.WRITTEN;
                }
                status.setRollbackOnly();
                return settled.get() == 1 ? FirstWrite.NOT_THE_FIRST : FirstWrite.LOST;
            });
        } catch (DuplicateKeyException e) {
            log.debug("Note {}: has rows already", claimed.id(), e);
            return FirstWrite.NOT_THE_FIRST;
        }
    }

    private Optional<Change> recordAny(
            WorklistItem claimed, CapturedNote note, WorklistRow row, long jobExecution, Instant now) {
        return transaction.executeRepeated(_ -> {
            if (!settled(claimed, row, jobExecution)) {
                return Optional.empty();
            }
            Optional<Snapshot> before = look(claimed);
            notes.save(note, now);
            Change change = changes.since(before, claimed.id());
            refreshPlan.plan(claimed.id());
            return Optional.of(change);
        });
    }

    /** Returns the state before a refresh, for the comparison; empty for other notes. */
    private Optional<Snapshot> look(WorklistItem claimed) {
        return claimed.refreshNight() == null ? Optional.empty() : changes.snapshot(claimed.id());
    }

    /** Writes the row of a note without new data; false if the claim was lost. */
    public boolean settle(WorklistItem claimed, WorklistRow row, long jobExecution) {
        return transaction.executeRepeated(_ -> settled(claimed, row, jobExecution));
    }

    private boolean settled(WorklistItem claimed, WorklistRow row, long jobExecution) {
        return worklist.settle(claimed, row, jobExecution);
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
