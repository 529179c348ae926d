package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.NoteMapper;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.catalog.StoredResponses;
import io.github.notearchive.archive.catalog.StoredResponses.Page;
import io.github.notearchive.batch.CrashRecovery;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobStarter;
import io.github.notearchive.batch.JobStarter.Launch;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.batch.TimeBox;
import io.github.notearchive.note.Night;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Applies the mapper to the stored answers, or continues the remap that was not finished. No call is made.
 *
 * <p>A database has one remap at a time, whichever node it is on; runs and audits may go on beside it, a rebuild may
 * not.
 */
@Component
public class RemapRunner {

    private static final Logger log = LoggerFactory.getLogger(RemapRunner.class);

    private final JobStarter launches;
    private final Job job;
    private final JdbcConnectionDetails database;
    private final CrashRecovery recovery;
    private final JobStopper gate;
    private final ActiveRemaps remaps;
    private final RemapReader reader;
    private final StoredResponses answers;
    private final SchemaDrift drift;
    private final Clock clock;
    private final TransactionTemplate readOnly;

    RemapRunner(
            JobStarter launches,
            Job remapNotes,
            JdbcConnectionDetails database,
            CrashRecovery recovery,
            JobStopper gate,
            ActiveRemaps remaps,
            RemapReader reader,
            StoredResponses answers,
            SchemaDrift drift,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.launches = launches;
        this.job = remapNotes;
        this.database = database;
        this.recovery = recovery;
        this.gate = gate;
        this.remaps = remaps;
        this.reader = reader;
        this.answers = answers;
        this.drift = drift;
        this.clock = clock;
        this.readOnly = new TransactionTemplate(transactions);
        this.readOnly.setReadOnly(true);
    }

    /**
     * Remaps to an end of some kind, and says which. Never throws for a server that is away.
     *
     * @param dryRun whether nothing is written, and no execution begun: it only says what would change
     */
    public RemapSummary remap(RemapOptions options, boolean dryRun) {
        ActiveRemap remap = new ActiveRemap(options, drift.found().size());
        try (RunnerLock lock = RunnerLock.ofRemaps(database).orElse(null)) {
            if (lock == null) {
                return notStarted(
                        remap,
                        ExitCode.ALREADY_RUNNING,
                        "another remap of this database, a rebuild or a forget is active");
            }
            drift.load();
            remaps.begin(remap);
            try {
                gate.open();
                return dryRun ? compare(remap, lock) : start(remap, lock);
            } finally {
                remaps.end();
            }
        } catch (SQLException | DataAccessException | TransactionException e) {
            StopReason broken = JobStarter.stopReasonOf(e);
            return notStarted(remap, broken.exitCode(), broken.reason());
        }
    }

    private RemapSummary start(ActiveRemap remap, RunnerLock lock) {
        String node = remap.options().node();
        recovery.endExecutions(RemapJob.NAME, node);
        Launch launch = launches.next(RemapJob.NAME, node, Night.current(clock), _ -> {});
        log.info(
                "{}: version {} of the mapper is applied to {}",
                launch.restart() ? "Continuing the unfinished remap" : "A new remap",
                NoteMapper.VERSION,
                remap.options().all() ? "all stored answers" : "answers that an older one has mapped");
        try (RunWatchdog _ = watch(remap, lock)) {
            return summary(remap, launches.start(job, launch), launch.restart());
        }
    }

    private RunWatchdog watch(ActiveRemap remap, RunnerLock lock) {
        return new RunWatchdog(
                gate,
                lock,
                remap::jobExecutionId,
                TimeBox.ofNullableOption(remap.options().maxDuration()),
                Duration.ZERO,
                () -> log.info("Progress: answers={}", remap.answers()));
    }

    private RemapSummary compare(ActiveRemap remap, RunnerLock lock) {
        try (RunWatchdog _ = watch(remap, lock)) {
            while (!gate.isClosed() && readOnly.execute(_ -> compareNext(remap))) {
                // the next page
            }
        }
        ExitCode exitCode = gate.stopReason().map(StopReason::exitCode).orElse(complete(remap));
        String reason = gate.stopReason()
                .map(StopReason::reason)
                .orElseGet(() -> remap.unreadable() > 0
                        ? unreadable(remap)
                        : "this is what a remap would change; nothing is written");
        return summary(remap, exitCode, reason, null, false);
    }

    private boolean compareNext(ActiveRemap remap) {
        Page page = reader.next();
        if (page == null) {
            return false;
        }
        remap.done(page, answers.compare(page));
        return true;
    }

    private static ExitCode complete(ActiveRemap remap) {
        return remap.unreadable() > 0 ? ExitCode.INCOMPLETE : ExitCode.COMPLETED;
    }

    private static String unreadable(ActiveRemap remap) {
        return remap.unreadable() + " stored answers do not hold their note; their rows are left as they are";
    }

    private RemapSummary summary(ActiveRemap remap, JobExecution execution, boolean restart) {
        ExitCode exitCode = JobStarter.exitCodeOf(execution, gate);
        String reason = switch (exitCode) {
            case COMPLETED -> "every row says what this mapper makes of its stored answer";
            case INCOMPLETE -> unreadable(remap);
            case FAILED, UPSTREAM_UNAVAILABLE -> JobStarter.whyFailed(execution, gate);
            default -> execution.getExitStatus().getExitDescription();
        };
        return summary(remap, exitCode, reason, execution, restart);
    }

    private RemapSummary summary(
            ActiveRemap remap, ExitCode exitCode, String reason, @Nullable JobExecution execution, boolean restart) {
        List<SchemaDrift.Found> found = drift.found();
        return new RemapSummary(
                exitCode,
                reason,
                execution == null ? null : execution.getId(),
                execution == null ? null : execution.getJobInstanceId(),
                restart,
                NoteMapper.VERSION,
                remap.answers(),
                remap.answersNow(),
                left(remap, exitCode),
                remap.unreadable(),
                remap.unreadableNotes(),
                remap.changes(),
                found.subList(remap.fieldsBefore(), found.size()),
                remap.took());
    }

    /** A database that went away must not hide how the remap ended. */
    private @Nullable Long left(ActiveRemap remap, ExitCode exitCode) {
        return switch (exitCode) {
            case COMPLETED, INCOMPLETE -> 0L;
            case INTERRUPTED -> answers.count(remap.last(), remap.options().all());
            default -> null;
        };
    }

    private static RemapSummary notStarted(ActiveRemap remap, ExitCode exitCode, String reason) {
        return new RemapSummary(
                exitCode,
                reason,
                null,
                null,
                false,
                NoteMapper.VERSION,
                0,
                0,
                null,
                0,
                List.of(),
                Map.of(),
                List.of(),
                remap.took());
    }
}
