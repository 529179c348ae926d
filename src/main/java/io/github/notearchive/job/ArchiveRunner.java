package io.github.notearchive.job;

import io.github.notearchive.ledger.ApiCalls;
import io.github.notearchive.ledger.LedgerProperties;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.media.Spool;
import io.github.notearchive.note.Night;
import io.github.notearchive.objectstore.ObjectStore;
import io.github.notearchive.objectstore.StoreException;
import io.github.notearchive.source.Endpoint;
import io.github.notearchive.source.JustOneApiClient;
import io.github.notearchive.source.NoteSourceProperties;
import io.github.notearchive.source.VideoProperties;
import io.github.notearchive.worklist.Worklist;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobExecutionException;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.job.parameters.JobParametersBuilder;
import org.springframework.batch.core.launch.JobOperator;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/**
 * Runs one night for a node, or continues the one it did not finish.
 *
 * <p>In this order: the node's lock; what a killed process left behind; the gate of an earlier 303;
 * whether provider and store can be reached; the newest instance that is not COMPLETED, or a new
 * one. Up to the last step nothing is bought and no execution is written.
 */
@Component
public class ArchiveRunner {

    private static final Logger log = LoggerFactory.getLogger(ArchiveRunner.class);

    private final JobOperator operator;
    private final JobRepository repository;
    private final Job job;
    private final JdbcConnectionDetails database;
    private final Executions executions;
    private final Recovery recovery;
    private final SourceGate sourceGate;
    private final RunGate gate;
    private final ActiveRuns runs;
    private final Worklist worklist;
    private final ApiCalls calls;
    private final JustOneApiClient provider;
    private final ObjectStore store;
    private final MediaDownloader downloads;
    private final Spool spool;
    private final ArchiveProperties settings;
    private final NoteSourceProperties sourceSettings;
    private final VideoProperties videoSettings;
    private final LedgerProperties ledgerSettings;
    private final Clock clock;

    ArchiveRunner(
            JobOperator operator,
            JobRepository repository,
            Job archiveNotes,
            JdbcConnectionDetails database,
            Executions executions,
            Recovery recovery,
            SourceGate sourceGate,
            RunGate gate,
            ActiveRuns runs,
            Worklist worklist,
            ApiCalls calls,
            JustOneApiClient provider,
            ObjectStore store,
            MediaDownloader downloads,
            Spool spool,
            ArchiveProperties settings,
            NoteSourceProperties sourceSettings,
            VideoProperties videoSettings,
            LedgerProperties ledgerSettings,
            Clock clock) {
        this.operator = operator;
        this.repository = repository;
        this.job = archiveNotes;
        this.database = database;
        this.executions = executions;
        this.recovery = recovery;
        this.sourceGate = sourceGate;
        this.gate = gate;
        this.runs = runs;
        this.worklist = worklist;
        this.calls = calls;
        this.provider = provider;
        this.store = store;
        this.downloads = downloads;
        this.spool = spool;
        this.settings = settings;
        this.sourceSettings = sourceSettings;
        this.videoSettings = videoSettings;
        this.ledgerSettings = ledgerSettings;
        this.clock = clock;
    }

    /**
     * Runs to an end of some kind, and says which. Bounded by the limits of the settings; never
     * throws for a server that is away.
     */
    public RunSummary run(RunOptions options) {
        ActiveRun run = new ActiveRun(options, settings, downloads.traffic().requests());
        try (RunnerLock lock = RunnerLock.ofRuns(database, options.node()).orElse(null)) {
            if (lock == null) {
                return notStarted(
                        run,
                        ExitCode.ALREADY_RUNNING,
                        "another run of node " + options.node() + " is active");
            }
            return runAlone(run, lock);
        } catch (SQLException | DataAccessException | TransactionException e) {
            return broken(run, e);
        }
    }

    private RunSummary runAlone(ActiveRun run, RunnerLock lock) {
        recovery.recover(run.node());
        Optional<SourceGate.Closed> closed = sourceGate.current();
        if (closed.isPresent() && !run.options().force()) {
            return notStarted(
                    run,
                    ExitCode.QUOTA_EXHAUSTED,
                    closed.get().reason()
                            + " was met on "
                            + Night.local(closed.get().at())
                            + "; no call is made until "
                            + Night.local(closed.get().until())
                            + ". --force asks all the same");
        }
        Night tonight = Night.current(clock);
        long made = calls.countIn(tonight);
        int perNight = sourceSettings.callsPerNight();
        if (perNight > 0 && made >= perNight) {
            return notStarted(
                    run,
                    ExitCode.QUOTA_EXHAUSTED,
                    "our own limit of "
                            + perNight
                            + " calls a night is used up until "
                            + Night.local(tonight.ends()));
        }
        Optional<RunSummary> unreachable = findUnreachable(run);
        if (unreachable.isPresent()) {
            return unreachable.get();
        }
        int emptied = calls.emptyCopiesBefore(clock.instant().minus(ledgerSettings.reuseFor()));
        if (emptied > 0) {
            log.info(
                    "{} answers in the ledger were too old to be used again and lie in the store; their copies are emptied",
                    emptied);
        }
        spool.sweep();
        return start(run, lock, tonight, made);
    }

    private Optional<RunSummary> findUnreachable(ActiveRun run) {
        try {
            store.ensureBucket();
            provider.ping();
            return Optional.empty();
        } catch (StoreException e) {
            return Optional.of(
                    notStarted(
                            run,
                            e.refused() ? ExitCode.USAGE : ExitCode.UPSTREAM_UNAVAILABLE,
                            String.valueOf(e.getMessage())));
        } catch (IOException e) {
            return Optional.of(
                    notStarted(run, ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage())));
        }
    }

    private RunSummary start(ActiveRun run, RunnerLock lock, Night tonight, long callsMade) {
        JobExecution before =
                executions
                        .newest(ArchiveJob.NAME, run.node())
                        .map(repository::getJobExecution)
                        .orElse(null);
        boolean restart = before != null && before.getStatus() != BatchStatus.COMPLETED;
        JobParameters parameters =
                restart && before != null
                        ? before.getJobParameters()
                        : newInstance(tonight, run.node());
        log.info(
                "{} for node {}: night {}, {} notes at once, {} calls a second, {} in flight, videos {}, provider {}",
                restart ? "Continuing the unfinished run" : "A new run",
                run.node(),
                tonight,
                settings.workers(),
                sourceSettings.callsPerSecond(),
                sourceSettings.callsInFlight(),
                videoSettings.enabled() ? "bought" : "not bought",
                sourceSettings.baseUrl());
        runs.begin(run);
        try {
            gate.open();
            provider.open(tonight, callsMade, calls.countIn(tonight, Endpoint.VIDEO));
            gate.closure().ifPresent(closure -> provider.end(closure.reason()));
            return execute(run, lock, parameters, restart);
        } finally {
            provider.end("no run is active");
            runs.end();
        }
    }

    private JobParameters newInstance(Night tonight, String node) {
        return new JobParametersBuilder()
                .addLocalDate("night", tonight.date())
                .addString("node", node)
                .addLong("sequence", executions.instancesOf(ArchiveJob.NAME, tonight, node) + 1)
                .toJobParameters();
    }

    private RunSummary execute(
            ActiveRun run, RunnerLock lock, JobParameters parameters, boolean restart) {
        try (RunWatch _ =
                new RunWatch(
                        gate,
                        lock,
                        run.options().maxDuration(),
                        () -> worklist.renewLeases(run.node()),
                        () -> logProgress(run))) {
            JobExecution execution = operator.start(job, parameters);
            return summary(run, execution, restart);
        } catch (JobExecutionException e) {
            throw new IllegalStateException("The job could not be started: " + e.getMessage(), e);
        }
    }

    private static void logProgress(ActiveRun run) {
        log.info(
                "Progress: archived={} unavailable={} postponed={} failed={} files={} bytes={}",
                run.archived,
                run.unavailable,
                run.postponed,
                run.failed,
                run.filesStored,
                run.bytesStored);
    }

    private RunSummary summary(ActiveRun run, JobExecution execution, boolean restart) {
        ExitCode exitCode = exitCode(execution);
        String reason =
                switch (exitCode) {
                    case COMPLETED -> "every note that was due reached its end";
                    case FAILED, UPSTREAM_UNAVAILABLE ->
                            gate.closure()
                                    .map(Gate.Closure::reason)
                                    .or(() -> failure(execution).map(Trouble::describe))
                                    .orElse("see the log");
                    default -> execution.getExitStatus().getExitDescription();
                };
        long made = 0;
        long billed = 0;
        long maybe = 0;
        for (ApiCalls.CallCount count : counts(execution)) {
            made += count.calls();
            billed += "YES".equals(count.billed()) ? count.calls() : 0;
            maybe += "UNKNOWN".equals(count.billed()) ? count.calls() : 0;
        }
        return new RunSummary(
                exitCode,
                reason,
                execution.getId(),
                execution.getJobInstanceId(),
                restart,
                run.archived.sum(),
                run.unavailable.sum(),
                run.postponed.sum(),
                run.failed.sum(),
                run.released.sum(),
                new RunSummary.Files(
                        run.filesStored.sum(),
                        run.bytesStored.sum(),
                        run.filesKnown.sum(),
                        run.bytesKnown.sum(),
                        run.filesTakenOver.sum(),
                        run.bytesTakenOver.sum(),
                        run.filesImproved.sum(),
                        downloads.traffic().requests() - run.mediaRequestsBefore()),
                made,
                billed,
                boughtAgain(execution),
                maybe,
                videos(execution),
                run.took());
    }

    private long boughtAgain(JobExecution execution) {
        try {
            return calls.boughtAgainBy(execution.getId());
        } catch (DataAccessException | TransactionException e) {
            return 0; // said already, with the counts
        }
    }

    private RunSummary.Videos videos(JobExecution execution) {
        try {
            ApiCalls.Bill bill = calls.billOf(execution.getId(), Endpoint.VIDEO);
            return new RunSummary.Videos(
                    videoSettings.enabled(),
                    bill.calls(),
                    bill.billed(),
                    bill.maybeBilled(),
                    calls.countIn(Night.current(clock), Endpoint.VIDEO),
                    videoSettings.callsPerNight());
        } catch (DataAccessException | TransactionException e) {
            return RunSummary.Videos.NONE; // said already, with the counts
        }
    }

    /** A database that went away must not hide how the run ended. */
    private List<ApiCalls.CallCount> counts(JobExecution execution) {
        try {
            return calls.countsOf(execution.getId());
        } catch (DataAccessException | TransactionException e) {
            log.warn("The calls of this run could not be counted: {}", Trouble.describe(e));
            return List.of();
        }
    }

    private ExitCode exitCode(JobExecution execution) {
        if (execution.getStatus() == BatchStatus.COMPLETED
                || execution.getStatus() == BatchStatus.STOPPED) {
            return ExitCode.named(execution.getExitStatus().getExitCode());
        }
        boolean away =
                execution.getAllFailureExceptions().stream().anyMatch(Trouble::isOutOfReach)
                        || gate.closure()
                                .filter(
                                        closure ->
                                                closure.exitCode() == ExitCode.UPSTREAM_UNAVAILABLE)
                                .isPresent();
        return away ? ExitCode.UPSTREAM_UNAVAILABLE : ExitCode.FAILED;
    }

    private static Optional<Throwable> failure(JobExecution execution) {
        return execution.getAllFailureExceptions().stream().findFirst();
    }

    private RunSummary broken(ActiveRun run, Exception e) {
        if (Trouble.isOutOfReach(e)) {
            return notStarted(
                    run,
                    ExitCode.UPSTREAM_UNAVAILABLE,
                    "the database is out of reach: " + Trouble.describe(e));
        }
        log.error("The run broke", e);
        return notStarted(run, ExitCode.FAILED, Trouble.describe(e));
    }

    private RunSummary notStarted(ActiveRun run, ExitCode exitCode, String reason) {
        return RunSummary.notStarted(exitCode, reason, run.took());
    }
}
