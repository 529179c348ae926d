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
 * Makes good again what can be. A repeat does nothing twice.
 *
 * <p>A file that many notes share comes back with one of them, so that one is made due, by preference one whose paid
 * answer can still be used: the next run then buys nothing. A damaged object stays where it is until that run puts its
 * bytes anew.
 */
@Component
public class Repairs {

    private final AuditRepository catalog;
    private final WorklistRepository worklist;
    private final OperatorActions interventions;
    private final Sidecars sidecars;
    private final LedgerProperties ledgerSettings;
    private final VideoProperties videoSettings;
    private final FixityProperties settings;
    private final Clock clock;

    Repairs(
            AuditRepository catalog,
            WorklistRepository worklist,
            OperatorActions interventions,
            Sidecars sidecars,
            LedgerProperties ledgerSettings,
            VideoProperties videoSettings,
            FixityProperties settings,
            Clock clock) {
        this.catalog = catalog;
        this.worklist = worklist;
        this.interventions = interventions;
        this.sidecars = sidecars;
        this.ledgerSettings = ledgerSettings;
        this.videoSettings = videoSettings;
        this.settings = settings;
        this.clock = clock;
    }

    /** What was done about one finding. */
    public sealed interface Result {

        /** These notes are due now. */
        record MadeDue(List<NoteId> notes) implements Result {}

        /** A note that can bring the file back is due already, or in work. */
        record Waiting(NoteId note) implements Result {}

        /** The sidecar was written anew. */
        record Rewritten() implements Result {}

        /** Nothing, and why. */
        record NotPossible(String reason) implements Result {}
    }

    /**
     * Does something about a finding that is written down, and writes down what. Part of the caller's transaction.
     *
     * @param madeDue how many notes this audit has made due so far
     */
    public Result repair(Damaged damaged, long madeDue) {
        Result result = switch (damaged.damage().kind()) {
            case UNREADABLE, SIDECAR_MISSING, SIDECAR_CORRUPT, MISSING, CORRUPT, SIZE ->
                switch (damaged.expected()) {
                    case MediaFile file -> bringBack(file, damaged, madeDue);
                    case SidecarFile sidecar -> rewrite(sidecar, damaged);
                };
            case UNRECORDED, ORPHAN ->
                throw new IllegalArgumentException(
                        "No object was read to find " + damaged.damage().kind());
        };
        catalog.recordRepair(damaged.expected().key().value(), describe(result), clock.instant());
        return result;
    }

    private Result bringBack(MediaFile file, Damaged damaged, long madeDue) {
        if (damaged.damage().kind() == Damage.Kind.UNREADABLE) {
            return unreadable();
        }
        List<User> all = catalog.usersOf(
                file.sha256(), clock.instant().minus(ledgerSettings.reuseFor()), videoSettings.enabled());
        if (all.isEmpty()) {
            return new Result.NotPossible("no note uses it any more");
        }
        User first = all.getFirst();
        if (first.obstacle() != null) {
            return new Result.NotPossible(reason(first.note(), first.obstacle()));
        }
        List<User> users = all.stream().filter(user -> user.obstacle() == null).toList();
        for (User user : users) {
            if (user.inWork() || isState(user, NoteState.PENDING, NoteState.POSTPONED)) {
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
                .orElseGet(() -> new Result.NotPossible("none of its notes is ARCHIVED, such as "
                        + users.getFirst().note()
                        + "; requeue one to try all the same"));
    }

    private static String reason(NoteId note, Obstacle obstacle) {
        return switch (obstacle) {
            case UNLISTED ->
                "the newest answer lists it no more, such as that of note " + note + ", so no run can bring it back";
            case VIDEOS_OFF ->
                "a call of its own brought the video, such as that of note "
                        + note
                        + ", and archive.video.enabled is false, so no run can bring it back";
            case NOT_OFFERED ->
                "the provider offers the video no more, such as that of note "
                        + note
                        + "; requeue one to ask all the same";
        };
    }

    private static Result unreadable() {
        return new Result.NotPossible("the object may be good; look at the store's health");
    }

    private Result tooMany() {
        return new Result.NotPossible("archive.verify.max-repairs, "
                + settings.maxRepairs()
                + " notes, is reached; see that the bucket is the right one, then repeat");
    }

    private static boolean isState(User user, NoteState... states) {
        return List.of(states).stream().anyMatch(state -> state.name().equals(user.state()));
    }

    private Result makeDue(List<NoteId> notes) {
        List<NoteId> due = interventions.requeue(notes);
        return due.isEmpty()
                ? new Result.NotPossible(
                        "note " + notes.getFirst() + " is not on the worklist, or in work now; repeat later")
                : new Result.MadeDue(due);
    }

    /**
     * Takes back that slots are stored which nobody has a row for, and makes their notes due. Part of the caller's
     * transaction.
     */
    public Result repairUnrecorded(String key, long madeDue) {
        Instant now = clock.instant();
        Result result;
        if (madeDue >= settings.maxRepairs()) {
            result = tooMany();
        } else {
            List<NoteId> notes = catalog.resetUnrecorded(key, now);
            result = notes.isEmpty() ? new Result.NotPossible("it has a row by now") : makeDue(notes);
        }
        catalog.recordRepair(key, describe(result), now);
        return result;
    }

    private Result rewrite(SidecarFile expected, Damaged damaged) {
        if (damaged.damage().kind() == Damage.Kind.UNREADABLE) {
            return unreadable();
        }
        NoteId id = expected.note();
        Optional<WorklistRow> standing = interventions.lockUnclaimed(id) ? worklist.row(id) : Optional.empty();
        if (standing.isEmpty()) {
            return new Result.NotPossible("note " + id + " is in work now, or not on the worklist");
        }
        try {
            return sidecars.restore(id, expected.call(), standing.get())
                    ? new Result.Rewritten()
                    : new Result.NotPossible("the ledger holds the exact answer of call "
                            + expected.call()
                            + " no more; note_capture.response has it as JSON");
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
                        + " made due; the next run stores it anew";
            case Result.Waiting(var note) -> "note " + note + " is due already";
            case Result.Rewritten _ -> "written anew from the ledger";
            case Result.NotPossible(var reason) -> "not possible: " + reason;
        };
    }
}
