package io.github.notearchive.archive.query;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Lists the notes that match a filter, also those of the worklist that were never captured. */
@Repository
public final class NoteList {

    private static final String LINE =
            "SELECT %s.note_id AS id, w.state, n.published_at, n.author_id, a.nickname AS author, n.title\n";

    private final JdbcClient jdbc;

    public NoteList(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Returns at most {@code limit} notes: the newest published first, then those without a time of publication. */
    public List<ListedNote> notes(NoteFilter filter, int limit) {
        List<ListedNote> notes = new ArrayList<>(Statements.list(
                jdbc,
                ListedNote.class,
                filter.parameters(),
                LINE.formatted("n") + """
                        FROM note n LEFT JOIN worklist w USING (note_id) LEFT JOIN author a USING (author_id)
                        WHERE (%s) AND %s
                        ORDER BY n.published_at DESC NULLS LAST, n.note_id DESC
                        LIMIT %d
                        """.formatted(filter.condition(), NoteView.NOT_ERASED, limit)));
        if (notes.size() < limit) {
            notes.addAll(Statements.list(
                    jdbc,
                    ListedNote.class,
                    filter.parameters(),
                    LINE.formatted("w") + """
                            FROM worklist w LEFT JOIN note n USING (note_id) LEFT JOIN author a USING (author_id)
                            WHERE (%s) AND n.note_id IS NULL
                              AND NOT EXISTS (SELECT FROM forgotten_note f WHERE f.note_id = w.note_id)
                            ORDER BY w.note_id DESC
                            LIMIT %d
                            """.formatted(filter.condition(), limit - notes.size())));
        }
        return notes;
    }

    /** Returns the ids of all matching notes of the worklist, also of those that were never captured. */
    public List<NoteId> ids(NoteFilter filter) {
        return Statements.list(jdbc, NoteId.class, filter.parameters(), """
                        SELECT w.note_id AS value FROM worklist w LEFT JOIN note n USING (note_id) WHERE %s
                        """.formatted(filter.condition()));
    }

    /**
     * Returns the missing files with a reason that the filter names, of matching notes that wait for files or failed,
     * in the order of notes.
     */
    public List<MissingFile> missing(NoteFilter filter) {
        Map<String, Object> parameters = new HashMap<>(filter.parameters());
        parameters.put("reasons", filter.mediaReasons());
        return Statements.list(
                jdbc, MissingFile.class, parameters, """
                        SELECT n.note_id AS id, m.kind, m.ordinal, m.reason, n.title
                        FROM note n JOIN worklist w USING (note_id) JOIN note_media m USING (note_id)
                        WHERE (%s) AND %s AND m.state = 'MISSING' AND m.reason = ANY (:reasons)
                          AND w.state IN ('PENDING', 'POSTPONED', 'FAILED')
                        ORDER BY n.note_id, m.kind, m.ordinal
                        """.formatted(filter.condition(), NoteView.NOT_ERASED));
    }

    public record MissingFile(
            NoteId id,
            MediaKind kind,
            int ordinal,
            String reason,
            @Nullable String title) {}

    /** A note by its id; without anything but a state if it was never captured. */
    public record ListedNote(
            @JsonProperty("noteId") NoteId id,
            @Nullable String state,
            @Nullable Instant publishedAt,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable String title) {}
}
