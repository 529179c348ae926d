package io.github.notearchive.archive.worklist;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Position in each lane up to which a node has claimed notes. Claimed rows leave index entries until the next vacuum,
 * or longer during old transactions; a claim that scanned from the start would read the entries of a whole night.
 *
 * <p>A note may become claimable before the position, for example when another node's lease ends. So the scan restarts
 * every {@value #SECONDS} seconds, and whenever nothing is found after the position. Thread-safe.
 */
final class ClaimCursor {

    /** Maximum delay of a note that becomes claimable before a position. */
    static final int SECONDS = 10;

    /** Minimum time between scans from the start when nothing was found. */
    private static final long QUIET_NANOS = 200_000_000;

    private static final long NANOS = SECONDS * 1_000_000_000L;

    private final Map<String, Positions> nodes = new ConcurrentHashMap<>();

    /** Position in one lane, in the order of its index. */
    record Position(String due, String noteId) implements Comparable<Position> {

        /** Before all entries. */
        static final Position START = new Position("-infinity", "");

        @Override
        public int compareTo(Position other) {
            int byTime = due.compareTo(other.due);
            return byTime != 0 ? byTime : noteId.compareTo(other.noteId);
        }
    }

    /** Positions of a node. */
    static final class Positions {

        private final Map<Integer, Position> lanes = new ConcurrentHashMap<>();
        private volatile long lastRestart = System.nanoTime() - NANOS;
        private volatile boolean isEmpty;

        /** Returns the position at which a claim starts in a lane. */
        Position of(int lane) {
            return lanes.getOrDefault(lane, Position.START);
        }

        /**
         * Claims the next note: after these positions, or from the start of each lane if that is due or nothing is
         * found after them.
         *
         * @param take claims the first note after the given positions and calls {@link #taken}
         */
        <T> Optional<T> next(Function<Positions, Optional<T>> take) {
            if (!isRestartDue()) {
                Optional<T> behind = take.apply(this);
                if (behind.isPresent() || !isRestartUseful()) {
                    return behind;
                }
            }
            Optional<T> first = take.apply(new Positions());
            if (first.isEmpty()) {
                foundNothing();
            }
            return first;
        }

        /** Returns whether a scan from the start is due; true for one of concurrent callers. */
        private synchronized boolean isRestartDue() {
            if (lanes.isEmpty() || System.nanoTime() - lastRestart < NANOS) {
                return false;
            }
            lastRestart = System.nanoTime();
            return true;
        }

        /** Returns whether to scan from the start if nothing is found after the positions. */
        private boolean isRestartUseful() {
            return !lanes.isEmpty() && !(isEmpty && System.nanoTime() - lastRestart < QUIET_NANOS);
        }

        /** Records that a scan from the start found nothing. */
        private void foundNothing() {
            lastRestart = System.nanoTime();
            isEmpty = true;
        }

        /** Records a claimed note. */
        void taken(int lane, Position at) {
            isEmpty = false;
            lanes.merge(lane, at, (known, next) -> next.compareTo(known) > 0 ? next : known);
        }
    }

    Positions of(String node) {
        return nodes.computeIfAbsent(node, _ -> new Positions());
    }

    /** Restarts all scans: a note was released. */
    void reset() {
        nodes.clear();
    }
}
