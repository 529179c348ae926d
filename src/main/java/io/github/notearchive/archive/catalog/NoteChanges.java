package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.NoteId;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Compares the rows of a note before and after a response. */
@Repository
public class NoteChanges {

    private final JdbcClient jdbc;

    NoteChanges(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Changes of a note.
     *
     * @param counts any of the counts
     * @param words title or text
     * @param files a new file or a newly listed one
     */
    public record Change(boolean counts, boolean words, boolean files) {

        /** No change. */
        public static final Change NONE = new Change(false, false, false);

        static Change between(Snapshot before, Snapshot after) {
            return new Change(
                    !before.counts().equals(after.counts()),
                    !Objects.equals(before.title(), after.title()) || !Objects.equals(before.text(), after.text()),
                    !before.files().containsAll(after.files()));
        }
    }

    /** Columns of a note that are compared. */
    public record Snapshot(
            @Nullable String title, @Nullable String text, List<@Nullable Long> counts, Set<String> files) {}

    /** Returns the current columns; empty without a capture. Part of the caller's transaction. */
    public Optional<Snapshot> snapshot(NoteId id) {
        return jdbc.sql("""
                        SELECT title, note_text, liked_count, collected_count, comments_count, shared_count, view_count
                        FROM note WHERE note_id = :noteId
                        """)
                .param("noteId", id.value())
                .query((row, _) -> new Snapshot(
                        row.getString("title"),
                        row.getString("note_text"),
                        Arrays.asList(
                                row.getObject("liked_count", Long.class),
                                row.getObject("collected_count", Long.class),
                                row.getObject("comments_count", Long.class),
                                row.getObject("shared_count", Long.class),
                                row.getObject("view_count", Long.class)),
                        files(id)))
                .optional();
    }

    private Set<String> files(NoteId id) {
        return new HashSet<>(
                jdbc.sql("""
                                SELECT kind || ' ' || identity FROM note_media
                                WHERE note_id = :noteId AND (state = 'STORED' OR reason = 'NOT_REFRESHED')
                                """).param("noteId", id.value()).query(String.class).list());
    }

    /** Returns the changes since {@code before}. Part of the caller's transaction. */
    public Change since(Optional<Snapshot> before, NoteId id) {
        return before.flatMap(old -> snapshot(id).map(now -> Change.between(old, now)))
                .orElse(Change.NONE);
    }
}
