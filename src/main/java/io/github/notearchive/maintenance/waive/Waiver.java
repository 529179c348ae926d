package io.github.notearchive.maintenance.waive;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.CapturedNote;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.Sidecars;
import io.github.notearchive.archive.catalog.SlotStatus;
import io.github.notearchive.archive.catalog.SlotStatus.Gap;
import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.OperatorActions;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.Transition;
import io.github.notearchive.archive.worklist.WorklistEntry;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.nightly.VideoFiles;
import io.github.notearchive.nightly.VideoOutcome;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.VideoProperties;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Accepts, by an operator's word, that a file stays missing. When that was the last one, the note is archived. Its
 * sidecar is told first, then the rows are written.
 */
@Component
public class Waiver {

    /** In which a note may wait for a file. */
    private static final Set<NoteState> WAITING = Set.of(NoteState.PENDING, NoteState.POSTPONED, NoteState.FAILED);

    private final MediaCatalog media;
    private final NoteCatalog notes;
    private final WorklistRepository worklist;
    private final OperatorActions interventions;
    private final RefreshPlan refreshPlan;
    private final CallLedger ledger;
    private final Sidecars sidecars;
    private final ArchiveRevision revision;
    private final VideoProperties settings;
    private final JdbcConnectionDetails database;
    private final Clock clock;
    private final TransactionTemplate transaction;

    Waiver(
            MediaCatalog media,
            NoteCatalog notes,
            WorklistRepository worklist,
            OperatorActions interventions,
            RefreshPlan refreshPlan,
            CallLedger ledger,
            Sidecars sidecars,
            ArchiveRevision revision,
            VideoProperties settings,
            JdbcConnectionDetails database,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.media = media;
        this.notes = notes;
        this.worklist = worklist;
        this.interventions = interventions;
        this.refreshPlan = refreshPlan;
        this.ledger = ledger;
        this.sidecars = sidecars;
        this.revision = revision;
        this.settings = settings;
        this.database = database;
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
        // what is told to the bucket must not come behind somebody who forgets the note
        try (RunnerLock lock = RunnerLock.ofNote(database, id).orElse(null)) {
            return lock == null
                    ? new Result.NotPossible("somebody else decides about note "
                            + id
                            + ", or works on the whole archive now; try again later")
                    : waiveAlone(id, kind, ordinal, reason);
        } catch (SQLException e) {
            throw new CannotGetJdbcConnectionException("Note " + id + " cannot be locked", e);
        }
    }

    private Result waiveAlone(NoteId id, MediaKind kind, int ordinal, String reason) {
        Optional<WorklistEntry> entry = worklist.find(id);
        if (entry.isEmpty()) {
            return new Result.NotPossible("note " + id + " is not on the worklist");
        }
        if (entry.get().claimedBy() != null) {
            return new Result.NotPossible("note "
                    + id
                    + " is in work on node "
                    + entry.get().claimedBy()
                    + " now; try again when that run has ended");
        }
        // first, so that whatever a run changes from now on is noticed
        WorklistRow standing = worklist.row(id).orElseThrow();
        List<SlotRow> rows = media.slotsOf(id);
        Optional<SlotRow> slot = rows.stream()
                .filter(row -> row.kind() == kind && row.ordinal() == ordinal)
                .findFirst();
        if (slot.isEmpty()) {
            return new Result.NotPossible(
                    "note " + id + " expects no " + kind + " " + ordinal + "; explain " + id + " lists its files");
        }
        if (!slot.get().isMissing()) {
            return new Result.NotPossible(kind
                    + " "
                    + ordinal
                    + " of note "
                    + id
                    + " is "
                    + slot.get().state()
                    + ", not missing");
        }
        if (!WAITING.contains(standing.state())) {
            return new Result.NotPossible(
                    "note " + id + " is " + standing.state() + ", so nothing waits for its files; requeue it first");
        }
        Optional<String> difference = revision.difference();
        if (difference.isPresent()) {
            return new Result.NotPossible(difference.get());
        }
        revision.advance();
        long left = rows.stream().filter(SlotRow::isMissing).count() - 1;
        return left > 0
                ? waiveOneOfMany(id, standing, kind, ordinal, reason, (int) left)
                : archive(id, standing, kind, ordinal, reason, rows);
    }

    private Result waiveOneOfMany(
            NoteId id, WorklistRow standing, MediaKind kind, int ordinal, String reason, int left) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS); // as a row can say it
        sidecars.writeWaiver(id, kind, ordinal, reason, standing, now);
        Boolean done = transaction.execute(_ -> {
            boolean free = interventions.lockUnclaimed(id, standing);
            if (free) {
                media.waive(id, kind, ordinal, reason, now);
            }
            return free;
        });
        return done ? new Result.StillMissing(left) : takenUp(id);
    }

    private Result archive(
            NoteId id, WorklistRow standing, MediaKind kind, int ordinal, String reason, List<SlotRow> rows) {
        Optional<NoteCapture> held = ledger.held(id);
        if (held.isEmpty()) {
            return new Result.NotPossible("the ledger holds no answer of note " + id + " any more; requeue it instead");
        }
        NoteCapture capture = held.get();
        NoteCapture video = ledger.heldVideo(capture).orElse(null);
        List<SlotStatus> slots = new ArrayList<>();
        for (MediaSlot slot : MediaSlots.of(capture, video, settings.preference())) {
            List<SlotStatus> decided = slot.notOffered() == null
                    ? List.of(status(slot, rows))
                    : VideoFiles.withoutOffer(slot, rows, new VideoOutcome.NotAsked());
            for (SlotStatus status : decided) {
                boolean isIt = status.slot().kind() == kind && status.slot().ordinal() == ordinal;
                slots.add(isIt ? new SlotStatus.Waived(status.slot(), reason) : status);
            }
        }
        if (slots.stream().anyMatch(SlotStatus.Missing.class::isInstance)) {
            return new Result.NotPossible("the newest answer of note "
                    + id
                    + " expects files that were not looked at yet; requeue it instead");
        }
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS); // as a row can say it
        CapturedNote note = CapturedNote.of(capture, video, slots, true, now);
        WorklistRow completed = standing.apply(new Transition.CompletedByWaiver(), now);
        sidecars.write(note, completed);
        Boolean done = transaction.execute(status -> {
            if (!worklist.settleUnclaimed(id, standing, completed)) {
                status.setRollbackOnly();
                return false;
            }
            notes.save(note, now);
            refreshPlan.plan(id);
            return true;
        });
        return done ? new Result.NoteArchived() : takenUp(id);
    }

    private static Result takenUp(NoteId id) {
        return new Result.NotPossible("note " + id + " was taken up by a run meanwhile; try again when that has ended");
    }

    private static SlotStatus status(MediaSlot slot, List<SlotRow> rows) {
        return rows.stream()
                .filter(row -> row.isFor(slot))
                .findFirst()
                .flatMap(row -> row.settled(slot))
                .orElseGet(() -> new SlotStatus.Missing(slot, Gap.RETRY, "not looked at yet", null));
    }
}
