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
import java.util.stream.Stream;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Erases a claimed note whose author was erased during the run. The ledger keeps its cost. Files, which exist only if
 * the note had another author before, are removed by {@code forget}.
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
     * Removes the note from the bucket and then from the tables, in the step's transaction. The tombstone is written
     * before a worklist row is locked, in the order of {@code forget}.
     *
     * @return false if the claim was lost; the tables are unchanged then
     * @throws StoreException if the bucket may still hold objects of the note; the tables are unchanged then
     */
    public boolean erase(WorklistItem claimed, Instant now) {
        NoteId id = claimed.id();
        new TombstoneObject(id.value(), now, AUTHOR_FORGOTTEN).putInto(store);
        try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX + id + "/")) {
            sidecars.toList().forEach(sidecar -> store.remove(sidecar.key().value()));
        }
        return savepoint.executeRepeated(status -> {
            List<NoteId> note = List.of(id);
            rows.markErased(note, AUTHOR_FORGOTTEN, now);
            if (!claims.release(claimed)) {
                status.setRollbackOnly();
                return false;
            }
            if (rows.remove(note, List.of()).getOrDefault("media_object", 0L) == 0) {
                rows.finish(note, List.of(), now);
            }
            return true;
        });
    }
}
