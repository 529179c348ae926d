package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.catalog.Sidecars;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.media.Spool;
import io.github.notearchive.note.NoteId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/** Repairs and cleans up what earlier runs of this node left. Idempotent. Requires the runner lock of the node. */
@Component
final class RunRecovery {

    /** Longest time of each clean-up of the ledger at the start of a run. */
    private static final Duration CLEANING_TIME = Duration.ofMinutes(1);

    private static final Logger log = LoggerFactory.getLogger(RunRecovery.class);

    private final JobRunner jobs;
    private final JobExecutionQueries executions;
    private final CallRepository calls;
    private final ClaimRepository claims;
    private final PaidResponses paid;
    private final Sidecars sidecars;
    private final RefreshPlan refreshPlan;
    private final Spool spool;
    private final SchemaDrift drift;
    private final NightlySettings settings;
    private final RetentionProperties retention;
    private final Clock clock;

    RunRecovery(
            JobRunner jobs,
            JobExecutionQueries executions,
            CallRepository calls,
            ClaimRepository claims,
            PaidResponses paid,
            Sidecars sidecars,
            RefreshPlan refreshPlan,
            Spool spool,
            SchemaDrift drift,
            NightlySettings settings,
            RetentionProperties retention,
            Clock clock) {
        this.jobs = jobs;
        this.executions = executions;
        this.calls = calls;
        this.claims = claims;
        this.paid = paid;
        this.sidecars = sidecars;
        this.refreshPlan = refreshPlan;
        this.spool = spool;
        this.drift = drift;
        this.settings = settings;
        this.retention = retention;
        this.clock = clock;
    }

    /**
     * Repairs the state left by a killed run: executions, spooled responses, calls and claims.
     *
     * @throws java.io.UncheckedIOException if spooled responses may exist in files that are not readable
     */
    void recover(String node) {
        jobs.recover(NightlyJob.NAME, node);
        // before their notes can be claimed, or they would be fetched again
        List<NoteId> recovered = calls.persistSpooled(executions::isRunActive);
        if (!recovered.isEmpty()) {
            log.warn("Recovered {} from spool files", DisplayFormat.plural(recovered.size(), "paid response"));
        }
        // other nodes may have postponed these notes until it was known whether there is a response
        claims.setDue(recovered);
        claims.setDue(calls.recover(node, clock.instant()));
        int released = claims.releaseAll(node, List.of());
        if (released > 0) {
            log.warn("Released {} claimed by node {}", DisplayFormat.plural(released, "note"), node);
        }
    }

    /**
     * Removes old copies of responses, old calls and unused spool files, and plans refreshes again if their settings
     * changed.
     */
    void cleanUp() {
        Instant now = clock.instant();
        cleanUp("Responses that are too old for reuse", () -> {
            int emptied = paid.clearResponsesBefore(
                    now.minus(settings.ledger().reuseFor()), CLEANING_TIME, PaidResponses.BATCH);
            if (emptied > 0) {
                log.info(
                        "Ledger: {} emptied, too old for reuse; the store keeps them",
                        DisplayFormat.plural(emptied, "response"));
            }
        });
        if (!retention.calls().isZero()) {
            cleanUp("Unbilled calls of archive.retention.calls", () -> {
                int deleted = paid.deleteUnbilledBefore(now.minus(retention.calls()), CLEANING_TIME);
                if (deleted > 0) {
                    log.info("Deleted {} by archive.retention.calls", DisplayFormat.plural(deleted, "unbilled call"));
                }
            });
        }
        int planned = refreshPlan.planAllIfChanged();
        if (planned > 0) {
            log.info(
                    "archive.refresh has changed: the refreshes of {} were rescheduled",
                    DisplayFormat.plural(planned, "archived note"));
        }
        spool.sweep();
        drift.load();
    }

    /** Executes a clean-up, which is never a reason not to start: what remains is done by the next run. */
    private static void cleanUp(String what, Runnable cleanUp) {
        try {
            cleanUp.run();
        } catch (DataAccessException | TransactionException e) {
            log.warn("{} stay until the next run: {}", what, DatabaseErrors.summary(e));
        }
    }

    /** Writes the sidecars whose rows were committed after them. */
    void writeDueSidecars() {
        sidecars.writeDue();
    }
}
