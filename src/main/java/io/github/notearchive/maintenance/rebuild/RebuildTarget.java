package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.ArchiveRevision.ArchiveObject;
import io.github.notearchive.archive.catalog.ArchiveRevision.Rows;
import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.ShardRepository;
import io.github.notearchive.batch.ShardRepository.Scan;
import io.github.notearchive.maintenance.erase.Eraser;
import io.github.notearchive.note.Night;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * The tables that a rebuild writes: whether they may be written, what is erased before and after, and of which bucket
 * they are.
 */
@Component
final class RebuildTarget {

    private static final Logger log = LoggerFactory.getLogger(RebuildTarget.class);

    private final RebuildJob job;
    private final ObjectStore store;
    private final ErasureRepository erasures;
    private final Eraser eraser;
    private final ArchiveRevision revision;
    private final ShardRepository shards;
    private final Clock clock;

    RebuildTarget(
            RebuildJob job,
            ObjectStore store,
            ErasureRepository erasures,
            Eraser eraser,
            ArchiveRevision revision,
            ShardRepository shards,
            Clock clock) {
        this.job = job;
        this.store = store;
        this.erasures = erasures;
        this.eraser = eraser;
        this.revision = revision;
        this.shards = shards;
        this.clock = clock;
    }

    /** Returns the description of the archive in the bucket; empty if it has none. */
    Optional<ArchiveObject> bucket() throws IOException {
        return ArchiveObject.read(store);
    }

    /**
     * Decides whether rows are merged. An unfinished rebuild keeps its kind, unless a run has written to the bucket
     * since it began; then it is abandoned, and rows are merged.
     *
     * @param requested whether a new rebuild merges
     */
    boolean decideMerge(boolean requested, Optional<ArchiveObject> bucket) {
        return shards.open(JobNames.REBUILD)
                .map(open -> isOutdated(open, bucket) || job.isMerge(open))
                .orElse(requested);
    }

    /** Abandons an unfinished rebuild that began before a run wrote to the bucket, as that in a restored dump. */
    private boolean isOutdated(Scan open, Optional<ArchiveObject> bucket) {
        Instant latest = open.since().plus(AuditRepository.CLOCK_TOLERANCE);
        boolean isOutdated =
                bucket.filter(last -> last.writtenAt().isAfter(latest)).isPresent() && shards.abandon(JobNames.REBUILD);
        if (isOutdated) {
            log.warn(
                    "An unfinished rebuild of {} is abandoned: a run wrote to the bucket later",
                    Night.local(open.since()));
        }
        return isOutdated;
    }

    /**
     * Returns why these tables must not or cannot be rebuilt; empty if they can. A merge requires tables of the
     * bucket's archive. A rebuild requires tables without rows, or with those of an unfinished rebuild, and a bucket
     * with sidecars.
     */
    Optional<String> obstacle(boolean merges, Optional<ArchiveObject> bucket) {
        boolean isOpen = shards.open(JobNames.REBUILD).isPresent();
        if (merges || isOpen) {
            store.requireBucket();
            return revision.otherArchive(bucket);
        }
        Optional<String> rows = revision.firstWithRows();
        return rows.map(table ->
                        "the tables are not empty: %s holds rows. A rebuild requires an empty database; use another one"
                                .formatted(table))
                .or(this::emptyBucket);
    }

    private Optional<String> emptyBucket() {
        try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX)) {
            return sidecars.findFirst().isPresent()
                    ? Optional.empty()
                    : Optional.of(("the bucket holds no sidecar, nothing below %s, to rebuild from; check "
                                    + "ARCHIVE_S3_ENDPOINT and ARCHIVE_S3_BUCKET, or ARCHIVE_DATA_DIR")
                            .formatted(Sidecar.PREFIX));
        }
    }

    /** Reads the tombstones of the bucket; a merge erases rows and sidecars of the notes that they name. */
    void prepare(boolean merges, RunnerLock lock) throws IOException {
        erasures.restoreTombstones(merges ? null : clock.instant());
        if (merges) {
            log.info("Erased {} notes and people named by tombstones in the bucket", eraser.removeUnfinished(lock));
        }
    }

    /**
     * Completes the erasures of a merge, since only now the tables contain all notes that use their files, removes the
     * published tables that the catalog does not know, and adopts the bucket. Executed by one node, before the last
     * shard, without items, is done.
     */
    void complete(boolean merges, RunnerLock lock, Optional<ArchiveObject> bucket) throws IOException {
        if (merges) {
            eraser.completeUnfinished(lock);
        } else {
            // an erasure may have been interrupted before it rewrote the published tables
            eraser.removeErasedCopies(lock);
        }
        bucket.ifPresent(revision::adopt);
    }

    /** Returns the number of rows by kind. */
    Rows count() {
        return revision.count(clock.instant());
    }
}
