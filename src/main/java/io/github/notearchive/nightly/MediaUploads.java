package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.KnownObject;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.store.ObjectBytes;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.commons.io.function.Uncheck;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uploads downloaded files to the store. Thread-safe.
 *
 * <p>A file whose digest is in the catalog is not uploaded again if the store still has the object, unless an audit
 * found it damaged. Files of concurrent downloads are looked up in one statement.
 */
final class MediaUploads {

    private static final Logger log = LoggerFactory.getLogger(MediaUploads.class);

    /** Bytes of a subtitle above which its words are not searched; far beyond an ordinary one. */
    private static final int LARGEST_SUBTITLE = 1 << 20;

    private final ObjectStore store;
    private final MediaCatalog catalog;
    private final OutageRetry outages;
    private final RunState run;

    MediaUploads(ObjectStore store, MediaCatalog catalog, OutageRetry outages, RunState run) {
        this.store = store;
        this.catalog = catalog;
        this.outages = outages;
        this.run = run;
    }

    /** A file in the store. */
    record Upload(DownloadedMedia file, StoredMedia object, boolean isNew) {}

    /**
     * Stores a file and removes it from the spool, also after a failure. After a failed attempt, the upload is repeated
     * as long as an outage of database or store may last.
     *
     * @param deadline end of the first attempt, which sends each request once
     * @return null if the run was aborted
     * @throws io.github.notearchive.store.StoreException if the store rejects the file or stays unavailable
     */
    @Nullable
    Upload store(DownloadedMedia file, Deadline deadline) {
        try {
            return run.stopper.isAborted() ? null : storeOnce(file, deadline);
        } catch (RuntimeException e) {
            log.debug("File {}: its upload is repeated: {}", file.sha256(), e.toString());
            return run.stopper.isAborted()
                    ? null
                    : outages.call(() -> store(
                            file,
                            store::stat,
                            (object, bytes) -> store.put(object.key(), bytes, object.contentType(), object.sha256())));
        } finally {
            remove(file);
        }
    }

    private Upload storeOnce(DownloadedMedia file, Deadline deadline) {
        return store(
                file,
                key -> store.statOnce(key, deadline.left()),
                (object, bytes) ->
                        store.putOnce(object.key(), bytes, object.contentType(), object.sha256(), deadline.left()));
    }

    private Upload store(
            DownloadedMedia file,
            Function<ObjectKey, Optional<StoredObject>> stat,
            BiConsumer<StoredMedia, ObjectBytes> upload) {
        Optional<KnownObject> row = catalog.findByDigest(file.sha256());
        boolean isPresent = row.filter(r -> !r.damaged())
                .flatMap(r -> stat.apply(r.media().key()))
                .filter(held -> held.size() == file.size())
                .isPresent();
        if (isPresent) {
            run.filesDeduplicated.increment();
            run.bytesDeduplicated.add(file.size());
            return new Upload(file, withWords(row.get().media(), file), false);
        }
        // an existing row keeps its key
        ObjectKey key = row.map(r -> r.media().key())
                .orElseGet(() -> StoredMedia.keyOf(file.sha256(), file.type().extension()));
        StoredMedia object =
                new StoredMedia(file.sha256(), key, file.size(), file.type().contentType());
        upload.accept(object, new ObjectBytes(file.size(), file.file()::writeTo));
        return new Upload(file, withWords(object, file), true);
    }

    private static StoredMedia withWords(StoredMedia object, DownloadedMedia file) {
        if (!file.type().suits(MediaKind.SUBTITLE) || file.size() > LARGEST_SUBTITLE) {
            return object;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Uncheck.run(() -> file.file().writeTo(bytes));
        return object.withWordsOf(bytes.toByteArray());
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
