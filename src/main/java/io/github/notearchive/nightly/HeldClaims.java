package io.github.notearchive.nightly;

import io.github.notearchive.archive.worklist.WorklistItem;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Claims held by the workers of a run. A claim whose commit was not confirmed because the connection was lost may exist
 * in the worklist without a worker. Thread-safe.
 */
final class HeldClaims {

    private final Set<Long> ids = ConcurrentHashMap.newKeySet();

    /** Read lock for claiming, write lock for releasing claims without a worker. */
    private final ReadWriteLock claiming = new ReentrantReadWriteLock();

    private volatile boolean isAnyUnconfirmed;

    /** Claims a note and records the claim as held until {@link #remove}. */
    Optional<WorklistItem> add(Supplier<Optional<WorklistItem>> claim) {
        claiming.readLock().lock();
        try {
            Optional<WorklistItem> claimed = claim.get();
            claimed.ifPresent(note -> ids.add(note.claim()));
            return claimed;
        } catch (RuntimeException e) {
            isAnyUnconfirmed = true;
            throw e;
        } finally {
            claiming.readLock().unlock();
        }
    }

    /** Removes a claim whose worker has finished. */
    void remove(WorklistItem claimed) {
        ids.remove(claimed.claim());
    }

    /**
     * Releases claims that were not confirmed, if there may be any. After a failure the next call repeats it.
     *
     * @param releaseOthers releases every claim of the node except the given ones
     */
    void releaseUnconfirmed(Consumer<Set<Long>> releaseOthers) {
        if (!isAnyUnconfirmed) {
            return;
        }
        claiming.writeLock().lock();
        try {
            releaseOthers.accept(Set.copyOf(ids));
            isAnyUnconfirmed = false;
        } finally {
            claiming.writeLock().unlock();
        }
    }
}
