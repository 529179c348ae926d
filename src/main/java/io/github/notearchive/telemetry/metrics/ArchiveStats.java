package io.github.notearchive.telemetry.metrics;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the tables say, whoever did it.
 *
 * @param worklist notes by state
 * @param refreshesDue archived notes that are to be asked about anew now
 * @param callsTonight calls of this night, of all runs and nodes
 * @param gateClosedUntil until when the provider wants no more calls; null while the gate is open
 * @param media files in the store
 * @param verified how old the verifications of files are
 * @param findings open findings of audits
 * @param lastSuccess when this node's newest run ended that ended in order; null when none did
 * @param newFields fields of responses to be reviewed
 * @param degradedNotes archived notes with a file in a lesser rendition than the best one offered
 */
public record ArchiveStats(
        List<WorklistStats.StateCount> worklist,
        long refreshesDue,
        List<CallTotals.CallCount> callsTonight,
        @Nullable Instant gateClosedUntil,
        MediaCatalog.Volume media,
        AuditRepository.Verified verified,
        Map<Damage.Kind, Long> findings,
        @Nullable Instant lastSuccess,
        long newFields,
        long degradedNotes,
        Unfinished unfinished) {

    /** Commands that have begun and not completed; the number of notes and authors to forget. */
    public record Unfinished(boolean rebuild, boolean remap, long forget) {}
}
