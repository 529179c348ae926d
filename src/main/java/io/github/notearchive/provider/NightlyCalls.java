package io.github.notearchive.provider;

/**
 * How many calls left in a night, whatever node made them.
 *
 * @param all those of all kinds
 * @param videos among them those for videos
 * @param refreshes among them those about notes that were archived
 */
public record NightlyCalls(long all, long videos, long refreshes) {

    /** What a night begins with. */
    public static final NightlyCalls NONE = new NightlyCalls(0, 0, 0);
}
