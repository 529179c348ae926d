package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.AuditRepository.Area;
import io.github.notearchive.archive.catalog.AuditRepository.KeyRange;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.ShardRepository;
import io.github.notearchive.batch.ShardRepository.Shard;
import io.github.notearchive.batch.SharedScan;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditCounts;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditCounts.VerifyCount;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditRun;
import io.github.notearchive.store.StoredObject;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.infrastructure.repeat.RepeatStatus;
import org.springframework.stereotype.Component;

/**
 * Assembles the job of an audit. Its steps compare the bucket's listing with the rows, which is the cheapest one, then
 * read the files, the sidecars and the transparency log, and finally compare the tables with each other. All but the
 * removal of orphans are made of shards, which the nodes share.
 */
@Component
final class VerifyJob {

    private static final Logger log = LoggerFactory.getLogger(VerifyJob.class);

    static final String BUCKET = "verifyBucket";
    private static final String FILES = "verifyFiles";
    private static final String SIDECARS = "verifySidecars";
    static final String LOG = "verifyLog";
    static final String TABLES = "verifyTables";

    /** Steps that read objects. */
    static final SortedMap<String, Area> STEPS = new TreeMap<>(Map.of(FILES, Area.FILES, SIDECARS, Area.SIDECARS));

    /** Verdicts per transaction. A killed audit repeats these and what it has read ahead, at most. */
    static final int CHUNK = 25;

    /** Names of the bucket's listing that are compared by one query. */
    private static final int LIST_CHUNK = 500;

    private final JobRunner jobs;
    private final AuditRepository catalog;
    private final ObjectCheck check;
    private final Repairs repairs;
    private final Orphans orphans;
    private final ShardRepository shards;
    private final LogAudit logAudit;
    private final FixityProperties settings;

    VerifyJob(
            JobRunner jobs,
            AuditRepository catalog,
            ObjectCheck check,
            Repairs repairs,
            Orphans orphans,
            ShardRepository shards,
            LogAudit logAudit,
            FixityProperties settings) {
        this.jobs = jobs;
        this.catalog = catalog;
        this.check = check;
        this.repairs = repairs;
        this.orphans = orphans;
        this.shards = shards;
        this.logAudit = logAudit;
        this.settings = settings;
    }

    Job of(AuditRun audit, SharedScan<AuditCounts> scan) {
        Supplier<@Nullable Verdict> others = unrepaired(audit);
        Job job = jobs.job(JobNames.VERIFY, audit, _ -> whenComplete())
                .start(scan.step(
                        jobs,
                        BUCKET,
                        LIST_CHUNK,
                        shard -> orphans.listing(shard, audit),
                        StoredObject::name,
                        (before, listed) -> before.plus(audit.counted(() -> orphans.compareListing(listed, audit)))))
                // does nothing until its option is set, so a restart executes it again
                .next(jobs.tasklet("removeOrphans", (contribution, _) -> orphans.remove(contribution, audit))
                        .allowStartIfComplete(true)
                        .build())
                .next(verdicts(FILES, audit, scan, shard -> source(Area.FILES, shard.lower(), shard.upper(), audit)))
                .next(verdicts(
                        SIDECARS, audit, scan, shard -> source(Area.SIDECARS, shard.lower(), shard.upper(), audit)))
                .next(verdicts(LOG, audit, scan, _ -> logAudit.of(audit)))
                .next(scan.step(
                        jobs,
                        TABLES,
                        1,
                        _ -> () -> null,
                        _ -> null,
                        (before, _) -> before.plus(audit.counted(() -> compareTables(audit)))))
                .next(jobs.tasklet("repairFindings", (_, _) -> repairOthers(others, audit))
                        .allowStartIfComplete(true)
                        .build())
                .next(jobs.tasklet("writeSidecars", (_, _) -> writeSidecars(audit))
                        .allowStartIfComplete(true)
                        .build())
                .build();
        // objects that were stored, found damaged or dated to the future since their shard was done
        STEPS.keySet().forEach(step -> shards.reopen(audit.scan(), step));
        return job;
    }

    private VerdictSource source(Area area, String lower, @Nullable String upper, AuditRun audit) {
        KeyRange range = new KeyRange(lower, Objects.requireNonNull(upper));
        return new VerdictSource(catalog, check, settings.parallel(), area, range, audit);
    }

    /** Returns the objects found damaged by nodes without the option to repair, read again; none without it. */
    private Supplier<@Nullable Verdict> unrepaired(AuditRun audit) {
        if (!audit.options.repair()) {
            return () -> null;
        }
        Deque<VerdictSource> areas = new ArrayDeque<>();
        for (Area area : STEPS.values()) {
            List<String> bounds = catalog.bounds(area);
            areas.add(source(area, bounds.getFirst(), bounds.getLast(), audit));
        }
        return () -> {
            Verdict next = null;
            while (next == null && !areas.isEmpty()) {
                next = areas.element().get();
                if (next == null) {
                    areas.remove(); // else its end would be looked for again with each object of the next one
                }
            }
            return next;
        };
    }

    private Step verdicts(
            String name,
            AuditRun audit,
            SharedScan<AuditCounts> scan,
            Function<Shard, Supplier<@Nullable Verdict>> source) {
        return scan.step(
                jobs,
                name,
                CHUNK,
                source,
                _ -> null,
                (before, verdicts) -> before.plus(audit.counted(() -> write(verdicts, audit))));
    }

    /** Marks intact objects, and records and repairs damage. Part of the step's transaction. */
    private void write(List<Verdict> verdicts, AuditRun audit) {
        Instant now = audit.now();
        List<Expected> intact = new ArrayList<>();
        List<Verdict> damaged = new ArrayList<>();
        for (Verdict verdict : verdicts) {
            if (verdict.damage() == null) {
                intact.add(verdict.expected());
            } else {
                damaged.add(verdict);
            }
            VerifyCount kind =
                    verdict.expected() instanceof Expected.MediaFile ? VerifyCount.FILES : VerifyCount.SIDECARS;
            audit.count(kind, verdict.expected() instanceof Expected.LogObjects ? 0 : 1);
            audit.count(VerifyCount.BYTES, verdict.bytes());
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
        Instant now = audit.now();
        // in a separate transaction, which would wait for a run that waits for the rows changed below
        catalog.deleteUnusedDamaged(now);
        for (String key : catalog.recordUnrecorded(now, audit.jobExecutionId())) {
            log.warn("UNRECORDED {}: a slot is STORED, but media_object has no such row", key);
        }
        catalog.resolveUnseenSince(audit.since(), now);
    }

    private RepeatStatus writeSidecars(AuditRun audit) {
        if (audit.options.repair()) {
            repairs.writeSidecars();
        }
        return RepeatStatus.FINISHED;
    }

    /** Repairs findings of other nodes, a chunk in one transaction, and finally slots without a row of their object. */
    private RepeatStatus repairOthers(Supplier<@Nullable Verdict> others, AuditRun audit) {
        List<Verdict> chunk = new ArrayList<>();
        for (Verdict next = others.get(); next != null; next = chunk.size() < CHUNK ? others.get() : null) {
            chunk.add(next);
        }
        audit.repairs = audit.repairs.plus(audit.counted(() -> {
            write(chunk, audit);
            if (chunk.isEmpty() && audit.options.repair()) {
                catalog.recordUnrecorded(audit.now(), audit.jobExecutionId())
                        .forEach(key -> repairs.repairUnrecorded(key, audit));
            }
        }));
        return chunk.isEmpty() ? RepeatStatus.FINISHED : RepeatStatus.CONTINUABLE;
    }

    private StopReason whenComplete() {
        Map<Damage.FindingKind, Long> open = catalog.countOpen();
        return open.isEmpty()
                ? new StopReason(ExitCode.COMPLETED, "store and tables match")
                : new StopReason(ExitCode.FINDINGS, Damage.describe(open));
    }
}
