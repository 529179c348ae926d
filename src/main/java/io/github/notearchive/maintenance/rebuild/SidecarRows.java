package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.LogRepository;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.RestorableSidecar;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.LedgerProperties;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.Transition;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.springframework.stereotype.Component;

/** Writes the rows of one sidecar. */
@Component
final class SidecarRows {

    private final PaidResponses paid;
    private final NoteCatalog notes;
    private final SidecarFiles files;
    private final WorklistRepository worklist;
    private final RefreshPlan refreshPlan;
    private final LogRepository log;
    private final LedgerProperties ledger;
    private final Clock clock;

    SidecarRows(
            PaidResponses paid,
            NoteCatalog notes,
            SidecarFiles files,
            WorklistRepository worklist,
            RefreshPlan refreshPlan,
            LogRepository log,
            LedgerProperties ledger,
            Clock clock) {
        this.paid = paid;
        this.notes = notes;
        this.files = files;
        this.worklist = worklist;
        this.refreshPlan = refreshPlan;
        this.log = log;
        this.ledger = ledger;
        this.clock = clock;
    }

    /**
     * Writes the rows of a sidecar.
     *
     * @param isDue whether only its call and response can be used, from which the next run computes the other rows
     * @param losses receives the reason for each file that is lost
     */
    void restore(RestorableSidecar found, boolean isDue, boolean merges, List<String> losses) {
        Sidecar sidecar = found.sidecar();
        NoteId id = sidecar.noteId();
        Instant now = clock.instant();
        long number = paid.restore(id, found.call(), sidecar.response());
        WorklistRow row = found.row();
        if (isDue) {
            if (worklist.requeue(List.of(id)).isEmpty()) {
                worklist.restore(id, row, false);
            }
            return;
        }
        NoteCapture capture = found.capture();
        boolean isStale = false;
        if (capture != null) {
            List<SlotRow> slots = files.of(sidecar, merges, losses, now);
            isStale = !losses.isEmpty() || slots.size() < sidecar.files().size();
            boolean ofVideo = found.call().facts().endpoint().equals(Endpoint.VIDEO.ledgerName());
            notes.restore(capture.boughtBy(number), ofVideo, slots, losses.isEmpty() ? sidecar.archivedAt() : null);
            if (!losses.isEmpty()) {
                row = row.apply(new Transition.FileLost("found by a rebuild: " + losses.getFirst()), now);
            }
        }
        sidecar.logEntry().ifPresent(entry -> log.record(List.of(entry)));
        boolean restored = worklist.restore(id, row, merges && losses.isEmpty());
        if (restored && row.refresh().refreshNight() == null) {
            refreshPlan.plan(List.of(id));
        }
        if (isStale) {
            worklist.markSidecarsDue(List.of(id));
        }
        paid.clearResponsesBefore(id, now.minus(ledger.reuseFor()));
    }

    /** Sets the numbers of later calls above those of all sidecars. */
    void finish() {
        paid.advanceNumbers();
    }
}
