package io.github.notearchive.provider;

/**
 * Calls of all nodes in a night: of all kinds, for videos, and about archived notes. Either numbers of sent calls, or
 * our own limits of them, where 0 means no limit.
 */
public record NightlyCalls(long all, long videos, long refreshes) {

    public static final NightlyCalls NONE = new NightlyCalls(0, 0, 0);

    long of(CallKind kind) {
        return switch (kind) {
            case NOTE -> all;
            case VIDEO -> videos;
            case REFRESH -> refreshes;
        };
    }

    /** Returns whether any of these limits applies to a call of this kind, so that it has to be counted. */
    public boolean appliesTo(CallKind kind) {
        return all > 0 || of(kind) > 0;
    }

    /** Returns whether these limits allow a call of this kind after others. */
    public boolean allow(CallKind kind, NightlyCalls made) {
        return left(CallKind.NOTE, made) > 0 && left(kind, made) > 0;
    }

    /** Returns how many calls the limit of a kind leaves after others; that of all calls may leave fewer. */
    long left(CallKind kind, NightlyCalls made) {
        return of(kind) == 0 ? Long.MAX_VALUE : Math.max(0, of(kind) - made.of(kind));
    }

    /** Returns these numbers without a call of this kind. */
    NightlyCalls without(CallKind kind) {
        return new NightlyCalls(
                Math.max(0, all - 1),
                Math.max(0, videos - (kind == CallKind.VIDEO ? 1 : 0)),
                Math.max(0, refreshes - (kind == CallKind.REFRESH ? 1 : 0)));
    }
}
