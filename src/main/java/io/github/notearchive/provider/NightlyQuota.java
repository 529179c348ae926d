package io.github.notearchive.provider;

import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.FetchOutcome.Exhausted;
import java.time.Instant;
import java.util.Optional;

/**
 * Our own limits of the calls of a night, and the number of calls that this node knows. Thread-safe.
 *
 * <p>Other nodes send calls too, so the number may be outdated: the ledger decides whether a call is sent, and returns
 * the number to {@link #update}.
 */
final class NightlyQuota {

    private final CallLimits limits;
    private Night night = Night.of(Instant.EPOCH);
    private NightlyCalls made = NightlyCalls.NONE;
    private long version;

    NightlyQuota(CallLimits limits) {
        this.limits = limits;
    }

    /** Reason of a call, with the limit that applies to it within the limit of all calls. */
    enum CallKind {
        NOTE(Endpoint.DETAIL, Exhausted.Whose.OURS, "calls"),
        VIDEO(Endpoint.VIDEO, Exhausted.Whose.OURS_FOR_VIDEOS, "calls for videos"),
        REFRESH(Endpoint.DETAIL, Exhausted.Whose.OURS_FOR_REFRESHES, "calls about archived notes");

        private final Endpoint endpoint;
        private final Exhausted.Whose whose;
        private final String label;

        CallKind(Endpoint endpoint, Exhausted.Whose whose, String label) {
            this.endpoint = endpoint;
            this.whose = whose;
            this.label = label;
        }

        Endpoint endpoint() {
            return endpoint;
        }

        private long limit(CallLimits limits) {
            return switch (this) {
                case NOTE -> limits.all();
                case VIDEO -> limits.videos();
                case REFRESH -> limits.refreshes();
            };
        }

        private long made(NightlyCalls calls) {
            return switch (this) {
                case NOTE -> calls.all();
                case VIDEO -> calls.videos();
                case REFRESH -> calls.refreshes();
            };
        }
    }

    CallLimits limits() {
        return limits;
    }

    /** Returns a number that changes with each change of this object. */
    synchronized long version() {
        return version;
    }

    synchronized void update(Night tonight, NightlyCalls calls) {
        version++;
        night = tonight;
        made = calls;
    }

    /**
     * Updates the number of calls, unless it was updated meanwhile by a call that was counted later.
     *
     * @param versionBefore {@link #version} before the ledger was asked
     */
    synchronized void update(Night tonight, NightlyCalls calls, long versionBefore) {
        if (version == versionBefore || !night.equals(tonight) || made.all() < calls.all()) {
            update(tonight, calls);
        }
    }

    /** Subtracts a call that was counted and not sent. */
    synchronized void subtract(CallKind kind) {
        update(
                night,
                new NightlyCalls(
                        Math.max(0, made.all() - 1),
                        Math.max(0, made.videos() - (kind == CallKind.VIDEO ? 1 : 0)),
                        Math.max(0, made.refreshes() - (kind == CallKind.REFRESH ? 1 : 0))));
    }

    /** Returns how many calls the limit of this kind leaves, as far as is known. */
    synchronized long left(CallKind kind, Night tonight) {
        return left(kind, tonight.compareTo(night) > 0 ? NightlyCalls.NONE : made);
    }

    private long left(CallKind kind, NightlyCalls calls) {
        long limit = kind.limit(limits);
        return limit == 0 ? Long.MAX_VALUE : Math.max(0, limit - kind.made(calls));
    }

    /** Returns the limit of this kind if it allows no further call, as far as is known. */
    synchronized Optional<Exhausted> exhaustedKind(CallKind kind, Night tonight) {
        return left(kind, tonight) == 0 ? Optional.of(exhausted(kind, tonight)) : Optional.empty();
    }

    /** Returns the limit that allows no further call of this kind, as far as is known. */
    synchronized Optional<Exhausted> limitReached(CallKind kind, Night tonight) {
        return limitReached(kind, tonight, tonight.compareTo(night) > 0 ? NightlyCalls.NONE : made);
    }

    /** Returns the limit that allows no further call of this kind after these. */
    Optional<Exhausted> limitReached(CallKind kind, Night tonight, NightlyCalls calls) {
        CallKind reached = left(CallKind.NOTE, calls) == 0 ? CallKind.NOTE : kind;
        return left(reached, calls) == 0 ? Optional.of(exhausted(reached, tonight)) : Optional.empty();
    }

    private Exhausted exhausted(CallKind kind, Night tonight) {
        String quota = "our own limit of %d %s a night".formatted(kind.limit(limits), kind.label);
        return new Exhausted(quota, kind.whose, tonight.ends());
    }
}
