package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.archive.catalog.Statements;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads what the page of a note shows. Erased notes have nothing, from the moment of their tombstone. */
@Repository
public record NoteView(JdbcClient jdbc) {

    /** Condition that the note {@code n} is not erased. */
    static final String NOT_ERASED = "NOT EXISTS (SELECT FROM forgotten_note f WHERE f.note_id = n.note_id)";

    /** Captures of one note that are listed; the newest ones. */
    private static final int CAPTURES = 500;

    public Optional<NoteContent> find(NoteId id) {
        return Statements.optional(jdbc, NoteContent.class, Map.of("noteId", id), """
                        SELECT n.note_id AS id, n.note_type AS type, n.title, n.note_text AS text, n.language, n.place,
                               n.author_id, coalesce(c.author_nickname, a.nickname) AS author, a.nickname AS author_now,
                               n.published_at, n.edited_at, n.first_captured_at, n.last_captured_at, n.archived_at,
                               coalesce(n.sound_name, n.music_name) AS sound
                        FROM note n
                        LEFT JOIN author a USING (author_id)
                        LEFT JOIN note_capture c ON c.note_id = n.note_id AND c.captured_at = n.last_captured_at
                        WHERE n.note_id = :noteId AND %s
                        """.formatted(NOT_ERASED));
    }

    /**
     * A note as last captured.
     *
     * @param author the author's name in the last response
     * @param authorNow the author's name in the last response about any note
     */
    public record NoteContent(
            NoteId id,
            @Nullable String type,
            @Nullable String title,
            @Nullable String text,
            @Nullable String language,
            @Nullable String place,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable String authorNow,
            @Nullable String sound,
            Times times) {}

    public record Times(
            @Nullable Instant publishedAt,
            @Nullable Instant editedAt,
            Instant firstCapturedAt,
            Instant lastCapturedAt,
            @Nullable Instant archivedAt) {}

    /** Returns the names of the topics of a note, each once, in the order of the response. */
    public List<String> topics(NoteId id) {
        return Statements.texts(jdbc, Map.of("noteId", id), """
                        SELECT name FROM note_topic WHERE note_id = :noteId GROUP BY name ORDER BY min(ordinal)
                        """);
    }

    public List<Mention> mentions(NoteId id) {
        return Statements.list(jdbc, Mention.class, Map.of("noteId", id), """
                        SELECT m.user_id AS id, m.nickname AS name, a.author_id IS NOT NULL AS is_author
                        FROM note_mention m LEFT JOIN author a ON a.author_id = m.user_id
                        WHERE m.note_id = :noteId AND is_forgotten_person(m.user_id) IS NOT TRUE
                        ORDER BY m.ordinal
                        """);
    }

    /** A person that a note names; an author if the archive has notes of that person. */
    public record Mention(@Nullable String id, @Nullable String name, boolean isAuthor) {}

    /** Returns the slots of a note with their files, in the order of kinds and positions. */
    public List<NoteFile> files(NoteId id) {
        return Statements.list(jdbc, NoteFile.class, Map.of("noteId", id), """
                        SELECT m.kind, m.ordinal, m.state, m.reason, m.rendition, m.width, m.height, m.sha256,
                               o.content_type, o.size_bytes AS size, o.verified_at, m.captured_at
                        FROM note_media m LEFT JOIN media_object o USING (sha256)
                        WHERE m.note_id = :noteId
                        ORDER BY array_position(ARRAY['IMAGE', 'MOTION', 'VIDEO', 'SUBTITLE', 'AUDIO', 'PREVIEW'], m.kind), m.ordinal
                        """);
    }

    /**
     * A slot and its file.
     *
     * @param width pixels as given in the response
     * @param capturedAt the response that last listed it
     */
    public record NoteFile(
            MediaKind kind,
            int ordinal,
            SlotState state,
            @Nullable String reason,
            @Nullable String rendition,
            @Nullable Integer width,
            @Nullable Integer height,
            @Nullable String sha256,
            @Nullable String contentType,
            @Nullable Long size,
            @Nullable Instant verifiedAt,
            Instant capturedAt) {

        public boolean isStored() {
            return state == SlotState.STORED && sha256 != null;
        }

        public boolean isWaived() {
            return state == SlotState.WAIVED;
        }
    }

    /** Returns the newest responses about a note, oldest first, each with what changed since the one before it. */
    public List<NoteCaptureLine> captures(NoteId id) {
        return Statements.list(
                jdbc, NoteCaptureLine.class, Map.of("noteId", id, "limit", CAPTURES), """
                        SELECT captured_at, liked_count AS likes, collected_count AS collected, comments_count AS comments,
                               shared_count AS shared, mapper_version IS NOT NULL AS has_text, before AS compared_with,
                               array_remove(ARRAY[CASE WHEN is_comparable AND title IS DISTINCT FROM old_title THEN 'title' END,
                                                  CASE WHEN is_comparable AND note_text IS DISTINCT FROM old_text THEN 'text' END,
                                                  CASE WHEN is_comparable AND author_id = old_author
                                                            AND author_nickname IS DISTINCT FROM old_name THEN 'author' END],
                                            NULL) AS changed
                        FROM (SELECT c.*, lag(captured_at) OVER past AS before, lag(title) OVER past AS old_title,
                                     lag(note_text) OVER past AS old_text, lag(author_id) OVER past AS old_author,
                                     lag(author_nickname) OVER past AS old_name,
                                     coalesce(lag(mapper_version) OVER past = mapper_version, false) AS is_comparable
                              FROM (SELECT captured_at, liked_count, collected_count, comments_count, shared_count, title,
                                           note_text, author_id, author_nickname, mapper_version
                                    FROM note_capture n
                                    WHERE n.note_id = :noteId AND %s
                                    ORDER BY captured_at DESC
                                    LIMIT :limit) AS c
                              WINDOW past AS (PARTITION BY mapper_version IS NULL ORDER BY captured_at)) AS compared
                        ORDER BY captured_at
                        """.formatted(NOT_ERASED));
    }

    /**
     * A response about a note.
     *
     * @param hasText false for a response about the video, which has counts only
     * @param comparedWith the response before it of the same kind
     * @param changed {@code title}, {@code text} and {@code author}: what differs from the response before it
     */
    public record NoteCaptureLine(
            Instant capturedAt,
            @Nullable Long likes,
            @Nullable Long collected,
            @Nullable Long comments,
            @Nullable Long shared,
            boolean hasText,
            @Nullable Instant comparedWith,
            List<String> changed) {}

    /** Returns what a response said about its note. */
    public Optional<CaptureContent> capture(NoteId id, Instant capturedAt) {
        return Statements.optional(
                jdbc, CaptureContent.class, Map.of("noteId", id, "capturedAt", capturedAt), """
                        SELECT n.note_id AS id, n.captured_at, n.title, n.note_text AS text, n.author_id, n.author_nickname AS author,
                               n.liked_count AS likes, n.collected_count AS collected, n.comments_count AS comments,
                               n.shared_count AS shared, n.mapper_version IS NOT NULL AS has_text, n.sidecar_verified_at AS verified_at
                        FROM note_capture n
                        WHERE n.note_id = :noteId AND n.captured_at = :capturedAt AND %s
                        """.formatted(NOT_ERASED));
    }

    /**
     * The text and counts of a response.
     *
     * @param hasText false for a response about the video, which has counts only
     * @param verifiedAt when an audit last read its sidecar
     */
    public record CaptureContent(
            NoteId id,
            Instant capturedAt,
            @Nullable String title,
            @Nullable String text,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable Long likes,
            @Nullable Long collected,
            @Nullable Long comments,
            @Nullable Long shared,
            boolean hasText,
            @Nullable Instant verifiedAt) {}

    /** Returns the comments contained in a response, in its order. */
    public List<Comment> comments(NoteId id, Instant capturedAt) {
        return Statements.list(
                jdbc, Comment.class, Map.of("noteId", id, "capturedAt", capturedAt), """
                        SELECT n.author_nickname AS author, n.comment_text AS text, n.written_at, n.place, n.liked_count AS likes,
                               n.parent_id IS NOT NULL AS is_reply
                        FROM note_comment n
                        WHERE n.note_id = :noteId AND n.captured_at = :capturedAt AND %s
                        AND is_forgotten_person(n.author_id) IS NOT TRUE
                        ORDER BY n.ordinal
                        """.formatted(NOT_ERASED));
    }

    public record Comment(
            @Nullable String author,
            @Nullable String text,
            @Nullable Instant writtenAt,
            @Nullable String place,
            @Nullable Long likes,
            boolean isReply) {}

    /** Returns the notes of the same author that were published before and after a note. */
    public Neighbours neighbours(NoteId id) {
        return Statements.optional(jdbc, Neighbours.class, Map.of("noteId", id), """
                        SELECT older, newer
                        FROM (SELECT n.note_id, lag(n.note_id) OVER time AS older, lead(n.note_id) OVER time AS newer
                              FROM note n
                              WHERE n.author_id = (SELECT author_id FROM note WHERE note_id = :noteId) AND %s
                              WINDOW time AS (ORDER BY n.published_at NULLS FIRST, n.note_id)) AS notes
                        WHERE note_id = :noteId
                        """.formatted(NOT_ERASED))
                .orElse(new Neighbours(null, null));
    }

    public record Neighbours(
            @Nullable NoteId older, @Nullable NoteId newer) {}
}
