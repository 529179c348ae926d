package io.github.notearchive.archive.query;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.notearchive.archive.query.NoteCards.Cover;
import io.github.notearchive.archive.query.NoteChanges.ChangeDigest.ChangedNote;
import io.github.notearchive.archive.query.NoteChanges.ChangeDigest.Changes;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * Reads the notes that vanished and those that were edited, newest first, without erased notes. A page examines a
 * bounded number of rows by index, so that its cost does not depend on the size of the archive.
 */
@Repository
public final class NoteChanges {

    /** Rows that one page examines. It ends before its limit if they hold fewer changes. */
    private static final int EXAMINED = 2000;

    private final JdbcClient jdbc;

    NoteChanges(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Rows of a page, and the position of the next, older page; null without one. */
    public record ChangePage(
            List<NoteChange> rows, @Nullable String older) {}

    /**
     * A vanished or an edited note.
     *
     * @param at when it became UNAVAILABLE, or when its new version was first seen
     * @param seenAt when it, or its old version, was last seen
     * @param excerpt beginning of the text as last captured
     * @param author the author's name in the new version; of a vanished note, in the last response about any note
     * @param cover null without a stored picture
     * @param fields what was edited: {@code title}, {@code text} and {@code author}; empty for a vanished note
     * @param before old values of the fields
     * @param after new values of the fields
     * @param absence null for an edited note
     */
    public record NoteChange(
            NoteId id,
            Instant at,
            Instant seenAt,
            @Nullable String title,
            @Nullable String excerpt,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable Instant publishedAt,
            @Nullable Cover cover,
            List<String> fields,
            List<String> before,
            List<String> after,
            @Nullable Absence absence) {}

    /**
     * What was last seen of a vanished note, and the last results of its checks.
     *
     * @param firstSeenAt time of the first response about it
     * @param captures number of responses about it
     * @param code the provider's code at the last check
     * @param nights number of nights whose responses did not contain it; 0 for fewer than two
     * @param recheckAt when a run checks again
     */
    public record Absence(
            @Nullable Instant firstSeenAt,
            @Nullable Long captures,
            @Nullable Long likes,
            @Nullable Long collected,
            @Nullable Long comments,
            @Nullable Long shared,
            @Nullable Integer code,
            @Nullable Long nights,
            @Nullable Instant recheckAt) {}

    /**
     * Returns archived notes that are UNAVAILABLE, the last vanished first.
     *
     * @param since notes that vanished then or later
     * @param after position from an earlier page; null or empty for the newest
     * @throws IllegalArgumentException if it is none
     */
    public ChangePage gone(Instant since, @Nullable String after, int limit) {
        return page(since, after, limit, """
                        SELECT w.note_id, w.gone_since AS at
                        FROM worklist w
                        WHERE w.state = 'UNAVAILABLE' AND w.gone_since >= :since
                          AND w.gone_since <= :at AND (w.gone_since, w.note_id) < (:at, :id)
                        ORDER BY w.gone_since DESC NULLS LAST, w.note_id DESC
                        """, """
                        SELECT n.last_captured_at AS seen_at, '{}'::text[] AS fields, '{}'::text[] AS before,
                               '{}'::text[] AS after, n.first_captured_at AS first_seen_at,
                               (SELECT count(*) FROM note_capture k WHERE k.note_id = n.note_id) AS captures,
                               n.liked_count AS likes, n.collected_count AS collected, n.comments_count AS comments,
                               n.shared_count AS shared, w.last_code AS code, w.due_at AS recheck_at,
                               coalesce((SELECT g.nights FROM note_gone g WHERE g.note_id = w.note_id), 0) AS nights,
                               (SELECT a.nickname FROM author a WHERE a.author_id = n.author_id) AS author
                        FROM worklist w
                        WHERE w.note_id = n.note_id
                        """);
    }

    /**
     * Returns responses whose title, text or name of the same author differs from the response before, newest first.
     * Compares responses that were read by the same version of the mapper.
     */
    public ChangePage edited(Instant since, @Nullable String after, int limit) {
        return page(since, after, limit, """
                        SELECT c.note_id, c.captured_at AS at
                        FROM note_capture c
                        WHERE c.captured_at BETWEEN :since AND :at AND (c.captured_at, c.note_id) < (:at, :id)
                        ORDER BY c.captured_at DESC, c.note_id DESC
                        """, """
                        SELECT v.captured_before AS seen_at, array_agg(v.field ORDER BY v.field DESC) AS fields,
                               array_agg(coalesce(v.before, '') ORDER BY v.field DESC) AS before,
                               array_agg(coalesce(v.after, '') ORDER BY v.field DESC) AS after,
                               NULL::timestamptz AS first_seen_at, NULL::bigint AS captures, NULL::bigint AS likes,
                               NULL::bigint AS collected, NULL::bigint AS comments, NULL::bigint AS shared,
                               NULL::integer AS code, NULL::timestamptz AS recheck_at, NULL::bigint AS nights,
                               (SELECT k.author_nickname FROM note_capture k
                                WHERE k.note_id = e.note_id AND k.captured_at = e.at) AS author
                        FROM note_edit v
                        WHERE v.note_id = e.note_id AND v.captured_at = e.at
                        GROUP BY v.captured_before
                        """);
    }

    /**
     * Notes that vanished or were edited since a time.
     *
     * @param gone notes that are UNAVAILABLE
     */
    public record ChangeDigest(Instant since, Changes gone, Changes edited) {

        /** Number of notes, and the newest of them. */
        public record Changes(long notes, List<ChangedNote> newest) {}

        public record ChangedNote(
                @JsonProperty("noteId") NoteId id,
                @Nullable String title,
                @Nullable String author) {}
    }

    /** Returns the changes since a time, with at most {@code limit} notes of each kind, which is at least 1. */
    public ChangeDigest digest(Instant since, int limit) {
        return new ChangeDigest(since, changes(since, limit, """
                        SELECT note_id, gone_since AS at FROM worklist
                        WHERE state = 'UNAVAILABLE' AND gone_since >= :since
                        """), changes(since, limit, """
                        SELECT note_id, max(captured_at) AS at FROM note_edit
                        WHERE captured_at >= :since GROUP BY note_id
                        """));
    }

    private Changes changes(Instant since, int limit, String changed) {
        List<CountedNote> notes =
                Statements.list(jdbc, CountedNote.class, Map.of("since", since, "limit", limit), """
                        SELECT count(*) OVER () AS notes, n.note_id AS id, n.title, a.nickname AS author
                        FROM (%s) AS e JOIN note n USING (note_id) LEFT JOIN author a USING (author_id)
                        WHERE %s
                        ORDER BY e.at DESC, n.note_id DESC
                        LIMIT :limit
                        """.formatted(
                                changed, NoteView.NOT_ERASED));
        return new Changes(
                notes.isEmpty() ? 0 : notes.getFirst().notes,
                notes.stream().map(CountedNote::note).toList());
    }

    private record CountedNote(long notes, ChangedNote note) {}

    /**
     * Returns a page.
     *
     * @param examined rows after a position, with {@code note_id} and {@code at}
     * @param change the change of the examined row {@code e} of the note {@code n}; no row if there is none
     */
    private ChangePage page(Instant since, @Nullable String after, int limit, String examined, String change) {
        NotePosition start = NotePosition.parse(after);
        Instant at = start.at();
        if (at == null) {
            throw new IllegalArgumentException("\"" + start + "\" is not a position within the list");
        }
        Map<String, ?> parameters = Map.of("since", since, "at", at, "id", start.id());
        String newest = examined + "LIMIT " + EXAMINED;
        List<NoteChange> rows = Statements.list(jdbc, NoteChange.class, parameters, """
                        WITH examined AS (%s)
                        SELECT n.note_id AS id, e.at, n.title, left(n.note_text, 300) AS excerpt, n.author_id,
                               n.published_at, c.*, p.*
                        FROM examined e
                        JOIN note n USING (note_id)
                        CROSS JOIN LATERAL (%s) AS c
                        LEFT JOIN LATERAL (%s) AS p ON true
                        WHERE %s
                        ORDER BY e.at DESC, e.note_id DESC
                        LIMIT %d
                        """.formatted(
                        newest, change, NoteCards.COVER, NoteView.NOT_ERASED, limit));
        if (rows.size() == limit) {
            NoteChange last = rows.getLast();
            return new ChangePage(rows, NotePosition.of(last.at(), last.id()).toString());
        }
        String last = "SELECT at, note_id AS id FROM (%s) AS examined OFFSET %d".formatted(newest, EXAMINED - 1);
        return new ChangePage(
                rows,
                Statements.optional(jdbc, NotePosition.class, parameters, last)
                        .map(NotePosition::toString)
                        .orElse(null));
    }
}
