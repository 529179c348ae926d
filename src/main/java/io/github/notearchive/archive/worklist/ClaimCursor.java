package io.github.notearchive.archive.worklist;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Up to where a node has taken notes up, in each line that it takes them from. What was claimed leaves its entries in
 * the index until the table is vacuumed, and longer while somebody's old transaction lasts: a claim that began at the
 * front would walk over a whole night's work.
 *
 * <p>A note may come back before the mark, as when another node's lease has ended. So every {@value #SECONDS} seconds,
 * and whenever nothing is found behind the marks, it is looked from the front.
 */
final class ClaimCursor {

    /** How late a note may be taken up that comes back before a mark. */
    static final int SECONDS = 10;

    /** After so long the front is looked at again, when nothing was found anywhere. */
    private static final long QUIET_NANOS = 200_000_000;

    private static final long NANOS = SECONDS * 1_000_000_000L;

    private final Map<String, Marks> nodes = new ConcurrentHashMap<>();

    /** How far one line was gone through: a place in the order of its index. */
    record Mark(String due, String noteId) implements Comparable<Mark> {

        /** Before everything. */
        static final Mark FRONT = new Mark("-infinity", "");

        @Override
        public int compareTo(Mark other) {
            int byTime = due.compareTo(other.due);
            return byTime != 0 ? byTime : noteId.compareTo(other.noteId);
        }
    }

    /** The marks of a node. */
    static final class Marks {

        private final Map<Integer, Mark> lines = new ConcurrentHashMap<>();
        private volatile long front = System.nanoTime() - NANOS;
        private volatile boolean isEmpty;

        /** Where a claim begins in a line. */
        Mark of(int line) {
            return lines.getOrDefault(line, Mark.FRONT);
        }

        /**
         * What comes next: behind these marks, or from the front of each line, when it is time for that or nothing lies
         * behind them.
         *
         * @param take takes up the first from where it is told to begin, and tells {@link #taken}
         */
        <T> Optional<T> next(Function<Marks, Optional<T>> take) {
            if (!isFrontDue()) {
                Optional<T> behind = take.apply(this);
                if (behind.isPresent() || !isFrontUnknown()) {
                    return behind;
                }
            }
            Optional<T> first = take.apply(new Marks());
            if (first.isEmpty()) {
                nothing();
            }
            return first;
        }

        /** Whether it is time to begin at the front of each line; of those who ask one is told so. */
        private synchronized boolean isFrontDue() {
            if (lines.isEmpty() || System.nanoTime() - front < NANOS) {
                return false;
            }
            front = System.nanoTime();
            return true;
        }

        /** Whether the front is worth a look when nothing lies behind the marks. */
        private boolean isFrontUnknown() {
            return !lines.isEmpty() && !(isEmpty && System.nanoTime() - front < QUIET_NANOS);
        }

        /** Nothing was found from the front on. */
        private void nothing() {
            front = System.nanoTime();
            isEmpty = true;
        }

        /** This note was taken. */
        void taken(int line, Mark at) {
            isEmpty = false;
            lines.merge(line, at, (known, next) -> next.compareTo(known) > 0 ? next : known);
        }
    }

    Marks of(String node) {
        return nodes.computeIfAbsent(node, _ -> new Marks());
    }

    /** Something came back: everything is looked at from the front. */
    void forget() {
        nodes.clear();
    }
}
