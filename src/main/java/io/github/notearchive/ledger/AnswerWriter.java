package io.github.notearchive.ledger;

import io.github.notearchive.note.NoteId;
import io.github.notearchive.source.ProviderReply;
import io.github.notearchive.source.SentCall;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Writes answers into the rows of their calls. What is paid for is not lost on the way: it lies in
 * a file while the database does not take it.
 */
final class AnswerWriter {

    private static final Logger log = LoggerFactory.getLogger(AnswerWriter.class);

    /** For an answer that lies in a file, so that nothing is lost when the run ends over it. */
    private static final Duration WHEN_KEPT = Duration.ofMinutes(1);

    /** For an answer that exists in memory only. */
    private static final Duration OTHERWISE = Duration.ofMinutes(5);

    private final JdbcClient jdbc;
    private final TransactionTemplate atOnce;
    private final UnwrittenAnswers unwritten;
    private final Supplier<@Nullable Long> execution;
    private final BooleanSupplier isGivenUp;

    /**
     * @param execution the one that this process is in
     * @param isGivenUp whether the run ends since a server is out of reach
     */
    AnswerWriter(
            JdbcClient jdbc,
            TransactionTemplate atOnce,
            UnwrittenAnswers unwritten,
            Supplier<@Nullable Long> execution,
            BooleanSupplier isGivenUp) {
        this.jdbc = jdbc;
        this.atOnce = atOnce;
        this.unwritten = unwritten;
        this.execution = execution;
        this.isGivenUp = isGivenUp;
    }

    private static RetryTemplate retries(Duration atMost, BooleanSupplier isInVain) {
        return new RetryTemplate(
                RetryPolicy.builder()
                        .includes(List.of(DataAccessException.class, TransactionException.class))
                        .excludes(List.of(DataIntegrityViolationException.class))
                        .predicate(_ -> !isInVain.getAsBoolean())
                        .maxRetries(Long.MAX_VALUE)
                        .timeout(atMost)
                        .delay(Duration.ofMillis(500))
                        .multiplier(2)
                        .maxDelay(Duration.ofSeconds(2))
                        .build());
    }

    /**
     * A database that is away must not cost an answer that is paid for. It is kept in a file as
     * soon as the first attempt fails, and the write is tried for a minute more, unless the run
     * ends over it; where there can be no file, for five, whatever the run does.
     */
    long received(
            SentCall call,
            ProviderReply reply,
            byte @Nullable [] answer,
            Instant receivedAt,
            Duration took) {
        try {
            return write(call, reply, answer, receivedAt, took);
        } catch (DataAccessException | TransactionException e) {
            boolean kept = answer != null && keep(call, reply, answer, receivedAt, took, e);
            if (e instanceof DataIntegrityViolationException) {
                throw e; // it would be refused again
            }
            RetryTemplate retries =
                    answer == null || kept
                            ? retries(WHEN_KEPT, isGivenUp)
                            : retries(OTHERWISE, () -> false);
            long number = retries.<Long>invoke(() -> write(call, reply, answer, receivedAt, took));
            if (kept) {
                forget(call);
            }
            return number;
        }
    }

    private boolean keep(
            SentCall call,
            ProviderReply reply,
            byte[] answer,
            Instant receivedAt,
            Duration took,
            RuntimeException obstacle) {
        try {
            Path file = unwritten.keep(call, reply, answer, receivedAt, took);
            log.warn(
                    "Note {}: the database does not take its paid answer ({}); it is kept in {} until it does",
                    call.id(),
                    inALine(obstacle),
                    file);
            return true;
        } catch (IOException e) {
            log.error(
                    "Note {}: the database does not take its paid answer ({}), and no file can keep it ({}); the database is tried for five minutes",
                    call.id(),
                    inALine(obstacle),
                    e.toString());
            return false;
        }
    }

    static String inALine(Throwable e) {
        String message = NestedExceptionUtils.getMostSpecificCause(e).getMessage();
        return String.valueOf(message).lines().findFirst().orElse("");
    }

    private void forget(SentCall call) {
        try {
            unwritten.forget(call);
        } catch (IOException e) {
            log.warn(
                    "Note {}: its answer is in the ledger, but the file that kept it meanwhile cannot be deleted: {}",
                    call.id(),
                    e.toString());
        }
    }

    /** See {@link ApiCalls#bringInUnwritten}. */
    int bringInUnwritten() {
        return bringIn(_ -> true);
    }

    /** See {@link ApiCalls#bringInUnwritten(NoteId)}. */
    void bringInUnwritten(NoteId note) {
        bringIn(file -> UnwrittenAnswers.isAbout(file, note));
    }

    private int bringIn(Predicate<Path> wanted) {
        try {
            int broughtIn = 0;
            for (Path file : unwritten.waiting()) {
                if (wanted.test(file) && bringIn(file)) {
                    broughtIn++;
                    delete(file);
                }
            }
            return broughtIn;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "paid answers may wait in files that cannot be looked at, and would be bought again: "
                            + e
                            + ". Give this user the right to read them",
                    e);
        }
    }

    /** It is in the ledger; the next run brings it in once more, which changes nothing. */
    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            log.warn(
                    "{} is in the ledger and cannot be deleted, {}; delete it by hand",
                    file,
                    e.toString());
        }
    }

    private boolean bringIn(Path file) throws AccessDeniedException {
        UnwrittenAnswers.Unwritten answer;
        try {
            answer = UnwrittenAnswers.read(file);
        } catch (AccessDeniedException e) {
            throw e;
        } catch (IOException e) {
            log.warn(
                    "{} cannot be brought into the ledger, {}; it is left where it is, and should be looked at",
                    file,
                    e.getMessage());
            return false;
        }
        SentCall call = answer.call();
        if (isForgotten(call.id())) {
            write(call, answer.reply().withoutMessage(), null, answer.receivedAt(), answer.took());
            log.warn(
                    "{} held a paid answer of note {}, which was forgotten since; what it cost is in the ledger, the answer is not kept",
                    file,
                    call.id());
            return true;
        }
        if (!isOnWorklist(call.id())) {
            log.warn(
                    "{} holds a paid answer of note {}, which is not on this database's worklist; it is left where it is",
                    file,
                    call.id());
            return false;
        }
        try {
            write(call, answer.reply(), answer.answer(), answer.receivedAt(), answer.took());
            return true;
        } catch (DataIntegrityViolationException e) {
            log.warn(
                    "{} holds a paid answer of note {} that the database refuses: {}; it is left where it is, and should be looked at",
                    file,
                    call.id(),
                    inALine(e));
            return false;
        }
    }

    private boolean isForgotten(NoteId id) {
        return jdbc.sql("SELECT EXISTS (SELECT 1 FROM forgotten_note WHERE note_id = :noteId)")
                .param("noteId", id.value())
                .query(Boolean.class)
                .single();
    }

    private boolean isOnWorklist(NoteId id) {
        return jdbc.sql("SELECT EXISTS (SELECT 1 FROM worklist WHERE note_id = :noteId)")
                .param("noteId", id.value())
                .query(Boolean.class)
                .single();
    }

    /**
     * Fills the call's row in. A row that is no longer there, as after a failover that lost the
     * last commits, is written anew.
     */
    private long write(
            SentCall call,
            ProviderReply reply,
            byte @Nullable [] answer,
            Instant receivedAt,
            Duration took) {
        return atOnce.<Long>execute(
                _ ->
                        jdbc.sql(
                                        """
                                        WITH filled AS (
                                            UPDATE api_call
                                            SET received_at = :receivedAt, duration_ms = :duration, http_status = :status,
                                                code = :code, billed = :billed, request_id = :requestId,
                                                message = :message, answer = :answer
                                            WHERE id = :call AND note_id = :noteId AND sent_at = :sentAt
                                            RETURNING id),
                                        anew AS (
                                            INSERT INTO api_call (note_id, endpoint, sent_at, job_execution_id, refresh, received_at,
                                                duration_ms, http_status, code, billed, request_id, message, answer)
                                            SELECT :noteId, :endpoint, :sentAt, :execution, :refresh, :receivedAt,
                                                :duration, :status, :code, :billed, :requestId, :message, :answer
                                            WHERE NOT EXISTS (SELECT 1 FROM filled)
                                            RETURNING id)
                                        SELECT id FROM filled UNION ALL SELECT id FROM anew
                                        """)
                                .param("receivedAt", Timestamp.from(receivedAt))
                                .param(
                                        "duration",
                                        Math.toIntExact(
                                                Math.min(took.toMillis(), Integer.MAX_VALUE)))
                                .param("status", reply.httpStatus(), Types.INTEGER)
                                .param("code", reply.code(), Types.INTEGER)
                                .param("billed", reply.billed().name())
                                .param("requestId", reply.requestId(), Types.VARCHAR)
                                .param("message", reply.message(), Types.VARCHAR)
                                .param("answer", answer, Types.BINARY)
                                .param("noteId", call.id().value())
                                .param("endpoint", call.endpoint().ledgerName())
                                .param("sentAt", Timestamp.from(call.sentAt()))
                                .param("execution", execution.get(), Types.BIGINT)
                                .param("refresh", call.refresh())
                                .param("call", call.number())
                                .query(Long.class)
                                .single());
    }
}
