package io.github.notearchive.archive.query;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * Reads what pages of notes, authors, topics and files show. Erased notes, and files of these alone, have nothing, from
 * the moment of their tombstone.
 */
@Repository
public final class NoteView {

    /** Condition that the note {@code n} is not erased. */
    static final String NOT_ERASED = "NOT EXISTS (SELECT FROM forgotten_note f WHERE f.note_id = n.note_id)";

    /** Columns of a capture {@code n}. */
    private static final String COUNTS = """
            n.liked_count AS likes, n.collected_count AS collected, n.comments_count AS comments,
            n.shared_count AS shared, n.mapper_version IS NOT NULL AS has_text""";

    /** Captures of one note that are listed; the newest ones. */
    private static final int CAPTURES = 500;

    /** Captures of one author that are read for names, and notes of a topic that are counted. */
    private static final int MOST = 20_000;

    private final JdbcClient jdbc;

    public NoteView(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public Optional<NoteContent> find(NoteId id) {
        return Statements.optional(jdbc, NoteContent.class, Map.of("noteId", id), """
                        SELECT n.note_id AS id, n.title, n.note_text AS text, n.language, n.place, n.author_id,
                               coalesce(c.author_nickname, a.nickname) AS author, a.nickname AS author_now,
                               coalesce(n.sound_name, n.music_name) AS sound,
                               ARRAY(SELECT t.name FROM note_topic t WHERE t.note_id = n.note_id
                                     GROUP BY t.name ORDER BY min(t.ordinal)) AS topics,
                               n.published_at, n.edited_at, n.last_captured_at, n.archived_at, near.older, near.newer
                        FROM note n
                        LEFT JOIN author a USING (author_id)
                        LEFT JOIN note_capture c ON c.note_id = n.note_id AND c.captured_at = n.last_captured_at
                        LEFT JOIN (
                            SELECT n.note_id, lag(n.note_id) OVER time AS older, lead(n.note_id) OVER time AS newer
                            FROM note n
                            WHERE n.author_id = (SELECT author_id FROM note WHERE note_id = :noteId) AND %1$s
                            WINDOW time AS (ORDER BY n.published_at NULLS FIRST, n.note_id)) AS near
                          ON near.note_id = n.note_id
                        WHERE n.note_id = :noteId AND %1$s
                        """.formatted(NOT_ERASED));
    }

    /**
     * A note as last captured.
     *
     * @param author the author's name in the last response
     * @param authorNow the author's name in the last response about any note
     * @param topics names, each once, in the order of the response
     * @param neighbours null if it is the only note of its author
     */
    public record NoteContent(
            NoteId id,
            @Nullable String title,
            @Nullable String text,
            @Nullable String language,
            @Nullable String place,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable String authorNow,
            @Nullable String sound,
            List<String> topics,
            Times times,
            @Nullable Neighbours neighbours) {}

    public record Times(
            @Nullable Instant publishedAt,
            @Nullable Instant editedAt,
            Instant lastCapturedAt,
            @Nullable Instant archivedAt) {}

    /** The notes of the same author that were published before and after a note. */
    public record Neighbours(
            @Nullable NoteId older, @Nullable NoteId newer) {}

    public List<ViewedMention> mentions(NoteId id) {
        return Statements.list(jdbc, ViewedMention.class, Map.of("noteId", id), """
                        SELECT a.author_id AS id, coalesce(m.nickname, m.user_id, '') AS name
                        FROM note_mention m LEFT JOIN author a ON a.author_id = m.user_id
                        WHERE m.note_id = :noteId AND is_forgotten_person(m.user_id) IS NOT TRUE
                        ORDER BY m.ordinal
                        """);
    }

    /** A person that a note names; with an id if that person is an author. */
    public record ViewedMention(@Nullable String id, String name) {}

    /** Returns the slots of a note with their files, in the order of kinds and positions. */
    public List<NoteFile> files(NoteId id) {
        return Statements.list(jdbc, NoteFile.class, Map.of("noteId", id, "video", Endpoint.VIDEO.ledgerName()), """
                        SELECT m.kind, m.ordinal, m.state, m.reason, m.rendition, o.size_bytes, o.content_type,
                               o.object_key, m.checks, string_to_array(coalesce(m.error, ''), '; ') AS tried,
                               m.updated_at AS changed_at, m.width, m.height, m.sha256, o.verified_at,
                               m.captured_at >= n.last_captured_at
                               OR (m.kind IN ('VIDEO', 'SUBTITLE')
                                   AND coalesce(m.captured_at >= (
                                           SELECT max(c.captured_at)
                                           FROM note_capture c JOIN api_call a ON a.id = c.call_id
                                           WHERE c.note_id = m.note_id AND a.endpoint = :video), false)) AS is_listed
                        FROM note_media m
                        JOIN note n USING (note_id)
                        LEFT JOIN media_object o USING (sha256)
                        WHERE m.note_id = :noteId
                        ORDER BY array_position(
                                ARRAY['IMAGE', 'MOTION', 'VIDEO', 'SUBTITLE', 'AUDIO', 'PREVIEW'], m.kind), m.ordinal
                        """);
    }

    /**
     * A slot and its file.
     *
     * @param tried errors of the URLs that were tried last, in order; empty if the first one succeeded or none was
     *     tried
     * @param isListed whether the newest response lists it
     * @param width pixels as given in the response
     */
    public record NoteFile(
            MediaKind kind,
            int ordinal,
            SlotState state,
            @Nullable String reason,
            @Nullable String rendition,
            @Nullable Long sizeBytes,
            @Nullable String contentType,
            @Nullable String objectKey,
            @Nullable String checks,
            List<String> tried,
            Instant changedAt,
            boolean isListed,
            @JsonIgnore @Nullable Integer width,
            @JsonIgnore @Nullable Integer height,
            @JsonIgnore @Nullable String sha256,
            @JsonIgnore @Nullable Instant verifiedAt) {

        @JsonIgnore
        public boolean isStored() {
            return state == SlotState.STORED && sha256 != null;
        }
    }

    /** Returns the newest responses about a note, newest first, each with what changed since the one before it. */
    public List<NoteCaptureLine> captures(NoteId id) {
        return Statements.list(jdbc, NoteCaptureLine.class, Map.of("noteId", id, "limit", CAPTURES), """
                        SELECT captured_at, %s, e.compared_with, coalesce(e.changed, '{}') AS changed
                        FROM note_capture n
                        LEFT JOIN (SELECT captured_at, captured_before AS compared_with,
                                          array_agg(field ORDER BY field DESC) AS changed
                                   FROM note_edit
                                   WHERE note_id = :noteId
                                   GROUP BY captured_at, captured_before) AS e USING (captured_at)
                        WHERE n.note_id = :noteId AND %s
                        ORDER BY captured_at DESC
                        LIMIT :limit
                        """.formatted(
                        COUNTS, NOT_ERASED));
    }

    /**
     * A response about a note.
     *
     * @param hasText false for a response about the video, which has counts only
     * @param changed {@code title}, {@code text} and {@code author}: what differs from the response before it
     * @param comparedWith the response before it of the same kind; null without a change
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
                        SELECT n.note_id AS id, n.captured_at, n.title, n.note_text AS text, n.author_id,
                               n.author_nickname AS author, %s, n.sidecar_verified_at AS verified_at
                        FROM note_capture n
                        WHERE n.note_id = :noteId AND n.captured_at = :capturedAt AND %s
                        """.formatted(
                                COUNTS, NOT_ERASED));
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
    public List<ViewedComment> comments(NoteId id, Instant capturedAt) {
        return Statements.list(
                jdbc, ViewedComment.class, Map.of("noteId", id, "capturedAt", capturedAt), """
                        SELECT n.author_nickname AS author, n.comment_text AS text, n.written_at, n.place,
                               n.liked_count AS likes, n.parent_id IS NOT NULL AS is_reply
                        FROM note_comment n
                        WHERE n.note_id = :noteId AND n.captured_at = :capturedAt AND %s
                        AND is_forgotten_person(n.author_id) IS NOT TRUE
                        ORDER BY n.ordinal
                        """.formatted(NOT_ERASED));
    }

    public record ViewedComment(
            @Nullable String author,
            @Nullable String text,
            @Nullable Instant writtenAt,
            @Nullable String place,
            @Nullable Long likes,
            boolean isReply) {}

    /** Returns an author who was not erased and has notes that were not. */
    public Optional<AuthorLine> author(String id) {
        return Statements.optional(jdbc, AuthorLine.class, Map.of("id", id), """
                        SELECT a.author_id AS id, a.red_id, a.nickname AS name, t.notes, t.likes, t.gone
                        FROM author a
                        CROSS JOIN LATERAL (
                            SELECT count(*) AS notes, sum(n.liked_count)::bigint AS likes,
                                   count(*) FILTER (WHERE w.state = 'UNAVAILABLE') AS gone
                            FROM note n LEFT JOIN worklist w USING (note_id)
                            WHERE n.author_id = a.author_id AND %s) AS t
                        WHERE a.author_id = :id AND NOT is_forgotten_person(:id) AND t.notes > 0
                        """.formatted(NOT_ERASED));
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
            long notes,
            @Nullable Long likes,
            long gone) {}

    /** Returns the names of an author with the times of their first and last response, newest first. */
    public List<AuthorName> names(String id) {
        return Statements.list(jdbc, AuthorName.class, Map.of("id", id, "most", MOST), """
                        SELECT c.author_nickname AS name, min(c.captured_at) AS first_at, max(c.captured_at) AS last_at
                        FROM (SELECT n.author_nickname, n.captured_at FROM note_capture n
                              WHERE n.author_id = :id AND n.author_nickname IS NOT NULL AND %s
                              LIMIT :most) AS c
                        GROUP BY c.author_nickname
                        ORDER BY max(c.captured_at) DESC
                        LIMIT 100
                        """.formatted(NOT_ERASED));
    }

    public record AuthorName(String name, Instant firstAt, Instant lastAt) {}

    /** Counts the notes with a topic, up to 20,000. */
    public long notesWithTopic(String name) {
        return Statements.one(jdbc, Long.class, Map.of("name", name, "most", MOST), """
                        SELECT count(DISTINCT note_id)
                        FROM (SELECT n.note_id FROM note_topic n WHERE n.name = :name AND %s LIMIT :most) AS found
                        """.formatted(NOT_ERASED));
    }

    /** Returns a stored file that a note uses. */
    public Optional<FileLine> file(String sha256) {
        return Statements.optional(jdbc, FileLine.class, Map.of("sha256", sha256), """
                        SELECT o.sha256, o.object_key, o.content_type, o.size_bytes AS size, o.stored_at, o.verified_at,
                               (SELECT d.kind || ': ' || d.seen FROM fixity_finding d
                                WHERE d.object_key = o.object_key AND d.resolved_at IS NULL AND d.kind <> 'ORPHAN'
                                LIMIT 1) AS damage
                        FROM media_object o
                        WHERE o.sha256 = :sha256
                          AND EXISTS (SELECT FROM note_media n WHERE n.sha256 = o.sha256 AND %s)
                        """.formatted(NOT_ERASED));
    }

    /**
     * A stored file.
     *
     * @param verifiedAt when the store last showed that it holds these bytes
     * @param damage finding of an audit that is not resolved
     */
    public record FileLine(
            String sha256,
            String objectKey,
            String contentType,
            long size,
            Instant storedAt,
            @Nullable Instant verifiedAt,
            @Nullable String damage) {}

    /** Returns those of some files that a note uses. */
    public Set<String> served(Collection<String> sha256s) {
        return Set.copyOf(Statements.texts(jdbc, Map.of("sha256s", sha256s), """
                        SELECT DISTINCT m.sha256
                        FROM note_media m JOIN note n USING (note_id)
                        WHERE m.sha256 = ANY (:sha256s) AND %s
                        """.formatted(NOT_ERASED)));
    }

    /** Returns notes that use a file, in the order of their ids. */
    public List<FileUse> uses(String sha256, int limit) {
        return Statements.list(
                jdbc, FileUse.class, Map.of("sha256", sha256, "limit", limit), """
                        SELECT n.note_id AS id, n.title, a.nickname AS author, n.published_at, m.kind, m.ordinal,
                               m.width, m.height
                        FROM note_media m
                        JOIN note n USING (note_id)
                        LEFT JOIN author a USING (author_id)
                        WHERE m.sha256 = :sha256 AND %s
                        ORDER BY m.note_id, m.kind, m.ordinal
                        LIMIT :limit
                        """.formatted(NOT_ERASED));
    }

    public record FileUse(
            NoteId id,
            @Nullable String title,
            @Nullable String author,
            @Nullable Instant publishedAt,
            MediaKind kind,
            int ordinal,
            @Nullable Integer width,
            @Nullable Integer height) {}
}
