package io.github.notearchive.archive.ledger;

import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.ProviderReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
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

/**
 * Writes responses into the rows of their calls. A paid response is spooled to a file while the database is
 * unavailable; {@link #persistAll} writes the spooled responses later.
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
    private final ResponseRows rows;
    private final ResponseSpool spool;
    private final BooleanSupplier isAborting;
    private final ScheduledThreadPoolExecutor spoolers;

    /**
     * @param jdbc commits each statement on its own
     * @param execution supplies the execution of this process
     * @param isAborting returns whether the run ends because of an outage
     */
    ResponseWriter(
            JdbcClient jdbc, ResponseSpool spool, Supplier<@Nullable Long> execution, BooleanSupplier isAborting) {
        this.jdbc = jdbc;
        this.rows = new ResponseRows(jdbc, execution);
        this.spool = spool;
        this.isAborting = isAborting;
        this.spoolers = new ScheduledThreadPoolExecutor(
                SPOOL_THREADS,
                Thread.ofPlatform().daemon().name("response-spooler-", 0).factory());
        this.spoolers.setRemoveOnCancelPolicy(true);
        this.spoolers.setKeepAliveTime(10, TimeUnit.SECONDS);
        this.spoolers.allowCoreThreadTimeOut(true);
    }

    /**
     * Writes a response. It is spooled if the first attempt fails or does not commit within a second. A failed write is
     * retried for a minute, unless the run aborts. If spooling fails, it is retried for five minutes regardless of the
     * run.
     */
    long received(ReceivedResponse response) {
        PendingWrite pending = new PendingWrite(response);
        ScheduledFuture<?> later = spoolers.schedule(
                () -> pending.spool("no response within a second"), SPOOL_AFTER.toMillis(), TimeUnit.MILLISECONDS);
        try {
            long number = rows.write(response);
            pending.end();
            return number;
        } catch (DataAccessException | TransactionException e) {
            later.cancel(false);
            boolean spooled = pending.spool(DatabaseErrors.summary(e));
            if (e instanceof DataIntegrityViolationException) {
                throw e; // a retry would be rejected again
            }
            boolean isLost = response.body() != null && !spooled;
            RetryPolicy retries = RetryPolicy.builder()
                    .includes(List.of(DataAccessException.class, TransactionException.class))
                    .excludes(List.of(DataIntegrityViolationException.class))
                    .predicate(_ -> isLost || !isAborting.getAsBoolean())
                    .maxRetries(Long.MAX_VALUE)
                    .timeout(isLost ? RETRY_WITHOUT_SPOOL : RETRY_WHEN_SPOOLED)
                    .delay(Duration.ofMillis(500))
                    .multiplier(2)
                    .maxDelay(Duration.ofSeconds(2))
                    .build();
            long number = new RetryTemplate(retries).<Long>invoke(() -> rows.write(response));
            pending.end();
            return number;
        } finally {
            later.cancel(false);
        }
    }

    /**
     * Response to a call, before it is in the ledger.
     *
     * @param body the exact body; null if it is not kept
     * @param took from sending to the complete response
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record ReceivedResponse(
            CallRecord call, ProviderReply reply, byte @Nullable [] body, Instant receivedAt, Duration took) {

        int durationMs() {
            return (int) Math.min(took.toMillis(), Integer.MAX_VALUE);
        }

        ReceivedResponse withoutContent() {
            return new ReceivedResponse(call, reply.withoutMessage(), null, receivedAt, took);
        }
    }

    /** A response being written to the database, with the file that may hold it meanwhile. */
    private final class PendingWrite {

        private final ReceivedResponse response;

        // guarded by this
        private boolean spooled;
        private boolean ended;

        PendingWrite(ReceivedResponse response) {
            this.response = response;
        }

        /**
         * Spools the response, unless it was spooled before or is written already.
         *
         * @param cause why the database does not have the response yet
         * @return whether there is a file
         */
        synchronized boolean spool(String cause) {
            if (spooled || ended || response.body() == null) {
                return spooled;
            }
            NoteId id = response.call().id();
            try {
                Path file = spool.write(response);
                spooled = true;
                log.warn("Note {}: paid response spooled in {}; the database failed: {}", id, file, cause);
            } catch (IOException e) {
                log.error(
                        "Note {}: paid response neither written nor spooled ({}; {}); retrying for five minutes",
                        id,
                        cause,
                        e.toString());
            }
            return spooled;
        }

        /** The database has the response: no file is needed from now on. */
        synchronized void end() {
            ended = true;
            if (!spooled) {
                return;
            }
            try {
                spool.delete(response.call());
            } catch (IOException e) {
                log.warn(
                        "Note {}: response is in the ledger, but its spool file could not be deleted: {}",
                        response.call().id(),
                        e.toString());
            }
        }
    }

    void close() {
        rows.close();
    }

    /** See {@link CallRepository#persistSpooled}. */
    List<NoteId> persistAll(Predicate<String> isActive) {
        try {
            List<NoteId> persisted = persist(spool, _ -> true);
            for (ResponseSpool others : spool.ofOtherNodes()) {
                if (!isActive.test(others.node())) {
                    persisted.addAll(persistFromNode(others));
                }
            }
            return persisted;
        } catch (IOException e) {
            throw unlistable(e);
        }
    }

    /** See {@link CallRepository#persistSpooled(NoteId)}. */
    void persist(NoteId note) {
        try {
            persist(spool, file -> ResponseSpool.isAbout(file, note));
        } catch (IOException e) {
            throw unlistable(e);
        }
    }

    private static UncheckedIOException unlistable(IOException e) {
        return new UncheckedIOException(
                "spooled paid responses cannot be listed and would be bought again: " + e
                        + ". Grant this user read access",
                e);
    }

    private List<NoteId> persistFromNode(ResponseSpool others) throws IOException {
        try {
            return persist(others, _ -> true);
        } catch (AccessDeniedException e) {
            log.warn(
                    "Spooled paid responses of node {} are not readable ({}); start --node {} as their owner",
                    others.node(),
                    e.getMessage(),
                    others.node());
            return List.of();
        }
    }

    private List<NoteId> persist(ResponseSpool source, Predicate<Path> wanted) throws IOException {
        List<NoteId> persisted = new ArrayList<>();
        for (Path file : source.spooledFiles()) {
            Optional<NoteId> note = wanted.test(file) ? persist(file) : Optional.empty();
            note.ifPresent(persisted::add);
            if (note.isPresent()) {
                try {
                    Files.delete(file); // if it fails, the next run persists the response again, which changes nothing
                } catch (IOException e) {
                    log.warn("{} is in the ledger and could not be deleted ({}); delete it", file, e.toString());
                }
            }
        }
        return persisted;
    }

    /** Writes the response of a file to the ledger; empty if it stays in the file. */
    private Optional<NoteId> persist(Path file) throws AccessDeniedException {
        ReceivedResponse response;
        try {
            response = ResponseSpool.read(file);
        } catch (AccessDeniedException e) {
            throw e;
        } catch (IOException e) {
            log.warn("{} could not be written to the ledger ({}); the file is kept, check it", file, e.getMessage());
            return Optional.empty();
        }
        NoteId id = response.call().id();
        if (isIn("forgotten_note", id)) {
            rows.write(response.withoutContent());
            log.warn("Note {}: erased; only the cost of its response in {} was recorded", id, file);
            return Optional.of(id);
        }
        if (!isIn("worklist", id)) {
            log.warn("Note {}: not in this worklist; its paid response in {} is kept", id, file);
            return Optional.empty();
        }
        try {
            rows.write(response);
            return Optional.of(id);
        } catch (DataIntegrityViolationException e) {
            log.warn(
                    "Note {}: the database rejects its paid response ({}); {} is kept, check it",
                    id,
                    DatabaseErrors.summary(e),
                    file);
            return Optional.empty();
        }
    }

    private boolean isIn(String table, NoteId id) {
        return jdbc.sql("SELECT EXISTS (SELECT 1 FROM %s WHERE note_id = :noteId)".formatted(table))
                .param("noteId", id.value())
                .query(Boolean.class)
                .single();
    }
}
