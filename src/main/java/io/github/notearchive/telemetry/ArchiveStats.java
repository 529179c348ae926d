package io.github.notearchive.telemetry;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.note.Night;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Statistics of the tables, of all runs and nodes.
 *
 * @param refreshesDue archived notes whose refresh is due
 * @param gateClosedUntil end of the quota hold; null if there is none
 * @param verified age of the verifications of files
 * @param findings open findings of audits
 * @param lastSuccess end of this node's latest run that ended in order; null if there is none
 * @param newFields response fields that are not reviewed
 * @param degradedNotes archived notes with a file in a lesser rendition than the best one offered
 * @param unfinished commands with 1 if they have started and not completed; of {@code forget} the number of notes and
 *     authors
 */
record ArchiveStats(
        List<WorklistStats.StateCount> worklist,
        long refreshesDue,
        List<CallTotals.CallCount> callsTonight,
        @Nullable Instant gateClosedUntil,
        MediaTotals.Volume media,
        AuditRepository.Verified verified,
        Map<Damage.Kind, Long> findings,
        @Nullable Instant lastSuccess,
        long newFields,
        long degradedNotes,
        Map<String, Long> unfinished) {

    /** Reads the statistics. Some queries read whole tables, so the caller limits their frequency. */
    interface Reader {
        ArchiveStats read(String node, Instant now);
    }

    @Component
    record TablesReader(
            WorklistStats worklist,
            CallTotals calls,
            QuotaHolds holds,
            MediaTotals media,
            AuditRepository audits,
            JobExecutionQueries executions,
            SchemaDrift drift,
            ErasureList erasures)
            implements Reader {

        @Override
        public ArchiveStats read(String node, Instant now) {
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
                    Map.of(
                            "rebuild", executions.isRebuildUnfinished() ? 1L : 0,
                            "remap", executions.isRemapUnfinished() ? 1L : 0,
                            "forget", erasures.count().unfinished()));
        }
    }
}
