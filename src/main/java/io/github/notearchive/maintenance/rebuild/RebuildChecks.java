package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.ArchiveObject;
import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.RebuiltTables;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.TombstoneObject;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.maintenance.erase.Eraser;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Checks, preparation and completion of a rebuild, outside of its job. All are idempotent. */
@Component
record RebuildChecks(
        RebuiltTables tables,
        ObjectStore store,
        ErasureRepository erasures,
        Eraser eraser,
        ArchiveRevision revision,
        Clock clock) {

    private static final Logger log = LoggerFactory.getLogger(RebuildChecks.class);

    /**
     * Returns why these tables must not or cannot be rebuilt; empty if they can. A merge requires tables of the
     * bucket's archive. A rebuild requires tables without rows, or with those of an unfinished rebuild, and a bucket
     * with sidecars.
     */
    Optional<String> obstacle(RebuildRun run, Optional<ArchiveObject> bucket) {
        if (run.merges()) {
            store.requireBucket();
            return revision.otherArchive(bucket);
        }
        Optional<String> rows = run.isRestart()
                ? tables.rowsOfRuns()
                        .map(what -> what
                                + ", so the unfinished rebuild cannot be resumed; restart it with an empty database")
                : tables.firstWithRows()
                        .map(table ->
                                "the tables are not empty: %s holds rows. A rebuild requires an empty database; use another one"
                                        .formatted(table));
        return rows.or(this::emptyBucket);
    }

    private Optional<String> emptyBucket() {
        try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX)) {
            return sidecars.findFirst().isPresent()
                    ? Optional.empty()
                    : Optional.of(
                            "the bucket holds no sidecar, nothing below %s, to rebuild from; check ARCHIVE_S3_ENDPOINT and ARCHIVE_S3_BUCKET, or ARCHIVE_DATA_DIR"
                                    .formatted(Sidecar.PREFIX));
        }
    }

    /**
     * Restores the tombstones of the bucket, so that no sidecar of a forgotten note is restored. Before a merge, erases
     * rows and sidecars, but no files, of the notes that they name, and of an interrupted {@code forget}; these
     * erasures are unfinished until {@link #complete}.
     *
     * @param lock the lock of the whole archive
     */
    void prepare(RebuildRun run, RunnerLock lock) throws IOException {
        Instant finished = run.merges() ? null : clock.instant();
        try (Stream<StoredObject> listed = store.listAll(TombstoneObject.PREFIX, null)) {
            listed.forEach(object -> restoreTombstone(object, finished));
        }
        if (run.merges()) {
            log.info("Erased {} notes and people named by tombstones in the bucket", eraser.removeUnfinished(lock));
        }
    }

    private void restoreTombstone(StoredObject object, @Nullable Instant finished) {
        ObjectKey.parse(object.name())
                .flatMap(key -> TombstoneObject.read(key.value(), store.read(key), object.modified()))
                .ifPresent(tombstone -> erasures.restore(tombstone, finished));
    }

    /**
     * Removes the files of notes that the merge erased: only now the tables contain all notes that use them. Then
     * records that the tables contain everything that the bucket does.
     *
     * @param lock the lock of the whole archive
     */
    void complete(RebuildRun run, Optional<ArchiveObject> bucket, RunnerLock lock) throws IOException {
        if (run.merges()) {
            eraser.completeUnfinished(lock);
        }
        bucket.ifPresent(revision::adopt);
    }
}
