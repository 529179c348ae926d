package io.github.notearchive.archive.ledger;

import io.github.notearchive.archive.ledger.ResponseSpool.ReceivedResponse;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.GroupCommit;
import io.github.notearchive.io.jdbc.RecordParameters;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.ResponseMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Types;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
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
 * unavailable; {@link SpooledResponses} writes it later.
 */
final class ResponseWriter {

    /**
     * Read timeout of a write attempt. Much shorter than a lease, so that another connection can be tried before
     * another node claims the note.
     */
    static final Duration READ_TIMEOUT = Duration.ofSeconds(20);

    /** Body to store; formatted with billing, note and number of the call, and the body. */
    private static final String RESPONSE = """
            CASE WHEN %s = 'YES' OR NOT EXISTS (
                     SELECT 1 FROM api_call o
                     WHERE o.note_id = %s AND o.billed <> 'YES' AND o.response IS NOT NULL AND o.id <> %s
                     OFFSET 0)
                 THEN %s END
            """;

    private static final String COMPLETE = """
            UPDATE api_call c
            SET received_at = d.received_at, duration_ms = d.duration_ms, http_status = d.http_status,
                code = d.code, billed = d.billed, request_id = d.request_id, message = d.message, response = %s
            FROM ROWS FROM (json_to_recordset(:rows::json) AS (
                call bigint, note_id text, sent_at timestamptz, received_at timestamptz, duration_ms integer,
                http_status integer, code integer, billed text, request_id text, message text)) WITH ORDINALITY AS d
            WHERE c.id = ANY (:calls) AND c.id = d.call AND c.note_id = d.note_id AND c.sent_at = d.sent_at
            RETURNING d.ordinality
            """.formatted(RESPONSE.formatted(
            "d.billed", "d.note_id", "d.call", "coalesce((:bodies::bytea[])[d.ordinality], :single::bytea)"));

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
    private final ResponseSpool spool;
    private final Supplier<@Nullable Long> execution;
    private final BooleanSupplier isAborting;
    private final ScheduledThreadPoolExecutor spoolers;
    private final GroupCommit<ReceivedResponse, Boolean> groups = GroupCommit.ofStatements("responses", this::complete);

    /** @param isAborting returns whether the run ends because of an outage */
    ResponseWriter(
            JdbcClient jdbc, ResponseSpool spool, Supplier<@Nullable Long> execution, BooleanSupplier isAborting) {
        this.jdbc = jdbc;
        this.execution = execution;
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
            long number = write(response);
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
                    .jitter(Duration.ofMillis(250))
                    .multiplier(2)
                    .maxDelay(Duration.ofSeconds(2))
                    .build();
            long number = new RetryTemplate(retries).<Long>invoke(() -> write(response));
            pending.end();
            return number;
        } catch (RuntimeException | Error e) {
            boolean _ = pending.spool(e.toString()); // no failure of the database, but it must not cost the response
            throw e;
        } finally {
            later.cancel(false);
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
            NoteId id = response.noteId();
            try {
                Path file = spool.write(response);
                spooled = true;
                log.warn("Note {}: paid response spooled in {}; the database failed: {}", id, file, cause);
            } catch (IOException e) {
                String line = "Note {}: paid response neither written nor spooled ({}; {}); retrying for five minutes";
                log.error(line, id, cause, e.toString());
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
                spool.delete(response);
            } catch (IOException e) {
                String line = "Note {}: response is in the ledger, but its spool file could not be deleted: {}";
                log.warn(line, response.noteId(), e.toString());
            }
        }
    }

    /**
     * Completes the row of a call. Of the unpaid responses of a note only the first is stored. A missing row is
     * inserted again, as after a failover that lost the last commits; once, however often this is repeated.
     */
    long write(ReceivedResponse response) {
        byte[] body = response.body();
        boolean isLarge = body != null && ResponseMemory.isLarge(body.length);
        boolean isComplete = isLarge ? complete(List.of(response)).getFirst() : groups.execute(response);
        return isComplete ? response.call() : insert(response);
    }

    /**
     * Completes the rows of calls in one statement; returns for each whether there is a row. The driver copies the
     * elements of an array, so the body of a single response is a separate parameter.
     */
    private List<Boolean> complete(List<ReceivedResponse> group) {
        byte[] single = group.size() == 1 ? group.getFirst().body() : null;
        byte[][] bodies =
                group.stream().map(each -> single == null ? each.body() : null).toArray(byte[][]::new);
        Set<Integer> completed = jdbc.sql(COMPLETE)
                .param("rows", Columns.json(group))
                .param("calls", group.stream().map(ReceivedResponse::call).toArray(Long[]::new))
                .param("bodies", bodies)
                .param("single", single, Types.BINARY)
                .query((row, _) -> row.getInt("ordinality"))
                .set();
        return IntStream.rangeClosed(1, group.size())
                .mapToObj(completed::contains)
                .toList();
    }

    private long insert(ReceivedResponse response) {
        return jdbc.sql("""
                                        WITH written AS (
                                            SELECT id FROM api_call
                                            WHERE note_id = :noteId AND sent_at = :sentAt AND received_at = :receivedAt
                                            LIMIT 1),
                                        added AS (
                                            INSERT INTO api_call (note_id, endpoint, sent_at, job_execution_id,
                                                                  refresh, received_at, duration_ms, http_status, code,
                                                                  billed, request_id, message, response)
                                            SELECT :noteId, :endpoint, :sentAt, :execution, :refresh, :receivedAt,
                                                   :durationMs, :httpStatus, :code, :billed, :requestId, :message, %s
                                            WHERE NOT EXISTS (SELECT FROM written)
                                            RETURNING id)
                                        SELECT id FROM written UNION ALL SELECT id FROM added
                                        """.formatted(RESPONSE.formatted(":billed", ":noteId", ":call", ":body")))
                .paramSource(RecordParameters.of(response).addValue("execution", execution.get(), Types.BIGINT))
                .query(Long.class)
                .single();
    }

    void close() {
        groups.close();
    }
}
