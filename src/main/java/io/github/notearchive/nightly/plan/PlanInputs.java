package io.github.notearchive.nightly.plan;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.stats.DueNotes;
import io.github.notearchive.archive.stats.PastNights;
import io.github.notearchive.provider.NightlyCalls;
import java.time.Instant;
import java.util.Optional;

/**
 * Inputs of a plan, read from the tables at one time.
 *
 * @param isRunning whether a run of this node is active
 * @param isRebuildUnfinished whether an unfinished rebuild blocks runs
 * @param closed the quota gate, if closed
 * @param work notes that wait for a run
 * @param made calls of tonight
 * @param storedBytes media bytes of tonight
 * @param past measurements of the last nights
 */
record PlanInputs(
        Instant at,
        boolean isRunning,
        boolean isRebuildUnfinished,
        Optional<QuotaHolds.Closed> closed,
        DueNotes.Work work,
        NightlyCalls made,
        long storedBytes,
        PastNights.Measurements past) {}
