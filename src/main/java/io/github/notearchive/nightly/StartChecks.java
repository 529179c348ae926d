package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.UsableResponses;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.media.Spool;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.NoteSourceProperties;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks between acquiring the lock of the node and starting a run.
 *
 * <p>In this order: unfinished rebuild; bucket belongs to the database, since spooled responses are written only then;
 * crash recovery; gate of an earlier code 303; configured limits of the night; provider and store are reachable;
 * cleanup. A closed gate or a used-up limit of calls denies a run only if no due note has a usable response.
 */
class StartChecks {

    // all lines of a run use this logger
    private static final Logger log = LoggerFactory.getLogger(NightlyJobRunner.class);

    private final JobExecutionQueries executions;
    private final RunRecovery recovery;
    private final QuotaHolds quotaHolds;
    private final CallRepository calls;
    private final NightlyBytes bytes;
    private final NoteSourceProperties sourceSettings;
    private final UsableResponses usable;
    private final ClaimRepository claims;
    private final Reachability reachability;
    private final PaidResponses paid;
    private final LedgerProperties ledgerSettings;
    private final RefreshPlan refreshPlan;
    private final Spool spool;
    private final SchemaDrift drift;
    private final RunState run;
    private final Clock clock;

    StartChecks(
            JobExecutionQueries executions,
            RunRecovery recovery,
            QuotaHolds quotaHolds,
            CallRepository calls,
            NightlyBytes bytes,
            NoteSourceProperties sourceSettings,
            UsableResponses usable,
            ClaimRepository claims,
            Reachability reachability,
            PaidResponses paid,
            LedgerProperties ledgerSettings,
            RefreshPlan refreshPlan,
            Spool spool,
            SchemaDrift drift,
            RunState run,
            Clock clock) {
        this.executions = executions;
        this.recovery = recovery;
        this.quotaHolds = quotaHolds;
        this.calls = calls;
        this.bytes = bytes;
        this.sourceSettings = sourceSettings;
        this.usable = usable;
        this.claims = claims;
        this.reachability = reachability;
        this.paid = paid;
        this.ledgerSettings = ledgerSettings;
        this.refreshPlan = refreshPlan;
        this.spool = spool;
        this.drift = drift;
        this.run = run;
        this.clock = clock;
    }

    /** Prepares the run, whose lock is held, or returns why it must not start. */
    StartDecision decide() {
        Optional<StartRefusal> held = StartRefusal.ofRebuild(executions.isRebuildUnfinished())
                .or(reachability::refusalOfBucket)
                .or(() -> recover(run.node()));
        if (held.isPresent()) {
            return new StartDecision.Denied(held.get());
        }
        Night tonight = Night.current(clock);
        NightlyCalls made = calls.count(tonight);
        Optional<StartRefusal> noCalls = gateRefusal(run.options())
                .or(() -> StartRefusal.ofCalls(sourceSettings.callsPerNight(), made, tonight));
        noCalls.ifPresent(_ -> usable.markHeld(clock.instant()));
        Optional<StartRefusal> refusal = noCalls.filter(_ -> !claims.isHeldDue(run.node()))
                .or(() -> bytes.refusal())
                .or(noCalls.isPresent() ? reachability::refusalOfStore : reachability::refusal);
        if (refusal.isPresent()) {
            return new StartDecision.Denied(refusal.get());
        }
        cleanUp();
        return new StartDecision.Granted(tonight, made, noCalls.orElse(null));
    }

    private Optional<StartRefusal> recover(String node) {
        // before the gate is read: what closes it from now on also stops this run
        calls.stops().observeFromNow();
        try {
            recovery.recover(node);
            return Optional.empty();
        } catch (UncheckedIOException e) {
            return Optional.of(StartRefusal.of(ExitCode.USAGE, String.valueOf(e.getMessage())));
        }
    }

    private Optional<StartRefusal> gateRefusal(RunOptions options) {
        return StartRefusal.ofGate(quotaHolds.current()).filter(_ -> !options.force());
    }

    private void cleanUp() {
        int emptied = paid.clearResponsesBefore(clock.instant().minus(ledgerSettings.reuseFor()));
        if (emptied > 0) {
            log.info("Removed {} copies of responses from the ledger: too old for reuse, kept in the store", emptied);
        }
        int planned = refreshPlan.planAllIfChanged();
        if (planned > 0) {
            log.info("archive.refresh has changed: the refresh of {} archived notes was rescheduled", planned);
        }
        spool.sweep();
        drift.load();
    }
}
