package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.Expected.LogObjects;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.archive.catalog.RepairRepository;
import io.github.notearchive.archive.catalog.RepairRepository.ObjectUser;
import io.github.notearchive.archive.catalog.Sidecars;
import io.github.notearchive.archive.worklist.LedgerProperties;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditCounts.VerifyCount;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditRun;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.store.StoreException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Repairs findings of an audit as far as possible. Idempotent.
 *
 * <p>A file that many notes share is stored again with one of them. So one note is made due, preferably one whose paid
 * response is still usable: the next run then buys nothing. A damaged object is kept until that run replaces it.
 */
@Component
final class Repairs {

    private final RepairRepository findings;
    private final WorklistRepository worklist;
    private final Sidecars sidecars;
    private final LedgerProperties ledgerSettings;
    private final VideoProperties videoSettings;
    private final FixityProperties settings;
    private final Clock clock;

    Repairs(
            RepairRepository findings,
            WorklistRepository worklist,
            Sidecars sidecars,
            LedgerProperties ledgerSettings,
            VideoProperties videoSettings,
            FixityProperties settings,
            Clock clock) {
        this.findings = findings;
        this.worklist = worklist;
        this.sidecars = sidecars;
        this.ledgerSettings = ledgerSettings;
        this.videoSettings = videoSettings;
        this.settings = settings;
        this.clock = clock;
    }

    /** Repairs a recorded finding, and records the result. Part of the caller's transaction. */
    void repair(Verdict damaged, AuditRun audit) {
        String repair = damaged.damage() != null && damaged.damage().kind() == Damage.FindingKind.UNREADABLE
                ? notPossible("the object may be intact; check the health of the store", audit)
                : switch (damaged.expected()) {
                    case MediaFile file -> storeAgain(file, audit);
                    case SidecarFile sidecar -> rewrite(sidecar, damaged.damage(), audit);
                    case LogObjects _ -> notPossible("restore the objects of the log from a copy of the bucket", audit);
                };
        findings.recordRepair(damaged.expected().key().value(), repair, clock.instant());
    }

    private static String notPossible(String reason, AuditRun audit) {
        audit.count(VerifyCount.NOT_POSSIBLE, 1);
        return "not possible: " + reason;
    }

    private String storeAgain(MediaFile file, AuditRun audit) {
        List<ObjectUser> all = findings.usersOf(
                file.sha256(), clock.instant().minus(ledgerSettings.reuseFor()), videoSettings.enabled());
        if (all.isEmpty()) {
            return dropPreviews(file.key().value(), audit)
                    .orElseGet(() -> notPossible("no slot uses it; its row is deleted", audit));
        }
        ObjectUser first = all.getFirst();
        if (!first.fetchable()) {
            return notPossible(
                    ("no run can store it again: a file of note %s that its responses do not offer any more, or a "
                                    + "video while archive.video.enabled is false; requeue buys a new response")
                            .formatted(first.note()),
                    audit);
        }
        List<ObjectUser> users = all.stream().filter(ObjectUser::fetchable).toList();
        for (ObjectUser user : users) {
            if (user.claimed() || user.state() == NoteState.PENDING || user.state() == NoteState.POSTPONED) {
                audit.count(VerifyCount.WAITING, 1);
                return "note " + user.note() + " is due already";
            }
        }
        return users.stream()
                .filter(user -> user.state() == NoteState.ARCHIVED)
                .findFirst()
                .map(user -> makeDue(() -> List.of(user.note()), audit))
                .orElseGet(() -> notPossible(
                        "none of its notes is ARCHIVED, for example " + first.note() + "; requeue one to try", audit));
    }

    private String makeDue(Supplier<List<NoteId>> source, AuditRun audit) {
        if (audit.counts().of(VerifyCount.NOTES_MADE_DUE) >= settings.maxRepairs()) {
            return notPossible(
                    ("archive.verify.max-repairs, %d notes, is reached; check that the bucket is the right one, then "
                                    + "repeat")
                            .formatted(settings.maxRepairs()),
                    audit);
        }
        List<NoteId> notes = source.get();
        if (notes.isEmpty()) {
            return notPossible("it has a row now", audit);
        }
        List<NoteId> due = worklist.requeue(notes);
        if (due.isEmpty()) {
            return notPossible(
                    "note " + notes.getFirst() + " is not on the worklist, or in progress; repeat later", audit);
        }
        audit.count(VerifyCount.NOTES_MADE_DUE, due.size());
        String more = due.size() == 1 ? "" : " and " + (due.size() - 1) + " more";
        return "note " + due.getFirst() + more + " made due; the next run stores it again";
    }

    /**
     * Resets slots that are STORED without a row of their object, and makes their notes due. Part of the caller's
     * transaction.
     */
    void repairUnrecorded(String key, AuditRun audit) {
        Instant now = clock.instant();
        List<NoteId> users = findings.notesOf(key);
        Optional<String> dropped = dropPreviews(key, audit);
        findings.recordRepair(
                key, dropped.orElseGet(() -> makeDue(() -> findings.resetUnrecorded(key, now), audit)), now);
        if (dropped.isPresent()) {
            findings.resolve(key, now);
        } else {
            int _ = worklist.markSidecarsDue(users);
        }
    }

    /** Drops the slots of a file that is a preview only, which no note needs; empty if there is none. */
    private Optional<String> dropPreviews(String key, AuditRun audit) {
        List<NoteId> dropped = findings.dropPreviews(key);
        audit.count(VerifyCount.PREVIEWS_DROPPED, dropped.size());
        if (dropped.isEmpty()) {
            return Optional.empty();
        }
        int _ = worklist.markSidecarsDue(dropped);
        return Optional.of("preview dropped; the next response about the note stores it again");
    }

    /** Writes the sidecars of notes whose slots were changed by repairs, after their commit. */
    void writeSidecars() {
        sidecars.writeDue();
    }

    private String rewrite(SidecarFile expected, @Nullable Damage damage, AuditRun audit) {
        NoteId id = expected.note();
        Optional<WorklistRow> row = worklist.lockUnclaimed(id);
        if (row.isEmpty()) {
            return notPossible("note " + id + " is in progress, or not on the worklist", audit);
        }
        try {
            boolean stale = damage != null && damage.kind() == Damage.FindingKind.SIDECAR_STALE;
            if (!sidecars.restore(id, expected.call(), row.get(), stale)) {
                return notPossible(
                        (findings.isResponseHeld(expected.call())
                                        ? "the ledger no longer has the exact response of call %d; "
                                                + "note_capture.response has it as JSON"
                                        : "the response of call %d is lost, no table has it; restore this object from "
                                                + "a copy of the bucket")
                                .formatted(expected.call()),
                        audit);
            }
            audit.count(VerifyCount.SIDECARS_REWRITTEN, 1);
            return stale ? "written again from the tables" : "written again from the ledger";
        } catch (StoreException e) {
            return notPossible(String.valueOf(e.getMessage()), audit);
        }
    }
}
