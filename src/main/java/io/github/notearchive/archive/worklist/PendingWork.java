package io.github.notearchive.archive.worklist;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Work this node has to wait for when no note can be claimed.
 *
 * @param heldByThisNode notes in progress on this node
 * @param next when the next unclaimed note is due; null if none is
 */
public record PendingWork(int heldByThisNode, @Nullable Instant next) {

    /** Returns whether a note becomes due before {@code horizon}, or a note in progress may be released. */
    public boolean hasMore(Instant horizon) {
        return heldByThisNode > 0
                || nextDue().filter(due -> due.isBefore(horizon)).isPresent();
    }

    public Optional<Instant> nextDue() {
        return Optional.ofNullable(next);
    }
}
