package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.archive.catalog.RepairRepository;
import io.github.notearchive.archive.catalog.RepairRepository.Obstacle;
import io.github.notearchive.archive.catalog.RepairRepository.User;
import io.github.notearchive.archive.catalog.Sidecars;
import io.github.notearchive.archive.catalog.Verdict.Damaged;
import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.worklist.NoteState;
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
record Repairs(
        RepairRepository findings,
        WorklistRepository worklist,
        Sidecars sidecars,
        LedgerProperties ledgerSettings,
        VideoProperties videoSettings,
        FixityProperties settings,
        Clock clock) {

    /** Outcome of a repair. */
    enum Outcome {
        /** Notes are due now, so that the next run stores the file again. */
        MADE_DUE,
        /** A note that stores the file again is due already, or in progress. */
        WAITING,
        /** The sidecar was written again. */
        REWRITTEN,
        /** Nothing was changed. */
        NOT_POSSIBLE
    }

    /**
     * Repair of one finding.
     *
     * @param notes number of notes made due
     * @param text description for the operator
     */
    record Repair(Outcome outcome, int notes, String text) {

        private static Repair notPossible(String reason) {
            return new Repair(Outcome.NOT_POSSIBLE, 0, "not possible: " + reason);
        }
    }

    /**
     * Repairs a recorded finding, and records the result. Part of the caller's transaction.
     *
     * @param madeDue number of notes that this audit has made due
     */
    Repair repair(Damaged damaged, long madeDue) {
        Repair repair = damaged.damage().kind() == Damage.Kind.UNREADABLE
                ? Repair.notPossible("the object may be intact; check the health of the store")
                : switch (damaged.expected()) {
                    case MediaFile file -> storeAgain(file, madeDue);
                    case SidecarFile sidecar -> rewrite(sidecar);
                };
        findings.recordRepair(damaged.expected().key().value(), repair.text, clock.instant());
        return repair;
    }

    private Repair storeAgain(MediaFile file, long madeDue) {
        List<User> all = findings.usersOf(
                file.sha256(), clock.instant().minus(ledgerSettings.reuseFor()), videoSettings.enabled());
        if (all.isEmpty()) {
            return Repair.notPossible("no note uses it");
        }
        User first = all.getFirst();
        if (first.obstacle() != null) {
            return Repair.notPossible(reason(first.note(), first.obstacle()));
        }
        List<User> users = all.stream().filter(user -> user.obstacle() == null).toList();
        for (User user : users) {
            if (user.claimed() || isState(user, NoteState.PENDING) || isState(user, NoteState.POSTPONED)) {
                return new Repair(Outcome.WAITING, 0, "note " + user.note() + " is due already");
            }
        }
        if (madeDue >= settings.maxRepairs()) {
            return tooMany();
        }
        return users.stream()
                .filter(user -> isState(user, NoteState.ARCHIVED))
                .findFirst()
                .map(user -> makeDue(List.of(user.note())))
                .orElseGet(() -> Repair.notPossible(
                        "none of its notes is ARCHIVED, for example " + first.note() + "; requeue one to try"));
    }

    private static String reason(NoteId note, Obstacle obstacle) {
        String reason = switch (obstacle) {
            case UNLISTED ->
                "the newest response does not list it, for example that of note %s; no run can store it again";
            case VIDEOS_OFF ->
                "the video requires a separate call, for example that of note %s, but archive.video.enabled is false; no run can store it again";
            case NOT_OFFERED -> "the provider no longer offers the video, for example of note %s; requeue one to try";
        };
        return reason.formatted(note);
    }

    private Repair tooMany() {
        return Repair.notPossible(
                "archive.verify.max-repairs, %d notes, is reached; check that the bucket is the right one, then repeat"
                        .formatted(settings.maxRepairs()));
    }

    private static boolean isState(User user, NoteState state) {
        return state.name().equals(user.state());
    }

    private Repair makeDue(List<NoteId> notes) {
        List<NoteId> due = worklist.requeue(notes);
        if (due.isEmpty()) {
            return Repair.notPossible(
                    "note " + notes.getFirst() + " is not on the worklist, or in progress; repeat later");
        }
        String more = due.size() == 1 ? "" : " and " + (due.size() - 1) + " more";
        return new Repair(
                Outcome.MADE_DUE,
                due.size(),
                "note " + due.getFirst() + more + " made due; the next run stores it again");
    }

    /**
     * Resets slots that are STORED without a row of their object, and makes their notes due. Part of the caller's
     * transaction.
     */
    Repair repairUnrecorded(String key, long madeDue) {
        Instant now = clock.instant();
        Repair repair;
        if (madeDue >= settings.maxRepairs()) {
            repair = tooMany();
        } else {
            List<NoteId> notes = findings.resetUnrecorded(key, now);
            repair = notes.isEmpty() ? Repair.notPossible("it has a row now") : makeDue(notes);
        }
        findings.recordRepair(key, repair.text, now);
        return repair;
    }

    private Repair rewrite(SidecarFile expected) {
        NoteId id = expected.note();
        Optional<WorklistRow> row = worklist.lockUnclaimed(id, null) ? worklist.row(id) : Optional.empty();
        if (row.isEmpty()) {
            return Repair.notPossible("note " + id + " is in progress, or not on the worklist");
        }
        try {
            return sidecars.restore(id, expected.call(), row.get())
                    ? new Repair(Outcome.REWRITTEN, 0, "written again from the ledger")
                    : Repair.notPossible(
                            "the ledger no longer has the exact response of call %d; note_capture.response has it as JSON"
                                    .formatted(expected.call()));
        } catch (StoreException e) {
            return Repair.notPossible(String.valueOf(e.getMessage()));
        }
    }
}
