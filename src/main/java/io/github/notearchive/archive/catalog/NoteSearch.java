package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Searches titles and texts of notes with the database function {@code search_note}. */
@Repository
public record NoteSearch(JdbcClient jdbc) {

    /**
     * Returns the newest notes by publication that contain every word, at most {@code limit}; notes without a time come
     * last. Words may have any length. Notes with an unfinished erasure are excluded.
     *
     * @param words separated by white space; at least one
     * @throws org.springframework.dao.DataIntegrityViolationException if there is no word
     */
    public List<Hit> find(String words, int limit) {
        return Statements.list(jdbc, Hit.class, Map.of("words", words, "limit", limit), """
                        SELECT n.note_id AS id, n.published_at, n.author_id, a.nickname AS author, n.title, n.note_text AS text,
                               n.liked_count AS likes
                        FROM search_note(:words,
                                         least(2147483647,
                                               :limit + (SELECT count(*) FROM forgotten_note JOIN note USING (note_id)))::integer) n
                        LEFT JOIN author a USING (author_id)
                        WHERE NOT EXISTS (SELECT FROM forgotten_note f WHERE f.note_id = n.note_id)
                        ORDER BY n.published_at DESC NULLS LAST, n.note_id DESC
                        LIMIT :limit
                        """);
    }

    public record Hit(
            NoteId id,
            @Nullable Instant publishedAt,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable String title,
            @Nullable String text,
            @Nullable Long likes) {}
}
