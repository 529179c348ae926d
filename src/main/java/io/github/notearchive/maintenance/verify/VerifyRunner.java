package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.batch.CrashRecovery;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
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
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/**
 * Audits the store, or continues the audit that was not finished.
 *
 * <p>A database has one audit at a time, whichever node it is on; runs may go on beside it. The audit begins when its
 * instance is made, and {@code since}, a parameter that does not identify it, says when that was: what was verified
 * since then is not read again.
 */
@Component
public class VerifyRunner {

    private static final Logger log = LoggerFactory.getLogger(VerifyRunner.class);

    private static final String SINCE = "since";
    private static final int EXAMPLES = 20;

    private final JobStarter launches;
    private final JobExecutionQueries executions;
    private final Job job;
    private final JdbcConnectionDetails database;
    private final CrashRecovery recovery;
    private final JobStopper gate;
    private final ActiveAudits audits;
    private final AuditRepository catalog;
    private final SelfTest selfTest;
    private final ObjectStore store;
    private final ArchiveRevision revision;
    private final ArchiveProperties settings;
    private final Clock clock;

    VerifyRunner(
            JobStarter launches,
            JobExecutionQueries executions,
            Job verifyArchive,
            JdbcConnectionDetails database,
            CrashRecovery recovery,
            JobStopper gate,
            ActiveAudits audits,
            AuditRepository catalog,
            SelfTest selfTest,
            ObjectStore store,
            ArchiveRevision revision,
            ArchiveProperties settings,
            Clock clock) {
        this.launches = launches;
        this.executions = executions;
        this.job = verifyArchive;
        this.database = database;
        this.recovery = recovery;
        this.gate = gate;
        this.audits = audits;
        this.catalog = catalog;
        this.selfTest = selfTest;
        this.store = store;
        this.revision = revision;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Audits to an end of some kind, and says which. Bounded by the limits of the settings; never throws for a server
     * that is away.
     */
    public VerifySummary verify(VerifyOptions options) {
        ActiveAudit unbegun = new ActiveAudit(options, clock.instant(), settings);
        try (RunnerLock lock = RunnerLock.ofAudits(database).orElse(null)) {
            if (lock == null) {
                return VerifySummary.untold(
                        ExitCode.ALREADY_RUNNING, "another audit of this database is active", unbegun.took());
            }
            if (executions.isRebuildUnfinished()) {
                return untold(
                        unbegun,
                        ExitCode.USAGE,
                        "the tables are being rebuilt from the bucket, and that is not finished: what they do not know yet would be taken for orphans. Finish it with note-archive rebuild");
            }
            recovery.endExecutions(VerifyJob.NAME, options.node());
            store.requireBucket();
            Optional<String> difference = revision.difference();
            return difference.isPresent() ? untold(unbegun, ExitCode.USAGE, difference.get()) : start(options, lock);
        } catch (StoreException e) {
            StartRefusal refusal = StartRefusal.ofStore(e);
            return untold(unbegun, refusal.exitCode(), refusal.reason());
        } catch (SQLException | DataAccessException | TransactionException e) {
            return broken(unbegun, e);
        }
    }

    private static VerifySummary broken(ActiveAudit audit, Exception e) {
        StopReason broken = JobStarter.stopReasonOf(e);
        return untold(audit, broken.exitCode(), broken.reason());
    }

    private static VerifySummary untold(ActiveAudit audit, ExitCode exitCode, String reason) {
        return VerifySummary.untold(exitCode, reason + "; " + audit.restartHint("nothing was audited"), audit.took());
    }

    /**
     * Proves that the audit would find an error; empty when another process audits now.
     *
     * @throws StoreException when the store is out of reach
     * @throws SQLException when the database is
     */
    public Optional<List<SelfTest.Probe>> selfTest() throws SQLException {
        try (RunnerLock lock = RunnerLock.ofAudits(database).orElse(null)) {
            return lock == null ? Optional.empty() : Optional.of(selfTest.run());
        }
    }

    private VerifySummary start(VerifyOptions options, RunnerLock lock) {
        Launch launch = launches.next(
                VerifyJob.NAME,
                options.node(),
                Night.current(clock),
                more -> more.addString(SINCE, clock.instant().toString(), false));
        String since = launch.parameters().getString(SINCE);
        if (since == null) {
            throw new IllegalStateException("An audit without the parameter " + SINCE);
        }
        Instant now = clock.instant();
        Instant began = Instant.parse(since);
        // a clock that was ahead must not make this audit take its own work for that of another
        ActiveAudit audit = new ActiveAudit(options, began.isAfter(now) ? now : began, settings);
        log.info(
                "{} of the store: what was not verified since {}{}{}",
                launch.restart() ? "Continuing the unfinished audit" : "A new audit",
                audit.since(),
                options.repair() ? ", with repairs" : "",
                options.deleteOrphans() ? ", orphans are removed" : "");
        audit.dateInFuture.add(catalog.correctFutureTimes(audit.since(), now));
        if (audit.dateInFuture.sum() > 0) {
            log.warn(
                    "{} objects were verified at a time later than now, {}: they count as never verified. Check the clocks (NTP)",
                    audit.dateInFuture,
                    now);
        }
        audits.begin(audit);
        try {
            gate.open();
            return execute(audit, lock, launch);
        } finally {
            audits.end();
        }
    }

    private VerifySummary execute(ActiveAudit audit, RunnerLock lock, Launch launch) {
        try (RunWatchdog _ = new RunWatchdog(
                gate,
                lock,
                audit::jobExecutionId,
                TimeBox.ofNullableOption(audit.options().maxDuration()),
                settings.outage().after(),
                () -> logProgress(audit))) {
            return summary(audit, launches.start(job, launch), launch.restart());
        } catch (DataAccessException | TransactionException e) {
            return broken(audit, e);
        }
    }

    private static void logProgress(ActiveAudit audit) {
        log.info(
                "Progress: files={} sidecars={} bytes={} listed={}",
                audit.files,
                audit.sidecars,
                audit.bytes,
                audit.listed);
    }

    private VerifySummary summary(ActiveAudit audit, JobExecution execution, boolean restart) {
        Map<Damage.Kind, Long> open = catalog.countOpen();
        ExitCode ended = JobStarter.exitCodeOf(execution, gate);
        // whoever asks whether anything is wrong must not be told only that there is more to read
        boolean hides = ended == ExitCode.INTERRUPTED && !open.isEmpty();
        AuditRepository.Remaining left = catalog.remaining(audit.since());
        return new VerifySummary(
                hides ? ExitCode.FINDINGS : ended,
                reason(ended, execution, open, hides),
                execution.getId(),
                execution.getJobInstanceId(),
                restart,
                audit.files.sum(),
                audit.sidecars.sum(),
                audit.bytes.sum(),
                audit.listed.sum(),
                audit.young.sum(),
                audit.dateInFuture.sum(),
                open,
                catalog.open(EXAMPLES),
                left.files(),
                left.sidecars(),
                catalog.oldestVerified(clock.instant()).orElse(null),
                new VerifySummary.Repaired(
                        audit.notesMadeDue.get(),
                        audit.waiting.sum(),
                        audit.sidecarsRewritten.sum(),
                        audit.notPossible.sum(),
                        List.copyOf(audit.orphansRemoved),
                        List.copyOf(audit.orphansLeft)),
                audit.took());
    }

    private String reason(ExitCode ended, JobExecution execution, Map<Damage.Kind, Long> open, boolean hides) {
        String found = Damage.describe(open);
        return switch (ended) {
            case COMPLETED -> "the store holds what the tables say, and nothing else";
            case FINDINGS -> found;
            case FAILED, UPSTREAM_UNAVAILABLE -> JobStarter.whyFailed(execution, gate);
            default ->
                (hides ? found + "; and the audit is not finished: " : "")
                        + execution.getExitStatus().getExitDescription();
        };
    }
}
