package io.github.notearchive.maintenance.waive;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.NoteCatalog.CapturedNote;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotRow.Gap;
import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.Transition;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.VideoProperties;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.stereotype.Component;

/** Accepts missing files by decision of an operator. A note without further missing files becomes ARCHIVED. */
@Component
public final class Waiver {

    private static final Set<NoteState> WAITING = Set.of(NoteState.PENDING, NoteState.POSTPONED, NoteState.FAILED);

    private final MediaCatalog media;
    private final WorklistRepository worklist;
    private final CallLedger ledger;
    private final ArchiveRevision revision;
    private final VideoProperties settings;
    private final JdbcConnectionDetails database;
    private final Clock clock;
    private final WaiverWriter writer;

    Waiver(
            MediaCatalog media,
            WorklistRepository worklist,
            CallLedger ledger,
            ArchiveRevision revision,
            VideoProperties settings,
            JdbcConnectionDetails database,
            Clock clock,
            WaiverWriter writer) {
        this.media = media;
        this.worklist = worklist;
        this.ledger = ledger;
        this.revision = revision;
        this.settings = settings;
        this.database = database;
        this.clock = clock;
        this.writer = writer;
    }

    /** The slot cannot be waived; nothing was changed. */
    public static final class NotWaivedException extends RuntimeException {

        NotWaivedException(String reason) {
            super(reason);
        }
    }

    private record WaiverRequest(NoteId id, MediaKind kind, int ordinal, String reason) {

        boolean isFor(MediaKind otherKind, int otherOrdinal) {
            return kind == otherKind && ordinal == otherOrdinal;
        }

        NotWaivedException refused(String reason) {
            return new NotWaivedException("note " + id + " " + reason);
        }
    }

    /**
     * Waives one slot. Not repeatable.
     *
     * @return number of other slots that are missing; if 0, the note is archived now
     * @throws NotWaivedException if the slot is not missing, or the note is in progress
     */
    public int waive(NoteId id, MediaKind kind, int ordinal, String reason) {
        WaiverRequest request = new WaiverRequest(id, kind, ordinal, reason);
        // the sidecars must not be written after the note was erased
        try (RunnerLock _ = RunnerLock.acquire(database, Scope.NOTE, id.value())
                .orElseThrow(
                        () -> request.refused("is locked by another command, or the whole archive is; repeat later"))) {
            return waive(request);
        }
    }

    private int waive(WaiverRequest request) {
        NoteId id = request.id();
        WorklistEntry entry = worklist.find(id).orElseThrow(() -> request.refused("is not on the worklist"));
        if (entry.claimedBy() != null) {
            throw request.refused(
                    "is in progress on node %s; repeat when that run has ended".formatted(entry.claimedBy()));
        }
        // before the slots, so that every later change by a run is detected
        WorklistRow row = worklist.row(id).orElseThrow();
        List<SlotRow> slots = media.slotsOf(id);
        String label = request.kind() + " " + request.ordinal();
        SlotRow slot = slots.stream()
                .filter(each -> request.isFor(each.kind(), each.ordinal()))
                .findFirst()
                .orElseThrow(() -> request.refused("expects no %s; explain %s lists its files".formatted(label, id)));
        if (!slot.isMissing()) {
            throw request.refused("is not missing " + label + ", which is " + slot.state());
        }
        if (!WAITING.contains(row.state())) {
            throw request.refused("is " + row.state() + " and does not wait for files; requeue it first");
        }
        revision.difference().ifPresent(difference -> {
            throw new NotWaivedException(difference);
        });
        int left = (int) slots.stream().filter(SlotRow::isMissing).count() - 1;
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS); // the precision of a row
        CapturedNote note = waived(request, slots, left, now);
        revision.advance();
        WorklistRow next = left == 0 ? row.apply(new Transition.CompletedByWaiver(), now) : row;
        if (!writer.write(row, next, note)) {
            throw request.refused("was claimed or changed meanwhile; repeat when no run works on it");
        }
        return left;
    }

    /** Returns the note with the slot waived and the other slots as recorded, of which some are missing still. */
    private CapturedNote waived(WaiverRequest request, List<SlotRow> rows, int left, Instant now) {
        NoteCapture capture = ledger.held(request.id(), Endpoint.DETAIL)
                .orElseThrow(() -> request.refused("has no response in the ledger; requeue it instead"));
        NoteCapture video = ledger.heldVideo(capture).orElse(null);
        List<SlotRow> slots = MediaSlots.of(capture, video, settings.preference()).stream()
                .flatMap(slot -> decided(slot, rows, request))
                .map(file -> request.isFor(file.kind(), file.ordinal())
                        ? SlotRow.waived(file.slot(), request.reason())
                        : file)
                .toList();
        Stream<SlotRow> previews = rows.stream()
                .filter(row -> row.kind() == MediaKind.PREVIEW)
                .flatMap(row -> row.recorded(row.slot()).stream());
        if (slots.stream().filter(SlotRow::isMissing).count() != left) {
            throw request.refused("has files in its newest response that no run has processed; requeue it instead");
        }
        return CapturedNote.of(
                capture, video, Stream.concat(slots.stream(), previews).toList(), left == 0, now);
    }

    private static Stream<SlotRow> decided(MediaSlot slot, List<SlotRow> rows, WaiverRequest request) {
        Optional<SlotRow> row = rows.stream().filter(each -> each.isFor(slot)).findFirst();
        Optional<SlotRow> missing = row.filter(each -> each.isMissing() && !request.isFor(slot.kind(), slot.ordinal()));
        if (slot.notOffered() != null) {
            return SlotRow.withoutOffer(slot, rows, missing.orElse(null)).stream();
        }
        return Stream.of(missing.or(() -> row.flatMap(each -> each.settled(slot)))
                .orElseGet(() -> SlotRow.missing(slot, Gap.RETRY, "not processed yet", null)));
    }
}
