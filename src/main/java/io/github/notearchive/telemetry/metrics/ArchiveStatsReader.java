package io.github.notearchive.telemetry.metrics;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.note.Night;
import java.time.Instant;
import org.springframework.stereotype.Component;

/** Reads {@link ArchiveStats}. Some queries read whole tables, so the caller limits their frequency. */
@Component
class ArchiveStatsReader {

    private final WorklistStats worklist;
    private final CallTotals calls;
    private final QuotaHolds holds;
    private final MediaTotals media;
    private final AuditRepository audits;
    private final JobExecutionQueries executions;
    private final SchemaDrift drift;
    private final ErasureList erasures;

    ArchiveStatsReader(
            WorklistStats worklist,
            CallTotals calls,
            QuotaHolds holds,
            MediaTotals media,
            AuditRepository audits,
            JobExecutionQueries executions,
            SchemaDrift drift,
            ErasureList erasures) {
        this.worklist = worklist;
        this.calls = calls;
        this.holds = holds;
        this.media = media;
        this.audits = audits;
        this.executions = executions;
        this.drift = drift;
        this.erasures = erasures;
    }

    ArchiveStats read(String node, Instant now) {
        return new ArchiveStats(
                worklist.countByState(),
                worklist.refreshes().due(),
                calls.countsIn(Night.of(now)),
                holds.current().map(QuotaHolds.Closed::until).orElse(null),
                media.now(),
                audits.verified(now),
                audits.countOpen(),
                executions.lastOrderlyEnd(node).orElse(null),
                drift.unreviewed(0).fields(),
                media.degradedNotes(),
                new ArchiveStats.Unfinished(
                        executions.isRebuildUnfinished(),
                        executions.isRemapUnfinished(),
                        erasures.count().unfinished()));
    }
}
