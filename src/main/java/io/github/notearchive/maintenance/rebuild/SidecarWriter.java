package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.RebuiltTables;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.Transition;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.io.Savepoint;
import io.github.notearchive.maintenance.rebuild.SidecarFinder.SidecarFound.Refused;
import io.github.notearchive.maintenance.rebuild.SidecarFinder.SidecarFound.Restorable;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.StoredObject;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Writes the rows of sidecars, those of a note in the order of their captures, so that the newest one determines the
 * final state. A sidecar whose rows are rejected by the database is refused; the others of the chunk are written.
 *
 * <p>A merge writes the sidecars of a note from the first one whose rows are missing or older, and the worklist row
 * only if that of the sidecar is later.
 */
@Component
record SidecarWriter(
        SidecarFinder finder,
        PaidResponses paid,
        NoteCatalog notes,
        SidecarSlots slots,
        WorklistRepository worklist,
        RefreshPlan refreshPlan,
        RebuiltTables tables,
        LedgerProperties ledger,
        Clock clock,
        PlatformTransactionManager transactions) {

    /** Writes the rows of a chunk of sidecars. Part of the step's transaction. */
    void write(Chunk<? extends StoredObject> chunk, RebuildRun run) {
        finder.forEach(chunk, found -> {
            switch (found) {
                case Refused(var name, var reason) -> run.countRefused(name, reason);
                case Restorable restorable -> write(restorable, run);
            }
        });
        paid.advanceNumbers();
    }

    private void write(Restorable found, RebuildRun run) {
        List<String> losses = new ArrayList<>();
        NoteId id = found.sidecar().noteId();
        if (run.merges() && !run.hasJustWritten(id) && !tables.areBehind(found.sidecar(), found.row())) {
            run.countUnchanged();
            return;
        }
        try {
            new Savepoint(transactions).executeWithoutResult(_ -> restore(found, run.merges(), losses));
        } catch (NonTransientDataAccessException e) {
            if (DatabaseErrors.isUnavailable(e)) {
                throw e; // failure of the database, not of the sidecar
            }
            run.countRefused(
                    found.sidecar().key().value(), "the database rejects its rows: " + DatabaseErrors.summary(e));
            return;
        }
        run.countWritten(id, losses);
    }

    private void restore(Restorable found, boolean merges, List<String> losses) {
        Sidecar sidecar = found.sidecar();
        NoteId id = sidecar.noteId();
        Instant now = clock.instant();
        long number = paid.restore(id, found.call(), sidecar.answer());
        WorklistRow row = found.row();
        NoteCapture capture = found.capture();
        if (capture != null) {
            List<SlotRow> files = slots.of(sidecar, merges, losses, now);
            if (found.isOfVideo()) {
                notes.restoreVideo(capture.boughtBy(number), files);
            } else {
                notes.restore(capture.boughtBy(number), files, losses.isEmpty() ? sidecar.archivedAt() : null);
            }
            if (!losses.isEmpty()) {
                row = row.apply(new Transition.FileLost("found by a rebuild: " + losses.getFirst()), now);
            }
        }
        boolean restored = worklist.restore(id, row, merges && losses.isEmpty());
        if (restored && row.refresh().refreshNight() == null) {
            refreshPlan.plan(id);
        }
        paid.clearResponsesBefore(id, now.minus(ledger.reuseFor()));
    }
}
