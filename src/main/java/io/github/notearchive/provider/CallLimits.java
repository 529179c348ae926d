package io.github.notearchive.provider;

/**
 * Our own limits of the calls of a night; 0 is no limit.
 *
 * @param all of all kinds
 * @param videos among them those for videos
 * @param refreshes among them those about notes that were archived
 */
public record CallLimits(long all, long videos, long refreshes) {

    /** Any number of calls. */
    public static final CallLimits NONE = new CallLimits(0, 0, 0);

    /** Whether they leave one more call behind those that were made. */
    public boolean allow(NightlyCalls made, boolean forVideo, boolean aboutArchived) {
        return isBelow(made.all(), all)
                && (!forVideo || isBelow(made.videos(), videos))
                && (!aboutArchived || isBelow(made.refreshes(), refreshes));
    }

    /** Whether any of them is about such a call, which has to be counted then. */
    public boolean areAbout(boolean forVideo, boolean aboutArchived) {
        return all > 0 || (forVideo && videos > 0) || (aboutArchived && refreshes > 0);
    }

    private static boolean isBelow(long made, long limit) {
        return limit == 0 || made < limit;
    }
}
