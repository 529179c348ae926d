package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.AuditRepository.Area;
import io.github.notearchive.archive.catalog.AuditRepository.Place;
import io.github.notearchive.archive.catalog.AuditRepository.Queued;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.RepairRepository;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditRun;
import io.github.notearchive.note.Night;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.Gatherers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.core.step.StepContribution;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ItemReader;
import org.springframework.batch.infrastructure.repeat.RepeatStatus;
import org.springframework.stereotype.Component;

/**
 * Assembles the job of an audit. Its steps compare the bucket's listing with the rows, which is the cheapest one, then
 * read the files and the sidecars, and finally compare the tables with each other.
 *
 * <p>A restart skips completed steps and resumes the one that was stopped.
 */
@Component
record VerifyJob(
        JobRunner jobs,
        AuditRepository catalog,
        RepairRepository findings,
        MediaCatalog media,
        ObjectCheck check,
        Repairs repairs,
        ObjectStore store,
        FixityProperties settings,
        Clock clock) {

    private static final Logger log = LoggerFactory.getLogger(VerifyJob.class);

    /** Verdicts per transaction. A killed audit repeats these and what it has read ahead, at most. */
    static final int CHUNK = 25;

    /** Names of the bucket's listing that are compared by one query. */
    private static final int LIST_CHUNK = 500;

    /** Orphans that are removed in one transaction. */
    private static final int PAGE = 100;

    Job of(AuditRun audit) {
        BucketReader bucket = new BucketReader(store, audit.gate(), StoredMedia.PREFIX, Sidecar.PREFIX);
        return jobs.job(JobNames.VERIFY, audit, _ -> whenComplete())
                .start(jobs.<StoredObject>chunks(
                                "verifyBucket", LIST_CHUNK, bucket, listed -> recordOrphans(listed, audit))
                        .build())
                // does nothing until its option is set, so a restart executes it again
                .next(jobs.tasklet("removeOrphans", (contribution, _) -> removeOrphans(contribution, audit))
                        .allowStartIfComplete(true)
                        .build())
                .next(verdicts("verifyFiles", Area.FILES, audit))
                .next(verdicts("verifySidecars", Area.SIDECARS, audit))
                .next(jobs.tasklet("verifyTables", (_, _) -> {
                            compareTables(audit);
                            return null;
                        })
                        .build())
                .build();
    }

    private Step verdicts(String name, Area area, AuditRun audit) {
        return jobs.<Verdict>chunks(name, CHUNK, new VerdictReader(area, audit), verdicts -> write(verdicts, audit))
                // a restart reads objects that count as never verified since the step was completed
                .allowStartIfComplete(true)
                .build();
    }

    /**
     * Compares a chunk of the bucket's listing with the rows. Records orphans as findings: objects that no row uses and
     * that are older than a minimum age.
     */
    private void recordOrphans(Chunk<? extends StoredObject> listed, AuditRun audit) {
        audit.listed.add(listed.size());
        Instant now = clock.instant();
        List<StoredObject> unused = findings.unreferenced(listed.getItems());
        List<StoredObject> orphans =
                unused.stream().filter(object -> isOld(object.modified(), now)).toList();
        audit.young.add(unused.size() - orphans.size());
        catalog.recordOrphans(orphans, now, audit.jobExecutionId());
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
    private RepeatStatus removeOrphans(StepContribution contribution, AuditRun audit) {
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
     * Removes an orphan after checking again that it is one: no row uses it, no run is active that may write one, and
     * it is still old enough. None is removed while a sidecar is among the orphans: tables that do not contain a
     * response, such as those of another database, do not contain its files. A run that starts between check and
     * removal would have to call, download and store within it. Part of the caller's transaction.
     *
     * @return why it is kept; null if it is removed
     */
    private @Nullable String removeOrphan(String name) {
        if (findings.isRunActive()) {
            return "a run is active; repeat when it has ended";
        }
        Optional<String> unknown = findings.orphanedSidecar();
        if (unknown.isPresent()) {
            return "the bucket contains a paid response that these tables do not contain, %s, and its note may use this object; check that database and bucket belong together, or move that sidecar elsewhere"
                    .formatted(unknown.get());
        }
        Instant now = clock.instant();
        Optional<Instant> modified = store.stat(name).map(StoredObject::modified);
        if (modified.isPresent()) {
            if (!isOld(modified.get(), now)) {
                return "it was stored again";
            }
            if (findings.unreferenced(List.of(new StoredObject(name, 0, modified.get())))
                    .isEmpty()) {
                return "a row uses it now";
            }
            media.deleteUnused(name);
            store.remove(name);
        }
        findings.resolve(name, now);
        return null;
    }

    /** Marks intact objects, and records and repairs damage. Part of the step's transaction. */
    private void write(Chunk<? extends Verdict> verdicts, AuditRun audit) {
        Instant now = clock.instant();
        List<Expected> intact = new ArrayList<>();
        List<Verdict> damaged = new ArrayList<>();
        for (Verdict verdict : verdicts) {
            if (verdict.damage() == null) {
                intact.add(verdict.expected());
            } else {
                damaged.add(verdict);
            }
            (verdict.expected() instanceof Expected.MediaFile ? audit.files : audit.sidecars).increment();
            audit.bytes.add(verdict.bytes());
        }
        catalog.markVerified(intact, now);
        catalog.recordFindings(damaged, now, audit.jobExecutionId());
        for (Verdict bad : damaged) {
            Damage damage = Objects.requireNonNull(bad.damage());
            log.warn(
                    "{} {}: expected {}, but the store has: {}",
                    damage.kind(),
                    bad.expected().key(),
                    bad.expected().description(),
                    damage.seen());
            if (audit.options.repair()) {
                repairs.repair(bad, audit);
            }
        }
    }

    private void compareTables(AuditRun audit) {
        Instant now = clock.instant();
        // in a separate transaction, which would wait for a run that waits for the rows changed below
        catalog.deleteUnusedDamaged(now);
        for (String key : catalog.recordUnrecorded(now, audit.jobExecutionId())) {
            log.warn("UNRECORDED {}: a slot is STORED, but media_object has no such row", key);
            if (audit.options.repair()) {
                repairs.repairUnrecorded(key, audit);
            }
        }
        catalog.resolveUnseenSince(audit.since(), now);
    }

    private StopReason whenComplete() {
        Map<Damage.Kind, Long> open = catalog.countOpen();
        return open.isEmpty()
                ? new StopReason(ExitCode.COMPLETED, "store and tables match")
                : new StopReason(ExitCode.FINDINGS, Damage.describe(open));
    }

    /**
     * Checks objects in parallel, and returns the verdicts in the order of the queue.
     *
     * <p>Stores no position: an object with a verdict leaves the queue. A closed gate ends the reading, also within an
     * object, and marks the step to terminate. So does an object that could not be read because the store was
     * unavailable: the audit must not be COMPLETED without it.
     */
    private final class VerdictReader implements ItemReader<Verdict> {

        /** Objects that are read from the queue at once. */
        private static final int READ_AHEAD = 500;

        private final Area area;
        private final AuditRun audit;
        private Iterator<Checked> checked = Collections.emptyIterator();
        private Place last = Place.FIRST;
        private long unread;
        private @Nullable StoreException lastFailure;

        VerdictReader(Area area, AuditRun audit) {
            this.area = area;
            this.audit = audit;
        }

        /**
         * A verdict; one with an error of the store only counts while the store is available. Null: the audit ended.
         */
        private record Checked(
                @Nullable Verdict verdict, @Nullable StoreException error) {}

        /** Starts the checks of the next objects of the queue if those of the previous ones have ended. */
        private boolean hasNext() {
            if (!checked.hasNext()) {
                List<Queued> page = catalog.queue(area, audit.since(), audit.options.repair(), last, READ_AHEAD);
                last = page.isEmpty() ? last : page.getLast().place();
                checked = page.stream()
                        .map(Queued::expected)
                        .gather(Gatherers.mapConcurrent(settings.parallel(), this::check))
                        .iterator();
            }
            return checked.hasNext();
        }

        private Checked check(Expected expected) {
            try {
                return new Checked(check.check(expected, audit.gate()::isClosed), null);
            } catch (CancellationException e) {
                return new Checked(null, null);
            } catch (StoreException e) {
                Damage damage = new Damage(Damage.Kind.UNREADABLE, String.valueOf(e.getMessage()));
                return new Checked(new Verdict(expected, damage, 0), e);
            }
        }

        @Override
        public @Nullable Verdict read() {
            while (!audit.gate().isClosed() && hasNext()) {
                Checked next = checked.next();
                Verdict verdict = next.verdict();
                StoreException error = next.error();
                if (verdict == null) {
                    break;
                }
                if (error == null || isOfOneObject(error)) {
                    audit.store.works();
                    return verdict;
                }
                missed(verdict.expected(), error);
            }
            if (lastFailure != null) {
                unavailable(DisplayFormat.plural(unread, "object") + " could not be read, last: "
                        + lastFailure.getMessage());
            }
            if (audit.gate().isClosed()) {
                Gate.endStep();
            }
            return null;
        }

        /** Returns whether the store is available and fails for this object only. Not requested during an outage. */
        private boolean isOfOneObject(StoreException error) {
            return !error.ofTheAccount() && audit.store.faults() == 0 && store.isReachable();
        }

        private void missed(Expected missed, StoreException error) {
            unread++;
            lastFailure = error;
            log.warn("{} could not be read, {}; the next audit checks it", missed.key(), error.getMessage());
            if (error.ofTheAccount() || audit.store.fails()) {
                unavailable(String.valueOf(error.getMessage()));
            }
        }

        private void unavailable(String reason) {
            audit.gate().close(ExitCode.UPSTREAM_UNAVAILABLE, reason);
        }
    }
}
