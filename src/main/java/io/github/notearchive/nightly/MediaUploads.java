package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.KnownObject;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.media.Spool.SpoolFile;
import io.github.notearchive.store.ObjectBytes;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
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

    Upload of(DownloadedMedia file) {
        return new Upload(file);
    }

    private static Duration timeUntil(long deadline) {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }

    /** A downloaded file, which is in the spool until it is stored. Used by one thread at a time. */
    final class Upload implements AutoCloseable {

        private final DownloadedMedia file;
        private StoredMedia object;
        private boolean isStored;
        private boolean isNew;

        private Upload(DownloadedMedia file) {
            this.file = file;
            this.object = new StoredMedia(
                    file.sha256(),
                    StoredMedia.keyOf(file.sha256(), file.type().extension()),
                    file.size(),
                    file.type().contentType());
        }

        DownloadedMedia file() {
            return file;
        }

        /** Returns the object of the file; until it is stored, that of its digest and type. */
        StoredMedia object() {
            return object;
        }

        /**
         * Stores the file. Repetition has no effect.
         *
         * @throws io.github.notearchive.store.StoreException if the store is unavailable or rejects the file, which
         *     remains in the spool
         */
        StoredMedia store() {
            return store(store::stat, (key, bytes) -> store.put(key, bytes, object.contentType(), object.sha256()));
        }

        /**
         * Tries once to store the file until a deadline, and removes it from the spool then. After a failure it remains
         * there for {@link #store}. Not tried during an outage or after an abort: the file would occupy the thread of a
         * download.
         *
         * @param deadline by {@link System#nanoTime}
         */
        void tryStore(long deadline) {
            if (outages.waiting() > 0 || run.stopper.isAborted()) {
                return;
            }
            try {
                store(
                        key -> store.statOnce(key, timeUntil(deadline)),
                        (key, bytes) ->
                                store.putOnce(key, bytes, object.contentType(), object.sha256(), timeUntil(deadline)));
                file.close();
            } catch (RuntimeException e) {
                log.debug("File {} is stored later: {}", file.sha256(), e.toString());
            }
        }

        private StoredMedia store(
                Function<ObjectKey, Optional<StoredObject>> stat, BiConsumer<ObjectKey, ObjectBytes> upload) {
            if (isStored) {
                return object;
            }
            Optional<KnownObject> row = catalog.findByDigest(object.sha256());
            boolean isPresent = row.filter(r -> !r.damaged())
                    .flatMap(r -> stat.apply(r.media().key()))
                    .filter(held -> held.size() == file.size())
                    .isPresent();
            if (isPresent) {
                object = row.get().media();
                run.filesDeduplicated.increment();
                run.bytesDeduplicated.add(file.size());
            } else {
                // an existing row keeps its key
                ObjectKey key = row.map(r -> r.media().key()).orElse(object.key());
                upload.accept(key, bytes());
                object = new StoredMedia(object.sha256(), key, object.size(), object.contentType());
                isNew = true;
            }
            isStored = true;
            return object;
        }

        private ObjectBytes bytes() {
            SpoolFile spooled = file.file();
            List<byte[]> inMemory = spooled.inMemory();
            return inMemory == null
                    ? ObjectBytes.of(Objects.requireNonNull(spooled.onDisk()))
                    : ObjectBytes.of(inMemory, spooled.size());
        }

        /** Counts an uploaded file, whose row is committed. Repetition has no effect. */
        void settle() {
            if (isNew) {
                isNew = false;
                run.filesStored.increment();
                run.bytesStored.add(file.size());
            }
        }

        /** Removes the file from the spool. Repetition has no effect. A file that cannot be deleted stays there. */
        @Override
        public void close() {
            try {
                file.close();
            } catch (UncheckedIOException e) {
                log.warn("A file remains in the spool until the next run: {}", e.toString());
            }
        }
    }
}
