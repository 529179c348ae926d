package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.worklist.WorklistRow;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Compares all tables of the archive with the state that a rebuild requires. Read-only. */
@Repository
public record RebuiltTables(JdbcClient jdbc) {

    private static final List<String> TABLES = List.of(
            "worklist api_call note note_capture note_media media_object author note_topic note_mention note_comment source_gate fixity_finding"
                    .split(" ", -1));

    public Optional<String> firstWithRows() {
        return TABLES.stream()
                .filter(rows ->
                        Statements.one(jdbc, Boolean.class, Map.of(), "SELECT EXISTS (SELECT 1 FROM " + rows + ")"))
                .findFirst();
    }

    /**
     * Returns whether the rows of a sidecar are missing or older. Compares with the note's row before any sidecar was
     * written.
     */
    public boolean areBehind(Sidecar sidecar, WorklistRow before) {
        Instant updated = sidecar.files().stream()
                .map(SlotRow::updatedAt)
                .max(Comparator.naturalOrder())
                .orElse(Instant.EPOCH);
        Instant settled = Objects.requireNonNullElse(before.settledAt(), Instant.EPOCH);
        Map<String, Object> parameters = Map.of(
                "note",
                sidecar.noteId(),
                "capturedAt",
                sidecar.capturedAt(),
                "captured",
                sidecar.media() != null,
                "settledAt",
                settled,
                "updatedAt",
                updated);
        return Statements.one(jdbc, Boolean.class, parameters, """
                        SELECT NOT EXISTS (SELECT 1 FROM api_call WHERE note_id = :note AND received_at = :capturedAt)
                            OR (:captured AND NOT EXISTS (SELECT 1 FROM note_capture
                                                          WHERE note_id = :note AND captured_at = :capturedAt))
                            OR NOT EXISTS (SELECT 1 FROM worklist
                                           WHERE note_id = :note AND coalesce(settled_at, 'epoch') >= :settledAt)
                            OR :updatedAt > (SELECT coalesce(max(updated_at), 'epoch') FROM note_media WHERE note_id = :note)
                        """);
    }

    public Rows count(Instant now) {
        return Statements.one(jdbc, Rows.class, Map.of("now", now), """
                        SELECT (SELECT count(*) FROM worklist) AS notes, (SELECT count(*) FROM note_capture) AS captures,
                               (SELECT count(*) FROM note_media) AS files, (SELECT count(*) FROM media_object) AS objects,
                               (SELECT count(*) FROM api_call) AS calls,
                               (SELECT count(*) FROM worklist WHERE due_at <= :now) AS due
                        """);
    }

    public record Rows(long notes, long captures, long files, long objects, long calls, long due) {

        public static final Rows NONE = new Rows(0, 0, 0, 0, 0, 0);
    }
}
