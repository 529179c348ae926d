package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.catalog.Statements;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads single responses about a note, without those of erased notes. */
@Repository
public record CaptureView(JdbcClient jdbc) {

    public Optional<CaptureContent> find(NoteId id, Instant capturedAt) {
        return Statements.optional(
                jdbc, CaptureContent.class, Map.of("noteId", id, "capturedAt", capturedAt), """
                        SELECT n.note_id AS id, n.captured_at, n.title, n.note_text AS text, n.author_id, n.author_nickname AS author,
                               n.liked_count AS likes, n.collected_count AS collected, n.comments_count AS comments,
                               n.shared_count AS shared, n.mapper_version IS NOT NULL AS has_text, n.sidecar_verified_at AS verified_at
                        FROM note_capture n
                        WHERE n.note_id = :noteId AND n.captured_at = :capturedAt AND %s
                        """.formatted(
                                NoteView.NOT_ERASED));
    }

    /**
     * What a response said about its note.
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
        return Statements.list(jdbc, Comment.class, Map.of("noteId", id, "capturedAt", capturedAt), """
                        SELECT n.author_nickname AS author, n.comment_text AS text, n.written_at, n.place, n.liked_count AS likes,
                               n.parent_id IS NOT NULL AS is_reply
                        FROM note_comment n
                        WHERE n.note_id = :noteId AND n.captured_at = :capturedAt AND %s
                        ORDER BY n.ordinal
                        """.formatted(
                        NoteView.NOT_ERASED));
    }

    public record Comment(
            @Nullable String author,
            @Nullable String text,
            @Nullable Instant writtenAt,
            @Nullable String place,
            @Nullable Long likes,
            boolean isReply) {}
}
