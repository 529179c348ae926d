package io.github.notearchive.archive.worklist;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is left for this node to wait for, when nothing could be claimed.
 *
 * @param heldByThisNode notes that this node works on now
 * @param next when the next unclaimed note is due; null when none is
 */
public record PendingWork(int heldByThisNode, @Nullable Instant next) {

    /** Whether a note becomes due until {@code horizon}, or a note in work may yet come back. */
    public boolean hasMore(Instant horizon) {
        return heldByThisNode > 0
                || nextDue().filter(due -> due.isBefore(horizon)).isPresent();
    }

    public Optional<Instant> nextDue() {
        return Optional.ofNullable(next);
    }
}
