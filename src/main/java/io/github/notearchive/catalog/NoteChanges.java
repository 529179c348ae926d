package io.github.notearchive.catalog;

import static io.github.notearchive.catalog.MediaCatalog.NOT_REFRESHED;

import io.github.notearchive.note.NoteCapture;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** What a new answer says that the one before did not. */
@Repository
public class NoteChanges {

    private final JdbcClient jdbc;

    NoteChanges(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * What has changed.
     *
     * @param counts any of the counts
     * @param words title or text
     * @param files a file is listed that was not before
     */
    public record Change(boolean counts, boolean words, boolean files) {

        /** Nothing has. */
        public static final Change NONE = new Change(false, false, false);
    }

    /**
     * Compares an answer with the note's rows as they stand, so before they are written. Part of
     * the caller's transaction.
     *
     */
    public Change of(CapturedNote note) {
        NoteCapture capture = note.capture();
        NoteDetail detail = NoteMapper.map(capture);
        return jdbc.sql(
                        """
                        SELECT title, note_text, liked_count, collected_count, comments_count, shared_count, view_count
                        FROM note WHERE note_id = :noteId AND last_captured_at < :capturedAt
                        """)
                .param("noteId", capture.id().value())
                .param("capturedAt", Timestamp.from(capture.capturedAt()))
                .query((row, _) -> compare(row, detail, note))
                .optional()
                .orElse(Change.NONE);
    }

    private Change compare(ResultSet row, NoteDetail detail, CapturedNote note)
            throws SQLException {
        NoteDetail.Counts counts = detail.counts();
        boolean isSameCounts =
                Objects.equals(count(row, "liked_count"), counts.liked())
                        && Objects.equals(count(row, "collected_count"), counts.collected())
                        && Objects.equals(count(row, "comments_count"), counts.comments())
                        && Objects.equals(count(row, "shared_count"), counts.shared())
                        && Objects.equals(count(row, "view_count"), counts.views());
        boolean isSameWords =
                Objects.equals(row.getString("title"), detail.title())
                        && Objects.equals(row.getString("note_text"), detail.text());
        return new Change(!isSameCounts, !isSameWords, hasNewFiles(note));
    }

    private static @Nullable Long count(ResultSet row, String column) throws SQLException {
        return row.getObject(column, Long.class);
    }

    private boolean hasNewFiles(CapturedNote note) {
        Set<String> known =
                new HashSet<>(
                        jdbc.sql(
                                        """
                                        SELECT kind || ' ' || identity FROM note_media WHERE note_id = :noteId
                                        """)
                                .param("noteId", note.capture().id().value())
                                .query(String.class)
                                .list());
        return note.files().stream()
                .filter(file -> file.media() != null || NOT_REFRESHED.equals(file.reason()))
                .anyMatch(file -> !known.contains(file.kind() + " " + file.identity()));
    }
}
