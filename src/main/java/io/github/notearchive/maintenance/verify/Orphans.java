package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.RepairRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.ShardRepository;
import io.github.notearchive.batch.ShardRepository.Shard;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditCounts.VerifyCount;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditRun;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.step.StepContribution;
import org.springframework.batch.infrastructure.repeat.RepeatStatus;
import org.springframework.stereotype.Component;

/** Finds objects of the bucket that no row uses or whose note was erased; removes the former on demand. */
@Component
final class Orphans {

    private static final Logger log = LoggerFactory.getLogger(Orphans.class);

    /** Orphans that are removed in one transaction. */
    private static final int PAGE = 100;

    private final AuditRepository catalog;
    private final RepairRepository findings;
    private final ErasureRepository erasures;
    private final MediaCatalog media;
    private final ShardRepository shards;
    private final ObjectStore store;
    private final FixityProperties settings;
    private final Clock clock;

    Orphans(
            AuditRepository catalog,
            RepairRepository findings,
            ErasureRepository erasures,
            MediaCatalog media,
            ShardRepository shards,
            ObjectStore store,
            FixityProperties settings,
            Clock clock) {
        this.catalog = catalog;
        this.findings = findings;
        this.erasures = erasures;
        this.media = media;
        this.shards = shards;
        this.store = store;
        this.settings = settings;
        this.clock = clock;
    }

    /** Returns the objects of a shard of the bucket. */
    Supplier<@Nullable StoredObject> listing(Shard shard, AuditRun audit) {
        return BucketShards.list(store, audit.gate(), shard);
    }

    /**
     * Compares a chunk of the bucket's listing with the rows. Records as findings objects of erased notes, and orphans:
     * objects that no row uses and that are older than a minimum age.
     */
    void compareListing(List<StoredObject> listed, AuditRun audit) {
        audit.count(VerifyCount.LISTED, listed.size());
        Instant now = audit.now();
        List<StoredObject> forgotten = findings.ofErasedNotes(listed).stream()
                .filter(object -> store.stat(object.name()).isPresent()) // a run may have erased it meanwhile
                .toList();
        catalog.recordUnknown(Damage.FindingKind.FORGOTTEN, forgotten, now, audit.jobExecutionId());
        for (StoredObject object : forgotten) {
            NoteId note = new NoteId(object.name().split("/", 3)[1]);
            erasures.reopen(note);
            String remedy = "note-archive forget %s --yes removes it".formatted(note);
            findings.recordRepair(object.name(), remedy, now);
            log.warn("FORGOTTEN {}: its note was erased; {}", object.name(), remedy);
        }
        List<StoredObject> unused = findings.unreferenced(
                listed.stream().filter(object -> !forgotten.contains(object)).toList());
        List<StoredObject> orphans =
                unused.stream().filter(object -> isOld(object.modified(), now)).toList();
        audit.count(VerifyCount.YOUNG, unused.size() - orphans.size());
        catalog.recordUnknown(Damage.FindingKind.ORPHAN, orphans, now, audit.jobExecutionId());
        for (StoredObject orphan : orphans) {
            log.warn(
                    "ORPHAN {}: {}, stored {}",
                    orphan.name(),
                    DisplayFormat.size(orphan.size()),
                    Night.local(orphan.modified()));
        }
    }

    private boolean isOld(Instant modified, Instant now) {
        return modified.isBefore(now.minus(settings.orphanAge()));
    }

    /**
     * Removes a page of the orphans found by this audit if the options demand it, in one transaction. A resumed audit
     * checks those again that were found before removal was demanded.
     */
    RepeatStatus remove(StepContribution contribution, AuditRun audit) {
        List<String> names =
                audit.options.deleteOrphans() ? findings.orphans(audit.since(), audit.lastOrphan, PAGE) : List.of();
        for (String name : names) {
            if (audit.gate().isClosed()) {
                Gate.endStep();
                break;
            }
            removeOrphan(name, audit);
            contribution.incrementWriteCount(1);
            audit.lastOrphan = name;
        }
        return names.isEmpty() ? RepeatStatus.FINISHED : RepeatStatus.CONTINUABLE;
    }

    private void removeOrphan(String name, AuditRun audit) {
        String keptBecause;
        try {
            keptBecause = removeOrphan(name);
        } catch (StoreException e) {
            keptBecause = String.valueOf(e.getMessage());
            if (e.unreachable() || e.ofTheAccount()) {
                audit.gate().close(ExitCode.UPSTREAM_UNAVAILABLE, keptBecause);
            }
        }
        if (keptBecause == null) {
            audit.orphansRemoved.add(name);
            log.warn("ORPHAN {}: removed", name);
        } else {
            audit.orphansLeft.add(name + ": " + keptBecause);
        }
    }

    /**
     * Removes an orphan after checking again that it is one: its row, in its own transaction, then the object, so that
     * no row refers to a missing object after a crash in between.
     *
     * @return why it is kept; null if it is removed
     */
    private @Nullable String removeOrphan(String name) {
        Optional<Instant> modified = store.stat(name).map(StoredObject::modified);
        if (modified.isPresent()) {
            String keptBecause =
                    shards.separateTransaction().execute(_ -> removeRow(new StoredObject(name, 0, modified.get())));
            if (keptBecause != null) {
                return keptBecause;
            }
            store.remove(name);
        }
        return findings.resolve(name, clock.instant()) ? null : "another node removed it";
    }

    /**
     * Deletes the row of an orphan if it may be removed: no row uses it, no run is active that may write one, it is
     * still old enough, and it cannot be a file that a note misses, as after a rebuild from an older sidecar. None is
     * removed while a sidecar is among the orphans: tables that do not contain a response, such as those of another
     * database, do not contain its files. A run that starts between check and removal would have to call, download and
     * store within it. Part of the caller's transaction.
     *
     * @return why it is kept; null if its row is deleted
     */
    private @Nullable String removeRow(StoredObject orphan) {
        if (findings.isRunActive()) {
            return "a run is active; repeat when it has ended";
        }
        Optional<String> unknown = findings.orphanedSidecar();
        if (unknown.isPresent()) {
            return ("the bucket contains a paid response that these tables do not contain, %s, and its note may use "
                            + "this object; check that database and bucket belong together, or move that "
                            + "sidecar elsewhere")
                    .formatted(unknown.get());
        }
        if (!isOld(orphan.modified(), clock.instant())) {
            return "it was stored again";
        }
        if (findings.unreferenced(List.of(orphan)).isEmpty()) {
            return "a row uses it now";
        }
        Optional<String> missing = findings.missingFile(orphan.name());
        if (missing.isPresent()) {
            return "it may be a missing file, such as %s; repeat when no file is missing but those GONE or waived"
                    .formatted(missing.get());
        }
        media.deleteUnused(orphan.name());
        return null;
    }
}
