package io.github.notearchive.archive.query;

import io.github.notearchive.io.jdbc.Statements;
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

/** Reads a stored file and the notes that use it. A file of erased notes only has nothing. */
@Repository
public final class FileUses {

    private final JdbcClient jdbc;

    public FileUses(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Returns a stored file that a note uses. */
    public Optional<FileLine> find(String sha256) {
        return Statements.optional(jdbc, FileLine.class, Map.of("sha256", sha256), """
                        SELECT o.sha256, o.object_key, o.content_type, o.size_bytes AS size, o.stored_at, o.verified_at,
                               (SELECT d.kind || ': ' || d.seen FROM fixity_finding d
                                WHERE d.object_key = o.object_key AND d.resolved_at IS NULL AND d.kind <> 'ORPHAN'
                                LIMIT 1) AS damage
                        FROM media_object o
                        WHERE o.sha256 = :sha256
                          AND EXISTS (SELECT FROM note_media n WHERE n.sha256 = o.sha256 AND %s)
                        """.formatted(NoteView.NOT_ERASED));
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
                        """.formatted(NoteView.NOT_ERASED)));
    }

    /** Returns notes that use a file, in the order of their ids. */
    public List<FileUse> notes(String sha256, int limit) {
        return Statements.list(
                jdbc, FileUse.class, Map.of("sha256", sha256, "limit", limit), """
                        SELECT n.note_id AS id, n.title, a.nickname AS author, n.published_at, m.kind, m.ordinal, m.width, m.height
                        FROM note_media m
                        JOIN note n USING (note_id)
                        LEFT JOIN author a USING (author_id)
                        WHERE m.sha256 = :sha256 AND %s
                        ORDER BY m.note_id, m.kind, m.ordinal
                        LIMIT :limit
                        """.formatted(NoteView.NOT_ERASED));
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
