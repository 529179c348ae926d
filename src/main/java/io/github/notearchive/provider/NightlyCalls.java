package io.github.notearchive.provider;

/**
 * Number of calls that all nodes sent in a night.
 *
 * @param all all calls
 * @param videos calls for videos
 * @param refreshes calls about archived notes
 */
public record NightlyCalls(long all, long videos, long refreshes) {

    public static final NightlyCalls NONE = new NightlyCalls(0, 0, 0);
}
