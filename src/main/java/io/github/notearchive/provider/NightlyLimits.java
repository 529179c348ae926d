package io.github.notearchive.provider;

import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.provider.NoteSourceProperties.CallPrices;
import java.math.BigDecimal;
import java.util.Currency;

/**
 * Our own limits of the calls of all nodes in a night, where 0 means no limit.
 *
 * @param cost limit of the cost of the calls that are or may be billed
 */
public record NightlyLimits(NightlyCalls calls, BigDecimal cost, CallPrices prices) {

    public static final NightlyLimits NONE = new NightlyLimits(
            NightlyCalls.NONE, BigDecimal.ZERO, new CallPrices(BigDecimal.ZERO, null, Currency.getInstance("CNY")));

    public static NightlyLimits of(NoteSourceProperties source, VideoProperties videos, RefreshProperties refreshes) {
        int all = source.callsPerNight();
        NightlyCalls calls = new NightlyCalls(all, videos.callsPerNight(), refreshes.callsAllowed(all), 0, 0);
        return new NightlyLimits(calls, source.costPerNight(), source.price());
    }

    public boolean isOfCost() {
        return cost.signum() > 0;
    }

    /** Returns whether any of these limits applies to a call of this kind, so that it has to be counted. */
    public boolean appliesTo(CallKind kind) {
        return calls.all() > 0 || calls.of(kind) > 0 || isOfCost();
    }

    /** Returns whether these limits allow a call of this kind after others. */
    public boolean allow(CallKind kind, NightlyCalls made) {
        return left(CallKind.NOTE, made) > 0 && left(kind, made) > 0;
    }

    /** Returns how many calls the limits of a kind and of the cost leave; that of all calls may leave fewer. */
    public long left(CallKind kind, NightlyCalls made) {
        BigDecimal price = prices.of(kind.endpoint());
        BigDecimal affordable = isOfCost() && price.signum() > 0
                ? cost.subtract(spent(made)).divideToIntegralValue(price)
                : BigDecimal.valueOf(Long.MAX_VALUE);
        return Math.min(leftByNumber(kind, made), Math.max(0, affordable.longValue()));
    }

    private long leftByNumber(CallKind kind, NightlyCalls made) {
        return calls.of(kind) == 0 ? Long.MAX_VALUE : Math.max(0, calls.of(kind) - made.of(kind));
    }

    /** Returns the cost of the calls that are or may be billed. */
    public BigDecimal spent(NightlyCalls made) {
        long videos = made.videos() - made.unbilledVideos();
        return prices.cost(made.all() - made.unbilled() - videos, videos);
    }

    /** Describes the limit that leaves no call of a kind, such as {@code 500 calls} or {@code CNY 20.00}. */
    public String reached(CallKind kind, NightlyCalls made) {
        return leftByNumber(kind, made) > 0
                ? DisplayFormat.money(prices.currency(), cost)
                : DisplayFormat.plural(calls.of(kind), "call") + kind.label;
    }
}
