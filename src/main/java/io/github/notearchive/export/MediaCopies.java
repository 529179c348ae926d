package io.github.notearchive.export;

import io.github.notearchive.archive.stats.NoteSnapshots.FileEntry;
import io.github.notearchive.export.Exporter.ExportReport.MissingObject;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectFactory;

/**
 * Copies media from the store to an export. Each file is hashed; a file that differs from its row, or that the store
 * does not have, is omitted and reported. An unavailable store, or one that refuses the account, fails the export with
 * its {@link StoreException}.
 */
final class MediaCopies {

    private static final Logger log = LoggerFactory.getLogger(MediaCopies.class);

    /** Limit of the missing objects that are reported individually. */
    private static final int EXAMPLES = 1_000;

    private final ObjectFactory<ObjectStore> store;
    private final StagingDirectory directory;
    long copied;
    long missing;

    final List<MissingObject> examples = new ArrayList<>();

    MediaCopies(ObjectFactory<ObjectStore> store, StagingDirectory directory) {
        this.store = store;
        this.directory = directory;
    }

    String presign(String key, Duration validity) {
        return store.getObject().presign(new ObjectKey(key), validity).toString();
    }

    /**
     * Receives the planned objects. An object that is missing or differs is left to {@link #copy}, which reports it.
     *
     * @param stopped queried before each object; true makes it throw a {@link CancellationException}
     */
    void copyAhead(BooleanSupplier stopped) throws IOException {
        directory.plan.forEach(object -> {
            Export.requireNotStopped(stopped);
            String _ = receive(object);
        });
    }

    /**
     * Copies one object.
     *
     * @param path within the export
     * @return false if the object is missing or differs
     */
    boolean copy(FileEntry object, String path) throws IOException {
        String problem = directory.has(StagingDirectory.ahead(object.sha256())) ? null : receive(object);
        if (problem == null) {
            directory.place(object, path);
            copied++;
            return true;
        }
        missing++;
        log.warn("Object {} is omitted from the export: {}", object.path(), problem);
        if (examples.size() < EXAMPLES) {
            examples.add(new MissingObject(object.path(), problem));
        }
        return false;
    }

    /** Receives an object ahead; returns the reason if it is missing or differs, and null otherwise. */
    private @Nullable String receive(FileEntry object) throws IOException {
        String path = StagingDirectory.ahead(object.sha256());
        String problem;
        try {
            FileEntry file = store.getObject().read(new ObjectKey(object.path()), (in, _) -> {
                StagingDirectory.HashedFile out = directory.create(path);
                try (out) {
                    in.transferTo(out);
                }
                return out.written();
            });
            if (file.sha256().equals(object.sha256())) {
                return null;
            }
            problem = "the store has other bytes: %d with SHA-256 %s instead of %d"
                    .formatted(file.size(), file.sha256(), object.size());
        } catch (StoreException e) {
            if (e.unreachable() || e.ofTheAccount()) {
                throw e;
            }
            problem = "the store answers " + e.code();
        }
        directory.delete(path);
        return problem;
    }
}
