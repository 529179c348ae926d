package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.FoundObject;
import io.github.notearchive.archive.catalog.MediaCatalog.KnownObject;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The files that sidecars name, compared with those in the bucket. */
@Component
final class SidecarFiles {

    private final ObjectStore store;
    private final MediaCatalog media;

    SidecarFiles(ObjectStore store, MediaCatalog media) {
        this.store = store;
        this.media = media;
    }

    /**
     * Returns the slots of a sidecar. A slot whose object is missing or has another length is MISSING; a preview is
     * left out.
     *
     * @param merges whether objects that the tables do not contain are looked up in the bucket
     * @param losses receives the reason for each file that no later sidecar has
     */
    List<SlotRow> of(Sidecar sidecar, boolean merges, List<String> losses, Instant now) {
        List<SlotRow> recorded = sidecar.files();
        Map<String, KnownObject> objects = new HashMap<>(media.known(recorded.stream()
                .map(SlotRow::media)
                .filter(Objects::nonNull)
                .map(StoredMedia::sha256)
                .toList()));
        if (merges) {
            addUnknown(recorded, objects);
        }
        List<SlotRow> slots = new ArrayList<>();
        for (SlotRow row : recorded) {
            StoredMedia file = row.media();
            KnownObject known = file == null ? null : objects.get(file.sha256());
            StoredMedia object = known == null ? null : known.media();
            String loss = file == null ? null : loss(file, object);
            if (loss == null) {
                slots.add(file == null || object == null ? row : row.with(object.with(file.words())));
                continue;
            }
            if (row.kind() == MediaKind.PREVIEW) {
                continue; // optional: the note is complete without it
            }
            if (!isStoredByLater(sidecar, row)) {
                losses.add(row.kind() + " " + row.ordinal() + ": " + loss);
            }
            slots.add(row.asMissing(loss, now));
        }
        return slots;
    }

    /** Adds the objects that the bucket has and the tables do not contain, to both. */
    private void addUnknown(List<SlotRow> slots, Map<String, KnownObject> known) {
        List<FoundObject> added = new ArrayList<>();
        for (SlotRow row : slots) {
            StoredMedia file = row.media();
            if (file != null && !known.containsKey(file.sha256())) {
                store.stat(file.key()).ifPresent(object -> {
                    StoredMedia there = new StoredMedia(file.sha256(), file.key(), object.size(), file.contentType());
                    known.put(file.sha256(), new KnownObject(there, false));
                    added.add(new FoundObject(there, row.updatedAt()));
                });
            }
        }
        media.insertFound(added);
    }

    /** Returns why a file is not stored as recorded; null if it is. A later audit compares the bytes. */
    private @Nullable String loss(StoredMedia file, @Nullable StoredMedia object) {
        if (object == null) {
            return "its object " + file.key() + " is not in the bucket";
        }
        if (object.size() == file.size()) {
            return null;
        }
        media.deleteUnused(object.key().value());
        return "its object %s has %d bytes instead of %d".formatted(object.key(), object.size(), file.size());
    }

    /**
     * Returns whether a later sidecar of the note has an object for the same file: then a better rendition has replaced
     * that of this sidecar.
     */
    private boolean isStoredByLater(Sidecar sidecar, SlotRow row) {
        try (Stream<StoredObject> all = store.list(Sidecar.PREFIX + sidecar.noteId() + "/")) {
            return all.map(StoredObject::key)
                    .filter(key -> key.compareTo(sidecar.key()) > 0)
                    .flatMap(key -> Sidecar.find(store, key).stream())
                    .flatMap(later -> later.files().stream())
                    .filter(slot -> slot.media() != null && slot.kind() == row.kind())
                    .anyMatch(slot -> slot.identity().equals(row.identity()));
        }
    }
}
