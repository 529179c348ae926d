package io.github.notearchive.archive.ledger;

import static io.github.notearchive.io.Timestamps.instant;
import static io.github.notearchive.io.Timestamps.timestamp;

import io.github.notearchive.archive.catalog.NamedStatement;
import io.github.notearchive.archive.catalog.Query;
import io.github.notearchive.io.Transactions;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.OutstandingCall;
import io.github.notearchive.provider.ResponseMemory;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The answers in {@code api_call} that are paid for: which there are, and what became of them. Also counts those that
 * cannot be read, whose bill is unknown.
 */
@Repository
public class PaidResponses {

    private static final NamedStatement BOUGHT = NamedStatement.of("""
                    SELECT id, endpoint, sent_at, received_at, duration_ms, http_status, code, request_id,
                           message, media_gone_at, refresh
                    FROM api_call
                    WHERE note_id = :noteId AND billed = 'YES' AND received_at IS NOT NULL
                      AND (:number::bigint IS NULL OR id = :number)
                    ORDER BY id DESC
                    LIMIT 1
                    """);

    /**
     * A call whose response may be in a file of the node that sent it. So it is for a day at most, and until that node
     * is recovered.
     */
    static final String OUTSTANDING = """
            SELECT id, job_execution_id, sent_at FROM api_call
            WHERE note_id = :noteId AND endpoint = :endpoint AND job_execution_id IS NOT NULL
              AND received_at IS NULL AND recovered_at IS NULL
              AND (job_execution_id IS DISTINCT FROM :execution::bigint OR id = ANY (:inProgress))
              AND sent_at > :sentAt::timestamptz - interval '1 day'
              AND sent_at < :sentAt::timestamptz + interval '1 day'
            """;

    private final JdbcClient jdbc;
    private final ResponseMemory memory;

    /** For one statement that is a transaction by itself, whatever the caller is in. */
    private final TransactionTemplate atOnce;

    PaidResponses(JdbcClient jdbc, ResponseMemory memory, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.memory = memory;
        this.atOnce = Transactions.perStatement(transactions);
    }

    /**
     * The call about a note whose response is not here yet and may be at the node that sent it. To be asked before
     * {@link #latestPaid}: when there is none, no response to an earlier call arrives later.
     *
     * @param execution the run of this process. A call of it that is not in progress has no response: its row was
     *     written, but not confirmed, so that it was not sent
     * @param inProgress numbers of the calls of this process whose responses are not written yet
     */
    Optional<OutstandingCall> outstanding(
            NoteId id, Endpoint endpoint, Instant now, @Nullable Long execution, Long[] inProgress) {
        return atOnce.execute(_ -> jdbc.sql(OUTSTANDING + " ORDER BY id DESC LIMIT 1")
                .param("noteId", id.value())
                .param("endpoint", endpoint.ledgerName())
                .param("sentAt", Timestamp.from(now))
                .param("execution", execution, Types.BIGINT)
                .param("inProgress", inProgress)
                .query((row, _) -> new OutstandingCall(
                        row.getLong("id"),
                        row.getLong("job_execution_id"),
                        row.getTimestamp("sent_at").toInstant()))
                .optional());
    }

    /**
     * The newest answer about a note to one of the questions that is paid for, not older than {@code since} and still
     * held here.
     */
    Optional<PaidResponse> latestPaid(NoteId id, Endpoint endpoint, Instant since) {
        return latestPaid(id, endpoint, since, Long.MAX_VALUE);
    }

    /** The same among the calls that were made before another one. */
    Optional<PaidResponse> latestPaid(NoteId id, Endpoint endpoint, Instant since, long before) {
        return latestRow(id, endpoint, since, before)
                .flatMap(
                        paid -> whole(id, paid.call(), Optional.of(paid.body())).map(paid::with));
    }

    /** Its body is empty where it is large. */
    private Optional<PaidResponse> latestRow(NoteId id, Endpoint endpoint, Instant since, long before) {
        return atOnce.execute(_ -> jdbc.sql("""
                                        SELECT id, received_at, http_status, request_id, media_gone_at,
                                               CASE WHEN octet_length(response) <= :ordinary THEN response ELSE '' END AS response
                                        FROM api_call
                                        WHERE note_id = :noteId AND endpoint = :endpoint AND billed = 'YES'
                                          AND response IS NOT NULL
                                          AND received_at >= :since AND id < :before
                                        ORDER BY id DESC
                                        LIMIT 1
                                        """)
                .param("noteId", id.value())
                .param("endpoint", endpoint.ledgerName())
                .param("since", Timestamp.from(since))
                .param("before", before)
                .param("ordinary", ResponseMemory.ORDINARY_SIZE)
                .query((row, _) -> paidAnswer(row))
                .optional());
    }

    /**
     * The body of an answer, which is read when the memory for it is free where it is large.
     *
     * @param ordinary the body when it is of ordinary size, nothing when it is large; empty when it is not held
     */
    private Optional<byte[]> whole(NoteId id, long call, Optional<byte[]> ordinary) {
        if (ordinary.isEmpty() || ordinary.get().length > 0) {
            return ordinary;
        }
        sizeOf(call).ifPresent(size -> memory.take(id, size));
        return atOnce.execute(_ -> jdbc.sql("""
                                        SELECT response FROM api_call WHERE id = :call AND response IS NOT NULL
                                        """)
                .param("call", call)
                .query((row, _) -> row.getBytes("response"))
                .optional());
    }

    private Optional<Long> sizeOf(long call) {
        return atOnce.execute(
                _ -> jdbc.sql("""
                                        SELECT octet_length(response) FROM api_call WHERE id = :call AND response IS NOT NULL
                                        """).param("call", call).query(Long.class).optional());
    }

    private static PaidResponse paidAnswer(ResultSet row) throws SQLException {
        return new PaidResponse(
                row.getLong("id"),
                row.getTimestamp("received_at").toInstant(),
                row.getObject("http_status", Integer.class),
                row.getString("request_id"),
                row.getBytes("response"),
                row.getTimestamp("media_gone_at") != null);
    }

    /** When the newest answer about a note was received that is paid for, held or not. */
    Optional<Instant> lastBought(NoteId id) {
        return atOnce.execute(_ -> jdbc.sql("""
                                        SELECT max(received_at) AS last FROM api_call WHERE note_id = :noteId AND billed = 'YES'
                                        """)
                .param("noteId", id.value())
                .query((row, _) -> Optional.ofNullable(instant(row.getTimestamp(1))))
                .single());
    }

    /**
     * The newest call of a note whose answer is paid for, whether or not that holds the note; empty when nothing was
     * ever paid for it.
     */
    public Optional<PaidCall> newestBought(NoteId id) {
        return bought(id, null);
    }

    /** A call whose answer is paid for. */
    public Optional<PaidCall> bought(NoteId id, long number) {
        return bought(id, Long.valueOf(number));
    }

    private Optional<PaidCall> bought(NoteId id, @Nullable Long number) {
        return atOnce.execute(_ -> askBought(id, number).ask(jdbc).optional());
    }

    /** {@link #newestBought} as a question; it has no row or one. */
    public Query<PaidCall> askNewestBought(NoteId id) {
        return askBought(id, null);
    }

    private static Query<PaidCall> askBought(NoteId id, @Nullable Long number) {
        return BOUGHT.with(new MapSqlParameterSource()
                        .addValue("noteId", id.value())
                        .addValue("number", number, Types.BIGINT))
                .as((row, _) -> boughtCall(row));
    }

    private static PaidCall boughtCall(ResultSet row) throws SQLException {
        return new PaidCall(
                row.getLong("id"),
                row.getTimestamp("received_at").toInstant(),
                new PaidCall.Facts(
                        row.getString("endpoint"),
                        row.getTimestamp("sent_at").toInstant(),
                        row.getObject("duration_ms", Integer.class),
                        row.getObject("http_status", Integer.class),
                        row.getObject("code", Integer.class),
                        row.getString("request_id"),
                        row.getString("message"),
                        instant(row.getTimestamp("media_gone_at")),
                        row.getBoolean("refresh")));
    }

    /** The exact body that a call bought; empty when it is not held here any more. */
    public Optional<byte[]> answerOf(NoteId id, PaidCall call) {
        return whole(id, call.number(), ordinaryAnswerOf(call));
    }

    /** Nothing where it is large. */
    private Optional<byte[]> ordinaryAnswerOf(PaidCall call) {
        return atOnce.execute(_ -> jdbc.sql("""
                                        SELECT CASE WHEN octet_length(response) <= :ordinary THEN response ELSE '' END AS response
                                        FROM api_call WHERE id = :call AND response IS NOT NULL
                                        """)
                .param("call", call.number())
                .param("ordinary", ResponseMemory.ORDINARY_SIZE)
                .query((row, _) -> row.getBytes("response"))
                .optional());
    }

    /** How many responses about a note cannot be read, of the requests sent since then. */
    public int unreadable(NoteId id, Instant since) {
        return atOnce.execute(_ -> jdbc.sql("""
                                        SELECT count(*) FROM api_call
                                        WHERE note_id = :noteId AND sent_at >= :since AND received_at IS NOT NULL
                                          AND code IS NULL AND http_status BETWEEN 200 AND 299
                                        """)
                .param("noteId", id.value())
                .param("since", Timestamp.from(since))
                .query(Integer.class)
                .single());
    }

    /** Notes that every address of one of an answer's files is dead, so that a later night buys a new one. */
    public void mediaGone(long call, Instant now) {
        atOnce.executeWithoutResult(_ -> jdbc.sql("""
                                        UPDATE api_call SET media_gone_at = :now
                                        WHERE id = :call AND media_gone_at IS NULL
                                        """)
                .param("now", Timestamp.from(now))
                .param("call", call)
                .update());
    }

    /**
     * Marks the answers of all archived notes that have a lesser rendition of one of their files, so that a new one is
     * bought in their place. A repeat changes nothing.
     */
    public void replaceDegraded(Instant now) {
        atOnce.executeWithoutResult(
                _ -> jdbc.sql("""
                                        UPDATE api_call c SET media_gone_at = :now
                                        FROM note_media m
                                        JOIN worklist w USING (note_id)
                                        JOIN note_capture n USING (note_id, captured_at)
                                        WHERE m.reason = 'DEGRADED' AND m.state = 'STORED' AND w.state = 'ARCHIVED'
                                          AND c.id = n.call_id AND c.media_gone_at IS NULL
                                        """).param("now", Timestamp.from(now)).update());
    }

    /** Takes back that an answer's addresses are dead, when no missing file needs others any more. */
    public void mediaFound(long call) {
        atOnce.executeWithoutResult(_ -> jdbc.sql("""
                                        UPDATE api_call SET media_gone_at = NULL
                                        WHERE id = :call AND media_gone_at IS NOT NULL
                                        """).param("call", call).update());
    }

    /**
     * Writes a paid call back that a sidecar tells of. Part of the caller's transaction; a repeat changes nothing. A
     * row that was written when the call left, and has no response, gets it.
     *
     * <p>It gets its old number again. Where another note's call has that, as in a bucket that two databases have
     * written to, it gets the next one that is free; and one that is above those of the note's earlier calls, which
     * come first.
     *
     * @return its number
     */
    public long restore(NoteId id, PaidCall call, byte[] answer) {
        complete(id, call, answer);
        updateMediaGone(id, call);
        Optional<Long> there = jdbc.sql("""
                                SELECT id FROM api_call WHERE note_id = :noteId AND received_at = :receivedAt
                                """)
                .param("noteId", id.value())
                .param("receivedAt", Timestamp.from(call.receivedAt()))
                .query(Long.class)
                .optional();
        if (there.isPresent()) {
            return there.get();
        }
        PaidCall.Facts facts = call.facts();
        return jdbc.sql("""
                        INSERT INTO api_call (id, note_id, endpoint, sent_at, received_at, duration_ms, http_status, code,
                                              billed, request_id, message, response, media_gone_at, refresh)
                        OVERRIDING SYSTEM VALUE
                        SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM api_call WHERE id = :number)
                                     AND :number > (SELECT coalesce(max(id), 0) FROM api_call WHERE note_id = :noteId)
                                    THEN :number ELSE (SELECT max(id) + 1 FROM api_call) END,
                               :noteId, :endpoint, :sentAt, :receivedAt, :duration, :status, :code,
                               'YES', :requestId, :message, :answer, :goneAt, :refresh
                        RETURNING id
                        """)
                .param("number", call.number(), Types.BIGINT)
                .param("noteId", id.value())
                .param("endpoint", facts.endpoint())
                .param("sentAt", Timestamp.from(facts.sentAt()), Types.TIMESTAMP)
                .param("receivedAt", Timestamp.from(call.receivedAt()), Types.TIMESTAMP)
                .param("duration", facts.durationMs(), Types.INTEGER)
                .param("status", facts.httpStatus(), Types.INTEGER)
                .param("code", facts.code(), Types.INTEGER)
                .param("requestId", facts.requestId(), Types.VARCHAR)
                .param("message", facts.message(), Types.VARCHAR)
                .param("answer", answer, Types.BINARY)
                .param("goneAt", timestamp(facts.mediaGoneAt()), Types.TIMESTAMP)
                .param("refresh", facts.refresh())
                .query(Long.class)
                .single();
    }

    /** Writes the response into the row of a call that was in flight when the tables were dumped. */
    private void complete(NoteId id, PaidCall call, byte[] answer) {
        PaidCall.Facts facts = call.facts();
        jdbc.sql("""
                        UPDATE api_call
                        SET received_at = :receivedAt, duration_ms = :duration, http_status = :status, code = :code,
                            billed = 'YES', request_id = :requestId, message = :message, response = :answer
                        WHERE id = :number AND note_id = :noteId AND endpoint = :endpoint AND received_at IS NULL
                        """)
                .param("receivedAt", Timestamp.from(call.receivedAt()), Types.TIMESTAMP)
                .param("duration", facts.durationMs(), Types.INTEGER)
                .param("status", facts.httpStatus(), Types.INTEGER)
                .param("code", facts.code(), Types.INTEGER)
                .param("requestId", facts.requestId(), Types.VARCHAR)
                .param("message", facts.message(), Types.VARCHAR)
                .param("answer", answer, Types.BINARY)
                .param("number", call.number())
                .param("noteId", id.value())
                .param("endpoint", facts.endpoint())
                .update();
    }

    /** Only the sidecar of the newest response is written when URLs have expired. */
    private void updateMediaGone(NoteId id, PaidCall call) {
        jdbc.sql("""
                        UPDATE api_call c SET media_gone_at = :goneAt
                        WHERE note_id = :noteId AND received_at = :receivedAt
                          AND media_gone_at IS DISTINCT FROM :goneAt
                          AND NOT EXISTS (SELECT 1 FROM api_call l
                                          WHERE l.note_id = c.note_id AND l.billed = 'YES' AND l.received_at > c.received_at)
                        """)
                .param("goneAt", timestamp(call.facts().mediaGoneAt()), Types.TIMESTAMP)
                .param("noteId", id.value())
                .param("receivedAt", Timestamp.from(call.receivedAt()))
                .update();
    }

    /** Lets the numbers of new calls begin after those that were restored. */
    public void numberFromTheHighest() {
        jdbc.sql("""
                        SELECT setval(pg_get_serial_sequence('api_call', 'id'), max(id)) FROM api_call HAVING max(id) IS NOT NULL
                        """).query(Long.class).optional();
    }

    /**
     * Empties the copies of answers that are too old to be used again, where the note has reached its end and the exact
     * bytes lie in the store, as far as audits know.
     *
     * @return how many were emptied
     */
    public int emptyCopiesBefore(Instant limit) {
        return emptyCopies(null, limit);
    }

    /** The same for one note. Part of the caller's transaction. */
    public int emptyCopiesBefore(NoteId id, Instant limit) {
        return emptyCopies(id.value(), limit);
    }

    private int emptyCopies(@Nullable String id, Instant limit) {
        return jdbc.sql("""
                        UPDATE api_call c SET response = NULL
                        WHERE c.response IS NOT NULL AND c.received_at < :limit AND (:noteId::text IS NULL OR c.note_id = :noteId)
                          AND EXISTS (SELECT 1 FROM worklist w
                                      WHERE w.note_id = c.note_id AND w.state IN ('ARCHIVED', 'UNAVAILABLE'))
                          AND (c.code = :unavailable
                               OR c.billed <> 'YES'
                               OR EXISTS (SELECT 1 FROM note_capture n
                                          WHERE n.call_id = c.id AND n.sidecar_key IS NOT NULL
                                            AND NOT EXISTS (SELECT 1 FROM fixity_finding f
                                                            WHERE f.object_key = n.sidecar_key AND f.resolved_at IS NULL
                                                              AND f.kind <> 'ORPHAN')))
                        """)
                .param("unavailable", ProviderCode.NO_CONTENT.number())
                .param("limit", Timestamp.from(limit))
                .param("noteId", id, Types.VARCHAR)
                .update();
    }
}
