package io.github.notearchive.archive.query;

import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Reads what is recorded about one note, for its history. Read-only. */
@Component
public final class NoteStats {

    private final JdbcClient jdbc;

    public NoteStats(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public Map<Long, String> sidecarKeys(NoteId id) {
        Map<Long, String> keys = new HashMap<>();
        jdbc.sql("""
                        SELECT call_id, sidecar_key FROM note_capture WHERE note_id = :noteId AND sidecar_key IS NOT NULL
                        """).param("noteId", id.value()).query(row -> {
            keys.put(row.getLong("call_id"), row.getString("sidecar_key"));
        });
        return keys;
    }

    /** Returns when an operator last requeued a note; empty if none did. */
    public Optional<Instant> requeuedAt(NoteId id) {
        return Statements.optional(jdbc, OffsetDateTime.class, Map.of("noteId", id), """
                        SELECT requeued_at FROM worklist WHERE note_id = :noteId AND requeued_at IS NOT NULL
                        """)
                .map(OffsetDateTime::toInstant);
    }

    /** Returns all calls of a note, oldest first. */
    public List<CallEntry> calls(NoteId id) {
        return Statements.list(jdbc, CallEntry.class, Map.of("noteId", id.value()), """
                        SELECT id, endpoint, sent_at, received_at, duration_ms, http_status, code, billed, request_id,
                               message, job_execution_id, response IS NOT NULL AS response_held, media_gone_at, refresh
                        FROM api_call
                        WHERE note_id = :noteId
                        ORDER BY id
                        """);
    }

    public record CallEntry(
            long id,
            String endpoint,
            Instant sentAt,
            @Nullable Instant receivedAt,
            @Nullable Integer durationMs,
            @Nullable Integer httpStatus,
            @Nullable Integer code,
            Billed billed,
            @Nullable String requestId,
            @Nullable String message,
            @Nullable Long jobExecutionId,
            boolean responseHeld,
            @Nullable Instant mediaGoneAt,
            boolean refresh) {}

    /** Returns the slots of a note with their objects, in the order of kinds and positions. */
    public List<FileState> files(NoteId id) {
        return Statements.list(
                jdbc, FileState.class, Map.of("noteId", id.value(), "video", Endpoint.VIDEO.ledgerName()), """
                        SELECT m.kind, m.ordinal, m.state, m.reason, m.rendition, m.checks,
                               string_to_array(coalesce(m.error, ''), '; ') AS tried,
                               m.updated_at AS changed_at, o.size_bytes, o.content_type, o.object_key,
                               m.captured_at >= n.last_captured_at
                               OR (m.kind IN ('VIDEO', 'SUBTITLE')
                                   AND coalesce(m.captured_at >= (SELECT max(c.captured_at)
                                                                  FROM note_capture c JOIN api_call a ON a.id = c.call_id
                                                                  WHERE c.note_id = m.note_id AND a.endpoint = :video),
                                                false)) AS is_listed
                        FROM note_media m
                        JOIN note n USING (note_id)
                        LEFT JOIN media_object o USING (sha256)
                        WHERE m.note_id = :noteId
                        ORDER BY array_position(ARRAY['IMAGE', 'MOTION', 'VIDEO', 'SUBTITLE', 'AUDIO', 'PREVIEW'], m.kind), m.ordinal
                        """);
    }

    /** Returns the findings of audits about the sidecars and files of a note, oldest first. */
    public List<NoteFinding> findings(NoteId id) {
        return Statements.list(jdbc, NoteFinding.class, Map.of("noteId", id.value()), """
                        SELECT f.kind, f.object_key AS key, f.seen, f.first_seen, f.resolved_at
                        FROM fixity_finding f
                        WHERE f.note_id = :noteId
                           OR f.object_key IN (SELECT o.object_key FROM note_media m JOIN media_object o USING (sha256)
                                               WHERE m.note_id = :noteId)
                        ORDER BY f.id
                        """);
    }

    /**
     * A slot and its object.
     *
     * @param tried errors of the URLs that were tried last, in order; empty if the first one succeeded or none was
     *     tried
     * @param isListed whether the newest response lists it
     */
    public record FileState(
            String kind,
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
            boolean isListed) {}

    /** A finding of an audit; {@code resolvedAt} is null while it is open. */
    public record NoteFinding(
            String kind,
            String key,
            String seen,
            Instant firstSeen,
            @Nullable Instant resolvedAt) {}
}
