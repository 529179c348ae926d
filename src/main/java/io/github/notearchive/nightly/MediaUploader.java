package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.CapturedNote;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.SlotStatus;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.media.Spool.SpoolFile;
import io.github.notearchive.nightly.CollectedMedia.Piece;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.store.ObjectBytes;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Uploads the downloaded files of a note to the store, each once. */
class MediaUploader {

    private final ObjectStore store;
    private final MediaCatalog media;
    private final RunState run;

    MediaUploader(ObjectStore store, MediaCatalog media, RunState run) {
        this.store = store;
        this.media = media;
        this.run = run;
    }

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
            List<SlotStatus> slots = new ArrayList<>();
            Map<String, MediaCatalog.KnownObject> rows = media.findByDigest(CollectedMedia.downloads(files.pieces())
                    .map(DownloadedMedia::sha256)
                    .collect(Collectors.toSet()));
            Map<SpoolFile, StoredMedia> put = new HashMap<>(); // two places may share a file
            for (Piece piece : files.pieces()) {
                slots.add(
                        switch (piece) {
                            case Piece.Unchanged(var status) -> status;
                            case Piece.Downloaded(var slot, var file, var lesserBecause) ->
                                stored(
                                        slot,
                                        file,
                                        put.computeIfAbsent(file.file(), _ -> store(file, rows.get(file.sha256()))),
                                        lesserBecause);
                        });
            }
            return CapturedNote.of(files.capture(), files.video(), slots, complete, now);
        }

        /** @param row catalog row of these bytes; null if there is none */
        private StoredMedia store(DownloadedMedia file, MediaCatalog.@Nullable KnownObject row) {
            String sha256 = file.sha256();
            Optional<StoredMedia> known = Optional.ofNullable(row)
                    .filter(r -> !r.damaged())
                    .map(MediaCatalog.KnownObject::media)
                    .filter(stored -> store.stat(stored.key())
                            .filter(object -> object.size() == file.size())
                            .isPresent());
            StoredMedia stored = known.orElseGet(() -> {
                // an existing row keeps its key
                ObjectKey key = row == null
                        ? StoredMedia.keyOf(sha256, file.type().extension())
                        : row.media().key();
                store.put(key, MediaUploader.bytes(file.file()), file.type().contentType(), sha256);
                return new StoredMedia(sha256, key, file.size(), file.type().contentType());
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

    private static ObjectBytes bytes(SpoolFile file) {
        List<byte[]> inMemory = file.inMemory();
        return inMemory == null
                ? ObjectBytes.of(Objects.requireNonNull(file.onDisk()))
                : ObjectBytes.of(inMemory, file.size());
    }

    private static SlotStatus stored(
            MediaSlot slot, DownloadedMedia file, StoredMedia stored, @Nullable String lesserBecause) {
        return new SlotStatus.Stored(
                slot,
                stored,
                file.candidate().rendition(),
                file.candidate().width(),
                file.candidate().height(),
                file.checks(),
                lesserBecause);
    }
}
