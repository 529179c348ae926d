package io.github.notearchive.source;

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
}
