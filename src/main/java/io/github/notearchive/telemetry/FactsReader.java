package io.github.notearchive.telemetry;

import io.github.notearchive.catalog.MediaTotals;
import io.github.notearchive.catalog.SchemaDrift;
import io.github.notearchive.fixity.FixityCatalog;
import io.github.notearchive.job.ArchiveProperties;
import io.github.notearchive.job.Executions;
import io.github.notearchive.job.SourceGate;
import io.github.notearchive.ledger.CallTotals;
import io.github.notearchive.note.Night;
import io.github.notearchive.worklist.ForgottenNotes;
import io.github.notearchive.worklist.WorklistCounts;
import java.time.Clock;
import org.springframework.stereotype.Component;

/** Asks the tables. Some of it reads whole tables, so it is not for every second. */
@Component
class FactsReader {

    private final WorklistCounts counts;
    private final CallTotals totals;
    private final SourceGate gate;
    private final MediaTotals media;
    private final FixityCatalog fixity;
    private final Executions executions;
    private final SchemaDrift drift;
    private final ForgottenNotes forgotten;
    private final ArchiveProperties settings;
    private final Clock clock;

    FactsReader(
            WorklistCounts counts,
            CallTotals totals,
            SourceGate gate,
            MediaTotals media,
            FixityCatalog fixity,
            Executions executions,
            SchemaDrift drift,
            ForgottenNotes forgotten,
            ArchiveProperties settings,
            Clock clock) {
        this.counts = counts;
        this.totals = totals;
        this.gate = gate;
        this.media = media;
        this.fixity = fixity;
        this.executions = executions;
        this.drift = drift;
        this.forgotten = forgotten;
        this.settings = settings;
        this.clock = clock;
    }

    Facts read() {
        return new Facts(
                counts.countByState(),
                counts.refreshes().due(),
                totals.countsIn(Night.current(clock)),
                gate.current().map(SourceGate.Closed::until).orElse(null),
                media.now(),
                fixity.verified(clock.instant()),
                fixity.countOpen(),
                executions.lastOrderlyEnd(settings.node()).orElse(null),
                drift.unreviewed(0).fields(),
                media.degradedNotes(),
                new Facts.Unfinished(
                        executions.isRebuildUnfinished(),
                        executions.isRemapUnfinished(),
                        forgotten.count().unfinished()));
    }
}
