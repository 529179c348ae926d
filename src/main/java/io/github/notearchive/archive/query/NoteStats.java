package io.github.notearchive.archive.query;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Reads what is recorded about one note beside its content, for its history. Read-only. */
@Component
public final class NoteStats {

    private final JdbcClient jdbc;

    public NoteStats(JdbcClient jdbc) {
        this.jdbc = jdbc;
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
                               message, job_execution_id, response IS NOT NULL AS response_held, media_gone_at, refresh,
                               (SELECT c.sidecar_key FROM note_capture c WHERE c.call_id = api_call.id) AS sidecar_key
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
            boolean refresh,
            @JsonIgnore @Nullable String sidecarKey) {}

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

    /** A finding of an audit; {@code resolvedAt} is null while it is open. */
    public record NoteFinding(
            String kind,
            String key,
            String seen,
            Instant firstSeen,
            @Nullable Instant resolvedAt) {}
}
