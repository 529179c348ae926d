package io.github.notearchive.histories;

import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.histories.Seen.Call;
import io.github.notearchive.histories.Seen.Slot;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Invariants of an archive of a few notes: which responses may be bought, which notes are erased, which files may be
 * missing. Contains the operator's commands, the provider's script and the bucket, but no decision of the program.
 *
 * <p>Days are nights of the provider's quota, counted from 1970.
 */
final class ArchiveModel {

    /** Nights for which a response is used again. */
    static final long REUSED = 7;

    /**
     * What the provider has of a note.
     *
     * @param pictures number of its images
     * @param files the digests of all renditions of its files that no other note has
     */
    record Source(int pictures, Set<String> files) {}

    private static final class Note {

        private final Source source;
        private final Set<String> waived = new HashSet<>();
        private boolean isListed;
        private boolean isErased;

        /** The night of the newest paid response, and of the newest one with the note. */
        private @Nullable Long paid;

        private @Nullable Long held;
        private @Nullable Long refreshOn;
        private boolean isDead;

        Note(Source source) {
            this.source = source;
        }

        void received(Call call) {
            paid = later(paid, call.night());
            if (call.hasNote()) {
                held = later(held, call.night());
                isDead = false;
            }
        }

        boolean mayBeBought(long tonight) {
            if (!isListed || isErased || (paid != null && paid >= tonight)) {
                return false;
            }
            return held == null
                    || tonight - held >= REUSED
                    || isDead
                    || (refreshOn != null && refreshOn <= tonight && held < refreshOn + 1);
        }
    }

    /** The nights of a note's responses when a dump was taken. */
    private record Dumped(@Nullable Long paid, @Nullable Long held) {}

    private final Map<String, Note> notes = new TreeMap<>();
    private final Map<String, Dumped> dump = new HashMap<>();
    private final Set<String> damaged = new HashSet<>();

    /** Objects that a killed node stored without a row, which an erasure cannot find. */
    private final Set<String> orphans = new HashSet<>();

    private @Nullable Long quotaUsed;

    ArchiveModel(Map<String, Source> sources) {
        sources.forEach((note, source) -> notes.put(note, new Note(source)));
    }

    private Note note(String id) {
        return notes.get(id);
    }

    // what the operator does

    void enqueued(Collection<String> ids) {
        ids.forEach(id -> note(id).isListed = true);
    }

    /** Returns the notes that were enqueued and are not erased. */
    List<String> listed() {
        return notes.keySet().stream()
                .filter(id -> note(id).isListed && !note(id).isErased)
                .toList();
    }

    List<String> erased() {
        return notes.keySet().stream().filter(id -> note(id).isErased).toList();
    }

    boolean isErased(String id) {
        return note(id).isErased;
    }

    void refreshed(String id, long on) {
        note(id).refreshOn = on;
    }

    void waived(String id, Slot slot) {
        note(id).waived.add(slot.name());
    }

    void erased(String id, Seen before) {
        orphans.addAll(before.objects().keySet());
        orphans.removeAll(before.files());
        note(id).isErased = true;
    }

    void dumped() {
        notes.forEach((id, note) -> dump.put(id, new Dumped(note.paid, note.held)));
    }

    /**
     * The tables were restored from the dump, or lost, and merged with the bucket: what neither has may be bought
     * again.
     *
     * @param sidecars the night of the newest sidecar of each note in the bucket
     * @param held that of the newest one whose response has the note
     */
    void merged(boolean isOfDump, Map<String, Long> sidecars, Map<String, Long> held) {
        notes.forEach((id, note) -> {
            Dumped before = isOfDump ? dump.get(id) : new Dumped(null, null);
            note.paid = later(before.paid, sidecars.get(id));
            note.held = later(before.held, held.get(id));
        });
        quotaUsed = null;
    }

    private static @Nullable Long later(@Nullable Long one, @Nullable Long other) {
        return one == null ? other : other == null ? one : Long.valueOf(Math.max(one, other));
    }

    // what happens to it

    /** No URL of a file of the note is valid any more. */
    void died(String id) {
        note(id).isDead = true;
    }

    /** A file in the bucket is lost or changed. */
    void damaged(String key) {
        damaged.add(key);
    }

    void quotaUsed(long tonight) {
        quotaUsed = tonight;
    }

    // what it promises

    /** Returns what a night, or a part of one, did wrong. */
    List<String> checkNight(long tonight, Seen before, Seen after) {
        List<String> wrong = new ArrayList<>();
        if (quotaUsed != null && quotaUsed == tonight && after.asked() > before.asked()) {
            wrong.add("%d calls after the quota was used up".formatted(after.asked() - before.asked()));
        }
        notes.forEach((id, note) -> {
            int sold = after.sold(id) - before.sold(id);
            long unknown = after.newCalls(id, "UNKNOWN", before).size();
            List<Call> paid = after.newCalls(id, "YES", before);
            boolean mayBeBought = note.mayBeBought(tonight) && !before.spooled().contains(id);
            if (sold > (mayBeBought ? 1 : 0) + unknown) {
                wrong.add("note %s was bought %d times, %s, %d calls without a response; paid %s, held %s, tonight %d"
                        .formatted(id, sold, mayBeBought, unknown, note.paid, note.held, tonight));
            }
            if (sold > 0 && (note.isErased || !note.isListed)) {
                wrong.add("note %s was bought, %s".formatted(id, note.isErased ? "erased" : "not enqueued"));
            }
            if (paid.size() > sold + before.calls(id, "UNKNOWN").size()) {
                wrong.add("note %s has %d new paid calls, and %d sales".formatted(id, paid.size(), sold));
            }
            if (sold > paid.size() + unknown) {
                wrong.add("note %s: %d sales, and the ledger has %d paid and %d unknown calls more"
                        .formatted(id, sold, paid.size(), unknown));
            }
            paid.forEach(note::received);
        });
        return wrong;
    }

    /** Returns what is wrong at any time. */
    List<String> check(Seen seen) {
        List<String> wrong = new ArrayList<>();
        Set<String> broken = seen.broken();
        damaged.retainAll(broken);
        broken.stream()
                .filter(key -> !damaged.contains(key))
                .forEach(key -> wrong.add("a row names the object %s, which is missing or changed".formatted(key)));
        notes.forEach((id, note) -> {
            if ("ARCHIVED".equals(seen.states().get(id))) {
                checkArchived(wrong, id, note, seen);
            }
            if (note.isErased) {
                checkErased(wrong, id, note, seen);
            }
        });
        return wrong;
    }

    private void checkArchived(List<String> wrong, String id, Note note, Seen seen) {
        List<Slot> slots =
                seen.slots().stream().filter(slot -> slot.note().equals(id)).toList();
        long pictures =
                slots.stream().filter(slot -> slot.kind().equals("IMAGE")).count();
        if (pictures != note.source.pictures()) {
            wrong.add("note %s is archived with %d of %d pictures".formatted(id, pictures, note.source.pictures()));
        }
        if (!seen.sidecars().containsValue(id)) {
            wrong.add("note %s is archived without a sidecar".formatted(id));
        }
        slots.stream()
                .filter(slot -> !slot.state().equals("STORED"))
                .filter(slot -> !slot.state().equals("WAIVED") || !note.waived.contains(slot.name()))
                .forEach(slot -> wrong.add("note %s is archived without %s".formatted(id, slot)));
    }

    private void checkErased(List<String> wrong, String id, Note note, Seen seen) {
        seen.erased().stream()
                .filter(row -> row.endsWith(id))
                .forEach(row -> wrong.add("an erased note has rows: " + row));
        if (seen.spooled().contains(id)) {
            wrong.add("erased note %s has a spooled response".formatted(id));
        }
        if (!seen.objects().containsKey("forgotten/" + id + ".json")) {
            wrong.add("erased note %s has no tombstone in the bucket".formatted(id));
        }
        for (String key : seen.objects().keySet()) {
            boolean isFile = note.source.files().stream().anyMatch(key::contains) && !orphans.contains(key);
            if (isFile || key.startsWith("notes/" + id)) {
                wrong.add("erased note %s has the object %s".formatted(id, key));
            }
        }
    }

    List<String> damagedSidecars() {
        return damaged.stream().filter(key -> key.startsWith(Sidecar.PREFIX)).toList();
    }

    /** Returns what is wrong after nights without faults. */
    List<String> checkEnd(Seen seen) {
        List<String> wrong = new ArrayList<>();
        for (String id : listed()) {
            if (!"ARCHIVED".equals(seen.states().get(id))) {
                wrong.add("note %s is not archived: %s"
                        .formatted(id, seen.states().get(id)));
            }
        }
        seen.claims().forEach((id, node) -> wrong.add("note %s is claimed by %s for good".formatted(id, node)));
        seen.spooled().forEach(id -> wrong.add("the response of note %s stays in its spool file".formatted(id)));
        damaged.forEach(key -> wrong.add("the damaged object %s was not repaired".formatted(key)));
        return wrong;
    }
}
