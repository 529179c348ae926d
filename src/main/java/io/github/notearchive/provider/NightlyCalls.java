package io.github.notearchive.provider;

/** Number of calls that all nodes sent in a night: of all, for videos, and about archived notes. */
public record NightlyCalls(long all, long videos, long refreshes) {

    public static final NightlyCalls NONE = new NightlyCalls(0, 0, 0);
}
