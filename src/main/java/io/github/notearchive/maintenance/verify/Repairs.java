package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.AuditRepository.Obstacle;
import io.github.notearchive.archive.catalog.AuditRepository.User;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.archive.catalog.Sidecars;
import io.github.notearchive.archive.catalog.Verdict.Damaged;
import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.OperatorActions;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.store.StoreException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/**
 * Repairs findings of an audit as far as possible. Idempotent.
 *
 * <p>A file that many notes share is stored again with one of them. So one note is made due, preferably one whose paid
 * response is still usable: the next run then buys nothing. A damaged object is kept until that run replaces it.
 */
@Component
class Repairs {

    private final AuditRepository catalog;
    private final WorklistRepository worklist;
    private final OperatorActions actions;
    private final Sidecars sidecars;
    private final LedgerProperties ledgerSettings;
    private final VideoProperties videoSettings;
    private final FixityProperties settings;
    private final Clock clock;

    Repairs(
            AuditRepository catalog,
            WorklistRepository worklist,
            OperatorActions actions,
            Sidecars sidecars,
            LedgerProperties ledgerSettings,
            VideoProperties videoSettings,
            FixityProperties settings,
            Clock clock) {
        this.catalog = catalog;
        this.worklist = worklist;
        this.actions = actions;
        this.sidecars = sidecars;
        this.ledgerSettings = ledgerSettings;
        this.videoSettings = videoSettings;
        this.settings = settings;
        this.clock = clock;
    }

    /** Repair of one finding. */
    sealed interface Result {

        /** Notes that are due now. */
        record MadeDue(List<NoteId> notes) implements Result {}

        /** A note that stores the file again is due already, or in progress. */
        record Waiting(NoteId note) implements Result {}

        /** The sidecar was written again. */
        record Rewritten() implements Result {}

        /** Nothing was changed. */
        record NotPossible(String reason) implements Result {}
    }

    /**
     * Repairs a recorded finding, and records the result. Part of the caller's transaction.
     *
     * @param madeDue number of notes that this audit has made due
     */
    Result repair(Damaged damaged, long madeDue) {
        Result result = damaged.damage().kind() == Damage.Kind.UNREADABLE
                ? new Result.NotPossible("the object may be intact; check the health of the store")
                : switch (damaged.expected()) {
                    case MediaFile file -> storeAgain(file, madeDue);
                    case SidecarFile sidecar -> rewrite(sidecar);
                };
        catalog.recordRepair(damaged.expected().key().value(), describe(result), clock.instant());
        return result;
    }

    private Result storeAgain(MediaFile file, long madeDue) {
        List<User> all = catalog.usersOf(
                file.sha256(), clock.instant().minus(ledgerSettings.reuseFor()), videoSettings.enabled());
        if (all.isEmpty()) {
            return new Result.NotPossible("no note uses it");
        }
        User first = all.getFirst();
        if (first.obstacle() != null) {
            return new Result.NotPossible(reason(first.note(), first.obstacle()));
        }
        List<User> users = all.stream().filter(user -> user.obstacle() == null).toList();
        for (User user : users) {
            if (user.claimed() || isState(user, NoteState.PENDING, NoteState.POSTPONED)) {
                return new Result.Waiting(user.note());
            }
        }
        if (madeDue >= settings.maxRepairs()) {
            return tooMany();
        }
        return users.stream()
                .filter(user -> isState(user, NoteState.ARCHIVED))
                .findFirst()
                .map(user -> makeDue(List.of(user.note())))
                .orElseGet(() -> new Result.NotPossible("none of its notes is ARCHIVED, for example "
                        + users.getFirst().note()
                        + "; requeue one to try"));
    }

    private static String reason(NoteId note, Obstacle obstacle) {
        return switch (obstacle) {
            case UNLISTED ->
                "the newest response does not list it, for example that of note " + note
                        + "; no run can store it again";
            case VIDEOS_OFF ->
                "the video requires a separate call, for example that of note "
                        + note
                        + ", but archive.video.enabled is false; no run can store it again";
            case NOT_OFFERED ->
                "the provider no longer offers the video, for example of note " + note + "; requeue one to try";
        };
    }

    private Result tooMany() {
        return new Result.NotPossible("archive.verify.max-repairs, "
                + settings.maxRepairs()
                + " notes, is reached; check that the bucket is the right one, then repeat");
    }

    private static boolean isState(User user, NoteState... states) {
        return List.of(states).stream().anyMatch(state -> state.name().equals(user.state()));
    }

    private Result makeDue(List<NoteId> notes) {
        List<NoteId> due = actions.requeue(notes);
        return due.isEmpty()
                ? new Result.NotPossible(
                        "note " + notes.getFirst() + " is not on the worklist, or in progress; repeat later")
                : new Result.MadeDue(due);
    }

    /**
     * Resets slots that are STORED without a row of their object, and makes their notes due. Part of the caller's
     * transaction.
     */
    Result repairUnrecorded(String key, long madeDue) {
        Instant now = clock.instant();
        Result result;
        if (madeDue >= settings.maxRepairs()) {
            result = tooMany();
        } else {
            List<NoteId> notes = catalog.resetUnrecorded(key, now);
            result = notes.isEmpty() ? new Result.NotPossible("it has a row now") : makeDue(notes);
        }
        catalog.recordRepair(key, describe(result), now);
        return result;
    }

    private Result rewrite(SidecarFile expected) {
        NoteId id = expected.note();
        Optional<WorklistRow> row = actions.lockUnclaimed(id, null) ? worklist.row(id) : Optional.empty();
        if (row.isEmpty()) {
            return new Result.NotPossible("note " + id + " is in progress, or not on the worklist");
        }
        try {
            return sidecars.restore(id, expected.call(), row.get())
                    ? new Result.Rewritten()
                    : new Result.NotPossible("the ledger no longer has the exact response of call "
                            + expected.call()
                            + "; note_capture.response has it as JSON");
        } catch (StoreException e) {
            return new Result.NotPossible(String.valueOf(e.getMessage()));
        }
    }

    private static String describe(Result result) {
        return switch (result) {
            case Result.MadeDue(var notes) ->
                "note "
                        + notes.getFirst()
                        + (notes.size() == 1 ? "" : " and " + (notes.size() - 1) + " more")
                        + " made due; the next run stores it again";
            case Result.Waiting(var note) -> "note " + note + " is due already";
            case Result.Rewritten _ -> "written again from the ledger";
            case Result.NotPossible(var reason) -> "not possible: " + reason;
        };
    }
}
