package io.github.notearchive.archive.ledger;

import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallRecord;
import io.github.notearchive.provider.ProviderReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
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
 * Writes answers into the rows of their calls. What is paid for is not lost on the way: it lies in a file while the
 * database does not take it.
 */
final class ResponseWriter {

    /**
     * After so long without a word from the server an attempt to write fails. Much shorter than a lease, so that there
     * is time for another connection before the note is another node's.
     */
    static final Duration SILENCE = Duration.ofSeconds(20);

    private static final Logger log = LoggerFactory.getLogger(ResponseWriter.class);

    /** For an answer that lies in a file, so that nothing is lost when the run ends over it. */
    private static final Duration WHEN_KEPT = Duration.ofMinutes(1);

    /** For an answer that exists in memory only. */
    private static final Duration OTHERWISE = Duration.ofMinutes(5);

    /** After so long without a commit, an answer is written to a file as well. */
    private static final Duration KEEP_AFTER = Duration.ofSeconds(1);

    /** So many files can be written at the same time. */
    private static final int KEEPERS = 4;

    private final JdbcClient jdbc;
    private final TransactionTemplate atOnce;
    private final ResponseSpool unwritten;
    private final Supplier<@Nullable Long> execution;
    private final BooleanSupplier isGivenUp;
    private final ScheduledThreadPoolExecutor keepers;

    /**
     * @param execution the one that this process is in
     * @param isGivenUp whether the run ends since a server is out of reach
     */
    ResponseWriter(
            JdbcClient jdbc,
            TransactionTemplate atOnce,
            ResponseSpool unwritten,
            Supplier<@Nullable Long> execution,
            BooleanSupplier isGivenUp) {
        this.jdbc = jdbc;
        this.atOnce = atOnce;
        this.unwritten = unwritten;
        this.execution = execution;
        this.isGivenUp = isGivenUp;
        this.keepers = new ScheduledThreadPoolExecutor(
                KEEPERS,
                Thread.ofPlatform().daemon().name("response-keeper-", 0).factory());
        this.keepers.setRemoveOnCancelPolicy(true);
        this.keepers.setKeepAliveTime(10, TimeUnit.SECONDS);
        this.keepers.allowCoreThreadTimeOut(true);
    }

    private static RetryTemplate retries(Duration atMost, BooleanSupplier isInVain) {
        return new RetryTemplate(RetryPolicy.builder()
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
     * A paid answer outlives an outage of the database. It is written to a file when the first attempt fails or is not
     * committed within a second. A failed write is repeated for a minute, unless the run ends over it; where there can
     * be no file, for five minutes, whatever the run does.
     */
    long received(CallRecord call, ProviderReply reply, byte @Nullable [] answer, Instant receivedAt, Duration took) {
        Keeping keeping = new Keeping(call, reply, answer, receivedAt, took);
        ScheduledFuture<?> later = keepers.schedule(
                () -> keeping.keep("no answer from it within a second"), KEEP_AFTER.toMillis(), TimeUnit.MILLISECONDS);
        try {
            long number = keeping.write();
            keeping.end();
            return number;
        } catch (DataAccessException | TransactionException e) {
            later.cancel(false);
            boolean kept = keeping.keep(inALine(e));
            if (e instanceof DataIntegrityViolationException) {
                throw e; // it would be refused again
            }
            RetryTemplate retries =
                    answer == null || kept ? retries(WHEN_KEPT, isGivenUp) : retries(OTHERWISE, () -> false);
            long number = retries.<Long>invoke(keeping::write);
            keeping.end();
            return number;
        } finally {
            later.cancel(false);
        }
    }

    /** An answer on its way to the database, and the file that may hold it meanwhile. */
    private final class Keeping {

        private final CallRecord call;
        private final ProviderReply reply;
        private final byte @Nullable [] answer;
        private final Instant receivedAt;
        private final Duration took;

        // guarded by this
        private boolean kept;
        private boolean ended;

        Keeping(CallRecord call, ProviderReply reply, byte @Nullable [] answer, Instant receivedAt, Duration took) {
            this.call = call;
            this.reply = reply;
            this.answer = answer;
            this.receivedAt = receivedAt;
            this.took = took;
        }

        long write() {
            return ResponseWriter.this.write(call, reply, answer, receivedAt, took);
        }

        /**
         * Writes the file, unless it was written before or is not needed any more.
         *
         * @param obstacle why the database does not have the answer yet
         * @return whether there is a file
         */
        synchronized boolean keep(String obstacle) {
            if (kept || ended || answer == null) {
                return kept;
            }
            try {
                Path file = unwritten.keep(call, reply, answer, receivedAt, took);
                kept = true;
                log.warn(
                        "Note {}: the database does not take its paid answer ({}); it is kept in {} until it does",
                        call.id(),
                        obstacle,
                        file);
            } catch (IOException e) {
                log.error(
                        "Note {}: the database does not take its paid answer ({}), and no file can keep it ({}); the database is tried for five minutes",
                        call.id(),
                        obstacle,
                        e.toString());
            }
            return kept;
        }

        /** The database has the answer: no file is needed from now on. */
        synchronized void end() {
            ended = true;
            if (kept) {
                forget(call);
            }
        }
    }

    static String inALine(Throwable e) {
        String message = NestedExceptionUtils.getMostSpecificCause(e).getMessage();
        return String.valueOf(message).lines().findFirst().orElse("");
    }

    private void forget(CallRecord call) {
        try {
            unwritten.forget(call);
        } catch (IOException e) {
            log.warn(
                    "Note {}: its answer is in the ledger, but the file that kept it meanwhile cannot be deleted: {}",
                    call.id(),
                    e.toString());
        }
    }

    /** See {@link CallRepository#bringInUnwritten}. */
    List<NoteId> bringInUnwritten(Predicate<String> isActive) {
        return bringIn(broughtIn -> {
            bringIn(unwritten, _ -> true, broughtIn);
            for (ResponseSpool others : unwritten.ofOtherNodes()) {
                if (!isActive.test(others.node())) {
                    bringInOfAnother(others, broughtIn);
                }
            }
        });
    }

    /** See {@link CallRepository#bringInUnwritten(NoteId)}. */
    void bringInUnwritten(NoteId note) {
        List<NoteId> _ = bringIn(broughtIn -> bringIn(unwritten, file -> ResponseSpool.isAbout(file, note), broughtIn));
    }

    /** Reads files, and adds the notes whose answers are in the ledger now. */
    @FunctionalInterface
    private interface Intake {
        void addTo(List<NoteId> broughtIn) throws IOException;
    }

    private static List<NoteId> bringIn(Intake intake) {
        try {
            List<NoteId> broughtIn = new ArrayList<>();
            intake.addTo(broughtIn);
            return broughtIn;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "paid answers may wait in files that cannot be looked at, and would be bought again: "
                            + e
                            + ". Give this user the right to read them",
                    e);
        }
    }

    private void bringInOfAnother(ResponseSpool others, List<NoteId> broughtIn) throws IOException {
        try {
            bringIn(others, _ -> true, broughtIn);
        } catch (AccessDeniedException e) {
            log.warn(
                    "Paid answers of node {} may wait in files that this user cannot read, {}; run --node {} as their owner",
                    others.node(),
                    e.getMessage(),
                    others.node());
        }
    }

    private void bringIn(ResponseSpool ofANode, Predicate<Path> wanted, List<NoteId> broughtIn) throws IOException {
        for (Path file : ofANode.waiting()) {
            Optional<NoteId> note = wanted.test(file) ? bringIn(file) : Optional.empty();
            if (note.isPresent()) {
                broughtIn.add(note.get());
                delete(file);
            }
        }
    }

    /** It is in the ledger; the next run brings it in once more, which changes nothing. */
    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            log.warn("{} is in the ledger and cannot be deleted, {}; delete it by hand", file, e.toString());
        }
    }

    /** Writes the answer of a file to the ledger; empty when that stays in the file. */
    private Optional<NoteId> bringIn(Path file) throws AccessDeniedException {
        ResponseSpool.Unwritten answer;
        try {
            answer = ResponseSpool.read(file);
        } catch (AccessDeniedException e) {
            throw e;
        } catch (IOException e) {
            log.warn(
                    "{} cannot be brought into the ledger, {}; it is left where it is, and should be looked at",
                    file,
                    e.getMessage());
            return Optional.empty();
        }
        CallRecord call = answer.call();
        if (isForgotten(call.id())) {
            write(call, answer.reply().withoutMessage(), null, answer.receivedAt(), answer.took());
            log.warn(
                    "{} held a paid answer of note {}, which was forgotten since; what it cost is in the ledger, the answer is not kept",
                    file,
                    call.id());
            return Optional.of(call.id());
        }
        if (!isOnWorklist(call.id())) {
            log.warn(
                    "{} holds a paid answer of note {}, which is not on this database's worklist; it is left where it is",
                    file,
                    call.id());
            return Optional.empty();
        }
        try {
            write(call, answer.reply(), answer.answer(), answer.receivedAt(), answer.took());
            return Optional.of(call.id());
        } catch (DataIntegrityViolationException e) {
            log.warn(
                    "{} holds a paid answer of note {} that the database refuses: {}; it is left where it is, and should be looked at",
                    file,
                    call.id(),
                    inALine(e));
            return Optional.empty();
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
     * Fills the call's row in. Of the responses that are not paid for only the first one about the note is kept. A row
     * that is no longer there, as after a failover that lost the last commits, is inserted again.
     */
    private long write(
            CallRecord call, ProviderReply reply, byte @Nullable [] answer, Instant receivedAt, Duration took) {
        return atOnce.<Long>execute(_ -> jdbc.sql("""
                                        WITH kept AS (
                                            SELECT CASE WHEN :billed = 'YES' OR NOT EXISTS (
                                                       SELECT 1 FROM api_call
                                                       WHERE note_id = :noteId AND billed <> 'YES' AND response IS NOT NULL AND id <> :call)
                                                   THEN :answer END AS response),
                                        filled AS (
                                            UPDATE api_call
                                            SET received_at = :receivedAt, duration_ms = :duration, http_status = :status,
                                                code = :code, billed = :billed, request_id = :requestId,
                                                message = :message, response = (SELECT response FROM kept)
                                            WHERE id = :call AND note_id = :noteId AND sent_at = :sentAt
                                            RETURNING id),
                                        anew AS (
                                            INSERT INTO api_call (note_id, endpoint, sent_at, job_execution_id, refresh, received_at,
                                                duration_ms, http_status, code, billed, request_id, message, response)
                                            SELECT :noteId, :endpoint, :sentAt, :execution, :refresh, :receivedAt,
                                                :duration, :status, :code, :billed, :requestId, :message,
                                                (SELECT response FROM kept)
                                            WHERE NOT EXISTS (SELECT 1 FROM filled)
                                            RETURNING id)
                                        SELECT id FROM filled UNION ALL SELECT id FROM anew
                                        """)
                .param("receivedAt", Timestamp.from(receivedAt))
                .param("duration", Math.toIntExact(Math.min(took.toMillis(), Integer.MAX_VALUE)))
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
