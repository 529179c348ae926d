package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.media.Spool;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Cleans up before each run. Idempotent. */
@Component
class Housekeeping {

    // all lines of a run use this logger
    private static final Logger log = LoggerFactory.getLogger(NightlyJobRunner.class);

    private final PaidResponses paid;
    private final LedgerProperties ledgerSettings;
    private final RefreshPlan refreshPlan;
    private final Spool spool;
    private final SchemaDrift drift;
    private final Clock clock;

    Housekeeping(
            PaidResponses paid,
            LedgerProperties ledgerSettings,
            RefreshPlan refreshPlan,
            Spool spool,
            SchemaDrift drift,
            Clock clock) {
        this.paid = paid;
        this.ledgerSettings = ledgerSettings;
        this.refreshPlan = refreshPlan;
        this.spool = spool;
        this.drift = drift;
        this.clock = clock;
    }

    void cleanUp() {
        emptyCopies();
        planRefreshes();
        spool.sweep();
        drift.load();
    }

    private void emptyCopies() {
        int emptied = paid.clearResponsesBefore(clock.instant().minus(ledgerSettings.reuseFor()));
        if (emptied > 0) {
            log.info("Removed {} copies of responses from the ledger: too old for reuse, kept in the store", emptied);
        }
    }

    private void planRefreshes() {
        int planned = refreshPlan.planAllIfChanged();
        if (planned > 0) {
            log.info("archive.refresh has changed: the refresh of {} archived notes was rescheduled", planned);
        }
    }
}
