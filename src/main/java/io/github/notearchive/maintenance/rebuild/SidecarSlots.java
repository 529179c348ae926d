package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.BrokenSidecarException;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Compares the slots of sidecars with the objects in the bucket. */
@Component
record SidecarSlots(MediaCatalog media, ObjectStore store) {

    /**
     * Returns the slots of a sidecar. A slot whose object is missing or has other bytes is MISSING.
     *
     * @param merges whether objects that the tables do not contain are looked up in the bucket
     * @param losses receives the reason for each file that no later sidecar has
     */
    List<SlotRow> of(Sidecar sidecar, boolean merges, List<String> losses, Instant now) {
        List<SlotRow> recorded = sidecar.media() == null ? List.of() : sidecar.media();
        Map<String, StoredMedia> objects = media.known(recorded.stream()
                .map(SlotRow::media)
                .filter(Objects::nonNull)
                .map(StoredMedia::sha256)
                .toList());
        if (merges) {
            objects = withUnknown(recorded, objects);
        }
        List<SlotRow> slots = new ArrayList<>();
        for (SlotRow row : recorded) {
            StoredMedia file = row.media();
            StoredMedia object = file == null ? null : objects.get(file.sha256());
            String loss = file == null ? null : loss(file, object);
            if (loss != null && !isStoredByLater(sidecar, row)) {
                losses.add(row.kind() + " " + row.ordinal() + ": " + loss);
            }
            if (loss != null) {
                slots.add(row.asMissing(loss, now));
            } else {
                slots.add(object == null ? row : row.with(object));
            }
        }
        return slots;
    }

    /**
     * Returns whether a later sidecar of the note has an object for the same file: then a better rendition has replaced
     * that of this sidecar.
     */
    private boolean isStoredByLater(Sidecar sidecar, SlotRow row) {
        try (Stream<StoredObject> all = store.list(Sidecar.PREFIX + sidecar.noteId() + "/")) {
            return all.map(StoredObject::key)
                    .filter(key -> key.value().compareTo(sidecar.key().value()) > 0)
                    .anyMatch(key -> names(key, row));
        }
    }

    private boolean names(ObjectKey key, SlotRow row) {
        try {
            List<SlotRow> slots = Sidecar.read(key, store.read(key)).media();
            return slots != null
                    && slots.stream()
                            .filter(slot -> slot.media() != null && slot.kind() == row.kind())
                            .anyMatch(slot -> slot.identity().equals(row.identity()));
        } catch (BrokenSidecarException e) {
            return false; // refused when it is processed
        }
    }

    /** Adds the objects that the bucket has and the tables do not contain. */
    private Map<String, StoredMedia> withUnknown(List<SlotRow> slots, Map<String, StoredMedia> known) {
        Map<String, StoredMedia> all = new HashMap<>(known);
        Map<StoredMedia, Instant> added = new HashMap<>();
        for (SlotRow row : slots) {
            StoredMedia file = row.media();
            if (file != null && !all.containsKey(file.sha256())) {
                store.stat(file.key()).ifPresent(object -> {
                    StoredMedia there = new StoredMedia(file.sha256(), file.key(), object.size(), file.contentType());
                    all.put(file.sha256(), there);
                    added.put(there, row.updatedAt());
                });
            }
        }
        media.insertFound(added);
        return all;
    }

    /** Returns why a file is not stored as recorded; null if it is. */
    private @Nullable String loss(StoredMedia file, @Nullable StoredMedia object) {
        if (object == null) {
            return "its object " + file.key() + " is not in the bucket";
        }
        // if the lengths differ, the digest in the name decides
        if (object.size() == file.size()
                || object.sha256().equals(store.read(object.key(), (in, _) -> DigestUtils.sha256Hex(in)))) {
            return null;
        }
        media.deleteUnused(object.sha256());
        return "its object %s has other bytes than its name says, %d of %d"
                .formatted(object.key(), object.size(), file.size());
    }
}
