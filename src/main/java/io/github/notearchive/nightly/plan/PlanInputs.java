package io.github.notearchive.nightly.plan;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.nightly.plan.PlanQueries.Group;
import io.github.notearchive.nightly.plan.PlanQueries.Kind;
import io.github.notearchive.nightly.plan.PlanQueries.Measured;
import io.github.notearchive.provider.NightlyCalls;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a plan is made of, as the tables have it at one moment.
 *
 * @param at the moment
 * @param isRunning whether a run of this node is active
 * @param isRebuildUnfinished whether runs refuse because of it
 * @param closed the gate, where it is closed
 * @param groups notes that have a time, by kind
 * @param claims who holds notes
 * @param failed how many notes were given up
 * @param forgotten how many notes were forgotten
 * @param refreshes archived notes that are asked about anew
 * @param videosToBuy notes that are due and wait for their video alone
 * @param videoShare how many of the newest notes are videos
 * @param made the calls of tonight
 * @param storedBytes the media of tonight
 * @param calls what calls of the last nights were like
 * @param files how long the files of a note took
 * @param bytesPerAnswer what these came to; 0: nothing is known
 * @param answersBeforeStops after how many answers the provider ended the last nights
 */
record PlanInputs(
        Instant at,
        boolean isRunning,
        boolean isRebuildUnfinished,
        Optional<QuotaHolds.Closed> closed,
        Map<Kind, Group> groups,
        List<PlanQueries.Claims> claims,
        long failed,
        long forgotten,
        PlanQueries.Refreshes refreshes,
        long videosToBuy,
        PlanQueries.Share videoShare,
        NightlyCalls made,
        long storedBytes,
        PlanQueries.Calls calls,
        Measured files,
        long bytesPerAnswer,
        List<Long> answersBeforeStops) {

    Group group(Kind kind) {
        return groups.getOrDefault(kind, Group.NONE);
    }
}
