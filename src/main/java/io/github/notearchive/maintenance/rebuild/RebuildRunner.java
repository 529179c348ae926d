package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.ArchiveObject;
import io.github.notearchive.archive.catalog.ArchiveObject.BrokenArchiveObjectException;
import io.github.notearchive.archive.catalog.RebuiltTables;
import io.github.notearchive.archive.catalog.RebuiltTables.Rows;
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
     * @param merges whether to merge what the bucket has and the tables do not have, or have in an older state, instead
     *     of filling empty tables
     * @param maxDuration time after which no further sidecar is read; null for no limit
     */
    public RebuildSummary rebuild(boolean merges, @Nullable Duration maxDuration) {
        RebuildRun run = new RebuildRun(gate, merges, maxDuration);
        return jobs.underLock(
                Scope.ARCHIVE,
                settings.node(),
                "a run, an audit or another rebuild is active",
                lock -> prepare(run, maxDuration, lock),
                stop -> notStarted(run, stop.exitCode(), stop.reason()));
    }

    private RebuildSummary prepare(RebuildRun run, @Nullable Duration maxDuration, RunnerLock lock) {
        jobs.prepare(run, JobNames.REBUILD, settings.node(), Night.current(clock));
        try {
            // before anything is read that a run of another database could change
            Optional<ArchiveObject> bucket = ArchiveObject.read(checks.store());
            Optional<String> obstacle = checks.obstacle(run, bucket);
            return obstacle.isPresent()
                    ? notStarted(run, ExitCode.USAGE, obstacle.get())
                    : execute(run, maxDuration, lock, bucket);
        } catch (StoreException e) {
            ExitCode exitCode = e.refused() ? ExitCode.USAGE : ExitCode.UPSTREAM_UNAVAILABLE;
            return notStarted(run, exitCode, e.getMessage());
        } catch (BrokenArchiveObjectException | IOException e) {
            return notStarted(run, ExitCode.USAGE, e.getMessage());
        }
    }

    private RebuildSummary execute(
            RebuildRun run, @Nullable Duration maxDuration, RunnerLock lock, Optional<ArchiveObject> bucket)
            throws IOException {
        log.info(
                "{}: {}",
                run.isRestart() ? "Resuming the unfinished rebuild" : "Starting a new rebuild",
                run.merges() ? "missing rows are merged from the bucket" : "all tables from the bucket");
        checks.prepare(run, lock);
        drift.load();
        gate.open();
        StopReason end;
        try (RunWatchdog _ = new RunWatchdog(
                run,
                lock,
                maxDuration,
                settings.outage().after(),
                () -> log.info("Progress: sidecars={}", run.found().sidecars()))) {
            end = jobs.run(job.of(run), run);
        }
        RebuildSummary summary =
                summary(run, end.exitCode(), end.reason(), run.jobExecutionId(), tables.count(clock.instant()));
        // INCOMPLETE also completes a rebuild: a repetition would find the same
        if (end.exitCode() == ExitCode.COMPLETED || end.exitCode() == ExitCode.INCOMPLETE) {
            checks.complete(run, bucket, lock);
        }
        return summary;
    }

    /** Returns the summary of a rebuild without execution, or whose end could not be written. */
    private static RebuildSummary notStarted(RebuildRun run, ExitCode exitCode, @Nullable String reason) {
        return summary(run, exitCode, reason + "; " + run.restartHint("nothing was rebuilt"), null, Rows.NONE);
    }

    private static RebuildSummary summary(
            RebuildRun run, ExitCode exitCode, String reason, @Nullable Long execution, Rows rows) {
        return new RebuildSummary(
                exitCode, reason, execution, run.isRestart(), run.stored(), rows, run.sidecarsNow(), run.took());
    }
}
