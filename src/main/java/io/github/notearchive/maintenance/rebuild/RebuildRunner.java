package io.github.notearchive.maintenance.rebuild;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.ArchiveRevision.ArchiveObject;
import io.github.notearchive.archive.catalog.ArchiveRevision.Rows;
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
import io.github.notearchive.batch.SharedScan;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.maintenance.rebuild.RebuildJob.RebuildProgress;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildSummary.SidecarCounts;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.prove.CaptureLog;
import io.github.notearchive.prove.CaptureLog.LogState;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Rebuilds the tables from the bucket: into an empty database, or by merging what a database of the archive does not
 * have. Resumes an unfinished rebuild.
 *
 * <p>In this order: lock, so that no run of any node and no audit is active; checks; recovery of a killed process.
 * Before the checks nothing is written. A merge erases rows and sidecars of forgotten notes first, since none of these
 * may be merged, and their files last, when the tables contain all other notes.
 */
@Component
public final class RebuildRunner {

    private static final Logger log = LoggerFactory.getLogger(RebuildRunner.class);

    private final JobRunner jobs;
    private final RebuildJob job;
    private final RebuildTarget target;
    private final CaptureLog captureLog;
    private final JobStopper gate;
    private final ArchiveProperties settings;
    private final ShardRepository shards;
    private final Clock clock;

    RebuildRunner(
            JobRunner jobs,
            RebuildJob job,
            RebuildTarget target,
            CaptureLog captureLog,
            JobStopper gate,
            ArchiveProperties settings,
            ShardRepository shards,
            Clock clock) {
        this.jobs = jobs;
        this.job = job;
        this.target = target;
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
        RebuildRun run = new RebuildRun(gate, maxDuration);
        return jobs.underLock(
                Scope.REBUILD,
                settings.node(),
                "a run, an audit or another rebuild of this node is active",
                lock -> prepare(run, merges, maxDuration, lock),
                stop -> notStarted(run, stop));
    }

    private RebuildSummary prepare(RebuildRun run, boolean merges, @Nullable Duration maxDuration, RunnerLock lock) {
        try {
            // before anything is read that a run of another database could change
            Optional<ArchiveObject> bucket = target.bucket();
            boolean merging = target.decideMerge(merges, bucket);
            Optional<String> obstacle = target.obstacle(merging, bucket);
            return obstacle.isPresent()
                    ? notStarted(run, new StopReason(ExitCode.USAGE, obstacle.get()))
                    : execute(run, merging, maxDuration, lock, bucket);
        } catch (StoreException e) {
            ExitCode exitCode = e.refused() ? ExitCode.USAGE : ExitCode.UPSTREAM_UNAVAILABLE;
            return notStarted(run, new StopReason(exitCode, String.valueOf(e.getMessage())));
        } catch (IOException e) {
            return notStarted(run, new StopReason(ExitCode.USAGE, String.valueOf(e.getMessage())));
        }
    }

    private RebuildSummary execute(
            RebuildRun run,
            boolean merges,
            @Nullable Duration maxDuration,
            RunnerLock lock,
            Optional<ArchiveObject> bucket)
            throws IOException {
        target.prepare(merges, lock);
        run.share(shards.join(JobNames.REBUILD, clock.instant(), () -> job.shards(merges)));
        run.merges = job.isMerge(run.scan()); // another node may have begun at the same time
        jobs.prepare(run, JobNames.REBUILD, settings.node(), Night.current(clock));
        log.info(
                "{}: {}",
                run.isRestart() ? "Resuming the unfinished rebuild" : "Starting a new rebuild",
                run.merges ? "missing rows are merged from the bucket" : "all tables from the bucket");
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
                                "Progress: sidecars={}", scan.result().found().sidecars()))) {
            end = jobs.run(job.of(run, scan, () -> target.complete(run.merges, lock, bucket)), run);
            run.found = scan.result().found();
            rows = target.count();
        }
        RebuildSummary summary = new RebuildSummary(run.end(end), run.found, rows, null);
        // INCOMPLETE also completes a rebuild: a repetition would find the same
        if (end.exitCode() == ExitCode.COMPLETED || end.exitCode() == ExitCode.INCOMPLETE) {
            return summary.with(captureLog.tryAppend().orElse(null));
        }
        return summary;
    }

    /** Returns the summary of a rebuild without execution, or whose end could not be written. */
    private static RebuildSummary notStarted(RebuildRun run, StopReason stop) {
        return new RebuildSummary(run.notStarted(stop, "nothing was rebuilt"), run.found, Rows.NONE, null);
    }

    /** State of one rebuild: its kind, and the counts of the shard that is written. Not thread-safe. */
    static final class RebuildRun extends JobRun {

        /** Whether missing rows are merged into tables with rows. */
        private boolean merges;

        RebuildProgress progress = RebuildProgress.NONE;
        private SidecarCounts found = SidecarCounts.NONE;

        RebuildRun(Gate gate, @Nullable Duration maxDuration) {
            super(gate);
            addOption("maxDuration", maxDuration);
        }

        boolean isMerge() {
            return merges;
        }

        void countUnchanged() {
            count(new SidecarCounts(1, 0, 0, 0, 0, List.of()), progress.note());
        }

        /** Counts a sidecar of a note whose rows were written, with the files that the bucket does not have. */
        void countWritten(NoteId id, List<String> losses) {
            List<String> findings =
                    losses.stream().map(loss -> "note " + id + ": " + loss).toList();
            count(new SidecarCounts(1, 0, losses.size(), 1, 0, findings), id);
        }

        void countRefused(String name, String reason) {
            count(new SidecarCounts(1, 1, 0, 0, 0, List.of(name + " is refused: " + reason)), progress.note());
        }

        /** Counts a sidecar of which only call and response were written; its note is due. */
        void countRepaired(NoteId id, String name, String flaw) {
            String line = "%s: only its response is restored, and the note is due: %s".formatted(name, flaw);
            count(new SidecarCounts(1, 0, 0, 1, 1, List.of(line)), id);
        }

        private void count(SidecarCounts more, @Nullable NoteId note) {
            more.findings.forEach(line -> log.warn("{}", line));
            progress = new RebuildProgress(progress.found().plus(more), note);
        }

        /** Returns whether the previous written sidecar belongs to this note; its sidecars are in one shard. */
        boolean hasJustWritten(NoteId id) {
            return id.equals(progress.note());
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
