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

    /** Returns the number to which the limit of a kind applies. */
    long of(CallKind kind) {
        return switch (kind) {
            case NOTE -> all;
            case VIDEO -> videos;
            case REFRESH -> refreshes;
        };
    }
}
