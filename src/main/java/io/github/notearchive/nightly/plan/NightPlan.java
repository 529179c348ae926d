package io.github.notearchive.nightly.plan;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.notearchive.archive.query.PlanStats;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.provider.NoteSourceProperties.CallPrices;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Currency;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Plan of a run that starts now: its work, how much of it the limits allow tonight, and the end of the backlog. An
 * estimate; unknown inputs are listed.
 *
 * @param obstacles reasons why a run would not start; empty if it would
 * @param due due notes by class, in the order of processing
 * @param backlog end of all due and postponed work
 * @param leftOut work not started tonight, with reasons
 * @param refreshesByValue due refreshes in the order of processing; empty if they are ordered by age
 */
public record NightPlan(
        Instant at,
        LocalDate night,
        String node,
        List<String> obstacles,
        List<DueClass> due,
        CallsNeeded calls,
        List<Limit> limits,
        ExpectedDuration duration,
        BacklogEnd backlog,
        List<LeftOut> leftOut,
        List<String> notKnown,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<RefreshPlan.ValueClass> refreshesByValue) {

    public enum DueKind {
        FILES_ONLY("files only: the response is paid"),
        BETTER_FILES("archived, a better rendition is tried"),
        ANSWER_TOO_OLD("files missing, a new response is needed"),
        NEW("new"),
        POSTPONED("postponed"),
        RECHECK("unavailable, checked again"),
        VIDEO("second calls for videos"),
        REFRESH("archived, refreshed");

        private final String label;

        DueKind(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /** Due notes of one class, for second calls those known to need one, and the minimum number of calls. */
    public record DueClass(DueKind kind, long notes, long calls) {}

    /**
     * Calls, each of which may be billed.
     *
     * @param needed calls if each brings a response
     * @param perAnswer calls per response in the last nights; 1 if unknown
     * @param expected {@code needed} including those repetitions
     * @param tonight calls that tonight's limits allow
     * @param because what limits them; null if nothing does
     * @param cost cost of the billed ones; null without prices
     */
    public record CallsNeeded(
            long needed,
            double perAnswer,
            long expected,
            long tonight,
            @Nullable String because,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            PlannedCost cost) {}

    /**
     * Cost of calls so far in this night, of further ones tonight, and of the backlog after tonight.
     *
     * @param limit configured limit of a night; 0 for none
     */
    public record PlannedCost(
            Currency currency, BigDecimal spent, BigDecimal tonight, BigDecimal backlog, BigDecimal limit) {

        public String in(BigDecimal amount) {
            return DisplayFormat.money(currency, amount);
        }
    }

    /**
     * Cost of a number of calls: of those that are due, of which one per response is billed, or of one about a note.
     */
    record CostRate(BigDecimal calls, BigDecimal cost) {

        static CostRate of(CallPrices prices, PlanStats.MeasuredCalls past, List<DueClass> due) {
            long all = Math.max(1, due.stream().mapToLong(DueClass::calls).sum());
            long videos = due.stream()
                    .filter(of -> of.kind == DueKind.VIDEO)
                    .mapToLong(DueClass::calls)
                    .sum();
            return new CostRate(BigDecimal.valueOf(past.neededFor(all)), prices.cost(all - videos, videos));
        }

        BigDecimal cost(long some) {
            return cost.multiply(BigDecimal.valueOf(some)).divide(calls, cost.scale(), RoundingMode.HALF_UP);
        }

        long calls(BigDecimal amount) {
            return cost.signum() == 0
                    ? Long.MAX_VALUE
                    : amount.max(BigDecimal.ZERO)
                            .multiply(calls)
                            .divideToIntegralValue(cost)
                            .longValue();
        }
    }

    /**
     * A configured limit of calls or bytes, and what all runs and nodes have used of it this night.
     *
     * @param limit limit of a night; 0 for none
     * @param left remainder; null without limit
     */
    public record Limit(
            String name,
            String unit,
            long limit,
            long used,
            @Nullable Long left) {

        static Limit of(String name, String unit, long limit, long used) {
            return new Limit(name, unit, limit, used, limit == 0 ? null : Math.max(0, limit - used));
        }

        long atMost(long wanted) {
            return left == null ? wanted : Math.min(wanted, left);
        }
    }

    /**
     * Duration of tonight's calls.
     *
     * @param bound what limits the rate
     * @param latency median duration of the measured calls, or the assumed one
     * @param files median time from a response to its archived note, or the assumed one
     * @param measuredCalls size of the sample of calls; 0 if assumed
     * @param measuredNotes size of the sample of notes; 0 if assumed
     * @param end when a time limit stops a run that starts now; null for never
     */
    public record ExpectedDuration(
            Duration expected,
            double callsPerSecond,
            String bound,
            Duration latency,
            Duration files,
            long measuredCalls,
            long measuredNotes,
            @Nullable Instant end) {}

    /**
     * End of the backlog, if no notes are added.
     *
     * @param calls remaining calls after tonight
     * @param because what limits the calls of a night
     * @param lastNight last night; null if no night allows any call
     */
    public record BacklogEnd(
            long calls,
            long perNight,
            String because,
            @Nullable LocalDate lastNight) {}

    /**
     * Notes or calls left out tonight.
     *
     * @param next when that ends by itself, or for the first of them; null if it does not or is unknown
     * @param advice action of the operator; empty if none is needed
     */
    public record LeftOut(long notes, String why, @Nullable Instant next, String advice) {}
}
