package io.github.notearchive.maintenance.verify;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.AuditRepository.AuditFinding;
import io.github.notearchive.archive.catalog.AuditRepository.Remaining;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.JobEnd;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.JobRun;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.batch.OutageDetector;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.batch.ShardRepository;
import io.github.notearchive.batch.SharedScan;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditCounts.VerifyCount;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.note.Night;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Audits the store, or resumes an unfinished audit.
 *
 * <p>A database has one audit at a time, which all nodes share that verify; runs may be active at the same time. The
 * parameter {@code since} of the job instances is when it began: objects verified later are not read again.
 */
@Component
public final class VerifyRunner {

    private static final Logger log = LoggerFactory.getLogger(VerifyRunner.class);

    private static final int EXAMPLES = 20;

    private final JobRunner jobs;
    private final VerifyJob job;
    private final JobStopper gate;
    private final AuditRepository catalog;
    private final AuditStart start;
    private final ShardRepository shards;
    private final ArchiveProperties settings;
    private final Clock clock;

    VerifyRunner(
            JobRunner jobs,
            VerifyJob job,
            JobStopper gate,
            AuditRepository catalog,
            AuditStart start,
            ShardRepository shards,
            ArchiveProperties settings,
            Clock clock) {
        this.jobs = jobs;
        this.job = job;
        this.gate = gate;
        this.catalog = catalog;
        this.start = start;
        this.shards = shards;
        this.settings = settings;
        this.clock = clock;
    }

    /** Runs an audit and returns its summary. Does not throw for unavailable servers. */
    public VerifySummary verify(VerifyOptions options) {
        AuditRun audit = new AuditRun(options, clock, gate, settings.outage());
        return jobs.underLock(
                Scope.AUDIT,
                options.node(),
                "another audit of this node is active, or a rebuild, a forget or a self-test",
                lock -> start.refusal(audit)
                        .map(stop -> notStarted(audit, stop))
                        .orElseGet(() -> start(audit, lock)),
                stop -> notStarted(audit, stop));
    }

    private VerifySummary start(AuditRun audit, RunnerLock lock) {
        VerifyOptions options = audit.options;
        jobs.prepare(audit, JobNames.VERIFY, options.node(), Night.current(clock));
        log.info(
                "{}: objects not verified since {}{}{}",
                audit.isRestart() ? "Resuming the unfinished audit" : "Starting a new audit",
                Night.local(audit.since()),
                options.repair() ? ", with repairs" : "",
                options.deleteOrphans() ? ", orphans are removed" : "");
        audit.dateInFuture = catalog.correctFutureTimes(audit.since(), audit.startedAt);
        if (audit.dateInFuture > 0) {
            log.warn(
                    "{} with a verification after the start of this audit, {}: counted as never verified. Check the "
                            + "clocks (NTP)",
                    DisplayFormat.plural(audit.dateInFuture, "object"),
                    Night.local(audit.startedAt));
        }
        gate.open();
        try (SharedScan<AuditCounts> scan =
                        new SharedScan<>(shards, audit, options.node(), AuditCounts.NONE, AuditCounts::plus);
                RunWatchdog _ = new RunWatchdog(
                        audit,
                        lock,
                        options.maxDuration(),
                        settings.outage().after(),
                        scan::renewLeases,
                        () -> logProgress(audit.counts()))) {
            StopReason end = jobs.run(job.of(audit, scan), audit);
            Map<Damage.FindingKind, Long> open = catalog.countOpen();
            return summary(
                    audit,
                    scan.result().plus(audit.repairs),
                    audit.end(withFindings(end, open)),
                    open,
                    catalog.open(EXAMPLES),
                    catalog.remaining(audit.since()),
                    catalog.verified(clock.instant()).oldest());
        }
    }

    private static void logProgress(AuditCounts now) {
        log.info(
                "Progress of this node: files={} sidecars={} bytes={} listed={}",
                now.of(VerifyCount.FILES),
                now.of(VerifyCount.SIDECARS),
                now.of(VerifyCount.BYTES),
                now.of(VerifyCount.LISTED));
    }

    /** Returns the end of the audit. An interrupted audit with open findings reports these. */
    private static StopReason withFindings(StopReason end, Map<Damage.FindingKind, Long> open) {
        return end.exitCode() == ExitCode.INTERRUPTED && !open.isEmpty()
                ? new StopReason(
                        ExitCode.FINDINGS, Damage.describe(open) + "; and the audit is not finished: " + end.reason())
                : end;
    }

    /** Returns the summary of an audit without execution, or whose end could not be written. */
    private static VerifySummary notStarted(AuditRun audit, StopReason stop) {
        return summary(
                audit,
                AuditCounts.NONE,
                audit.notStarted(stop, "nothing was audited"),
                Map.of(),
                List.of(),
                new Remaining(0, 0),
                null);
    }

    private static VerifySummary summary(
            AuditRun audit,
            AuditCounts all,
            JobEnd end,
            Map<Damage.FindingKind, Long> open,
            List<AuditFinding> examples,
            Remaining left,
            @Nullable Instant oldestVerified) {
        return new VerifySummary(
                end,
                all.of(VerifyCount.FILES),
                all.of(VerifyCount.SIDECARS),
                all.of(VerifyCount.BYTES),
                all.of(VerifyCount.LISTED),
                all.of(VerifyCount.YOUNG),
                audit.dateInFuture,
                open,
                examples,
                left.files(),
                left.sidecars(),
                oldestVerified,
                new VerifySummary.Repaired(
                        all.of(VerifyCount.NOTES_MADE_DUE),
                        all.of(VerifyCount.WAITING),
                        all.of(VerifyCount.SIDECARS_REWRITTEN),
                        all.of(VerifyCount.PREVIEWS_DROPPED),
                        all.of(VerifyCount.NOT_POSSIBLE),
                        List.copyOf(audit.orphansRemoved),
                        List.copyOf(audit.orphansLeft)));
    }

    /** Options of one audit; nothing more is read after {@code maxDuration}, null for no limit. */
    public record VerifyOptions(@Nullable Duration maxDuration, boolean repair, boolean deleteOrphans, String node) {}

    /** Counts of an audit, of a shard or of all. */
    record AuditCounts(Map<VerifyCount, Long> counts) {

        static final AuditCounts NONE = new AuditCounts(Map.of());

        enum VerifyCount {
            FILES,
            SIDECARS,
            BYTES,
            LISTED,
            YOUNG,
            NOTES_MADE_DUE,
            WAITING,
            SIDECARS_REWRITTEN,
            PREVIEWS_DROPPED,
            NOT_POSSIBLE
        }

        long of(VerifyCount count) {
            return counts.getOrDefault(count, 0L);
        }

        AuditCounts plus(AuditCounts more) {
            Map<VerifyCount, Long> sum = new EnumMap<>(VerifyCount.class);
            sum.putAll(counts);
            more.counts.forEach((count, number) -> sum.merge(count, number, Long::sum));
            return new AuditCounts(sum);
        }

        AuditCounts minus(AuditCounts less) {
            Map<VerifyCount, Long> rest = new EnumMap<>(VerifyCount.class);
            counts.forEach((count, number) -> rest.put(count, number - less.of(count)));
            return new AuditCounts(rest);
        }
    }

    /** State of one audit: options, start time, counts of this execution, and outage detection of the store. */
    static final class AuditRun extends JobRun {

        final VerifyOptions options;

        final Instant startedAt;

        final OutageDetector store;
        final List<String> orphansRemoved = new ArrayList<>();
        final List<String> orphansLeft = new ArrayList<>();

        String lastOrphan = "";
        long dateInFuture;

        /** Counts of repairs after the last shard. */
        AuditCounts repairs = AuditCounts.NONE;

        private final Clock clock;

        private volatile AuditCounts counts = AuditCounts.NONE;

        AuditRun(VerifyOptions options, Clock clock, Gate gate, ArchiveProperties.Outage outage) {
            super(gate);
            this.options = options;
            this.clock = clock;
            this.startedAt = clock.instant();
            this.store = new OutageDetector(outage);
            addOption("repair", options.repair());
            addOption("deleteOrphans", options.deleteOrphans());
            addOption("maxDuration", options.maxDuration());
        }

        /** Returns the counts of this execution. */
        AuditCounts counts() {
            return counts;
        }

        /** Adds to the counts; called by the thread of the step. */
        void count(VerifyCount count, long number) {
            counts = counts.plus(new AuditCounts(Map.of(count, number)));
        }

        /** Executes a part of the audit and returns what it counted; nothing is counted if it fails. */
        AuditCounts counted(Runnable part) {
            AuditCounts before = counts;
            try {
                part.run();
                return counts.minus(before);
            } catch (RuntimeException e) {
                counts = before;
                throw e;
            }
        }

        /**
         * Returns when the audit began; objects verified later are not read again. After the clock was ahead, this
         * audit must not treat its own work as that of another one.
         */
        Instant since() {
            Instant began = scan().since();
            return began.isAfter(startedAt.plus(AuditRepository.CLOCK_TOLERANCE)) ? startedAt : began;
        }

        /** Returns the time, which is not before the start although another node's clock may be ahead of this one. */
        Instant now() {
            Instant now = clock.instant();
            return now.isBefore(since()) ? since() : now;
        }
    }

    /**
     * Summary of an audit. Counts are those of all nodes and executions, as far as they are committed.
     *
     * @param listed objects in the bucket that were compared with the rows
     * @param young unused objects that are too young to be orphans
     * @param dateInFuture objects verified later than the start of this execution; they count as never verified
     * @param open open findings of all audits by kind
     * @param oldestVerified oldest verification of a file; null if a file was never verified, or there is none
     */
    public record VerifySummary(
            @JsonUnwrapped JobEnd end,
            long files,
            long sidecars,
            long bytes,
            long listed,
            long young,
            long dateInFuture,
            Map<Damage.FindingKind, Long> open,
            List<AuditFinding> examples,
            long filesLeft,
            long sidecarsLeft,
            @Nullable Instant oldestVerified,
            Repaired repairs)
            implements JobEnd.Summary {

        /**
         * Repairs of findings. The orphans are those of this execution.
         *
         * @param waiting files whose notes are due already, or in progress
         * @param previewsDropped slots of lost previews, which no note needs
         * @param notPossible findings that could not be repaired; their rows contain the reason
         * @param orphansLeft orphans that could not be removed, with the reason
         */
        public record Repaired(
                long notesMadeDue,
                long waiting,
                long sidecarsRewritten,
                long previewsDropped,
                long notPossible,
                List<String> orphansRemoved,
                List<String> orphansLeft) {}

        /** Returns the part of the summary that telemetry reports, with the recommended action. */
        public CommandResult result(String next) {
            return execution() == null
                    ? CommandResult.summarized(end, next)
                    : new CommandResult(end, next, true, null, null, open, null);
        }

        public long findings() {
            return open.values().stream().mapToLong(Long::longValue).sum();
        }
    }
}
