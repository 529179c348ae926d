package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.KnownObject;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.media.Spool.SpoolFile;
import io.github.notearchive.store.ObjectBytes;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uploads downloaded files to the store. Thread-safe.
 *
 * <p>A file whose digest is in the catalog is not uploaded again if the store still has the object, unless an audit
 * found it damaged. Files of concurrent downloads are looked up in one statement.
 */
record MediaUploads(ObjectStore store, MediaCatalog catalog, OutageRetry outages, RunState run) {

    private static final Logger log = LoggerFactory.getLogger(MediaUploads.class);

    /** A file in the store. */
    record Upload(StoredMedia object, boolean isNew) {}

    /**
     * Stores a file and removes it from the spool, also after a failure. Repeated as long as an outage of database or
     * store may last.
     *
     * @return null if the run was aborted
     * @throws io.github.notearchive.store.StoreException if the store rejects the file or stays unavailable
     */
    @Nullable
    Upload store(DownloadedMedia file) {
        try {
            return run.stopper.isAborted() ? null : outages.call(() -> upload(file));
        } finally {
            remove(file);
        }
    }

    private Upload upload(DownloadedMedia file) {
        Optional<KnownObject> row = catalog.findByDigest(file.sha256());
        boolean isPresent = row.filter(r -> !r.damaged())
                .flatMap(r -> store.stat(r.media().key()))
                .filter(held -> held.size() == file.size())
                .isPresent();
        if (isPresent) {
            run.filesDeduplicated.increment();
            run.bytesDeduplicated.add(file.size());
            return new Upload(row.get().media(), false);
        }
        // an existing row keeps its key
        ObjectKey key = row.map(r -> r.media().key())
                .orElseGet(() -> StoredMedia.keyOf(file.sha256(), file.type().extension()));
        StoredMedia object =
                new StoredMedia(file.sha256(), key, file.size(), file.type().contentType());
        store.put(key, bytes(file.file()), object.contentType(), object.sha256());
        return new Upload(object, true);
    }

    private static ObjectBytes bytes(SpoolFile file) {
        List<byte[]> inMemory = file.inMemory();
        return inMemory == null
                ? ObjectBytes.of(Objects.requireNonNull(file.onDisk()))
                : ObjectBytes.of(inMemory, file.size());
    }

    /** Removes a file from the spool. One that cannot be deleted stays there. */
    private static void remove(DownloadedMedia file) {
        try {
            file.close();
        } catch (UncheckedIOException e) {
            log.warn("A file remains in the spool until the next run: {}", e.toString());
        }
    }
}
