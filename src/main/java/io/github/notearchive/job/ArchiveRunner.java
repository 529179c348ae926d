package io.github.notearchive.job;

import io.github.notearchive.catalog.SchemaDrift;
import io.github.notearchive.job.Launches.Launch;
import io.github.notearchive.ledger.ApiCalls;
import io.github.notearchive.ledger.LedgerProperties;
import io.github.notearchive.ledger.PaidAnswers;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.media.Spool;
import io.github.notearchive.note.Night;
import io.github.notearchive.objectstore.ObjectStore;
import io.github.notearchive.objectstore.StoreException;
import io.github.notearchive.source.JustOneApiClient;
import io.github.notearchive.source.NightlyCalls;
import io.github.notearchive.source.NoteSourceProperties;
import io.github.notearchive.source.ProviderPing;
import io.github.notearchive.source.RefreshProperties;
import io.github.notearchive.source.VideoProperties;
import io.github.notearchive.sql.Trouble;
import io.github.notearchive.worklist.Claims;
import io.github.notearchive.worklist.WorklistCounts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.beans.factory.ObjectProvider;
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

    private static final Logger progressLog = LoggerFactory.getLogger(RunProgress.LOGGER);

    private final Launches launches;
    private final Executions executions;
    private final Job job;
    private final JdbcConnectionDetails database;
    private final Recovery recovery;
    private final SourceGate sourceGate;
    private final RunGate gate;
    private final ActiveRuns runs;
    private final Claims claims;
    private final WorklistCounts worklistCounts;
    private final RefreshPlan refreshPlan;
    private final ApiCalls calls;
    private final CallsOfRun callsOfRun;
    private final PaidAnswers paid;
    private final JustOneApiClient provider;
    private final ProviderPing providerPing;
    private final ObjectStore store;
    private final MediaDownloader downloads;
    private final Spool spool;
    private final SchemaDrift drift;
    private final ArchiveProperties settings;
    private final NoteSourceProperties sourceSettings;
    private final VideoProperties videoSettings;
    private final RefreshProperties refreshSettings;
    private final NightlyLimitProperties limits;
    private final NightlyBytes bytes;
    private final LedgerProperties ledgerSettings;
    private final ObjectProvider<RunObserver> observers;
    private final Clock clock;

    ArchiveRunner(
            Launches launches,
            Executions executions,
            Job archiveNotes,
            JdbcConnectionDetails database,
            Recovery recovery,
            SourceGate sourceGate,
            RunGate gate,
            ActiveRuns runs,
            Claims claims,
            WorklistCounts worklistCounts,
            RefreshPlan refreshPlan,
            ApiCalls calls,
            CallsOfRun callsOfRun,
            PaidAnswers paid,
            JustOneApiClient provider,
            ProviderPing providerPing,
            ObjectStore store,
            MediaDownloader downloads,
            Spool spool,
            SchemaDrift drift,
            ArchiveProperties settings,
            NoteSourceProperties sourceSettings,
            VideoProperties videoSettings,
            RefreshProperties refreshSettings,
            NightlyLimitProperties limits,
            NightlyBytes bytes,
            LedgerProperties ledgerSettings,
            ObjectProvider<RunObserver> observers,
            Clock clock) {
        this.launches = launches;
        this.executions = executions;
        this.job = archiveNotes;
        this.database = database;
        this.recovery = recovery;
        this.sourceGate = sourceGate;
        this.gate = gate;
        this.runs = runs;
        this.claims = claims;
        this.worklistCounts = worklistCounts;
        this.refreshPlan = refreshPlan;
        this.calls = calls;
        this.callsOfRun = callsOfRun;
        this.paid = paid;
        this.provider = provider;
        this.providerPing = providerPing;
        this.store = store;
        this.downloads = downloads;
        this.spool = spool;
        this.drift = drift;
        this.settings = settings;
        this.sourceSettings = sourceSettings;
        this.videoSettings = videoSettings;
        this.refreshSettings = refreshSettings;
        this.limits = limits;
        this.bytes = bytes;
        this.ledgerSettings = ledgerSettings;
        this.observers = observers;
        this.clock = clock;
    }

    /**
     * Runs to an end of some kind, and says which. Bounded by the limits of the settings; never
     * throws for a server that is away.
     */
    public RunSummary run(RunOptions options) {
        ActiveRun run = new ActiveRun(options, settings, downloads.traffic(), drift.found().size());
        try (RunnerLock lock = RunnerLock.ofRuns(database, options.node()).orElse(null)) {
            if (lock == null) {
                return notStarted(run, Refusal.ofLock(options.node()));
            }
            return runAlone(run, lock);
        } catch (SQLException | DataAccessException | TransactionException e) {
            Gate.Closure broken = Launches.brokenBy(e);
            return notStarted(run, broken.exitCode(), broken.reason());
        }
    }

    private RunSummary runAlone(ActiveRun run, RunnerLock lock) {
        Optional<Refusal> unfinished = Refusal.ofRebuild(executions.isRebuildUnfinished());
        if (unfinished.isPresent()) {
            return notStarted(run, unfinished.get());
        }
        // before the gate is looked at: what closes it from now on ends this run, too
        calls.stops().heedFromNow();
        try {
            recovery.recover(run.node());
        } catch (UncheckedIOException e) {
            return notStarted(run, ExitCode.USAGE, String.valueOf(e.getMessage()));
        }
        Optional<Refusal> closed = Refusal.ofGate(sourceGate.current());
        if (closed.isPresent() && !run.options().force()) {
            return notStarted(run, closed.get());
        }
        Night tonight = Night.current(clock);
        NightlyCalls made = calls.count(tonight);
        Optional<Refusal> usedUp =
                Refusal.ofCalls(sourceSettings.callsPerNight(), made, tonight)
                        .or(() -> bytes.refusal(run));
        if (usedUp.isPresent()) {
            return notStarted(run, usedUp.get());
        }
        Optional<RunSummary> unreachable = findUnreachable(run);
        if (unreachable.isPresent()) {
            return unreachable.get();
        }
        int emptied = paid.emptyCopiesBefore(clock.instant().minus(ledgerSettings.reuseFor()));
        if (emptied > 0) {
            log.info(
                    "{} answers in the ledger were too old to be used again and lie in the store; their copies are emptied",
                    emptied);
        }
        int planned = refreshPlan.planAllIfChanged();
        if (planned > 0) {
            log.info(
                    "archive.refresh has changed: {} archived notes are asked about anew in another night than before, or no more",
                    planned);
        }
        spool.sweep();
        drift.load();
        count(run);
        return start(run, lock, tonight, made);
    }

    private Optional<RunSummary> findUnreachable(ActiveRun run) {
        try {
            store.ensureBucket();
            store.requireTaking();
            providerPing.send();
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

    private RunSummary start(ActiveRun run, RunnerLock lock, Night tonight, NightlyCalls made) {
        Launch launch = launches.next(ArchiveJob.NAME, run.node(), tonight, _ -> {});
        log.info(
                "{} for node {}: night {}, {} notes at once, {} calls a second, {} in flight, videos {}, provider {}",
                launch.restart() ? "Continuing the unfinished run" : "A new run",
                run.node(),
                tonight,
                settings.workers(),
                sourceSettings.callsPerSecond(),
                sourceSettings.callsInFlight(),
                videoSettings.enabled() ? "bought" : "not bought",
                sourceSettings.baseUrl());
        runs.begin(run);
        tell(observer -> observer.begins(launch.restart()));
        try {
            gate.open();
            provider.open(tonight, made, !executions.isAnotherRunActive(run.node()), gate::close);
            gate.closure().ifPresent(closure -> provider.end(closure.reason()));
            return execute(run, lock, launch);
        } finally {
            provider.end("no run is active");
            runs.end();
        }
    }

    private RunSummary execute(ActiveRun run, RunnerLock lock, Launch launch) {
        try (RunWatch _ = watch(run, lock)) {
            JobExecution execution = launches.start(job, launch);
            tellCounts(run);
            return summary(run, execution, launch.restart());
        }
    }

    private void tellCounts(ActiveRun run) {
        RunCounts counts = counts(run);
        tell(observer -> observer.goesOn(counts));
    }

    private RunCounts counts(ActiveRun run) {
        return run.counts(downloads.traffic());
    }

    /** Whoever is told must not be able to end a night. */
    private void tell(Consumer<RunObserver> what) {
        for (RunObserver observer : observers) {
            try {
                what.accept(observer);
            } catch (RuntimeException e) {
                log.warn("An observer of the run failed, the run goes on: {}", e.toString());
            }
        }
    }

    private RunWatch watch(ActiveRun run, RunnerLock lock) {
        RunWatch watch =
                new RunWatch(
                        gate,
                        lock,
                        run::jobExecutionId,
                        limits.timeBox(run.options().maxDuration()).orElse(null),
                        () -> claims.renewLeases(run.node()),
                        () -> logProgress(run),
                        () -> tellCounts(run));
        // a node may make no call for minutes, which would tell it
        watch.eachSecond(this::closeIfStopped);
        limits.stopAfter(clock.instant())
                .ifPresent(
                        end -> {
                            log.info("No more notes are taken up from {}", Night.local(end));
                            watch.endAt(
                                    clock,
                                    end,
                                    "archive.limits.stop-at " + Night.local(end) + " has come");
                        });
        return watch;
    }

    private void closeIfStopped() {
        if (!gate.isClosed()) {
            calls.stops().heeded(clock.instant()).ifPresent(gate::close);
        }
    }

    private void logProgress(ActiveRun run) {
        count(run);
        progressLog.info("Progress: {}", progress(run));
    }

    private void count(ActiveRun run) {
        long due = worklistCounts.countDue(RunProgress.MOST_COUNTED);
        run.expected = due + run.inHand.get() + counts(run).done();
    }

    /** How far the run is that this process is in; empty when it is in none. */
    public Optional<RunProgress> progress() {
        return runs.now().map(this::progress);
    }

    private RunProgress progress(ActiveRun run) {
        RunCounts counts = counts(run);
        long expected = run.expected;
        int inWork = run.inHand.get();
        return new RunProgress(
                counts,
                inWork,
                expected < 0 ? -1 : Math.max(0, expected - inWork - counts.done()),
                calls.sentByThisExecution(),
                sourceSettings.callsPerNight() == 0 ? null : provider.callsLeft(),
                run.took());
    }

    private RunSummary summary(ActiveRun run, JobExecution execution, boolean restart) {
        ExitCode exitCode = Launches.ended(execution, gate);
        String reason =
                switch (exitCode) {
                    case COMPLETED -> whyCompleted(run);
                    case FAILED, UPSTREAM_UNAVAILABLE -> Launches.whyFailed(execution, gate);
                    default -> execution.getExitStatus().getExitDescription();
                };
        CallsOfRun.Bills made = callsOfRun.of(execution.getId());
        return new RunSummary(
                exitCode,
                reason,
                run.took(),
                new RunSummary.Execution(execution.getId(), execution.getJobInstanceId(), restart),
                run.notes(),
                run.files(downloads.traffic()),
                made.bill(),
                made.boughtAgain(),
                made.videos(),
                refreshes(run, made),
                newFields(run));
    }

    /** A worklist that nobody filled should not look like a night's work. */
    private String whyCompleted(ActiveRun run) {
        try {
            return counts(run).done() == 0 && worklistCounts.countByState().isEmpty()
                    ? "the worklist is empty; fill it with: note-archive enqueue FILE"
                    : "every note that was due reached its end";
        } catch (DataAccessException | TransactionException e) {
            log.warn("The worklist could not be counted: {}", Trouble.describe(e));
            return "every note that was due reached its end";
        }
    }

    private List<SchemaDrift.Found> newFields(ActiveRun run) {
        List<SchemaDrift.Found> found = drift.found();
        return found.subList(run.fieldsBefore(), found.size());
    }

    private RunSummary.Refreshes refreshes(ActiveRun run, CallsOfRun.Bills made) {
        return new RunSummary.Refreshes(
                run.answeredAnew(),
                run.refreshedGone.sum(),
                run.refreshesPutOff.sum(),
                made.refreshesDue(),
                made.refreshes(),
                new RunSummary.Tonight(
                        made.refreshesTonight(),
                        refreshSettings.callsAllowed(sourceSettings.callsPerNight())));
    }

    private RunSummary notStarted(ActiveRun run, Refusal refusal) {
        return notStarted(run, refusal.exitCode(), refusal.toRun());
    }

    private RunSummary notStarted(ActiveRun run, ExitCode exitCode, String reason) {
        return RunSummary.notStarted(exitCode, reason, run.took());
    }
}
