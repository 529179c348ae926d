package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.ArchiveObject;
import io.github.notearchive.archive.catalog.ArchiveObject.BrokenArchiveObjectException;
import io.github.notearchive.archive.catalog.RebuiltTables;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.note.Night;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Rebuilds the tables from the bucket: into an empty database, or by merging what a database of the archive does not
 * have. Resumes an unfinished rebuild.
 *
 * <p>In this order: lock of the whole archive, so that no run of any node and no audit is active; recovery of a killed
 * process; {@link RebuildChecks}. Before these nothing is written. A merge erases rows and sidecars of forgotten notes
 * first, since none of these may be merged, and their files last, when the tables contain all other notes.
 */
@Component
public class RebuildRunner {

    private static final Logger log = LoggerFactory.getLogger(RebuildRunner.class);

    private final JobRunner jobs;
    private final RebuildJob job;
    private final RebuildChecks checks;
    private final RebuiltTables tables;
    private final SchemaDrift drift;
    private final JobStopper gate;
    private final ArchiveProperties settings;
    private final Clock clock;

    RebuildRunner(
            JobRunner jobs,
            RebuildJob job,
            RebuildChecks checks,
            RebuiltTables tables,
            SchemaDrift drift,
            JobStopper gate,
            ArchiveProperties settings,
            Clock clock) {
        this.jobs = jobs;
        this.job = job;
        this.checks = checks;
        this.tables = tables;
        this.drift = drift;
        this.gate = gate;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Runs a rebuild and returns its summary. Does not throw for unavailable servers.
     *
     * @param maxDuration time after which no further sidecar is read; null for no limit
     */
    public RebuildSummary rebuild(@Nullable Duration maxDuration) {
        return rebuild(maxDuration, false);
    }

    /**
     * Merges what the bucket has and the tables do not have, or have in an older state. Idempotent. Does not throw for
     * unavailable servers.
     *
     * @param maxDuration time after which no further sidecar is read; null for no limit
     */
    public RebuildSummary merge(@Nullable Duration maxDuration) {
        return rebuild(maxDuration, true);
    }

    private RebuildSummary rebuild(@Nullable Duration maxDuration, boolean merges) {
        RebuildRun run = new RebuildRun(gate, merges, maxDuration);
        return jobs.underLock(
                Scope.ARCHIVE,
                settings.node(),
                "a run, an audit or another rebuild is active",
                lock -> rebuild(run, maxDuration, lock),
                stop -> RebuildSummary.notStarted(stop, run));
    }

    private RebuildSummary rebuild(RebuildRun run, @Nullable Duration maxDuration, RunnerLock lock) {
        jobs.prepare(run, JobNames.REBUILD, settings.node(), Night.current(clock));
        try {
            return rebuildOrMerge(run, maxDuration, lock);
        } catch (StoreException e) {
            ExitCode exitCode = e.refused() ? ExitCode.USAGE : ExitCode.UPSTREAM_UNAVAILABLE;
            return RebuildSummary.notStarted(new StopReason(exitCode, String.valueOf(e.getMessage())), run);
        } catch (BrokenArchiveObjectException | IOException e) {
            return RebuildSummary.notStarted(new StopReason(ExitCode.USAGE, String.valueOf(e.getMessage())), run);
        }
    }

    private RebuildSummary rebuildOrMerge(RebuildRun run, @Nullable Duration maxDuration, RunnerLock lock)
            throws BrokenArchiveObjectException, IOException {
        // before anything is read that a run of another database could change
        Optional<ArchiveObject> bucket = checks.bucket();
        Optional<String> obstacle = run.merges() ? checks.obstacleToMerge(bucket) : checks.obstacle(run.isRestart());
        if (obstacle.isPresent()) {
            return RebuildSummary.notStarted(new StopReason(ExitCode.USAGE, obstacle.get()), run);
        }
        log.info(
                "{}: {}",
                run.isRestart() ? "Resuming the unfinished rebuild" : "Starting a new rebuild",
                run.merges() ? "missing rows are merged from the bucket" : "all tables from the bucket");
        if (run.merges()) {
            log.info("Erased {} notes and people named by tombstones in the bucket", checks.eraseForgotten(lock));
        } else {
            checks.restoreTombstones();
        }
        drift.load();
        gate.open();
        StopReason end = execute(run, maxDuration, lock);
        RebuildSummary.Found found = job.found(run.execution().orElseThrow());
        RebuildSummary summary = new RebuildSummary(
                end.exitCode(),
                end.reason(),
                run.jobExecutionId(),
                run.isRestart(),
                found,
                tables.count(clock.instant()),
                run.sidecarsNow(),
                run.took());
        // INCOMPLETE also completes a rebuild: a repetition would find the same
        if (summary.exitCode() == ExitCode.COMPLETED || summary.exitCode() == ExitCode.INCOMPLETE) {
            if (run.merges()) {
                checks.completeErasures(lock);
            }
            checks.complete(bucket);
        }
        return summary;
    }

    private StopReason execute(RebuildRun run, @Nullable Duration maxDuration, RunnerLock lock) {
        try (RunWatchdog _ = new RunWatchdog(
                run,
                lock,
                maxDuration,
                settings.outage().after(),
                () -> log.info("Progress: sidecars={}", run.sidecars()))) {
            return jobs.run(job.of(run), run);
        }
    }
}
