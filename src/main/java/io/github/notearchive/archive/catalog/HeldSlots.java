package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Keeps the stored files of a note when a response assigns their slots to other files. Part of the caller's
 * transaction.
 */
record HeldSlots(JdbcClient jdbc) {

    /**
     * Moves stored files out of slots that other files take now, behind all slots. The motion of a live photo moves
     * with its still. A file that has moved within the note leaves its old slot.
     *
     * @return the stored files of the note in their previous slots
     */
    List<Held> makeRoom(NoteId id, List<SlotRow> slots) {
        List<Held> held = Statements.list(jdbc, Held.class, Map.of("noteId", id), """
                                SELECT kind, ordinal, identity, sha256 FROM note_media
                                WHERE note_id = :noteId AND state = 'STORED'
                                ORDER BY kind, ordinal
                                """);
        int behindAll = 1
                + IntStream.concat(
                                held.stream().mapToInt(Held::ordinal),
                                slots.stream().mapToInt(SlotRow::ordinal))
                        .max()
                        .orElse(0);
        for (Held file : held) {
            if (file.isListedAt(slots)) {
                continue;
            }
            if (slots.stream().anyMatch(slot -> slot.kind() == file.kind && file.isIn(slot))) {
                change("DELETE FROM note_media", id, file);
            } else if (isTaken(file, slots, held)) {
                change("UPDATE note_media SET ordinal = ordinal + " + behindAll, id, file);
            }
        }
        return held;
    }

    private void change(String change, NoteId id, Held file) {
        Map<String, Object> slot = Map.of("noteId", id, "kind", file.kind, "ordinal", file.ordinal);
        Statements.update(jdbc, slot, change + " WHERE note_id = :noteId AND kind = :kind AND ordinal = :ordinal");
    }

    /** Returns whether another file takes its slot, or that of its still. */
    private static boolean isTaken(Held file, List<SlotRow> slots, List<Held> held) {
        boolean hasLostItsStill = file.kind == MediaKind.MOTION
                && held.stream()
                        .filter(still -> still.kind == MediaKind.IMAGE && still.ordinal == file.ordinal)
                        .noneMatch(still -> still.isListedAt(slots));
        return slots.stream()
                .filter(slot -> slot.ordinal() == file.ordinal)
                .anyMatch(slot -> slot.kind() == file.kind || (hasLostItsStill && slot.kind() == MediaKind.IMAGE));
    }

    record Held(MediaKind kind, int ordinal, String identity, String sha256) {

        /** Returns the slots of a response that have this file by position and name. */
        private Stream<SlotRow> listed(List<SlotRow> slots) {
            return slots.stream()
                    .filter(slot -> slot.kind() == kind && slot.ordinal() == ordinal)
                    .filter(slot -> slot.identity().equals(identity));
        }

        boolean isListedAt(List<SlotRow> slots) {
            return listed(slots).findAny().isPresent();
        }

        private boolean isIn(SlotRow slot) {
            return slot.media() != null && slot.media().sha256().equals(sha256);
        }
    }

    /**
     * Lists objects for removal whose slots hold other files now. Another note may use such an object, or start to; the
     * removal checks this while no run is active.
     */
    void listReplaced(List<Held> before, List<SlotRow> slots) {
        String[] replaced = before.stream()
                .filter(file -> file.listed(slots).anyMatch(slot -> slot.media() != null && !file.isIn(slot)))
                .map(Held::sha256)
                .distinct()
                .toArray(String[]::new);
        if (replaced.length > 0) {
            Statements.update(jdbc, Map.of("replaced", replaced), """
                            INSERT INTO forgotten_object (object_key, size_bytes)
                            SELECT object_key, size_bytes FROM media_object
                            WHERE sha256 = ANY (:replaced) ORDER BY object_key
                            ON CONFLICT (object_key) DO NOTHING
                            """);
        }
    }
}
