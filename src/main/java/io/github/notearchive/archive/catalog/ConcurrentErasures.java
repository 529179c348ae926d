package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.io.Savepoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Keeps nothing of a note that a run has taken up, as its author is forgotten. What it cost is in the ledger. Files of
 * it, which there are only where it had another author before, are left to {@code forget}.
 */
@Component
public class ConcurrentErasures {

    private static final String AUTHOR_FORGOTTEN = "its author is forgotten";

    private final ObjectStore store;
    private final ClaimRepository claims;
    private final ErasureRepository rows;
    private final Savepoint savepoint;

    ConcurrentErasures(
            ObjectStore store,
            ClaimRepository claims,
            ErasureRepository rows,
            PlatformTransactionManager transactions) {
        this.store = store;
        this.claims = claims;
        this.rows = rows;
        this.savepoint = new Savepoint(transactions);
    }

    /**
     * Takes it out of the bucket, and then out of the tables, in the step's transaction. The tombstone is written
     * before a row of the worklist is locked, in the order of {@code forget}.
     *
     * @return false when the claim was lost; the tables have it still then
     * @throws StoreException when the bucket may hold something of it still; the tables are as before
     */
    public boolean takeOut(WorklistItem claimed, Instant now) {
        takeOutOfBucket(claimed.id(), now);
        return savepoint.executeRepeated(status -> {
            List<NoteId> note = List.of(claimed.id());
            rows.entomb(note, AUTHOR_FORGOTTEN, now);
            boolean released = claims.release(claimed);
            if (released) {
                takeOutOfTables(note, now);
            } else {
                status.setRollbackOnly();
            }
            return released;
        });
    }

    private void takeOutOfBucket(NoteId id, Instant now) {
        new TombstoneObject(id.value(), now, AUTHOR_FORGOTTEN).putInto(store);
        try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX + id + "/")) {
            sidecars.toList().forEach(sidecar -> store.remove(sidecar.key().value()));
        }
    }

    private void takeOutOfTables(List<NoteId> note, Instant now) {
        Map<String, Long> removed = rows.remove(note, List.of());
        if (removed.getOrDefault("media_object", 0L) == 0) {
            rows.finish(note, now);
        }
    }
}
