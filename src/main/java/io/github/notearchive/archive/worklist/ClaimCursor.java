package io.github.notearchive.archive.worklist;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;

/**
 * Position in each lane up to which this process has claimed notes. Claimed rows leave index entries until the next
 * vacuum, or longer during old transactions; a claim that scanned from the start would read the entries of a whole
 * night.
 *
 * <p>A note may become claimable before the position, for example when another node's lease ends. So the scan restarts
 * every {@value #SECONDS} seconds, and whenever too few are found after the position. One thread claims; others reset.
 */
final class ClaimCursor {

    /** Maximum delay of a note that becomes claimable before a position. */
    static final int SECONDS = 10;

    /** Minimum time between scans from the start when nothing was found. */
    private static final long QUIET_NANOS = 200_000_000;

    private static final long NANOS = SECONDS * 1_000_000_000L;

    private volatile Map<Integer, ClaimPosition> positions = new ConcurrentHashMap<>();
    private volatile long lastRestart;
    private volatile boolean isExhausted;

    /** Position in one lane, in the order of its index. */
    record ClaimPosition(Instant due, String noteId) {

        /** Before all entries. */
        static final ClaimPosition START = new ClaimPosition(Instant.EPOCH, "");

        private static final Comparator<ClaimPosition> ORDER =
                Comparator.comparing(ClaimPosition::due).thenComparing(ClaimPosition::noteId);
    }

    record Claimed(WorklistItem note, int lane, ClaimPosition at) {

        static final Comparator<Claimed> ORDER =
                Comparator.comparingInt(Claimed::lane).reversed().thenComparing(Claimed::at, ClaimPosition.ORDER);
    }

    /**
     * Claims the next notes: after the positions, or from the start of each lane if that is due or too few are found
     * after them.
     *
     * @param count maximum number of notes
     * @param claim claims the first notes after the given positions, at most the given number, and returns them in
     *     order; a lane without a position is scanned from its start
     */
    List<WorklistItem> next(int count, BiFunction<Map<Integer, ClaimPosition>, Integer, List<Claimed>> claim) {
        Map<Integer, ClaimPosition> current = positions;
        List<Claimed> found = new ArrayList<>();
        long now = System.nanoTime();
        boolean restarts = current.isEmpty() || now - lastRestart >= NANOS;
        if (!restarts) {
            found.addAll(claim.apply(current, count));
            isExhausted &= found.isEmpty();
            restarts = found.size() < count && !(isExhausted && now - lastRestart < QUIET_NANOS);
        }
        if (restarts) {
            found.addAll(claim.apply(Map.of(), count - found.size()));
            isExhausted = found.size() < count;
            lastRestart = now;
        }
        found.forEach(
                claimed -> current.merge(claimed.lane(), claimed.at(), BinaryOperator.maxBy(ClaimPosition.ORDER)));
        return found.stream().map(Claimed::note).toList();
    }

    /** Restarts all scans: a note was released. */
    void reset() {
        positions = new ConcurrentHashMap<>();
    }
}
