package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.ArchiveObject;
import io.github.notearchive.archive.catalog.ArchiveObject.BrokenArchiveObjectException;
import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.RebuiltTables;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.TombstoneObject;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.maintenance.erase.Eraser;
import io.github.notearchive.store.ListedObject;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * What a rebuild rests on: tables that hold nothing but what an unfinished rebuild has written, and a bucket with
 * sidecars. One that merges takes tables of the bucket's archive, also filled ones.
 */
@Component
class RebuildChecks {

    private final RebuiltTables tables;
    private final ObjectStore store;
    private final ErasureRepository forgotten;
    private final Eraser forgetter;
    private final ArchiveRevision revision;
    private final Clock clock;

    RebuildChecks(
            RebuiltTables tables,
            ObjectStore store,
            ErasureRepository forgotten,
            Eraser forgetter,
            ArchiveRevision revision,
            Clock clock) {
        this.tables = tables;
        this.store = store;
        this.forgotten = forgotten;
        this.forgetter = forgetter;
        this.revision = revision;
        this.clock = clock;
    }

    /**
     * Which archive the bucket says it belongs to; empty when it does not say.
     *
     * @throws BrokenArchiveObjectException when what it says is not readable
     */
    Optional<ArchiveObject> bucket() throws BrokenArchiveObjectException {
        return ArchiveObject.read(store);
    }

    /**
     * Why the bucket cannot be merged into these tables; empty when it can.
     *
     * @param bucket what the bucket says
     */
    Optional<String> obstacleToMerge(Optional<ArchiveObject> bucket) {
        store.requireBucket();
        return revision.otherArchive(bucket);
    }

    /** Records that the tables hold all that the bucket does. */
    void complete(Optional<ArchiveObject> bucket) {
        bucket.ifPresent(revision::adopt);
    }

    /** Why nothing may be written into these tables, or nothing can be; empty when all is well. */
    Optional<String> obstacle(boolean isUnfinished) {
        Optional<String> rows = isUnfinished
                ? tables.rowsOfRuns()
                        .map(
                                what -> what
                                        + ", so that the unfinished rebuild cannot go on. Let it begin anew, with an empty database")
                : tables.firstWithRows()
                        .map(
                                table -> "the tables are not empty: "
                                        + table
                                        + " holds rows. A rebuild goes into an empty database only; name another one, or keep this one and leave it as it is");
        return rows.or(this::emptyBucket);
    }

    private Optional<String> emptyBucket() {
        try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX)) {
            return sidecars.findFirst().isPresent()
                    ? Optional.empty()
                    : Optional.of(
                            "the bucket holds no sidecar, nothing below "
                                    + Sidecar.PREFIX
                                    + ", so there is nothing to rebuild from; check ARCHIVE_S3_ENDPOINT and ARCHIVE_S3_BUCKET, or ARCHIVE_DATA_DIR");
        }
    }

    /**
     * What was forgotten is not to come back, so that is what comes back first. Safe to repeat: what is there stays as
     * it is.
     */
    void restoreTombstones() {
        restoreTombstones(clock.instant());
    }

    /**
     * Erases what the bucket's tombstones name and the tables still hold, and what an interrupted {@code forget} left,
     * but for files. Safe to repeat: the erasures stay unfinished until {@link #completeErasures}.
     *
     * @param lock the lock of the whole archive
     * @return how many notes and people were erased
     */
    int eraseForgotten(RunnerLock lock) throws SQLException, IOException {
        restoreTombstones(null);
        return forgetter.removeUnfinished(lock);
    }

    /**
     * Removes the files of erased notes, behind the sidecars: only then the tables know all notes that use them.
     *
     * @param lock the lock of the whole archive
     */
    void completeErasures(RunnerLock lock) throws SQLException, IOException {
        forgetter.completeUnfinished(lock);
    }

    private void restoreTombstones(@Nullable Instant finished) {
        try (Stream<ListedObject> listed = store.listAll(TombstoneObject.PREFIX, null)) {
            listed.forEach(object -> ObjectKey.parse(object.name())
                    .flatMap(key -> TombstoneObject.read(key.value(), store.read(key), object.modified()))
                    .ifPresent(tombstone -> forgotten.restore(tombstone, finished)));
        }
    }
}
