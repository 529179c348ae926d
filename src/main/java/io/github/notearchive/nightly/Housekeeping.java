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

/** What is put in order before each run, so that nothing else has to. Safe to repeat. */
@Component
class Housekeeping {

    // the lines of a run all come under this name
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
            log.info(
                    "{} answers in the ledger were too old to be used again and lie in the store; their copies are emptied",
                    emptied);
        }
    }

    private void planRefreshes() {
        int planned = refreshPlan.planAllIfChanged();
        if (planned > 0) {
            log.info(
                    "archive.refresh has changed: {} archived notes are asked about anew in another night than before, or no more",
                    planned);
        }
    }
}
