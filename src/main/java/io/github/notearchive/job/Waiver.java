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
import io.github.notearchive.objectstore.ObjectKey;
import io.github.notearchive.objectstore.ObjectStore;
import io.github.notearchive.source.VideoProperties;
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
    private final VideoProperties settings;
    private final Clock clock;
    private final TransactionTemplate transaction;

    Waiver(
            MediaCatalog media,
            NoteCatalog notes,
            Worklist worklist,
            CallLedger ledger,
            ObjectStore store,
            VideoProperties settings,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.media = media;
        this.notes = notes;
        this.worklist = worklist;
        this.ledger = ledger;
        this.store = store;
        this.settings = settings;
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
        NoteCapture video = ledger.heldVideo(capture).orElse(null);
        List<SlotStatus> slots = new ArrayList<>();
        for (MediaSlot slot : MediaSlots.of(capture, video, settings.preference())) {
            List<SlotStatus> decided =
                    slot.notOffered() == null
                            ? List.of(status(slot, rows))
                            : VideoFiles.withoutOffer(slot, rows, new VideoAnswer.NotAsked());
            for (SlotStatus status : decided) {
                boolean isIt = status.slot().kind() == kind && status.slot().ordinal() == ordinal;
                slots.add(isIt ? new SlotStatus.Waived(status.slot(), reason) : status);
            }
        }
        if (slots.stream().anyMatch(SlotStatus.Missing.class::isInstance)) {
            return new Result.NotPossible(
                    "the newest answer of note "
                            + id
                            + " expects files that were not looked at yet; requeue it instead");
        }
        ObjectKey ofVideo = video == null ? null : Sidecar.ofVideo(video, slots).putInto(store);
        ObjectKey ofNote = Sidecar.of(capture, slots).putInto(store);
        Boolean done =
                transaction.execute(
                        status -> {
                            Instant now = clock.instant();
                            if (!worklist.completeByWaiver(id)) {
                                status.setRollbackOnly();
                                return false;
                            }
                            notes.save(capture, slots, ofNote, true, now);
                            if (video != null) {
                                notes.saveVideo(video, slots, ofVideo);
                            }
                            return true;
                        });
        return done ? new Result.NoteArchived() : takenUp(id);
    }

    private static Result takenUp(NoteId id) {
        return new Result.NotPossible(
                "note " + id + " was taken up by a run meanwhile; try again when that has ended");
    }

    private static SlotStatus status(MediaSlot slot, List<SlotRow> rows) {
        return rows.stream()
                .filter(row -> row.isFor(slot))
                .findFirst()
                .flatMap(row -> row.settled(slot))
                .orElseGet(
                        () -> new SlotStatus.Missing(slot, Gap.RETRY, "not looked at yet", null));
    }
}
