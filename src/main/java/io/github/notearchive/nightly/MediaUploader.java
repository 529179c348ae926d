package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.CapturedNote;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.SlotStatus;
import io.github.notearchive.archive.catalog.SlotStatus.Stored;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.media.Spool.SpoolFile;
import io.github.notearchive.store.ObjectBytes;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** Uploads the downloaded files of a note to the store, each once. */
record MediaUploader(ObjectStore store, MediaCatalog media, RunState run) {

    /** Starts the upload of a note's files. */
    Upload start() {
        return new Upload();
    }

    /**
     * Files uploaded for one attempt to write a note. They count as stored; closing it takes them back unless their
     * rows are committed, since a repetition stores them again.
     */
    final class Upload implements AutoCloseable {

        private int files;
        private long bytes;

        /**
         * Uploads the files and returns the note with its stored slots. Idempotent.
         *
         * @param complete whether the note is archived with them
         * @throws io.github.notearchive.store.StoreException if the store rejects a file; files before it remain stored
         */
        CapturedNote store(CollectedMedia files, boolean complete, Instant now) {
            Map<String, MediaCatalog.KnownObject> rows = media.findByDigest(CollectedMedia.downloads(files.pieces())
                    .map(DownloadedMedia::sha256)
                    .collect(Collectors.toSet()));
            Map<SpoolFile, StoredMedia> put = new HashMap<>(); // two places may share a file
            List<SlotStatus> slots = files.pieces().stream()
                    .map(piece -> piece.download() != null && piece.status() instanceof Stored to
                            ? as(
                                    to,
                                    put.computeIfAbsent(piece.download().file(), file -> store(to.media(), file, rows)))
                            : piece.status())
                    .toList();
            return CapturedNote.of(files.capture(), files.video(), slots, complete, now);
        }

        private static SlotStatus as(Stored to, StoredMedia media) {
            return new Stored(
                    to.slot(), media, to.rendition(), to.width(), to.height(), to.checks(), to.lesserBecause());
        }

        private StoredMedia store(StoredMedia file, SpoolFile spooled, Map<String, MediaCatalog.KnownObject> rows) {
            Optional<MediaCatalog.KnownObject> row = Optional.ofNullable(rows.get(file.sha256()));
            Optional<StoredMedia> known = row.filter(r -> !r.damaged())
                    .map(MediaCatalog.KnownObject::media)
                    .filter(stored -> store.stat(stored.key())
                            .filter(object -> object.size() == file.size())
                            .isPresent());
            StoredMedia stored = known.orElseGet(() -> {
                // an existing row keeps its key
                ObjectKey key = row.map(r -> r.media().key()).orElse(file.key());
                store.put(key, bytesOf(spooled), file.contentType(), file.sha256());
                return new StoredMedia(file.sha256(), key, file.size(), file.contentType());
            });
            if (known.isPresent()) {
                run.filesDeduplicated.increment();
                run.bytesDeduplicated.add(file.size());
            } else {
                run.filesStored.increment();
                run.bytesStored.add(file.size());
                this.files++;
                bytes += file.size();
            }
            return stored;
        }

        /** Records that the rows of the files are committed. */
        void settle() {
            run.bytesSettled.add(bytes);
            files = 0;
            bytes = 0;
        }

        @Override
        public void close() {
            run.filesStored.add(-files);
            run.bytesStored.add(-bytes);
        }
    }

    private static ObjectBytes bytesOf(SpoolFile file) {
        List<byte[]> inMemory = file.inMemory();
        return inMemory == null
                ? ObjectBytes.of(Objects.requireNonNull(file.onDisk()))
                : ObjectBytes.of(inMemory, file.size());
    }
}
