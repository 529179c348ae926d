package io.github.notearchive.archive.ledger;

import io.github.notearchive.note.Billed;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads the calls of a note from the ledger. */
@Repository
public class CallHistory {

    private final JdbcClient jdbc;

    CallHistory(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Returns all calls of a note, oldest first. */
    public List<CallEntry> of(NoteId id) {
        return jdbc.sql("""
                        SELECT id, endpoint, sent_at, received_at, duration_ms, http_status, code, billed, request_id,
                               message, job_execution_id, response IS NOT NULL AS response_held, media_gone_at, refresh
                        FROM api_call
                        WHERE note_id = :noteId
                        ORDER BY id
                        """).param("noteId", id.value()).query(CallEntry.class).list();
    }

    /** One row of the ledger without the response body. */
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
}
