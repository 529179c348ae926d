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
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Checks and preparations of a rebuild. A rebuild requires tables without rows, or with those of an unfinished rebuild,
 * and a bucket with sidecars. A merge requires tables of the bucket's archive.
 */
@Component
class RebuildChecks {

    private final RebuiltTables tables;
    private final ObjectStore store;
    private final ErasureRepository erasures;
    private final Eraser eraser;
    private final ArchiveRevision revision;
    private final Clock clock;

    RebuildChecks(
            RebuiltTables tables,
            ObjectStore store,
            ErasureRepository erasures,
            Eraser eraser,
            ArchiveRevision revision,
            Clock clock) {
        this.tables = tables;
        this.store = store;
        this.erasures = erasures;
        this.eraser = eraser;
        this.revision = revision;
        this.clock = clock;
    }

    /**
     * Returns the archive object of the bucket; empty if it has none.
     *
     * @throws BrokenArchiveObjectException if it is not readable
     */
    Optional<ArchiveObject> bucket() throws BrokenArchiveObjectException {
        return ArchiveObject.read(store);
    }

    /**
     * Returns why the bucket cannot be merged into these tables; empty if it can.
     *
     * @param bucket archive object of the bucket
     */
    Optional<String> obstacleToMerge(Optional<ArchiveObject> bucket) {
        store.requireBucket();
        return revision.otherArchive(bucket);
    }

    /** Records that the tables contain everything that the bucket does. */
    void complete(Optional<ArchiveObject> bucket) {
        bucket.ifPresent(revision::adopt);
    }

    /** Returns why these tables must not or cannot be rebuilt; empty if they can. */
    Optional<String> obstacle(boolean isUnfinished) {
        Optional<String> rows = isUnfinished
                ? tables.rowsOfRuns()
                        .map(what -> what
                                + ", so the unfinished rebuild cannot be resumed; restart it with an empty database")
                : tables.firstWithRows()
                        .map(table -> "the tables are not empty: "
                                + table
                                + " holds rows. A rebuild requires an empty database; use another one");
        return rows.or(this::emptyBucket);
    }

    private Optional<String> emptyBucket() {
        try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX)) {
            return sidecars.findFirst().isPresent()
                    ? Optional.empty()
                    : Optional.of(
                            "the bucket holds no sidecar, nothing below "
                                    + Sidecar.PREFIX
                                    + ", to rebuild from; check ARCHIVE_S3_ENDPOINT and ARCHIVE_S3_BUCKET, or ARCHIVE_DATA_DIR");
        }
    }

    /** Restores the tombstones of the bucket, so that no sidecar of a forgotten note is restored. Idempotent. */
    void restoreTombstones() {
        restoreTombstones(clock.instant());
    }

    /**
     * Erases rows and sidecars, but no files, of notes that the bucket's tombstones name, and of an interrupted
     * {@code forget}. Idempotent: the erasures are unfinished until {@link #completeErasures}.
     *
     * @param lock the lock of the whole archive
     * @return number of notes and people that were erased
     */
    int eraseForgotten(RunnerLock lock) throws IOException {
        restoreTombstones(null);
        return eraser.removeUnfinished(lock);
    }

    /**
     * Removes the files of erased notes, after the sidecars: only then the tables contain all notes that use them.
     *
     * @param lock the lock of the whole archive
     */
    void completeErasures(RunnerLock lock) throws IOException {
        eraser.completeUnfinished(lock);
    }

    private void restoreTombstones(@Nullable Instant finished) {
        try (Stream<ListedObject> listed = store.listAll(TombstoneObject.PREFIX, null)) {
            listed.forEach(object -> ObjectKey.parse(object.name())
                    .flatMap(key -> TombstoneObject.read(key.value(), store.read(key), object.modified()))
                    .ifPresent(tombstone -> erasures.restore(tombstone, finished)));
        }
    }
}
