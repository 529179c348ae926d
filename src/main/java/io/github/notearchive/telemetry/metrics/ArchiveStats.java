package io.github.notearchive.telemetry.metrics;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Statistics of the tables, of all runs and nodes.
 *
 * @param worklist notes by state
 * @param refreshesDue archived notes whose refresh is due
 * @param callsTonight calls of this night
 * @param gateClosedUntil end of the quota hold; null if there is none
 * @param media files in the store
 * @param verified age of the verifications of files
 * @param findings open findings of audits
 * @param lastSuccess end of this node's latest run that ended in order; null if there is none
 * @param newFields response fields that are not reviewed
 * @param degradedNotes archived notes with a file in a lesser rendition than the best one offered
 * @param unfinished commands that have started and not completed
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
        Unfinished unfinished) {

    /** Commands that have started and not completed; of {@code forget} the number of notes and authors. */
    record Unfinished(boolean rebuild, boolean remap, long forget) {}
}
