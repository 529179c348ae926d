package io.github.notearchive.export;

import io.github.notearchive.export.Draft.Written;
import io.github.notearchive.export.ExportReport.MissingObject;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files on their way from the store into an export. Each is hashed as it comes; one that has other bytes than its row
 * says, or that the store does not have, is left out and named.
 */
final class MediaCopies {

    private static final Logger log = LoggerFactory.getLogger(MediaCopies.class);

    /** How many are named one by one. */
    private static final int EXAMPLES = 1_000;

    private final ObjectStore store;
    private final Draft draft;
    private final List<MissingObject> examples = new ArrayList<>();
    private long copied;
    private long missing;

    MediaCopies(ObjectStore store, Draft draft) {
        this.store = store;
        this.draft = draft;
    }

    /**
     * Copies the files that the draft has planned. One that the store does not have, or has with other bytes, is left
     * to {@link #copy}, which names it.
     *
     * @param stopped asked before each file; when true, it ends with an {@link ExportStoppedException}
     */
    void copyAhead(BooleanSupplier stopped) throws IOException {
        draft.forEachPlanned((sha256, key) -> {
            if (stopped.getAsBoolean()) {
                throw new ExportStoppedException();
            }
            copyAhead(sha256, key);
        });
    }

    private void copyAhead(String sha256, String key) throws IOException {
        try {
            Written file = store.read(new ObjectKey(key), (in, _) -> draft.receiveAhead(sha256, in));
            if (file.sha256().equals(sha256)) {
                return;
            }
        } catch (StoreException e) {
            if (e.unreachable() || e.ofTheAccount()) {
                throw e;
            }
        }
        draft.removeAhead(sha256);
    }

    /**
     * Copies one. A store that is out of reach, or refuses our account, ends the export.
     *
     * @param path where to, within the export
     * @return whether it is there now
     */
    boolean copy(String key, String sha256, long size, String path) throws IOException {
        if (draft.place(sha256, path)) {
            copied++;
            return true;
        }
        String wrong;
        try {
            Written file = store.read(new ObjectKey(key), (in, _) -> draft.receive(path, in));
            if (file.sha256().equals(sha256) && file.size() == size) {
                draft.record(file);
                copied++;
                return true;
            }
            wrong = "the store has other bytes: "
                    + file.size()
                    + " with SHA-256 "
                    + file.sha256()
                    + " instead of "
                    + size;
        } catch (StoreException e) {
            if (e.unreachable() || e.ofTheAccount()) {
                throw e;
            }
            wrong = "the store answers " + e.code();
        }
        draft.remove(path);
        missing++;
        log.warn("Object {}: {}; it is left out of the export", key, wrong);
        if (examples.size() < EXAMPLES) {
            examples.add(new MissingObject(key, wrong));
        }
        return false;
    }

    long copied() {
        return copied;
    }

    long missing() {
        return missing;
    }

    /** The first of those that are missing. */
    List<MissingObject> examples() {
        return List.copyOf(examples);
    }
}
