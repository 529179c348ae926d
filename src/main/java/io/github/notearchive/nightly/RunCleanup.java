package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.media.Spool;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/** Removes what runs no longer need, and plans refreshes again if their settings changed. Idempotent. */
@Component
final class RunCleanup {

    /** Longest time of each clean-up of the ledger at the start of a run. */
    private static final Duration CLEANING_TIME = Duration.ofMinutes(1);

    private static final Logger log = LoggerFactory.getLogger(RunCleanup.class);

    private final PaidResponses paid;
    private final RefreshPlan refreshPlan;
    private final Spool spool;
    private final SchemaDrift drift;
    private final NightlySettings settings;
    private final RetentionProperties retention;
    private final Clock clock;

    RunCleanup(
            PaidResponses paid,
            RefreshPlan refreshPlan,
            Spool spool,
            SchemaDrift drift,
            NightlySettings settings,
            RetentionProperties retention,
            Clock clock) {
        this.paid = paid;
        this.refreshPlan = refreshPlan;
        this.spool = spool;
        this.drift = drift;
        this.settings = settings;
        this.retention = retention;
        this.clock = clock;
    }

    /** Removes old copies of responses, old calls and unused spool files, and loads the known response fields. */
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
}
