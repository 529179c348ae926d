package io.github.notearchive.maintenance.rebuild;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.ArchiveRevision.ArchiveObject;
import io.github.notearchive.archive.catalog.ArchiveRevision.Rows;
import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.FoundObject;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.JobEnd;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.JobRun;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.batch.ShardRepository;
import io.github.notearchive.batch.ShardRepository.NewShard;
import io.github.notearchive.batch.ShardRepository.Scan;
import io.github.notearchive.batch.SharedScan;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.maintenance.erase.Eraser;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildSummary.SidecarCounts;
import io.github.notearchive.maintenance.rebuild.SidecarReader.OpenSidecar;
import io.github.notearchive.maintenance.verify.BucketShards;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.prove.CaptureLog;
import io.github.notearchive.prove.CaptureLog.LogState;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.commons.io.function.Uncheck;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.stereotype.Component;

/**
 * Rebuilds the tables from the bucket: into an empty database, or by merging what a database of the archive does not
 * have. Resumes an unfinished rebuild.
 *
 * <p>In this order: lock, so that no run of any node and no audit is active; checks; recovery of a killed process.
 * Before the checks nothing is written. A merge erases rows and sidecars of forgotten notes first, since none of these
 * may be merged, and their files last, when the tables contain all other notes.
 *
 * <p>The first step of the job lists the files in the bucket, the second one reads the sidecars. Both process shards of
 * consecutive keys, which several nodes share; a shard continues after the last key that was committed with its rows.
 */
@Component
public final class RebuildRunner {

    private static final String OBJECTS = "rebuildObjects";
    private static final String SIDECARS = "rebuildSidecars";
    private static final String NUMBERS = "rebuildNumbers";

    private static final Logger log = LoggerFactory.getLogger(RebuildRunner.class);

    private static final int OBJECT_CHUNK = 1000;
    private static final int SIDECAR_CHUNK = 50;

    private final JobRunner jobs;
    private final ObjectStore store;
    private final MediaCatalog media;
    private final SidecarReader reader;
    private final SidecarWriter writer;
    private final ErasureRepository erasures;
    private final Eraser eraser;
    private final ArchiveRevision revision;
    private final CaptureLog captureLog;
    private final JobStopper gate;
    private final ArchiveProperties settings;
    private final ShardRepository shards;
    private final Clock clock;

    RebuildRunner(
            JobRunner jobs,
            ObjectStore store,
            MediaCatalog media,
            SidecarReader reader,
            SidecarWriter writer,
            ErasureRepository erasures,
            Eraser eraser,
            ArchiveRevision revision,
            CaptureLog captureLog,
            JobStopper gate,
            ArchiveProperties settings,
            ShardRepository shards,
            Clock clock) {
        this.jobs = jobs;
        this.store = store;
        this.media = media;
        this.reader = reader;
        this.writer = writer;
        this.erasures = erasures;
        this.eraser = eraser;
        this.revision = revision;
        this.captureLog = captureLog;
        this.gate = gate;
        this.settings = settings;
        this.shards = shards;
        this.clock = clock;
    }

    /**
     * Runs a rebuild and returns its summary. Does not throw for unavailable servers.
     *
     * @param merges whether to merge what the bucket has and the tables do not have, or have in an older state, instead
     *     of filling empty tables
     * @param maxDuration time after which no further sidecar is read; null for no limit
     */
    public RebuildSummary rebuild(boolean merges, @Nullable Duration maxDuration) {
        RebuildRun run = new RebuildRun(gate, merges, maxDuration);
        return jobs.underLock(
                Scope.REBUILD,
                settings.node(),
                "a run, an audit or another rebuild of this node is active",
                lock -> prepare(run, maxDuration, lock),
                stop -> notStarted(run, stop));
    }

    private RebuildSummary prepare(RebuildRun run, @Nullable Duration maxDuration, RunnerLock lock) {
        try {
            // before anything is read that a run of another database could change
            Optional<ArchiveObject> bucket = ArchiveObject.read(store);
            shards.open(JobNames.REBUILD)
                    .ifPresent(open -> run.merges = isOutdated(open, bucket) || !shards.has(open, OBJECTS));
            Optional<String> obstacle = obstacle(run, bucket);
            return obstacle.isPresent()
                    ? notStarted(run, new StopReason(ExitCode.USAGE, obstacle.get()))
                    : execute(run, maxDuration, lock, bucket);
        } catch (StoreException e) {
            ExitCode exitCode = e.refused() ? ExitCode.USAGE : ExitCode.UPSTREAM_UNAVAILABLE;
            return notStarted(run, new StopReason(exitCode, String.valueOf(e.getMessage())));
        } catch (IOException e) {
            return notStarted(run, new StopReason(ExitCode.USAGE, String.valueOf(e.getMessage())));
        }
    }

    /** Abandons an unfinished rebuild that began before a run wrote to the bucket, as that in a restored dump. */
    private boolean isOutdated(Scan open, Optional<ArchiveObject> bucket) {
        Instant latest = open.since().plus(AuditRepository.CLOCK_TOLERANCE);
        boolean isOutdated =
                bucket.filter(last -> last.writtenAt().isAfter(latest)).isPresent() && shards.abandon(JobNames.REBUILD);
        if (isOutdated) {
            log.warn(
                    "An unfinished rebuild of {} is abandoned: a run wrote to the bucket later",
                    Night.local(open.since()));
        }
        return isOutdated;
    }

    /**
     * Returns why these tables must not or cannot be rebuilt; empty if they can. A merge requires tables of the
     * bucket's archive. A rebuild requires tables without rows, or with those of an unfinished rebuild, and a bucket
     * with sidecars.
     */
    private Optional<String> obstacle(RebuildRun run, Optional<ArchiveObject> bucket) {
        boolean isOpen = shards.open(JobNames.REBUILD).isPresent();
        if (run.merges || isOpen) {
            store.requireBucket();
            return revision.otherArchive(bucket);
        }
        Optional<String> rows = revision.firstWithRows();
        return rows.map(table ->
                        "the tables are not empty: %s holds rows. A rebuild requires an empty database; use another one"
                                .formatted(table))
                .or(this::emptyBucket);
    }

    private Optional<String> emptyBucket() {
        try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX)) {
            return sidecars.findFirst().isPresent()
                    ? Optional.empty()
                    : Optional.of(
                            "the bucket holds no sidecar, nothing below %s, to rebuild from; check ARCHIVE_S3_ENDPOINT and ARCHIVE_S3_BUCKET, or ARCHIVE_DATA_DIR"
                                    .formatted(Sidecar.PREFIX));
        }
    }

    private RebuildSummary execute(
            RebuildRun run, @Nullable Duration maxDuration, RunnerLock lock, Optional<ArchiveObject> bucket)
            throws IOException {
        erasures.restoreTombstones(run.merges ? null : clock.instant());
        if (run.merges) {
            log.info("Erased {} notes and people named by tombstones in the bucket", eraser.removeUnfinished(lock));
        }
        run.share(shards.join(JobNames.REBUILD, clock.instant(), () -> cut(run)));
        run.merges = !shards.has(run.scan(), OBJECTS); // another node may have begun at the same time
        jobs.prepare(run, JobNames.REBUILD, settings.node(), Night.current(clock));
        log.info(
                "{}: {}",
                run.isRestart() ? "Resuming the unfinished rebuild" : "Starting a new rebuild",
                run.merges ? "missing rows are merged from the bucket" : "all tables from the bucket");
        writer.begin();
        gate.open();
        StopReason end;
        Rows rows;
        try (SharedScan<RebuildProgress> scan =
                        new SharedScan<>(shards, run, settings.node(), RebuildProgress.NONE, RebuildProgress::plus);
                RunWatchdog _ = new RunWatchdog(
                        run,
                        lock,
                        maxDuration,
                        settings.outage().after(),
                        scan::renewLeases,
                        () -> log.info(
                                "Progress: sidecars={}", scan.result().found.sidecars()))) {
            end = jobs.run(job(run, scan, () -> complete(run, lock, bucket)), run);
            run.found = scan.result().found;
            rows = revision.count(clock.instant());
        }
        RebuildSummary summary = new RebuildSummary(run.end(end), run.found, rows, null);
        // INCOMPLETE also completes a rebuild: a repetition would find the same
        if (end.exitCode() == ExitCode.COMPLETED || end.exitCode() == ExitCode.INCOMPLETE) {
            return summary.with(captureLog.tryAppend().orElse(null));
        }
        return summary;
    }

    /** Cuts a new rebuild into shards. A merge looks up the files of a sidecar individually. */
    private List<NewShard> cut(RebuildRun run) {
        List<NewShard> cut = new ArrayList<>();
        if (!run.merges) {
            cut.addAll(BucketShards.ofDigests(store, OBJECTS, StoredMedia.PREFIX));
        }
        cut.addAll(BucketShards.ofNotes(store, SIDECARS, Sidecar.PREFIX));
        cut.add(new NewShard(NUMBERS, "", null));
        return cut;
    }

    /**
     * Completes the erasures of a merge, since only now the tables contain all notes that use their files, removes the
     * published tables that the catalog does not know, and adopts the bucket. Executed by one node, before the last
     * shard, without items, is done.
     */
    private Supplier<@Nullable Void> complete(RebuildRun run, RunnerLock lock, Optional<ArchiveObject> bucket) {
        shards.outsideOfTransactions()
                .executeWithoutResult(_ -> Uncheck.run(() -> {
                    if (run.merges) {
                        eraser.completeUnfinished(lock);
                    } else {
                        // an erasure may have been interrupted before it rewrote the published tables
                        eraser.removeErasedCopies(lock);
                    }
                    bucket.ifPresent(revision::adopt);
                }));
        return () -> null;
    }

    private Job job(RebuildRun run, SharedScan<RebuildProgress> scan, Supplier<Supplier<@Nullable Void>> complete) {
        return jobs.job(JobNames.REBUILD, run, _ -> whenComplete(scan.result().found))
                .start(scan.step(
                        jobs,
                        OBJECTS,
                        OBJECT_CHUNK,
                        shard -> BucketShards.list(store, gate, shard),
                        StoredObject::name,
                        (before, objects) -> {
                            media.insertFound(objects.stream()
                                    .flatMap(object -> FoundObject.of(object).stream())
                                    .toList());
                            return before;
                        }))
                .next(scan.step(
                        jobs,
                        SIDECARS,
                        SIDECAR_CHUNK,
                        shard -> reader.open(BucketShards.list(store, gate, shard), gate),
                        OpenSidecar::name,
                        (before, found) -> {
                            run.progress = before;
                            writer.write(found, run);
                            return run.progress;
                        }))
                .next(scan.step(jobs, NUMBERS, 1, _ -> complete.get(), _ -> null, (before, _) -> {
                    writer.finish();
                    return before;
                }))
                .build();
    }

    private static StopReason whenComplete(SidecarCounts found) {
        return found.refused() + found.lost() + found.repaired() == 0
                ? new StopReason(ExitCode.COMPLETED, "the tables contain every sidecar")
                : new StopReason(
                        ExitCode.INCOMPLETE,
                        "%s rejected, %d restored without their rows, %s not in the bucket"
                                .formatted(
                                        DisplayFormat.plural(found.refused(), "sidecar"),
                                        found.repaired(),
                                        DisplayFormat.plural(found.lost(), "file")));
    }

    /** Returns the summary of a rebuild without execution, or whose end could not be written. */
    private static RebuildSummary notStarted(RebuildRun run, StopReason stop) {
        return new RebuildSummary(run.notStarted(stop, "nothing was rebuilt"), run.found, Rows.NONE, null);
    }

    /** Counts of a shard, and the note of the sidecar that was written last. */
    record RebuildProgress(SidecarCounts found, @Nullable NoteId note) {

        static final RebuildProgress NONE = new RebuildProgress(SidecarCounts.NONE, null);

        private RebuildProgress plus(RebuildProgress more) {
            return new RebuildProgress(found.plus(more.found), null);
        }
    }

    /** State of one rebuild: its kind, and the counts of the shard that is written. Not thread-safe. */
    static final class RebuildRun extends JobRun {

        /** Whether missing rows are merged into tables with rows. */
        boolean merges;

        private RebuildProgress progress = RebuildProgress.NONE;
        private SidecarCounts found = SidecarCounts.NONE;

        RebuildRun(Gate gate, boolean merges, @Nullable Duration maxDuration) {
            super(gate);
            this.merges = merges;
            addOption("maxDuration", maxDuration);
        }

        void countUnchanged() {
            count(new SidecarCounts(1, 0, 0, 0, 0, List.of()), progress.note);
        }

        /** Counts a sidecar of a note whose rows were written, with the files that the bucket does not have. */
        void countWritten(NoteId id, List<String> losses) {
            List<String> findings =
                    losses.stream().map(loss -> "note " + id + ": " + loss).toList();
            count(new SidecarCounts(1, 0, losses.size(), 1, 0, findings), id);
        }

        void countRefused(String name, String reason) {
            count(new SidecarCounts(1, 1, 0, 0, 0, List.of(name + " is refused: " + reason)), progress.note);
        }

        /** Counts a sidecar of which only call and response were written; its note is due. */
        void countRepaired(NoteId id, String name, String flaw) {
            String line = "%s: only its response is restored, and the note is due: %s".formatted(name, flaw);
            count(new SidecarCounts(1, 0, 0, 1, 1, List.of(line)), id);
        }

        private void count(SidecarCounts more, @Nullable NoteId note) {
            more.findings.forEach(line -> log.warn("{}", line));
            progress = new RebuildProgress(progress.found.plus(more), note);
        }

        /** Returns whether the previous written sidecar belongs to this note; its sidecars are in one shard. */
        boolean hasJustWritten(NoteId id) {
            return id.equals(progress.note);
        }
    }

    /**
     * Summary of a rebuild; contents of the bucket as read by all executions of all nodes.
     *
     * @param log transparency log, which had no entries of the appended captures; null unless the rebuild is complete
     */
    public record RebuildSummary(
            @JsonUnwrapped JobEnd end,
            SidecarCounts found,
            Rows rows,
            @Nullable LogState log) implements JobEnd.Summary {

        private RebuildSummary with(@Nullable LogState log) {
            return new RebuildSummary(end, found, rows, log);
        }

        /**
         * Contents of the bucket.
         *
         * @param sidecars sidecars that were read, including refused ones
         * @param written sidecars whose rows were written; the tables had those of the others
         * @param repaired sidecars whose slots or worklist row cannot be used, of which only call and response were
         *     written
         * @param findings the first {@value #MAX_FINDINGS} refused and repaired sidecars and lost files, with the
         *     reason
         */
        public record SidecarCounts(
                long sidecars, long refused, long lost, long written, long repaired, List<String> findings) {

            static final int MAX_FINDINGS = 100;
            static final SidecarCounts NONE = new SidecarCounts(0, 0, 0, 0, 0, List.of());

            public SidecarCounts {
                findings = findings.stream()
                        .map(line -> line.replaceAll("\\R", " "))
                        .toList();
            }

            SidecarCounts plus(SidecarCounts more) {
                return new SidecarCounts(
                        sidecars + more.sidecars,
                        refused + more.refused,
                        lost + more.lost,
                        written + more.written,
                        repaired + more.repaired,
                        Stream.concat(findings.stream(), more.findings.stream())
                                .limit(MAX_FINDINGS)
                                .toList());
            }
        }
    }
}
