package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.archive.catalog.Verdict;
import io.github.notearchive.archive.catalog.Verdict.Damaged;
import io.github.notearchive.archive.catalog.Verdict.Intact;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.store.ListedObject;
import io.github.notearchive.store.ObjectStore;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.stereotype.Component;

/**
 * Assembles the job of an audit. Its steps compare the bucket's listing with the rows, which is the cheapest one, then
 * read the files and the sidecars, and finally compare the tables with each other.
 *
 * <p>A restart skips completed steps and resumes the one that was stopped.
 */
@Component
class VerifyJob {

    /** Verdicts per transaction. A killed audit repeats these and what it has read ahead, at most. */
    static final int CHUNK = 25;

    /** Names of the bucket's listing that are compared by one query. */
    private static final int LIST_CHUNK = 500;

    private static final Logger log = LoggerFactory.getLogger(VerifyJob.class);

    private final JobRunner jobs;
    private final AuditRepository catalog;
    private final ObjectCheck check;
    private final Repairs repairs;
    private final ObjectStore store;
    private final FixityProperties settings;
    private final Clock clock;

    VerifyJob(
            JobRunner jobs,
            AuditRepository catalog,
            ObjectCheck check,
            Repairs repairs,
            ObjectStore store,
            FixityProperties settings,
            Clock clock) {
        this.jobs = jobs;
        this.catalog = catalog;
        this.check = check;
        this.repairs = repairs;
        this.store = store;
        this.settings = settings;
        this.clock = clock;
    }

    Job of(AuditRun audit) {
        Orphans orphans = new Orphans(audit, catalog, store, settings, clock);
        BucketReader bucket = new BucketReader(store, audit.gate(), StoredMedia.PREFIX, Sidecar.PREFIX);
        return jobs.job(JobNames.VERIFY, audit, _ -> whenComplete())
                .start(jobs.<ListedObject>chunks("verifyBucket", LIST_CHUNK, bucket, orphans::record)
                        .build())
                // does nothing until its option is set, so a restart executes it again
                .next(jobs.tasklet("removeOrphans", orphans::remove)
                        .allowStartIfComplete(true)
                        .build())
                .next(verdicts("verifyFiles", catalog::files, audit))
                .next(verdicts("verifySidecars", catalog::sidecars, audit))
                .next(jobs.tasklet("verifyTables", (_, _) -> {
                            compareTables(audit);
                            return null;
                        })
                        .build())
                .build();
    }

    private Step verdicts(String name, VerdictReader.Queue queue, AuditRun audit) {
        VerdictReader reader = new VerdictReader(queue, check, store, audit, settings.parallel());
        return jobs.<Verdict>chunks(name, CHUNK, reader, verdicts -> write(verdicts, audit))
                // a restart reads objects that count as never verified since the step was completed
                .allowStartIfComplete(true)
                .build();
    }

    /** Marks intact objects, and records and repairs damage. Part of the step's transaction. */
    private void write(Chunk<? extends Verdict> verdicts, AuditRun audit) {
        Instant now = clock.instant();
        List<Expected> intact = new ArrayList<>();
        List<Damaged> damaged = new ArrayList<>();
        for (Verdict verdict : verdicts) {
            switch (verdict) {
                case Intact good -> {
                    intact.add(good.expected());
                    count(audit, good.expected(), good.bytes());
                }
                case Damaged bad -> {
                    damaged.add(bad);
                    count(audit, bad.expected(), bad.bytes());
                }
                case Verdict.Unread _, Verdict.Untouched _ ->
                    throw new IllegalArgumentException("No verdict: " + verdict);
            }
        }
        if (!intact.isEmpty()) {
            catalog.markVerified(intact, now);
        }
        catalog.recordFindings(damaged, now, audit.jobExecutionId());
        for (Damaged bad : damaged) {
            log.warn(
                    "{} {}: expected {}, but the store has: {}",
                    bad.damage().kind(),
                    bad.expected().key(),
                    bad.damage().expected(),
                    bad.damage().seen());
            if (audit.options().repair()) {
                audit.count(repairs.repair(bad, audit.notesMadeDue.get()));
            }
        }
    }

    private static void count(AuditRun audit, Expected expected, long bytes) {
        switch (expected) {
            case Expected.MediaFile _ -> audit.files.increment();
            case Expected.SidecarFile _ -> audit.sidecars.increment();
        }
        audit.bytes.add(bytes);
    }

    private void compareTables(AuditRun audit) {
        Instant now = clock.instant();
        // in a separate transaction, which would wait for a run that waits for the rows changed below
        catalog.deleteUnusedDamaged(now);
        for (String key : catalog.recordUnrecorded(now, audit.jobExecutionId())) {
            log.warn("UNRECORDED {}: a slot is STORED, but media_object has no such row", key);
            if (audit.options().repair()) {
                audit.count(repairs.repairUnrecorded(key, audit.notesMadeDue.get()));
            }
        }
        catalog.resolveUnseenSince(audit.since(), now);
    }

    private StopReason whenComplete() {
        long open =
                catalog.countOpen().values().stream().mapToLong(Long::longValue).sum();
        return open == 0
                ? new StopReason(ExitCode.COMPLETED, "store and tables match")
                : new StopReason(ExitCode.FINDINGS, open + " findings are open; see fixity_finding");
    }
}
