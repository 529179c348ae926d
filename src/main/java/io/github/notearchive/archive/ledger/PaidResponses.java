package io.github.notearchive.archive.ledger;

import io.github.notearchive.io.jdbc.RecordParameters;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.io.jdbc.Transactions;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.ResponseMemory;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Reads and updates the paid responses in {@code api_call}. Also counts unreadable responses, whose billing is unknown.
 * Methods commit on return, independent of the caller's transaction, except those that restore, clear or delete.
 */
@Repository
public class PaidResponses {

    private static final String PAID_CALLS = """
            SELECT id AS number, endpoint, sent_at, received_at, duration_ms, http_status, code, request_id, message,
                   media_gone_at, refresh
            FROM api_call
            WHERE note_id = :noteId AND billed = 'YES' AND received_at IS NOT NULL
            """;

    /** A call with a paid response, received completely at {@code receivedAt}; {@code number} is its row. */
    public record PaidCall(long number, Instant receivedAt, Facts facts) {

        /**
         * Columns of a paid call besides the response, as stored in a sidecar.
         *
         * @param durationMs milliseconds from sending to the complete response; null if unknown
         * @param requestId the provider's id of the request; null if it sent none
         * @param message the provider's message, shortened; null if it sent none
         * @param mediaGoneAt when all URLs of one of its files were found expired; null if none were
         * @param refresh whether it refreshed an archived note
         */
        public record Facts(
                String endpoint,
                Instant sentAt,
                @Nullable Integer durationMs,
                @Nullable Integer httpStatus,
                @Nullable Integer code,
                @Nullable String requestId,
                @Nullable String message,
                @Nullable Instant mediaGoneAt,
                boolean refresh) {

            public Facts {
                if (endpoint == null || sentAt == null) {
                    throw new IllegalArgumentException("endpoint and sentAt of a call are required");
                }
                if (durationMs != null && durationMs < 0) {
                    throw new IllegalArgumentException("durationMs of a call is negative: " + durationMs);
                }
            }
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record PaidResponse(PaidCall call, byte[] body) {

        long number() {
            return call.number();
        }

        Instant receivedAt() {
            return call.receivedAt();
        }
    }

    /** Rows of a transaction that clears responses or deletes calls of all notes. */
    public static final int BATCH = 10_000;

    private final JdbcClient jdbc;
    private final ResponseMemory memory;
    private final JdbcClient autoCommit;
    private final PlatformTransactionManager transactions;

    PaidResponses(JdbcClient jdbc, ResponseMemory memory, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.transactions = transactions;
        this.memory = memory;
        this.autoCommit = Statements.autoCommit(transactions);
    }

    /** Returns the newest stored paid response to an endpoint, not older than {@code since}. */
    Optional<PaidResponse> latestPaid(NoteId id, Endpoint endpoint, Instant since) {
        return latestPaid(id, endpoint, since, Long.MAX_VALUE);
    }

    /** As above, among the calls before another one. */
    Optional<PaidResponse> latestPaid(NoteId id, Endpoint endpoint, Instant since, long before) {
        Map<String, Object> parameters =
                Map.of("noteId", id, "endpoint", endpoint.ledgerName(), "since", since, "before", before);
        Optional<PaidCall> latest = Statements.optional(autoCommit, PaidCall.class, parameters, PAID_CALLS + """
                        AND endpoint = :endpoint AND response IS NOT NULL
                        AND received_at >= :since AND id < :before
                        ORDER BY id DESC
                        LIMIT 1
                        """);
        return latest.flatMap(call -> responseBody(id, call).map(body -> new PaidResponse(call, body)));
    }

    /** Returns when the newest paid response of a note was received, stored or not. */
    Optional<Instant> lastPaidAt(NoteId id) {
        return Statements.optional(autoCommit, Instant.class, Map.of("noteId", id), """
                SELECT max(received_at) FROM api_call WHERE note_id = :noteId AND billed = 'YES'
                """);
    }

    /**
     * Returns the newest paid calls of notes, whether or not their responses contain the note; without notes that have
     * none.
     */
    public Map<NoteId, PaidCall> latestPaidCalls(Collection<NoteId> notes) {
        record Newest(NoteId noteId, PaidCall call) {}

        return Statements.list(autoCommit, Newest.class, Map.of("notes", notes), """
                        SELECT listed.note_id, latest.*
                        FROM unnest(:notes::text[]) AS listed (note_id)
                        CROSS JOIN LATERAL (%s ORDER BY id DESC LIMIT 1) AS latest
                        """.formatted(
                                PAID_CALLS.replace(":noteId", "listed.note_id")))
                .stream()
                .collect(Collectors.toMap(Newest::noteId, Newest::call, (first, _) -> first));
    }

    /**
     * Returns the paid calls whose sidecars a decision about their note changes: the newest one to each endpoint, and
     * those that list its present files.
     */
    public List<PaidCall> currentPaidCalls(NoteId id) {
        return Statements.list(autoCommit, PaidCall.class, Map.of("noteId", id), PAID_CALLS + """
                        AND (id IN (SELECT max(id) FROM api_call
                                    WHERE note_id = :noteId AND billed = 'YES' AND received_at IS NOT NULL
                                    GROUP BY endpoint)
                             OR received_at = (SELECT last_captured_at FROM note WHERE note_id = :noteId)
                             OR received_at IN (SELECT captured_at FROM note_media
                                                WHERE note_id = :noteId AND kind IN ('VIDEO', 'SUBTITLE')))
                        ORDER BY id
                        """);
    }

    public Optional<PaidCall> paidCall(NoteId id, long number) {
        Map<String, Object> parameters = Map.of("noteId", id, "number", number);
        return Statements.optional(autoCommit, PaidCall.class, parameters, PAID_CALLS + "AND id = :number");
    }

    /**
     * Returns the exact response body of a call; empty if the ledger no longer has it. A large body is read once memory
     * for it is free.
     */
    public Optional<byte[]> responseBody(NoteId id, PaidCall call) {
        return body(call, ResponseMemory.ORDINARY_SIZE).or(() -> {
            String sql = "SELECT octet_length(response) FROM api_call WHERE id = :call AND response IS NOT NULL";
            Statements.optional(autoCommit, Long.class, Map.of("call", call.number()), sql)
                    .ifPresent(size -> memory.take(id, size));
            return body(call, Integer.MAX_VALUE);
        });
    }

    private Optional<byte[]> body(PaidCall call, int maxSize) {
        Map<String, ?> parameters = Map.of("call", call.number(), "maxSize", maxSize);
        return Statements.optional(autoCommit, byte[].class, parameters, """
                SELECT response FROM api_call WHERE id = :call AND octet_length(response) <= :maxSize
                """);
    }

    /** Counts the unreadable responses of a note to requests sent since a time. */
    public int countUnreadable(NoteId id, Instant since) {
        return Statements.one(autoCommit, Integer.class, Map.of("noteId", id, "since", since), """
                SELECT count(*) FROM api_call
                WHERE note_id = :noteId AND sent_at >= :since AND received_at IS NOT NULL
                  AND code IS NULL AND http_status BETWEEN 200 AND 299
                """);
    }

    /** Records that all URLs of one of the response's files have expired, so that a later night buys a new response. */
    public void markUrlsExpired(long call, Instant now) {
        Statements.update(autoCommit, Map.of("now", now, "call", call), """
                UPDATE api_call SET media_gone_at = :now WHERE id = :call AND media_gone_at IS NULL
                """);
    }

    /** Marks the responses of all archived notes with a lesser rendition, so that new ones are bought. Idempotent. */
    public void replaceDegraded(Instant now) {
        Statements.update(autoCommit, Map.of("now", now), """
                UPDATE api_call c SET media_gone_at = :now
                FROM note_media m
                JOIN worklist w USING (note_id)
                JOIN note_capture n USING (note_id, captured_at)
                WHERE m.reason = 'DEGRADED' AND m.state = 'STORED' AND w.state = 'ARCHIVED'
                  AND c.id = n.call_id AND c.media_gone_at IS NULL
                """);
    }

    /** Clears the mark of {@link #markUrlsExpired}: no missing file needs other URLs any more. */
    public void clearUrlsExpired(long call) {
        Statements.update(autoCommit, Map.of("call", call), """
                UPDATE api_call SET media_gone_at = NULL WHERE id = :call AND media_gone_at IS NOT NULL
                """);
    }

    /**
     * Restores a paid call from a sidecar. Part of the caller's transaction; idempotent. A row without response,
     * written when the call was sent, gets the response.
     *
     * <p>The call keeps its number. If that belongs to another note's call, as in a bucket that two databases wrote to,
     * or is not above the note's earlier calls, it gets the next free one.
     *
     * @return its number
     */
    public long restore(NoteId id, PaidCall call, byte[] body) {
        MapSqlParameterSource row =
                RecordParameters.of(call).addValue("noteId", id.value()).addValue("body", body, Types.BINARY);
        // the row of a call that was in flight when the tables were dumped
        jdbc.sql("""
                        UPDATE api_call
                        SET received_at = :receivedAt, duration_ms = :durationMs, http_status = :httpStatus,
                            code = :code, billed = 'YES', request_id = :requestId, message = :message, response = :body
                        WHERE id = :number AND note_id = :noteId AND endpoint = :endpoint AND received_at IS NULL
                        """).paramSource(row).update();
        // only the sidecar of the newest response is rewritten when URLs have expired
        jdbc.sql("""
                        UPDATE api_call c SET media_gone_at = :mediaGoneAt
                        WHERE note_id = :noteId AND received_at = :receivedAt
                          AND media_gone_at IS DISTINCT FROM :mediaGoneAt
                          AND NOT EXISTS (SELECT 1 FROM api_call l
                                          WHERE l.note_id = c.note_id AND l.billed = 'YES'
                                            AND l.received_at > c.received_at)
                        """).paramSource(row).update();
        Optional<Long> existing =
                jdbc.sql("""
                                SELECT id FROM api_call WHERE note_id = :noteId AND received_at = :receivedAt
                                """).paramSource(row).query(Long.class).optional();
        return existing.orElseGet(
                () -> jdbc.sql("""
                        INSERT INTO api_call (id, note_id, endpoint, sent_at, received_at, duration_ms, http_status,
                                              code, billed, request_id, message, response, media_gone_at, refresh)
                        OVERRIDING SYSTEM VALUE
                        SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM api_call WHERE id = :number)
                                     AND :number > (SELECT coalesce(max(id), 0) FROM api_call WHERE note_id = :noteId)
                                    THEN :number ELSE (SELECT max(id) + 1 FROM api_call) END,
                               :noteId, :endpoint, :sentAt, :receivedAt, :durationMs, :httpStatus, :code,
                               'YES', :requestId, :message, :body, :mediaGoneAt, :refresh
                        RETURNING id
                        """).paramSource(row).query(Long.class).single());
    }

    /** Sets the number sequence above the restored calls. */
    public void advanceNumbers() {
        jdbc.sql("""
                        SELECT setval(pg_get_serial_sequence('api_call', 'id'), max(id)) FROM api_call
                        HAVING max(id) IS NOT NULL
                        """).query(Long.class).optional();
    }

    /**
     * Clears the stored responses of all notes as below, oldest first, in batches with their own transactions. Ends
     * after a time, also within a batch; the next call clears the rest.
     */
    public int clearResponsesBefore(Instant limit, Duration time, int batch) {
        Deadline end = Deadline.in(time);
        int cleared = 0;
        for (Instant from = Instant.EPOCH; from.isBefore(limit) && !end.isOver(); ) {
            Instant first = from;
            Instant next = Statements.optional(
                            autoCommit, Instant.class, Map.of("from", from, "limit", limit, "batch", batch), """
                            SELECT received_at FROM api_call
                            WHERE response IS NOT NULL AND received_at > :from AND received_at < :limit
                            ORDER BY received_at OFFSET :batch LIMIT 1
                            """)
                    .orElse(limit);
            cleared += batch(end, () -> clear(null, first, next));
            from = next;
        }
        return cleared;
    }

    /** Executes a statement in its own transaction, which is rolled back at the end of the time. */
    private int batch(Deadline end, IntSupplier statement) {
        TransactionTemplate separate = Transactions.separate(transactions);
        separate.setTimeout(1 + (int) end.left().toSeconds());
        return separate.execute(_ -> statement.getAsInt());
    }

    /**
     * Clears stored responses of a note that are too old for reuse if the note is settled and an audit has found the
     * exact bytes in the sidecar. Part of the caller's transaction, which has just read the note's sidecars.
     */
    public void clearResponsesBefore(NoteId id, Instant limit) {
        clear(id, Instant.EPOCH, limit);
    }

    /** @param id note; null for all */
    private int clear(@Nullable NoteId id, Instant from, Instant limit) {
        return jdbc.sql("""
                        UPDATE api_call c SET response = NULL
                        WHERE c.response IS NOT NULL AND c.received_at >= :from AND c.received_at < :limit
                          AND (:noteId::text IS NULL OR c.note_id = :noteId)
                          AND EXISTS (SELECT 1 FROM worklist w
                                      WHERE w.note_id = c.note_id AND w.state IN ('ARCHIVED', 'UNAVAILABLE'))
                          AND (c.code = :unavailable
                               OR c.billed <> 'YES'
                               OR EXISTS (SELECT 1 FROM note_capture n
                                          WHERE n.call_id = c.id AND n.sidecar_key IS NOT NULL
                                            AND (n.sidecar_verified_at IS NOT NULL OR :noteId::text IS NOT NULL)
                                            AND NOT EXISTS (SELECT 1 FROM fixity_finding f
                                                            WHERE f.object_key = n.sidecar_key AND f.resolved_at IS NULL
                                                              AND f.kind <> 'ORPHAN')))
                        """)
                .params(Map.of(
                        "unavailable",
                        ProviderCode.NO_CONTENT.number(),
                        "from",
                        Timestamp.from(from),
                        "limit",
                        Timestamp.from(limit)))
                .param("noteId", id == null ? null : id.value(), Types.VARCHAR)
                .update();
    }

    /**
     * Deletes unbilled calls, which a rebuild does not restore either. Keeps the first and the newest call of each
     * note, and the evidence that a note is gone. Skips rows that another node deletes at the same time. Works in
     * batches with their own transactions, ends after a time; idempotent.
     */
    public int deleteUnbilledBefore(Instant limit, Duration time) {
        Deadline end = Deadline.in(time);
        int deleted = 0;
        int some;
        do {
            some = batch(end, () -> deleteUnbilledBefore(limit));
            deleted += some;
        } while (some == BATCH && !end.isOver());
        return deleted;
    }

    int deleteUnbilledBefore(Instant limit) {
        Integer[] absent = ProviderCode.ABSENT_NOTE.toArray(Integer[]::new);
        return Statements.update(jdbc, Map.of("limit", limit, "absent", absent, "batch", BATCH), """
                DELETE FROM api_call WHERE id IN (
                    SELECT c.id FROM api_call c
                    WHERE c.sent_at < :limit AND c.billed = 'NO'
                      AND (c.code IS NULL OR c.code <> ALL (:absent))
                      AND NOT EXISTS (SELECT 1 FROM note_capture n WHERE n.call_id = c.id)
                      AND EXISTS (SELECT 1 FROM api_call l WHERE l.note_id = c.note_id AND l.id > c.id)
                      AND EXISTS (SELECT 1 FROM api_call l WHERE l.note_id = c.note_id AND l.id < c.id)
                    ORDER BY c.id
                    LIMIT :batch
                    FOR UPDATE OF c SKIP LOCKED)
                """);
    }

    /**
     * Removes responses and messages of erased notes; the calls remain for billing. Part of the caller's transaction.
     */
    public long clearResponses(Collection<NoteId> notes) {
        return Statements.update(jdbc, Map.of("notes", notes), """
                UPDATE api_call SET response = NULL, message = NULL, media_gone_at = NULL
                WHERE note_id = ANY (:notes) AND (response IS NOT NULL OR message IS NOT NULL)
                """);
    }
}
