package io.github.notearchive.job;

import io.github.notearchive.catalog.Sidecar;
import io.github.notearchive.catalog.TombstoneObject;
import io.github.notearchive.objectstore.ListedObject;
import io.github.notearchive.objectstore.ObjectKey;
import io.github.notearchive.objectstore.ObjectStore;
import io.github.notearchive.objectstore.StoredObject;
import java.time.Clock;
import java.util.Optional;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/**
 * What a rebuild rests on: tables that hold nothing but what an unfinished rebuild has written, and
 * a bucket with sidecars.
 */
@Component
class RebuildPreflight {

    private final RebuiltTables tables;
    private final ObjectStore store;
    private final ForgottenRows forgotten;
    private final Clock clock;

    RebuildPreflight(
            RebuiltTables tables, ObjectStore store, ForgottenRows forgotten, Clock clock) {
        this.tables = tables;
        this.store = store;
        this.forgotten = forgotten;
        this.clock = clock;
    }

    /** Why nothing may be written into these tables, or nothing can be; empty when all is well. */
    Optional<String> obstacle(boolean isUnfinished) {
        Optional<String> rows =
                isUnfinished
                        ? tables.strangers()
                                .map(
                                        what ->
                                                what
                                                        + ", so that the unfinished rebuild cannot go on. Let it begin anew, with an empty database")
                        : tables.firstWithRows()
                                .map(
                                        table ->
                                                "the tables are not empty: "
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
     * What was forgotten is not to come back, so that is what comes back first. Safe to repeat:
     * what is there stays as it is.
     */
    void restoreTombstones() {
        try (Stream<ListedObject> listed = store.listAll(TombstoneObject.PREFIX, null)) {
            listed.forEach(
                    object ->
                            ObjectKey.parse(object.name())
                                    .flatMap(
                                            key ->
                                                    TombstoneObject.read(
                                                            key.value(),
                                                            store.read(key),
                                                            object.modified()))
                                    .ifPresent(
                                            tombstone ->
                                                    forgotten.restore(tombstone, clock.instant())));
        }
    }
}
