package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.catalog.Statements;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads what the pages of an author and of a topic show beside their notes. */
@Repository
public record AuthorView(JdbcClient jdbc) {

    /** Captures of one author that are read for names, and notes of a topic that are counted. */
    private static final int MOST = 20_000;

    /** Returns an author who was not erased and has notes that were not. */
    public Optional<AuthorLine> find(String id) {
        return Statements.optional(jdbc, AuthorLine.class, Map.of("id", id), """
                        SELECT a.author_id AS id, a.red_id, a.nickname AS name, a.verified, a.updated_at, t.notes, t.likes, t.gone
                        FROM author a
                        CROSS JOIN LATERAL (
                            SELECT count(*) AS notes, sum(n.liked_count)::bigint AS likes,
                                   count(*) FILTER (WHERE w.state = 'UNAVAILABLE') AS gone
                            FROM note n LEFT JOIN worklist w USING (note_id)
                            WHERE n.author_id = a.author_id AND %s) AS t
                        WHERE a.author_id = :id AND NOT is_forgotten_person(:id) AND t.notes > 0
                        """.formatted(NoteView.NOT_ERASED));
    }

    /**
     * An author as last captured.
     *
     * @param likes sum of the likes of the notes as last captured
     */
    public record AuthorLine(
            String id,
            @Nullable String redId,
            @Nullable String name,
            @Nullable Boolean verified,
            Instant updatedAt,
            long notes,
            @Nullable Long likes,
            long gone) {}

    /** Returns the names of an author with the times of their first and last response, newest first. */
    public List<AuthorName> names(String id) {
        return Statements.list(
                jdbc, AuthorName.class, Map.of("id", id, "most", MOST), """
                        SELECT c.author_nickname AS name, min(c.captured_at) AS first_at, max(c.captured_at) AS last_at
                        FROM (SELECT n.author_nickname, n.captured_at FROM note_capture n
                              WHERE n.author_id = :id AND n.author_nickname IS NOT NULL AND %s
                              LIMIT :most) AS c
                        GROUP BY c.author_nickname
                        ORDER BY max(c.captured_at) DESC
                        LIMIT 100
                        """.formatted(NoteView.NOT_ERASED));
    }

    public record AuthorName(String name, Instant firstAt, Instant lastAt) {}

    /** Counts the notes with a topic, up to 20,000. */
    public long notesWithTopic(String name) {
        return Statements.one(jdbc, Long.class, Map.of("name", name, "most", MOST), """
                        SELECT count(DISTINCT note_id)
                        FROM (SELECT n.note_id FROM note_topic n WHERE n.name = :name AND %s LIMIT :most) AS found
                        """.formatted(NoteView.NOT_ERASED));
    }
}
