package io.github.notearchive.provider;

import io.github.notearchive.note.Night;
import java.time.Instant;

/**
 * Calls of the night as far as this node knows, and our own limits of them. Other nodes send calls too, so the ledger
 * decides whether a call is sent, and returns the number to {@link #update}. Thread-safe.
 */
final class NightlyQuota {

    final CallLimits limits;
    private Night night = Night.of(Instant.EPOCH);
    private NightlyCalls made = NightlyCalls.NONE;

    NightlyQuota(CallLimits limits) {
        this.limits = limits;
    }

    synchronized void open(Night tonight, NightlyCalls calls) {
        night = tonight;
        made = calls;
    }

    /** Raises the number of calls. A smaller one of the same night is that of an earlier call. */
    synchronized void update(Night tonight, NightlyCalls calls) {
        if (!night.equals(tonight) || made.all() < calls.all()) {
            open(tonight, calls);
        }
    }

    /** Subtracts a call that was counted and not sent. */
    synchronized void subtract(CallKind kind) {
        made = new NightlyCalls(
                Math.max(0, made.all() - 1),
                Math.max(0, made.videos() - (kind == CallKind.VIDEO ? 1 : 0)),
                Math.max(0, made.refreshes() - (kind == CallKind.REFRESH ? 1 : 0)));
    }

    synchronized long left(CallKind kind, Night tonight) {
        return limits.left(kind, tonight.compareTo(night) > 0 ? NightlyCalls.NONE : made);
    }

    /** Returns the outcome of a call that the limit of this kind does not allow. */
    FetchOutcome.Exhausted exhausted(CallKind kind, Night tonight) {
        String quota = "our own limit of %d %s a night".formatted(limits.of(kind), kind.label);
        return new FetchOutcome.Exhausted(quota, kind, tonight.ends());
    }
}
