package io.github.notearchive.archive.ledger;

import io.github.notearchive.io.DatabaseErrors;
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
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Writes responses into the rows of their calls. A paid response is spooled to a file while the database is
 * unavailable.
 */
final class ResponseWriter {

    /**
     * Read timeout of a write attempt. Much shorter than a lease, so that another connection can be tried before
     * another node claims the note.
     */
    static final Duration READ_TIMEOUT = Duration.ofSeconds(20);

    private static final Logger log = LoggerFactory.getLogger(ResponseWriter.class);

    /** Retry time of a spooled response: nothing is lost if the run ends. */
    private static final Duration RETRY_WHEN_SPOOLED = Duration.ofMinutes(1);

    /** Retry time of a response that exists in memory only. */
    private static final Duration RETRY_WITHOUT_SPOOL = Duration.ofMinutes(5);

    /** Time without a commit after which a response is also spooled. */
    private static final Duration SPOOL_AFTER = Duration.ofSeconds(1);

    /** Number of files that can be written concurrently. */
    private static final int SPOOL_THREADS = 4;

    private final JdbcClient jdbc;
    private final TransactionTemplate autoCommit;
    private final ResponseSpool spool;
    private final Supplier<@Nullable Long> execution;
    private final BooleanSupplier isAborting;
    private final ScheduledThreadPoolExecutor spoolers;

    /**
     * @param execution supplies the execution of this process
     * @param isAborting returns whether the run ends because of an outage
     */
    ResponseWriter(
            JdbcClient jdbc,
            TransactionTemplate autoCommit,
            ResponseSpool spool,
            Supplier<@Nullable Long> execution,
            BooleanSupplier isAborting) {
        this.jdbc = jdbc;
        this.autoCommit = autoCommit;
        this.spool = spool;
        this.execution = execution;
        this.isAborting = isAborting;
        this.spoolers = new ScheduledThreadPoolExecutor(
                SPOOL_THREADS,
                Thread.ofPlatform().daemon().name("response-spooler-", 0).factory());
        this.spoolers.setRemoveOnCancelPolicy(true);
        this.spoolers.setKeepAliveTime(10, TimeUnit.SECONDS);
        this.spoolers.allowCoreThreadTimeOut(true);
    }

    private static RetryTemplate retries(Duration atMost, BooleanSupplier isFutile) {
        return new RetryTemplate(RetryPolicy.builder()
                .includes(List.of(DataAccessException.class, TransactionException.class))
                .excludes(List.of(DataIntegrityViolationException.class))
                .predicate(_ -> !isFutile.getAsBoolean())
                .maxRetries(Long.MAX_VALUE)
                .timeout(atMost)
                .delay(Duration.ofMillis(500))
                .multiplier(2)
                .maxDelay(Duration.ofSeconds(2))
                .build());
    }

    /**
     * Writes a response; survives an outage of the database. The response is spooled if the first attempt fails or does
     * not commit within a second. A failed write is retried for a minute, unless the run aborts. If spooling fails, it
     * is retried for five minutes regardless of the run.
     */
    long received(CallRecord call, ProviderReply reply, byte @Nullable [] body, Instant receivedAt, Duration took) {
        PendingWrite pending = new PendingWrite(call, reply, body, receivedAt, took);
        ScheduledFuture<?> later = spoolers.schedule(
                () -> pending.spool("no response within a second"), SPOOL_AFTER.toMillis(), TimeUnit.MILLISECONDS);
        try {
            long number = pending.write();
            pending.end();
            return number;
        } catch (DataAccessException | TransactionException e) {
            later.cancel(false);
            boolean spooled = pending.spool(DatabaseErrors.describe(e));
            if (e instanceof DataIntegrityViolationException) {
                throw e; // a retry would be rejected again
            }
            RetryTemplate retries = body == null || spooled
                    ? retries(RETRY_WHEN_SPOOLED, isAborting)
                    : retries(RETRY_WITHOUT_SPOOL, () -> false);
            long number = retries.<Long>invoke(pending::write);
            pending.end();
            return number;
        } finally {
            later.cancel(false);
        }
    }

    /** A response being written to the database, with the file that may hold it meanwhile. */
    private final class PendingWrite {

        private final CallRecord call;
        private final ProviderReply reply;
        private final byte @Nullable [] body;
        private final Instant receivedAt;
        private final Duration took;

        // guarded by this
        private boolean spooled;
        private boolean ended;

        PendingWrite(CallRecord call, ProviderReply reply, byte @Nullable [] body, Instant receivedAt, Duration took) {
            this.call = call;
            this.reply = reply;
            this.body = body;
            this.receivedAt = receivedAt;
            this.took = took;
        }

        long write() {
            return ResponseWriter.this.write(call, reply, body, receivedAt, took);
        }

        /**
         * Spools the response, unless it was spooled before or is written already.
         *
         * @param cause why the database does not have the response yet
         * @return whether there is a file
         */
        synchronized boolean spool(String cause) {
            if (spooled || ended || body == null) {
                return spooled;
            }
            try {
                Path file = spool.write(call, reply, body, receivedAt, took);
                spooled = true;
                log.warn(
                        "Note {}: its paid response could not be written to the database ({}); spooled in {}",
                        call.id(),
                        cause,
                        file);
            } catch (IOException e) {
                log.error(
                        "Note {}: its paid response could be neither written ({}) nor spooled ({}); retrying for five minutes",
                        call.id(),
                        cause,
                        e.toString());
            }
            return spooled;
        }

        /** The database has the response: no file is needed from now on. */
        synchronized void end() {
            ended = true;
            if (spooled) {
                deleteFile(call);
            }
        }
    }

    private void deleteFile(CallRecord call) {
        try {
            spool.delete(call);
        } catch (IOException e) {
            log.warn(
                    "Note {}: its response is in the ledger, but its spool file could not be deleted: {}",
                    call.id(),
                    e.toString());
        }
    }

    /** See {@link CallRepository#persistSpooled}. */
    List<NoteId> persistSpooled(Predicate<String> isActive) {
        return persist(persisted -> {
            persist(spool, _ -> true, persisted);
            for (ResponseSpool others : spool.ofOtherNodes()) {
                if (!isActive.test(others.node())) {
                    persistFromNode(others, persisted);
                }
            }
        });
    }

    /** See {@link CallRepository#persistSpooled(NoteId)}. */
    void persistSpooled(NoteId note) {
        List<NoteId> _ = persist(persisted -> persist(spool, file -> ResponseSpool.isAbout(file, note), persisted));
    }

    /** Reads files and adds the notes whose responses were persisted. */
    @FunctionalInterface
    private interface SpoolScan {
        void run(List<NoteId> persisted) throws IOException;
    }

    private static List<NoteId> persist(SpoolScan scan) {
        try {
            List<NoteId> persisted = new ArrayList<>();
            scan.run(persisted);
            return persisted;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "spooled paid responses cannot be listed and would be bought again: "
                            + e
                            + ". Grant this user read access",
                    e);
        }
    }

    private void persistFromNode(ResponseSpool others, List<NoteId> persisted) throws IOException {
        try {
            persist(others, _ -> true, persisted);
        } catch (AccessDeniedException e) {
            log.warn(
                    "Spooled paid responses of node {} are not readable ({}); start --node {} as their owner",
                    others.node(),
                    e.getMessage(),
                    others.node());
        }
    }

    private void persist(ResponseSpool source, Predicate<Path> wanted, List<NoteId> persisted) throws IOException {
        for (Path file : source.spooledFiles()) {
            Optional<NoteId> note = wanted.test(file) ? persist(file) : Optional.empty();
            if (note.isPresent()) {
                persisted.add(note.get());
                delete(file);
            }
        }
    }

    /** The response is in the ledger. If the deletion fails, the next run persists it again, which changes nothing. */
    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            log.warn("{} is in the ledger and could not be deleted ({}); delete it manually", file, e.toString());
        }
    }

    /** Writes the response of a file to the ledger; empty if it stays in the file. */
    private Optional<NoteId> persist(Path file) throws AccessDeniedException {
        ResponseSpool.SpooledResponse response;
        try {
            response = ResponseSpool.read(file);
        } catch (AccessDeniedException e) {
            throw e;
        } catch (IOException e) {
            log.warn("{} could not be written to the ledger ({}); the file is kept, check it", file, e.getMessage());
            return Optional.empty();
        }
        CallRecord call = response.call();
        if (isErased(call.id())) {
            write(call, response.reply().withoutMessage(), null, response.receivedAt(), response.took());
            log.warn(
                    "{} held a paid response of the erased note {}; only its cost was written to the ledger",
                    file,
                    call.id());
            return Optional.of(call.id());
        }
        if (!isOnWorklist(call.id())) {
            log.warn(
                    "{} holds a paid response of note {}, which is not in this worklist; the file is kept",
                    file,
                    call.id());
            return Optional.empty();
        }
        try {
            write(call, response.reply(), response.body(), response.receivedAt(), response.took());
            return Optional.of(call.id());
        } catch (DataIntegrityViolationException e) {
            log.warn(
                    "{} holds a paid response of note {} that the database rejects ({}); the file is kept, check it",
                    file,
                    call.id(),
                    DatabaseErrors.describe(e));
            return Optional.empty();
        }
    }

    private boolean isErased(NoteId id) {
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
     * Completes the row of a call. Of the unpaid responses of a note only the first is stored. A missing row is
     * inserted again, as after a failover that lost the last commits.
     */
    private long write(
            CallRecord call, ProviderReply reply, byte @Nullable [] body, Instant receivedAt, Duration took) {
        return autoCommit.<Long>execute(_ -> jdbc.sql("""
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
                .param("answer", body, Types.BINARY)
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
