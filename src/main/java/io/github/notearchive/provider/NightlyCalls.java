package io.github.notearchive.provider;

/**
 * Numbers of calls of all nodes in a night: of all kinds, for videos, and about archived notes.
 *
 * @param unbilled calls with a response that is not billed, and of these those for videos
 */
public record NightlyCalls(long all, long videos, long refreshes, long unbilled, long unbilledVideos) {

    public static final NightlyCalls NONE = new NightlyCalls(0, 0, 0, 0, 0);

    public long of(CallKind kind) {
        return switch (kind) {
            case NOTE -> all;
            case VIDEO -> videos;
            case REFRESH -> refreshes;
        };
    }

    /** Returns these numbers with at least so many unbilled calls. */
    NightlyCalls withUnbilled(long atLeast, long ofVideos) {
        return new NightlyCalls(
                all, videos, refreshes, Math.max(unbilled, atLeast), Math.max(unbilledVideos, ofVideos));
    }

    NightlyCalls without(CallKind kind) {
        return new NightlyCalls(
                Math.max(0, all - 1),
                Math.max(0, videos - (kind == CallKind.VIDEO ? 1 : 0)),
                Math.max(0, refreshes - (kind == CallKind.REFRESH ? 1 : 0)),
                unbilled,
                unbilledVideos);
    }
}
