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
 * The claims that the workers of a run hold. A claim whose commit was not confirmed, since the connection was lost, may
 * be in the worklist without a worker that holds it.
 */
final class HeldClaims {

    private final Set<Long> ids = ConcurrentHashMap.newKeySet();

    /** Shared by those who claim, exclusive for the one who releases what no worker holds. */
    private final ReadWriteLock claiming = new ReentrantReadWriteLock();

    private volatile boolean isAnyUnconfirmed;

    /** Claims a note, and records the claim as held until {@link #remove}. */
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

    /** The worker of a claim has finished with its note. */
    void remove(WorklistItem claimed) {
        ids.remove(claimed.claim());
    }

    /**
     * Releases the claims that were not confirmed, if there may be any. A failure leaves that to the next call.
     *
     * @param releaseOthers releases every claim of the node except these
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
