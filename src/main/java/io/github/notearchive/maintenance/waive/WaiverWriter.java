package io.github.notearchive.maintenance.waive;

import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.NoteCatalog.CapturedNote;
import io.github.notearchive.archive.catalog.Sidecars;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.note.NoteId;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Writes a note with a waived file: the rows first, then the sidecars, so that a refused decision leaves nothing in the
 * bucket.
 */
@Component
final class WaiverWriter {

    private final WorklistRepository worklist;
    private final NoteCatalog notes;
    private final RefreshPlan refreshPlan;
    private final Sidecars sidecars;
    private final TransactionTemplate transaction;

    WaiverWriter(
            WorklistRepository worklist,
            NoteCatalog notes,
            RefreshPlan refreshPlan,
            Sidecars sidecars,
            TransactionTemplate transaction) {
        this.worklist = worklist;
        this.notes = notes;
        this.refreshPlan = refreshPlan;
        this.sidecars = sidecars;
        this.transaction = transaction;
    }

    /**
     * Writes a note and the next state of its worklist row.
     *
     * @param row the row on which the decision is based
     * @return false, and nothing is written, if the row was claimed or changed since
     */
    boolean write(WorklistRow row, WorklistRow next, CapturedNote note) {
        NoteId id = note.capture().id();
        boolean isUnchanged = Boolean.TRUE.equals(transaction.execute(_ -> {
            if (!worklist.lockUnclaimed(id).equals(Optional.of(row))) {
                return false;
            }
            if (!next.equals(row)) {
                worklist.settleLocked(id, next);
            }
            notes.save(note);
            refreshPlan.plan(List.of(id));
            int _ = worklist.markSidecarsDue(List.of(id));
            return true;
        }));
        if (isUnchanged) {
            boolean _ = sidecars.writeDue(id);
        }
        return isUnchanged;
    }
}
