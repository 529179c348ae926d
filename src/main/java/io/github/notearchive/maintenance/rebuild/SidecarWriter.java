package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.BrokenSidecarException;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.RebuiltTables;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.Transition;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.io.Savepoint;
import io.github.notearchive.maintenance.rebuild.SidecarFound.Refused;
import io.github.notearchive.maintenance.rebuild.SidecarFound.Restorable;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ListedObject;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Fetches sidecars and writes the rows that they tell of, those of a note in the order of their captures, so that the
 * newest one has the last word. One whose rows the database refuses is refused, too, and costs none of the others
 * anything.
 *
 * <p>A merge writes those of a note from the first one on that the tables are behind of, and a row of the worklist only
 * where the sidecar's decision is later.
 *
 * <p>A file counts as stored only when the bucket lists its object with the length that was told. Else its slot is
 * MISSING, to be tried again, and its note is due.
 */
@Component
class SidecarWriter {

    /** How many sidecars are fetched side by side, */
    private static final int ASIDE = 16;

    /** and how many bytes they may have together; one that has more is fetched alone. */
    private static final long ASIDE_BYTES = 8L << 20;

    private final SidecarFinder finder;
    private final ObjectStore store;
    private final PaidResponses paid;
    private final NoteCatalog notes;
    private final MediaCatalog media;
    private final WorklistRepository worklist;
    private final RefreshPlan refreshPlan;
    private final RebuiltTables tables;
    private final LedgerProperties ledger;
    private final Clock clock;
    private final Savepoint savepoint;

    SidecarWriter(
            SidecarFinder finder,
            ObjectStore store,
            PaidResponses paid,
            NoteCatalog notes,
            MediaCatalog media,
            WorklistRepository worklist,
            RefreshPlan refreshPlan,
            RebuiltTables tables,
            LedgerProperties ledger,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.finder = finder;
        this.store = store;
        this.paid = paid;
        this.notes = notes;
        this.media = media;
        this.worklist = worklist;
        this.refreshPlan = refreshPlan;
        this.tables = tables;
        this.ledger = ledger;
        this.clock = clock;
        this.savepoint = new Savepoint(transactions);
    }

    /** Writes the rows of a chunk of sidecars. Part of the step's transaction. */
    void write(Chunk<? extends ListedObject> chunk, RebuildRun run) throws InterruptedException {
        List<ListedObject> batch = new ArrayList<>();
        long bytes = 0;
        for (ListedObject object : chunk) {
            if (batch.size() == ASIDE || bytes + object.size() > ASIDE_BYTES) {
                writeAll(batch, run);
                batch.clear();
                bytes = 0;
            }
            batch.add(object);
            bytes += object.size();
        }
        writeAll(batch, run);
        paid.advanceNumbers();
    }

    /** Fetches them side by side, since a store answers slowly but many at once. */
    private void writeAll(List<ListedObject> objects, RebuildRun run) throws InterruptedException {
        List<Future<SidecarFound>> fetched = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            objects.forEach(object -> fetched.add(threads.submit(() -> finder.read(object))));
            for (Future<SidecarFound> found : fetched) {
                switch (found.get()) {
                    case Refused(var name, var reason) -> run.countRefused(name, reason);
                    case Restorable restorable -> write(restorable, run);
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException store) {
                throw store;
            }
            throw new IllegalStateException("A sidecar could not be looked at", e.getCause());
        }
    }

    private void write(Restorable found, RebuildRun run) {
        List<String> losses = new ArrayList<>();
        NoteId id = found.sidecar().noteId();
        if (run.merges() && !run.hasJustWritten(id) && !tables.areBehind(found.sidecar(), found.standing())) {
            run.countUnchanged();
            return;
        }
        try {
            savepoint.executeWithoutResult(_ -> restore(found, run.merges(), losses));
        } catch (NonTransientDataAccessException e) {
            if (DatabaseErrors.isUnavailable(e)) {
                throw e; // the database, not the sidecar
            }
            run.countRefused(
                    found.sidecar().key().value(), "the database refuses its rows: " + DatabaseErrors.summary(e));
            return;
        }
        run.countWritten(id, losses);
    }

    private void restore(Restorable found, boolean merges, List<String> losses) {
        Sidecar sidecar = found.sidecar();
        NoteId id = sidecar.noteId();
        Instant now = clock.instant();
        long number = paid.restore(id, found.call(), sidecar.answer());
        WorklistRow standing = found.standing();
        NoteCapture capture = found.capture();
        if (capture != null) {
            List<SlotRow> files = present(sidecar, merges, losses, now);
            if (found.isOfVideo()) {
                notes.restoreVideo(capture.boughtBy(number), files);
            } else {
                notes.restore(capture.boughtBy(number), files, losses.isEmpty() ? sidecar.archivedAt() : null);
            }
            if (!losses.isEmpty()) {
                standing = standing.apply(new Transition.FileLost("found by a rebuild: " + losses.getFirst()), now);
            }
        }
        boolean restored =
                (merges && losses.isEmpty()) ? worklist.restoreIfLater(id, standing) : worklist.restore(id, standing);
        if (restored && standing.refresh().refreshNight() == null) {
            refreshPlan.plan(id);
        }
        paid.clearResponsesBefore(id, now.minus(ledger.reuseFor()));
    }

    /** The slots as the bucket bears them out. */
    private List<SlotRow> present(Sidecar sidecar, boolean merges, List<String> losses, Instant now) {
        List<SlotRow> told = sidecar.media() == null ? List.of() : sidecar.media();
        List<String> digests = new ArrayList<>();
        for (SlotRow row : told) {
            if (row.media() != null) {
                digests.add(row.media().sha256());
            }
        }
        Map<String, StoredMedia> known = media.known(digests);
        if (merges) {
            known = withUnknown(told, known);
        }
        List<SlotRow> slots = new ArrayList<>();
        for (SlotRow row : told) {
            StoredMedia file = row.media();
            if (file == null) {
                slots.add(row);
                continue;
            }
            StoredMedia object = known.get(file.sha256());
            Optional<String> loss = loss(file, object);
            if (loss.isEmpty() && object != null) {
                slots.add(row.with(object));
            } else {
                String why = loss.orElseThrow();
                if (!isStoredByLater(sidecar, row)) {
                    losses.add(row.kind() + " " + row.ordinal() + ": " + why);
                }
                slots.add(row.asMissing(why, now));
            }
        }
        return slots;
    }

    /**
     * Whether a later sidecar of the note names an object for the same file: a better rendition has then replaced the
     * one that this sidecar names.
     */
    private boolean isStoredByLater(Sidecar sidecar, SlotRow row) {
        try (Stream<StoredObject> all = store.list(Sidecar.PREFIX + sidecar.noteId() + "/")) {
            return all.map(StoredObject::key)
                    .filter(key -> key.value().compareTo(sidecar.key().value()) > 0)
                    .anyMatch(key -> names(key, row));
        }
    }

    private boolean names(ObjectKey key, SlotRow row) {
        try {
            List<SlotRow> slots = Sidecar.read(key, store.read(key)).media();
            return slots != null
                    && slots.stream()
                            .filter(slot -> slot.media() != null && slot.kind() == row.kind())
                            .anyMatch(slot -> slot.identity().equals(row.identity()));
        } catch (BrokenSidecarException e) {
            return false; // it is refused when its turn comes
        }
    }

    /** Adds the objects that the tables do not know and the bucket has. */
    private Map<String, StoredMedia> withUnknown(List<SlotRow> slots, Map<String, StoredMedia> known) {
        Map<String, StoredMedia> all = new HashMap<>(known);
        Map<StoredMedia, Instant> added = new HashMap<>();
        for (SlotRow row : slots) {
            StoredMedia file = row.media();
            if (file != null && !all.containsKey(file.sha256())) {
                store.stat(file.key()).ifPresent(object -> {
                    StoredMedia there = new StoredMedia(file.sha256(), file.key(), object.size(), file.contentType());
                    all.put(file.sha256(), there);
                    added.put(there, row.updatedAt());
                });
            }
        }
        media.insertFound(added);
        return all;
    }

    /** Why a file is not there as it was told; empty when it is. */
    private Optional<String> loss(StoredMedia file, @Nullable StoredMedia object) {
        if (object == null) {
            return Optional.of("its object " + file.key() + " is not in the bucket");
        }
        // whichever of the two lengths is wrong, the name tells
        if (object.size() == file.size() || object.sha256().equals(sha256(object))) {
            return Optional.empty();
        }
        media.deleteUnused(object.sha256());
        return Optional.of("its object "
                + object.key()
                + " holds other bytes than its name says, "
                + object.size()
                + " of "
                + file.size());
    }

    private String sha256(StoredMedia object) {
        return store.read(object.key(), (in, _) -> DigestUtils.sha256Hex(in));
    }
}
