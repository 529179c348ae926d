package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.catalog.Statements;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * Reads the notes that vanished and those that were edited, newest first, without erased notes. A page examines a
 * bounded number of rows by index, so that its cost does not depend on the size of the archive.
 */
@Repository
public record NoteChanges(JdbcClient jdbc) {

    /** Rows that one page examines. It ends before its limit if they hold fewer changes. */
    private static final int EXAMINED = 2000;

    private static final Position NEWEST = new Position(Instant.parse("9999-12-31T00:00:00Z"), "g");

    /** Rows of a page, and the position of the next, older page; null without one. */
    public record ChangePage<T>(List<T> rows, @Nullable String older) {}

    /** Time and note id of a row; the text of it separates pages. */
    private record Position(Instant at, String id) {

        static Position parse(@Nullable String text) {
            if (text == null || text.isEmpty()) {
                return NEWEST;
            }
            String[] parts = text.split("_", 2);
            try {
                return new Position(Instant.parse(parts[0]), new NoteId(parts[1]).value());
            } catch (RuntimeException e) {
                throw new IllegalArgumentException("\"" + text + "\" is not a position within the list", e);
            }
        }

        @Override
        public String toString() {
            return at + "_" + id;
        }
    }

    /**
     * Returns archived notes that are UNAVAILABLE, the last vanished first.
     *
     * @param after position from an earlier page; null or empty for the newest
     * @throws IllegalArgumentException if it is none
     */
    public ChangePage<GoneNote> gone(@Nullable String after, int limit) {
        return page(
                GoneNote.class,
                after,
                limit,
                row -> new Position(row.since(), row.id().value()),
                """
                        SELECT w.note_id, w.gone_since AS at
                        FROM worklist w
                        WHERE w.state = 'UNAVAILABLE' AND w.gone_since IS NOT NULL
                          AND w.gone_since <= :at AND (w.gone_since, w.note_id) < (:at, :id)
                        ORDER BY w.gone_since DESC NULLS LAST, w.note_id DESC
                        LIMIT %d
                        """,
                """
                        SELECT n.note_id AS id, e.at AS since, n.title, n.author_id, a.nickname AS author, n.published_at,
                               n.last_captured_at, w.last_code AS code, c.nights, w.due_at AS recheck_at
                        FROM examined e
                        JOIN note n USING (note_id)
                        JOIN worklist w USING (note_id)
                        LEFT JOIN author a USING (author_id)
                        CROSS JOIN LATERAL (
                            SELECT count(DISTINCT (c.received_at AT TIME ZONE 'Asia/Shanghai')::date)::integer AS nights
                            FROM api_call c
                            WHERE c.note_id = e.note_id AND c.endpoint = 'note-detail/v1' AND c.received_at > n.last_captured_at
                              AND c.code IN (0, 201, 202, 404)) AS c
                        """);
    }

    /**
     * A vanished note as last captured.
     *
     * @param since when it became UNAVAILABLE
     * @param code the provider's code at the last check
     * @param nights number of nights whose responses did not contain it
     * @param recheckAt when a run checks again
     */
    public record GoneNote(
            NoteId id,
            Instant since,
            @Nullable String title,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable Instant publishedAt,
            Instant lastCapturedAt,
            @Nullable Integer code,
            int nights,
            @Nullable Instant recheckAt) {}

    /**
     * Returns responses whose title, text or name of the same author differs from the response before, newest first.
     * Compares responses that were read by the same version of the mapper.
     *
     * @param after as above
     */
    public ChangePage<NoteEdit> edited(@Nullable String after, int limit) {
        return page(
                NoteEdit.class,
                after,
                limit,
                row -> new Position(row.at(), row.id().value()),
                """
                        SELECT c.note_id, c.captured_at AS at
                        FROM note_capture c
                        WHERE c.captured_at <= :at AND (c.captured_at, c.note_id) < (:at, :id)
                        ORDER BY c.captured_at DESC, c.note_id DESC
                        LIMIT %d
                        """,
                """
                        SELECT n.note_id AS id, e.at, p.captured_at AS before, n.title, n.author_id, c.author_nickname AS author,
                               p.title AS old_title, c.title AS new_title, p.note_text AS old_text, c.note_text AS new_text,
                               CASE WHEN p.author_id = c.author_id THEN p.author_nickname ELSE c.author_nickname END AS old_name
                        FROM examined e
                        CROSS JOIN LATERAL (
                            SELECT * FROM note_capture c WHERE c.note_id = e.note_id AND c.captured_at = e.at OFFSET 0) AS c
                        CROSS JOIN LATERAL (
                            SELECT b.captured_at, b.title, b.note_text, b.author_id, b.author_nickname, b.mapper_version
                            FROM note_capture b
                            WHERE b.note_id = e.note_id AND b.captured_at < e.at AND b.mapper_version IS NOT NULL
                            ORDER BY b.captured_at DESC
                            LIMIT 1) AS p
                        JOIN note n ON n.note_id = e.note_id
                             AND p.mapper_version = c.mapper_version
                             AND ((p.title, p.note_text) IS DISTINCT FROM (c.title, c.note_text)
                                  OR p.author_id = c.author_id AND p.author_nickname IS DISTINCT FROM c.author_nickname)
                        """);
    }

    /**
     * A change between a response and the one before it.
     *
     * @param at when the new version was first seen
     * @param before when the old version was last seen
     * @param author the author's name in the new version
     */
    public record NoteEdit(
            NoteId id,
            Instant at,
            Instant before,
            @Nullable String title,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable String oldTitle,
            @Nullable String newTitle,
            @Nullable String oldText,
            @Nullable String newText,
            @Nullable String oldName) {}

    /** @param changes over the relation {@code examined (note_id, at)}, with {@code note n} */
    private <T> ChangePage<T> page(
            Class<T> type,
            @Nullable String after,
            int limit,
            Function<T, Position> position,
            String examined,
            String changes) {
        Position start = Position.parse(after);
        Map<String, ?> parameters = Map.of("at", start.at(), "id", start.id(), "limit", limit);
        String newest = examined.formatted(EXAMINED);
        List<T> rows = Statements.list(jdbc, type, parameters, """
                        WITH examined AS (%s)
                        %s
                        WHERE %s
                        ORDER BY e.at DESC, e.note_id DESC
                        LIMIT :limit
                        """.formatted(newest, changes, NoteView.NOT_ERASED));
        if (rows.size() == limit) {
            return new ChangePage<>(rows, position.apply(rows.getLast()).toString());
        }
        String last = "SELECT at, note_id AS id FROM (%s) AS examined OFFSET %d".formatted(newest, EXAMINED - 1);
        return new ChangePage<>(
                rows,
                Statements.optional(jdbc, Position.class, Map.of("at", start.at(), "id", start.id()), last)
                        .map(Position::toString)
                        .orElse(null));
    }
}
