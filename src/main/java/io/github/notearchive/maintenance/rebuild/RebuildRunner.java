package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.ArchiveObject;
import io.github.notearchive.archive.catalog.ArchiveObject.BrokenArchiveObjectException;
import io.github.notearchive.archive.catalog.RebuiltTables;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.batch.CrashRecovery;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobStarter;
import io.github.notearchive.batch.JobStarter.Launch;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.batch.TimeBox;
import io.github.notearchive.nightly.ArchiveProperties;
import io.github.notearchive.nightly.StartRefusal;
import io.github.notearchive.note.Night;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/**
 * Rebuilds the tables from the bucket alone, into an empty database, merges what a database of the archive does not
 * have, or continues a rebuild that did not come to its end.
 *
 * <p>In this order: the lock of the whole archive, so that no run of any node is active; what a killed process left
 * behind; whether the tables hold nothing but what an unfinished rebuild has written; whether the bucket holds any
 * sidecar. Up to there nothing is written.
 *
 * <p>A merge has the lock of audits, too. It erases rows and sidecars of forgotten notes first, since none of these may
 * be merged, and their files last, when the tables know all other notes.
 */
@Component
public class RebuildRunner {

    private static final Logger log = LoggerFactory.getLogger(RebuildRunner.class);

    private final JobStarter launches;
    private final JobRepository repository;
    private final Job job;
    private final JdbcConnectionDetails database;
    private final CrashRecovery recovery;
    private final RebuildChecks preflight;
    private final RebuiltTables tables;
    private final ActiveRebuilds rebuilds;
    private final RebuildCounts counts;
    private final SchemaDrift drift;
    private final JobStopper gate;
    private final ArchiveProperties settings;
    private final Clock clock;

    RebuildRunner(
            JobStarter launches,
            JobRepository repository,
            Job rebuildArchive,
            JdbcConnectionDetails database,
            CrashRecovery recovery,
            RebuildChecks preflight,
            RebuiltTables tables,
            ActiveRebuilds rebuilds,
            RebuildCounts counts,
            SchemaDrift drift,
            JobStopper gate,
            ArchiveProperties settings,
            Clock clock) {
        this.launches = launches;
        this.repository = repository;
        this.job = rebuildArchive;
        this.database = database;
        this.recovery = recovery;
        this.preflight = preflight;
        this.tables = tables;
        this.rebuilds = rebuilds;
        this.counts = counts;
        this.drift = drift;
        this.gate = gate;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Rebuilds to an end of some kind, and says which. Never throws for a server that is away.
     *
     * @param maxDuration after how long no further sidecar is read; null: no limit
     */
    public RebuildSummary rebuild(@Nullable Duration maxDuration) {
        return rebuild(maxDuration, false);
    }

    /**
     * Merges what the bucket has and the tables do not have, or have in an older state, to an end of some kind. A
     * repetition changes nothing. Never throws for a server that is away.
     *
     * @param maxDuration after how long no further sidecar is read; null: no limit
     */
    public RebuildSummary merge(@Nullable Duration maxDuration) {
        return rebuild(maxDuration, true);
    }

    private RebuildSummary rebuild(@Nullable Duration maxDuration, boolean merges) {
        ActiveRebuild active = new ActiveRebuild(merges);
        try (RunnerLock lock = RunnerLock.ofArchive(database, settings.node()).orElse(null);
                RunnerLock audits =
                        lock == null ? null : RunnerLock.ofAudits(database).orElse(null)) {
            if (lock == null || audits == null) {
                return RebuildSummary.untold(
                        ExitCode.ALREADY_RUNNING, "a run, an audit or another rebuild is active", active.took());
            }
            return rebuildAlone(maxDuration, lock, audits, active);
        } catch (StoreException e) {
            StartRefusal refusal = StartRefusal.ofStore(e);
            return untold(refusal.exitCode(), refusal.reason(), active);
        } catch (BrokenArchiveObjectException | IOException e) {
            return untold(ExitCode.USAGE, String.valueOf(e.getMessage()), active);
        } catch (SQLException | DataAccessException | TransactionException e) {
            StopReason broken = JobStarter.stopReasonOf(e);
            return untold(broken.exitCode(), broken.reason(), active);
        }
    }

    private RebuildSummary rebuildAlone(
            @Nullable Duration maxDuration, RunnerLock lock, RunnerLock audits, ActiveRebuild wanted)
            throws BrokenArchiveObjectException, SQLException, IOException {
        recovery.endExecutions(RebuildJob.NAME, null);
        JobExecution before = launches.unfinished(RebuildJob.NAME, null).orElse(null);
        ActiveRebuild active = before == null
                ? wanted
                : new ActiveRebuild(before.getJobParameters().getString(RebuildJob.MISSING) != null);
        // before anything is read that a run of another database could change
        Optional<ArchiveObject> bucket = preflight.bucket();
        Optional<String> obstacle =
                active.merges() ? preflight.obstacleToMerge(bucket) : preflight.obstacle(before != null);
        if (obstacle.isPresent()) {
            return untold(ExitCode.USAGE, obstacle.get(), active);
        }
        log.info(
                "{} the tables {} the bucket",
                before == null ? "Rebuilding" : "Going on with rebuilding",
                active.merges() ? "where they are behind" : "from");
        Launch launch = before == null
                ? launches.next(RebuildJob.NAME, settings.node(), Night.current(clock), more -> {
                    if (active.merges()) {
                        more.addString(RebuildJob.MISSING, "true", false);
                    }
                })
                : new Launch(before.getJobParameters(), true);
        if (active.merges()) {
            int erased = preflight.eraseForgotten(List.of(lock, audits));
            log.info("Erased {} notes and people that the bucket's tombstones name", erased);
        } else {
            preflight.restoreTombstones();
        }
        long already = before == null ? 0 : RebuildJob.found(repository, before).sidecars();
        drift.load();
        rebuilds.begin(active);
        try {
            gate.open();
            counts.open(new ExecutionContext());
            RebuildSummary summary = execute(maxDuration, lock, launch, already, active);
            if (isComplete(summary)) {
                if (active.merges()) {
                    preflight.completeErasures(List.of(lock, audits));
                }
                preflight.complete(bucket);
            }
            return summary;
        } finally {
            rebuilds.end();
        }
    }

    /** INCOMPLETE ends a rebuild, too: a repetition would find the same. */
    private static boolean isComplete(RebuildSummary summary) {
        return summary.exitCode() == ExitCode.COMPLETED || summary.exitCode() == ExitCode.INCOMPLETE;
    }

    private RebuildSummary execute(
            @Nullable Duration maxDuration, RunnerLock lock, Launch launch, long already, ActiveRebuild active) {
        try (RunWatchdog _ = new RunWatchdog(
                gate,
                lock,
                active::jobExecutionId,
                TimeBox.ofNullableOption(maxDuration),
                settings.outage().after(),
                () -> log.info("Progress: sidecars={}", counts.sidecars()))) {
            return summary(launches.start(job, launch), launch.restart(), already, active);
        }
    }

    private RebuildSummary summary(JobExecution execution, boolean restart, long already, ActiveRebuild active) {
        ExitCode exitCode = JobStarter.exitCodeOf(execution, gate);
        RebuildSummary.Found found = RebuildJob.found(repository, execution);
        String reason = switch (exitCode) {
            case COMPLETED -> "every sidecar is in the tables again";
            case FAILED, UPSTREAM_UNAVAILABLE -> JobStarter.whyFailed(execution, gate);
            default -> execution.getExitStatus().getExitDescription();
        };
        return new RebuildSummary(
                exitCode,
                reason,
                execution.getId(),
                restart,
                found,
                tables.count(clock.instant()),
                found.sidecars() - already,
                active.took());
    }

    private static RebuildSummary untold(ExitCode exitCode, String reason, ActiveRebuild active) {
        return RebuildSummary.untold(
                exitCode, reason + "; " + active.restartHint("nothing was rebuilt"), active.took());
    }
}
