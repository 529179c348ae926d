package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Keeps the stored files of a note when a response assigns their slots to other files. Part of the caller's
 * transaction.
 */
final class HeldSlots {

    private final JdbcClient jdbc;

    HeldSlots(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Moves stored files out of slots that other files take now. The motion of a live photo moves with its still. A
     * file that has moved within the note leaves its old slot.
     *
     * @return the stored files of the note in their previous slots
     */
    List<Held> makeRoom(NoteId id, List<SlotRow> slots) {
        List<Held> held = jdbc.sql("""
                                SELECT kind, ordinal, identity, sha256 FROM note_media
                                WHERE note_id = :noteId AND state = 'STORED'
                                ORDER BY kind, ordinal
                                """)
                .param("noteId", id.value())
                .query(Columns.of(Held.class))
                .list();
        List<Held> leaving =
                held.stream().filter(file -> !file.isListedAt(slots)).toList();
        List<Held> moved = leaving.stream().filter(file -> file.isAmong(slots)).toList();
        List<Held> displaced = leaving.stream()
                .filter(file -> !moved.contains(file))
                .filter(file -> isTaken(file, slots, held))
                .toList();
        int behindAll = 1
                + Stream.concat(held.stream().map(Held::ordinal), slots.stream().map(SlotRow::ordinal))
                        .mapToInt(Integer::intValue)
                        .max()
                        .orElse(0);
        for (Held file : moved) {
            at(id, file, "DELETE FROM note_media").update();
        }
        for (Held file : displaced) {
            at(id, file, "UPDATE note_media SET ordinal = ordinal + :behind")
                    .param("behind", behindAll)
                    .update();
        }
        return held;
    }

    private JdbcClient.StatementSpec at(NoteId id, Held file, String change) {
        return jdbc.sql(change + " WHERE note_id = :noteId AND kind = :kind AND ordinal = :ordinal")
                .param("noteId", id.value())
                .param("kind", file.kind().name())
                .param("ordinal", file.ordinal());
    }

    /** Returns whether another file takes its slot, or that of its still. */
    private static boolean isTaken(Held file, List<SlotRow> slots, List<Held> held) {
        return slots.stream()
                .filter(slot -> slot.ordinal() == file.ordinal())
                .anyMatch(slot -> slot.kind() == file.kind()
                        || (slot.kind() == MediaKind.IMAGE
                                && file.kind() == MediaKind.MOTION
                                && !isStillThere(file, slots, held)));
    }

    private static boolean isStillThere(Held motion, List<SlotRow> slots, List<Held> held) {
        return held.stream()
                .filter(file -> file.kind() == MediaKind.IMAGE)
                .filter(still -> still.ordinal() == motion.ordinal())
                .anyMatch(still -> still.isListedAt(slots));
    }

    /** A stored file of a note and its slot. */
    record Held(MediaKind kind, int ordinal, String identity, String sha256) {

        /** Returns whether a response lists the file in this slot. */
        boolean isListedAt(List<SlotRow> slots) {
            return slots.stream()
                    .anyMatch(slot -> slot.kind() == kind
                            && slot.ordinal() == ordinal
                            && slot.identity().equals(identity));
        }

        /** Returns whether the slot has other bytes now. */
        boolean isReplacedIn(List<SlotRow> slots) {
            return slots.stream()
                    .filter(slot -> slot.kind() == kind && slot.ordinal() == ordinal)
                    .filter(slot -> slot.identity().equals(identity))
                    .map(SlotRow::media)
                    .anyMatch(media -> media != null && !media.sha256().equals(sha256));
        }

        /** Returns whether one of these slots has its bytes. */
        boolean isAmong(List<SlotRow> slots) {
            return slots.stream()
                    .filter(slot -> slot.kind() == kind)
                    .map(SlotRow::media)
                    .anyMatch(media -> media != null && media.sha256().equals(sha256));
        }
    }

    /**
     * Lists objects for removal whose slots hold other files now. Another note may use such an object, or start to; the
     * removal checks this while no run is active.
     */
    void listReplaced(List<Held> before, List<SlotRow> slots) {
        String[] replaced = before.stream()
                .filter(file -> file.isReplacedIn(slots))
                .map(Held::sha256)
                .distinct()
                .toArray(String[]::new);
        if (replaced.length == 0) {
            return;
        }
        jdbc.sql("""
                        INSERT INTO forgotten_object (object_key, size_bytes)
                        SELECT object_key, size_bytes FROM media_object
                        WHERE sha256 = ANY (:replaced) ORDER BY object_key
                        ON CONFLICT (object_key) DO NOTHING
                        """).param("replaced", replaced).update();
    }
}
