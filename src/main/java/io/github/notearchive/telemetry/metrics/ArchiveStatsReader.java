package io.github.notearchive.telemetry.metrics;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.nightly.ArchiveProperties;
import io.github.notearchive.note.Night;
import java.time.Clock;
import org.springframework.stereotype.Component;

/** Asks the tables. Some of it reads whole tables, so it is not for every second. */
@Component
public class ArchiveStatsReader {

    private final WorklistStats counts;
    private final CallTotals totals;
    private final QuotaHolds gate;
    private final MediaTotals media;
    private final AuditRepository fixity;
    private final JobExecutionQueries executions;
    private final SchemaDrift drift;
    private final ErasureList forgotten;
    private final ArchiveProperties settings;
    private final Clock clock;

    public ArchiveStatsReader(
            WorklistStats counts,
            CallTotals totals,
            QuotaHolds gate,
            MediaTotals media,
            AuditRepository fixity,
            JobExecutionQueries executions,
            SchemaDrift drift,
            ErasureList forgotten,
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

    public ArchiveStats read() {
        return new ArchiveStats(
                counts.countByState(),
                counts.refreshes().due(),
                totals.countsIn(Night.current(clock)),
                gate.current().map(QuotaHolds.Closed::until).orElse(null),
                media.now(),
                fixity.verified(clock.instant()),
                fixity.countOpen(),
                executions.lastOrderlyEnd(settings.node()).orElse(null),
                drift.unreviewed(0).fields(),
                media.degradedNotes(),
                new ArchiveStats.Unfinished(
                        executions.isRebuildUnfinished(),
                        executions.isRemapUnfinished(),
                        forgotten.count().unfinished()));
    }
}
