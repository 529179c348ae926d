package io.github.notearchive.job;

import io.github.notearchive.catalog.MediaCatalog;
import io.github.notearchive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.catalog.NoteCatalog;
import io.github.notearchive.catalog.Sidecar;
import io.github.notearchive.catalog.SlotStatus;
import io.github.notearchive.catalog.SlotStatus.Gap;
import io.github.notearchive.ledger.CallLedger;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.objectstore.ObjectStore;
import io.github.notearchive.worklist.Worklist;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Accepts, by an operator's word, that a file stays missing. When that was the last one, the note
 * is archived: its sidecar is stored first, then the rows are written.
 */
@Component
public class Waiver {

    private final MediaCatalog media;
    private final NoteCatalog notes;
    private final Worklist worklist;
    private final CallLedger ledger;
    private final ObjectStore store;
    private final Clock clock;
    private final TransactionTemplate transaction;

    Waiver(
            MediaCatalog media,
            NoteCatalog notes,
            Worklist worklist,
            CallLedger ledger,
            ObjectStore store,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.media = media;
        this.notes = notes;
        this.worklist = worklist;
        this.ledger = ledger;
        this.store = store;
        this.clock = clock;
        this.transaction = new TransactionTemplate(transactions);
    }

    /** What a waiver came to. */
    public sealed interface Result {

        /** The slot is waived; so many others are still missing. */
        record StillMissing(int slots) implements Result {}

        /** The slot is waived, and the note is archived. */
        record NoteArchived() implements Result {}

        /** Nothing was changed, and why. */
        record NotPossible(String reason) implements Result {}
    }

    /** Waives one slot. A repeat changes nothing and says so. */
    public Result waive(NoteId id, MediaKind kind, int ordinal, String reason) {
        Optional<Worklist.Entry> entry = worklist.find(id);
        if (entry.isEmpty()) {
            return new Result.NotPossible("note " + id + " is not on the worklist");
        }
        if (entry.get().claimedBy() != null) {
            return new Result.NotPossible(
                    "note "
                            + id
                            + " is in work on node "
                            + entry.get().claimedBy()
                            + " now; try again when that run has ended");
        }
        List<SlotRow> rows = media.slotsOf(id);
        Optional<SlotRow> slot =
                rows.stream()
                        .filter(row -> row.kind() == kind && row.ordinal() == ordinal)
                        .findFirst();
        if (slot.isEmpty()) {
            return new Result.NotPossible(
                    "note "
                            + id
                            + " expects no "
                            + kind
                            + " "
                            + ordinal
                            + "; explain "
                            + id
                            + " lists its files");
        }
        if (!slot.get().state().equals("MISSING")) {
            return new Result.NotPossible(
                    kind
                            + " "
                            + ordinal
                            + " of note "
                            + id
                            + " is "
                            + slot.get().state()
                            + ", not missing");
        }
        long left = rows.stream().filter(row -> row.state().equals("MISSING")).count() - 1;
        return left > 0
                ? waiveOneOfMany(id, kind, ordinal, reason, (int) left)
                : archive(id, kind, ordinal, reason, rows);
    }

    private Result waiveOneOfMany(NoteId id, MediaKind kind, int ordinal, String reason, int left) {
        Boolean done =
                transaction.execute(
                        _ -> {
                            boolean free = worklist.keepUnclaimed(id);
                            if (free) {
                                media.waive(id, kind, ordinal, reason, clock.instant());
                            }
                            return free;
                        });
        return done ? new Result.StillMissing(left) : takenUp(id);
    }

    private Result archive(
            NoteId id, MediaKind kind, int ordinal, String reason, List<SlotRow> rows) {
        Optional<NoteCapture> held = ledger.held(id);
        if (held.isEmpty()) {
            return new Result.NotPossible(
                    "the ledger holds no answer of note " + id + " any more; requeue it instead");
        }
        NoteCapture capture = held.get();
        List<SlotStatus> slots = new ArrayList<>();
        for (MediaSlot slot : MediaSlots.of(capture)) {
            boolean waived = slot.kind() == kind && slot.ordinal() == ordinal;
            Optional<SlotRow> row = rows.stream().filter(r -> r.isFor(slot)).findFirst();
            slots.add(waived ? new SlotStatus.Waived(slot, reason) : status(slot, row));
        }
        if (slots.stream().anyMatch(SlotStatus.Missing.class::isInstance)) {
            return new Result.NotPossible(
                    "the newest answer of note "
                            + id
                            + " expects files that were not looked at yet; requeue it instead");
        }
        Sidecar sidecar = Sidecar.of(capture, slots);
        store.putBytes(sidecar.key(), sidecar.bytes(), "application/json");
        Boolean done =
                transaction.execute(
                        status -> {
                            Instant now = clock.instant();
                            if (!worklist.completeByWaiver(id)) {
                                status.setRollbackOnly();
                                return false;
                            }
                            notes.save(capture, slots, sidecar.key(), true, now);
                            return true;
                        });
        return done ? new Result.NoteArchived() : takenUp(id);
    }

    private static Result takenUp(NoteId id) {
        return new Result.NotPossible(
                "note " + id + " was taken up by a run meanwhile; try again when that has ended");
    }

    private static SlotStatus status(MediaSlot slot, Optional<SlotRow> row) {
        return row.flatMap(r -> r.settled(slot))
                .orElseGet(
                        () ->
                                slot.notOffered() != null
                                        ? new SlotStatus.Waived(slot, slot.notOffered())
                                        : new SlotStatus.Missing(
                                                slot, Gap.RETRY, "not looked at yet", null));
    }
}
