package io.github.notearchive.ledger;

import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.source.CallJournal;
import io.github.notearchive.source.ProviderReply;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/** The rows of {@code api_call}: one for each request, in the order they left. */
@Repository
public class ApiCalls implements CallJournal {

    private final JdbcClient jdbc;
    private final TransactionTemplate ownTransaction;
    private final RetryTemplate retries =
            new RetryTemplate(
                    RetryPolicy.builder()
                            .includes(
                                    List.of(DataAccessException.class, TransactionException.class))
                            .excludes(List.of(DataIntegrityViolationException.class))
                            .maxRetries(22)
                            .delay(Duration.ofMillis(500))
                            .multiplier(2)
                            .maxDelay(Duration.ofSeconds(15))
                            .build());
    private final AtomicReference<@Nullable Long> execution = new AtomicReference<>();

    ApiCalls(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.ownTransaction = new TransactionTemplate(transactions);
        this.ownTransaction.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
    }

    /** Says which job execution the calls from now on belong to. */
    public void belongTo(long jobExecutionId) {
        execution.set(jobExecutionId);
    }

    @Override
    public long sending(NoteId id, String endpoint, Instant sentAt) {
        Long call =
                ownTransaction.execute(
                        _ ->
                                jdbc.sql(
                                                """
                                                INSERT INTO api_call (note_id, endpoint, sent_at, job_execution_id)
                                                VALUES (:noteId, :endpoint, :sentAt, :execution)
                                                RETURNING id
                                                """)
                                        .param("noteId", id.value())
                                        .param("endpoint", endpoint)
                                        .param("sentAt", Timestamp.from(sentAt))
                                        .param("execution", execution.get())
                                        .query(Long.class)
                                        .single());
        return call;
    }

    @Override
    public void notSent(long call) {
        ownTransaction.executeWithoutResult(
                _ ->
                        jdbc.sql(
                                        """
                                        DELETE FROM api_call WHERE id = :call AND received_at IS NULL
                                        """)
                                .param("call", call)
                                .update());
    }

    /**
     * A database that is away for a moment must not cost an answer that is paid for: the write is
     * tried for five minutes.
     */
    @Override
    public void received(
            long call,
            ProviderReply reply,
            byte @Nullable [] answer,
            Instant receivedAt,
            Duration took) {
        retries.invoke(() -> write(call, reply, answer, receivedAt, took));
    }

    private void write(
            long call,
            ProviderReply reply,
            byte @Nullable [] answer,
            Instant receivedAt,
            Duration took) {
        ownTransaction.executeWithoutResult(
                _ ->
                        jdbc.sql(
                                        """
                                        UPDATE api_call
                                        SET received_at = :receivedAt, duration_ms = :duration, http_status = :status,
                                            code = :code, billed = :billed, request_id = :requestId,
                                            message = :message, answer = :answer
                                        WHERE id = :call
                                        """)
                                .param("receivedAt", Timestamp.from(receivedAt))
                                .param(
                                        "duration",
                                        Math.toIntExact(
                                                Math.min(took.toMillis(), Integer.MAX_VALUE)))
                                .param("status", reply.httpStatus())
                                .param("code", reply.code())
                                .param("billed", reply.billed().name())
                                .param("requestId", reply.requestId())
                                .param("message", reply.message())
                                .param("answer", answer)
                                .param("call", call)
                                .update());
    }

    /**
     * The newest answer of a note that is paid for, not older than {@code since} and still held
     * here.
     */
    Optional<PaidAnswer> latestPaid(NoteId id, Instant since) {
        return latestPaid(id, since, Long.MAX_VALUE);
    }

    /** The same among the calls that were made before another one. */
    Optional<PaidAnswer> latestPaid(NoteId id, Instant since, long before) {
        return ownTransaction.execute(
                _ ->
                        jdbc.sql(
                                        """
                                        SELECT id, received_at, http_status, request_id, answer, media_gone_at
                                        FROM api_call
                                        WHERE note_id = :noteId AND billed = 'YES' AND answer IS NOT NULL
                                          AND received_at >= :since AND id < :before
                                        ORDER BY id DESC
                                        LIMIT 1
                                        """)
                                .param("noteId", id.value())
                                .param("since", Timestamp.from(since))
                                .param("before", before)
                                .query((row, _) -> paidAnswer(row))
                                .optional());
    }

    private static PaidAnswer paidAnswer(ResultSet row) throws SQLException {
        return new PaidAnswer(
                row.getLong("id"),
                row.getTimestamp("received_at").toInstant(),
                row.getObject("http_status", Integer.class),
                row.getString("request_id"),
                row.getBytes("answer"),
                row.getTimestamp("media_gone_at") != null);
    }

    /**
     * Notes that every address of one of an answer's files is dead, so that a later night buys a
     * new one.
     */
    public void mediaGone(long call, Instant now) {
        ownTransaction.executeWithoutResult(
                _ ->
                        jdbc.sql(
                                        """
                                        UPDATE api_call SET media_gone_at = :now
                                        WHERE id = :call AND media_gone_at IS NULL
                                        """)
                                .param("now", Timestamp.from(now))
                                .param("call", call)
                                .update());
    }

    /**
     * Takes back that an answer's addresses are dead, when no missing file needs others any more.
     */
    public void mediaFound(long call) {
        ownTransaction.executeWithoutResult(
                _ ->
                        jdbc.sql(
                                        """
                                        UPDATE api_call SET media_gone_at = NULL
                                        WHERE id = :call AND media_gone_at IS NOT NULL
                                        """)
                                .param("call", call)
                                .update());
    }

    /** How many requests have left in a night, whatever became of them. */
    public long countIn(Night night) {
        return jdbc.sql(
                        """
                        SELECT count(*) FROM api_call WHERE sent_at >= :begins AND sent_at < :ends
                        """)
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()))
                .query(Long.class)
                .single();
    }

    /** Calls of a run, grouped by code and bill. */
    public List<CallCount> countsOf(long jobExecutionId) {
        return jdbc.sql(
                        """
                        SELECT code, billed, count(*) AS calls
                        FROM api_call
                        WHERE job_execution_id = :execution
                        GROUP BY code, billed
                        ORDER BY code NULLS LAST, billed
                        """)
                .param("execution", jobExecutionId)
                .query((row, _) -> callCount(row))
                .list();
    }

    private static CallCount callCount(ResultSet row) throws SQLException {
        return new CallCount(
                row.getObject("code", Integer.class),
                row.getString("billed"),
                row.getLong("calls"));
    }

    /** Calls of a night, grouped by code and bill. */
    public List<CallCount> countsIn(Night night) {
        return jdbc.sql(
                        """
                        SELECT code, billed, count(*) AS calls
                        FROM api_call
                        WHERE sent_at >= :begins AND sent_at < :ends
                        GROUP BY code, billed
                        ORDER BY code NULLS LAST, billed
                        """)
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()))
                .query((row, _) -> callCount(row))
                .list();
    }

    /** Every call about one note, oldest first. */
    public List<CallEntry> of(NoteId id) {
        return jdbc.sql(
                        """
                        SELECT id, endpoint, sent_at, received_at, duration_ms, http_status, code, billed, request_id,
                               message, job_execution_id, answer IS NOT NULL AS held, media_gone_at
                        FROM api_call
                        WHERE note_id = :noteId
                        ORDER BY id
                        """)
                .param("noteId", id.value())
                .query(
                        (row, _) ->
                                new CallEntry(
                                        row.getLong("id"),
                                        row.getString("endpoint"),
                                        row.getTimestamp("sent_at").toInstant(),
                                        instant(row.getTimestamp("received_at")),
                                        row.getObject("duration_ms", Integer.class),
                                        row.getObject("http_status", Integer.class),
                                        row.getObject("code", Integer.class),
                                        row.getString("billed"),
                                        row.getString("request_id"),
                                        row.getString("message"),
                                        row.getObject("job_execution_id", Long.class),
                                        row.getBoolean("held"),
                                        instant(row.getTimestamp("media_gone_at"))))
                .list();
    }

    /**
     * Empties the copies of answers that are too old to be used again, where the note has reached
     * its end and the exact bytes lie in the store.
     *
     * @return how many were emptied
     */
    public int emptyCopiesBefore(Instant limit) {
        return jdbc.sql(
                        """
                        UPDATE api_call c SET answer = NULL
                        WHERE c.answer IS NOT NULL AND c.received_at < :limit
                          AND EXISTS (SELECT 1 FROM worklist w
                                      WHERE w.note_id = c.note_id AND w.state IN ('ARCHIVED', 'UNAVAILABLE'))
                          AND EXISTS (SELECT 1 FROM note_capture n
                                      WHERE n.call_id = c.id AND n.sidecar_key IS NOT NULL)
                        """)
                .param("limit", Timestamp.from(limit))
                .update();
    }

    private static @Nullable Instant instant(@Nullable Timestamp timestamp) {
        return timestamp == null ? null : timestamp.toInstant();
    }

    /** How often a code came, and whether that is charged. */
    public record CallCount(@Nullable Integer code, String billed, long calls) {}

    /** One row of the ledger, without the answer itself. */
    public record CallEntry(
            long id,
            String endpoint,
            Instant sentAt,
            @Nullable Instant receivedAt,
            @Nullable Integer durationMs,
            @Nullable Integer httpStatus,
            @Nullable Integer code,
            String billed,
            @Nullable String requestId,
            @Nullable String message,
            @Nullable Long jobExecutionId,
            boolean answerHeld,
            @Nullable Instant mediaGoneAt) {}
}
