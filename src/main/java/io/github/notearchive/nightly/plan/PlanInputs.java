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
 * Inputs of a plan, read from the tables at one time.
 *
 * @param at time of reading
 * @param isRunning whether a run of this node is active
 * @param isRebuildUnfinished whether an unfinished rebuild blocks runs
 * @param closed the quota gate, if closed
 * @param groups notes with a due date, by kind
 * @param claims claims of other nodes
 * @param failed number of failed notes
 * @param forgotten number of erased notes
 * @param refreshes refreshes of archived notes
 * @param videosToBuy due notes that lack only their video
 * @param videoShare share of videos among the newest notes
 * @param made calls of tonight
 * @param storedBytes media bytes of tonight
 * @param calls measurements of calls in the last nights
 * @param files measured duration of the files of a note
 * @param bytesPerAnswer average media bytes per response; 0 if unknown
 * @param answersBeforeStops responses before the provider's quota was used up, per night
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
