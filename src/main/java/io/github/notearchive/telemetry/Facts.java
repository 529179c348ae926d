package io.github.notearchive.telemetry;

import io.github.notearchive.catalog.MediaCatalog;
import io.github.notearchive.fixity.Damage;
import io.github.notearchive.ledger.CallTotals;
import io.github.notearchive.worklist.WorklistCounts;
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
 * @param oldestVerified when the file verified the longest ago was; null when one never was
 * @param findings open findings of audits
 * @param lastSuccess when this node's newest run ended that ended in order; null when none did
 */
record Facts(
        List<WorklistCounts.StateCount> worklist,
        long refreshesDue,
        List<CallTotals.CallCount> callsTonight,
        @Nullable Instant gateClosedUntil,
        MediaCatalog.Volume media,
        @Nullable Instant oldestVerified,
        Map<Damage.Kind, Long> findings,
        @Nullable Instant lastSuccess) {}
