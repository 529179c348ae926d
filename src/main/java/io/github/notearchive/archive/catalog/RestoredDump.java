package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.ArchiveRevision.Difference;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.store.StoreException;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Detects, for commands that show or take notes, that the tables were restored from a dump that is older than the
 * bucket. The dump may hold notes that were erased later; they are hidden as soon as the tables have the tombstones of
 * the bucket, until {@code rebuild --missing} erases them. Thread-safe.
 */
@Component
public final class RestoredDump {

    private static final Logger log = LoggerFactory.getLogger(RestoredDump.class);

    /** Time after which the bucket is read again, by a process that serves pages. */
    private static final Duration LASTING = Duration.ofSeconds(30);

    private final ArchiveRevision revision;
    private final ObjectProvider<ErasureRepository> erasures;
    private Optional<Difference> difference = Optional.empty();
    private boolean isComplete;
    private Deadline validity = Deadline.in(Duration.ZERO);

    RestoredDump(ArchiveRevision revision, ObjectProvider<ErasureRepository> erasures) {
        this.revision = revision;
        this.erasures = erasures;
    }

    /**
     * Returns how tables and bucket differ; empty also if the database has no archive yet, or the store is unavailable,
     * which is logged. Reads one object, at most every 30 seconds.
     */
    public synchronized Optional<String> difference() {
        if (validity.isOver()) {
            difference = compare();
            isComplete = isComplete();
            validity = Deadline.in(LASTING);
        }
        return difference.map(Difference::text);
    }

    /** Returns whether the tables have all tombstones that hide notes of a restored dump. */
    public synchronized boolean hidesErased() {
        return difference().isEmpty() || isComplete;
    }

    /** Adds the tombstones of the bucket to the tables of a restored dump. Idempotent. */
    public synchronized void hideErased() {
        if (!hidesErased()) {
            erasures.getObject().restoreTombstones(null);
            isComplete = true;
        }
    }

    private Optional<Difference> compare() {
        try {
            return revision.archiveId().isEmpty() ? Optional.empty() : revision.compare(true);
        } catch (StoreException e) {
            log.warn("The database is not compared with its bucket: {}", e.getMessage());
            return Optional.empty();
        }
    }

    /** The tombstones of another archive would hide notes of this one. */
    private boolean isComplete() {
        return difference.filter(Difference::isAhead).isEmpty()
                || erasures.getObject().unknownTombstones().isEmpty();
    }
}
