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

/** What a new answer has changed about a note, by its rows before and after. */
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
     * @param files a file is there, or listed, that was not before
     */
    public record Change(boolean counts, boolean words, boolean files) {

        /** Nothing has. */
        public static final Change NONE = new Change(false, false, false);

        static Change between(Look before, Look after) {
            return new Change(
                    !before.counts().equals(after.counts()),
                    !Objects.equals(before.title(), after.title()) || !Objects.equals(before.text(), after.text()),
                    !before.files().containsAll(after.files()));
        }
    }

    /** A note as its rows have it. */
    public record Look(@Nullable String title, @Nullable String text, List<@Nullable Long> counts, Set<String> files) {}

    /** As it is now; empty when it was never captured. Part of the caller's transaction. */
    public Optional<Look> look(NoteId id) {
        return jdbc.sql("""
                        SELECT title, note_text, liked_count, collected_count, comments_count, shared_count, view_count
                        FROM note WHERE note_id = :noteId
                        """)
                .param("noteId", id.value())
                .query((row, _) -> new Look(
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

    /** What has changed since a look at it. Part of the caller's transaction. */
    public Change since(Optional<Look> before, NoteId id) {
        return before.flatMap(old -> look(id).map(now -> Change.between(old, now)))
                .orElse(Change.NONE);
    }
}
