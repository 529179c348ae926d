package io.github.notearchive.provider;

/** Our own limits of the calls of a night: of all, for videos, and about archived notes; 0 means no limit. */
public record CallLimits(long all, long videos, long refreshes) {

    public static final CallLimits NONE = new CallLimits(0, 0, 0);

    public boolean allow(NightlyCalls made, boolean forVideo, boolean aboutArchived) {
        return left(CallKind.NOTE, made) > 0
                && (!forVideo || left(CallKind.VIDEO, made) > 0)
                && (!aboutArchived || left(CallKind.REFRESH, made) > 0);
    }

    /** Whether any limit applies to such a call, so that it has to be counted. */
    public boolean areAbout(boolean forVideo, boolean aboutArchived) {
        return all > 0 || (forVideo && videos > 0) || (aboutArchived && refreshes > 0);
    }

    long of(CallKind kind) {
        return switch (kind) {
            case NOTE -> all;
            case VIDEO -> videos;
            case REFRESH -> refreshes;
        };
    }

    /** Returns how many calls the limit of a kind leaves after these. */
    long left(CallKind kind, NightlyCalls made) {
        long calls = new CallLimits(made.all(), made.videos(), made.refreshes()).of(kind);
        return of(kind) == 0 ? Long.MAX_VALUE : Math.max(0, of(kind) - calls);
    }
}
