package io.github.notearchive.provider;

/**
 * Our own limits of the calls of a night; 0 means no limit.
 *
 * @param all limit of all calls
 * @param videos limit of the calls for videos
 * @param refreshes limit of the calls about archived notes
 */
public record CallLimits(long all, long videos, long refreshes) {

    public static final CallLimits NONE = new CallLimits(0, 0, 0);

    /** Whether one more call is allowed after these. */
    public boolean allow(NightlyCalls made, boolean forVideo, boolean aboutArchived) {
        return isBelow(made.all(), all)
                && (!forVideo || isBelow(made.videos(), videos))
                && (!aboutArchived || isBelow(made.refreshes(), refreshes));
    }

    /** Whether any limit applies to such a call, so that it has to be counted. */
    public boolean areAbout(boolean forVideo, boolean aboutArchived) {
        return all > 0 || (forVideo && videos > 0) || (aboutArchived && refreshes > 0);
    }

    private static boolean isBelow(long made, long limit) {
        return limit == 0 || made < limit;
    }
}
