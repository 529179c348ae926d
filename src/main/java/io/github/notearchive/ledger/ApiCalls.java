package io.github.notearchive.ledger;

import static io.github.notearchive.sql.Timestamps.instant;
import static io.github.notearchive.sql.Timestamps.timestamp;

import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.source.CallJournal;
import io.github.notearchive.source.CallLimits;
import io.github.notearchive.source.Endpoint;
import io.github.notearchive.source.Inquiry;
import io.github.notearchive.source.NightlyCalls;
import io.github.notearchive.source.ProviderReply;
import io.github.notearchive.source.RunStop;
import io.github.notearchive.source.SentCall;
import io.github.notearchive.source.WrittenCall;
import io.github.notearchive.sql.NamedStatement;
import io.github.notearchive.sql.OwnTransaction;
import io.github.notearchive.sql.Question;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/** The rows of {@code api_call}: one for each request, in the order they left. */
@Repository
public class ApiCalls implements CallJournal {

    private static final Logger log = LoggerFactory.getLogger(ApiCalls.class);

    /** For an answer that lies in a file, so that nothing is lost when the run ends over it. */
    private static final RetryTemplate FOR_A_MINUTE = retries(8);

    /** For an answer that exists in memory only. */
    private static final RetryTemplate FOR_FIVE_MINUTES = retries(22);

    /** How often a call is tried that a limit refused and then allowed. */
    private static final int TRIES = 10;

    private static final NamedStatement BOUGHT =
            NamedStatement.of(
                    """
                    SELECT id, endpoint, sent_at, received_at, duration_ms, http_status, code, request_id,
                           message, media_gone_at, refresh
                    FROM api_call
                    WHERE note_id = :noteId AND billed = 'YES' AND received_at IS NOT NULL
                      AND (:number::bigint IS NULL OR id = :number)
                    ORDER BY id DESC
                    LIMIT 1
                    """);

    private static final String ROW =
            """
            INSERT INTO api_call (note_id, endpoint, sent_at, job_execution_id, refresh)
            SELECT :noteId, :endpoint, :sentAt, :execution, :refresh
            """;

    private static final String CLAIMED =
            "EXISTS (SELECT 1 FROM worklist w WHERE w.note_id = :noteId AND w.claim_id = :claim)";

    private static final String PAUSES = "coalesce((SELECT throttles FROM call_pace), 0) AS pauses";

    private static final String WRITE_COUNTED =
            """
            WITH counted AS (
                INSERT INTO nightly_calls AS n (night, calls, video_calls, refresh_calls)
                SELECT :night, 1, :video, :refreshes
                WHERE NOT EXISTS (%s) AND %s
                ON CONFLICT (night) DO UPDATE
                SET calls = n.calls + 1, video_calls = n.video_calls + :video,
                    refresh_calls = n.refresh_calls + :refreshes
                WHERE (:limit = 0 OR n.calls < :limit)
                  AND (:video = 0 OR :videoLimit = 0 OR n.video_calls < :videoLimit)
                  AND (:refreshes = 0 OR :refreshLimit = 0 OR n.refresh_calls < :refreshLimit)
                RETURNING calls, video_calls, refresh_calls),
            written AS (
                %s FROM counted
                RETURNING id)
            SELECT written.id, counted.*, %s
            FROM written, counted
            """
                    .formatted(RunStops.HEEDED, CLAIMED, ROW, PAUSES);

    private static final String WRITE_UNCOUNTED =
            """
            %s WHERE NOT EXISTS (%s) AND %s
            RETURNING id, %s
            """
                    .formatted(ROW, RunStops.HEEDED, CLAIMED, PAUSES);

    private final JdbcClient jdbc;

    /**
     * For one statement that is a transaction by itself, whatever the caller is in. All nodes wait
     * for a row that some of them lock, so no client may die between statement and commit.
     */
    private final TransactionTemplate atOnce;

    private final UnwrittenAnswers unwritten;
    private final RunStops stops;
    private final AtomicReference<@Nullable Long> execution = new AtomicReference<>();
    private final LongAdder sent = new LongAdder();

    ApiCalls(JdbcClient jdbc, PlatformTransactionManager transactions, UnwrittenAnswers unwritten) {
        this.jdbc = jdbc;
        this.atOnce = OwnTransaction.perStatement(transactions);
        this.unwritten = unwritten;
        this.stops = new RunStops(jdbc, atOnce, execution::get);
    }

    private static RetryTemplate retries(int times) {
        return new RetryTemplate(
                RetryPolicy.builder()
                        .includes(List.of(DataAccessException.class, TransactionException.class))
                        .excludes(List.of(DataIntegrityViolationException.class))
                        .maxRetries(times)
                        .delay(Duration.ofMillis(500))
                        .multiplier(2)
                        .maxDelay(Duration.ofSeconds(15))
                        .build());
    }

    /** Says which job execution the calls from now on belong to. */
    public void belongTo(long jobExecutionId) {
        execution.set(jobExecutionId);
        sent.reset();
    }

    /** How many calls have left since {@link #belongTo}. */
    public long sentByThisExecution() {
        return sent.sum();
    }

    /** What ends the calls of this run, whichever node met it. */
    public RunStops stops() {
        return stops;
    }

    /**
     * One statement counts the call and writes it down, so that nodes which run at once share one
     * limit: whoever comes second waits for the first one's commit, and sees its count. A call that
     * none of our own limits is about is not counted, and waits for nobody.
     */
    @Override
    public WrittenCall sending(
            Inquiry inquiry, String endpoint, Instant sentAt, boolean refresh, CallLimits limits) {
        Night night = Night.of(sentAt);
        for (int tries = 1; ; tries++) {
            Optional<WrittenCall> written = write(inquiry, endpoint, sentAt, refresh, limits);
            if (written.isPresent()) {
                sent.increment();
                return written.get();
            }
            Optional<RunStop> stop = stops.heeded(sentAt);
            if (stop.isPresent()) {
                return new WrittenCall.Stopped(stop.get());
            }
            if (!isClaimed(inquiry)) {
                return new WrittenCall.Unclaimed();
            }
            NightlyCalls made = sentIn(night);
            // else another node has given a call back since
            if (!limits.allow(made, isVideo(endpoint), refresh) || tries >= TRIES) {
                return new WrittenCall.OverLimit(made);
            }
        }
    }

    private boolean isClaimed(Inquiry inquiry) {
        return atOnce.execute(
                _ ->
                        jdbc.sql("SELECT " + CLAIMED)
                                .param("noteId", inquiry.id().value())
                                .param("claim", inquiry.claim())
                                .query(Boolean.class)
                                .single());
    }

    /** Empty when the limits leave no call, calls have ended, or the claim is lost. */
    private Optional<WrittenCall> write(
            Inquiry inquiry, String endpoint, Instant sentAt, boolean refresh, CallLimits limits) {
        NoteId id = inquiry.id();
        boolean counted = limits.areAbout(isVideo(endpoint), refresh);
        return atOnce.execute(
                _ ->
                        jdbc.sql(counted ? WRITE_COUNTED : WRITE_UNCOUNTED)
                                .param("night", Night.of(sentAt).date())
                                .param("video", isVideo(endpoint) ? 1 : 0)
                                .param("refreshes", refresh ? 1 : 0)
                                .param("limit", limits.all())
                                .param("videoLimit", limits.videos())
                                .param("refreshLimit", limits.refreshes())
                                .param("after", stops.heedAfter())
                                .param("now", Timestamp.from(sentAt))
                                .param("noteId", id.value())
                                .param("claim", inquiry.claim())
                                .param("endpoint", endpoint)
                                .param("sentAt", Timestamp.from(sentAt))
                                .param("execution", execution.get(), Types.BIGINT)
                                .param("refresh", refresh)
                                .<WrittenCall>query(
                                        (row, _) ->
                                                new WrittenCall.Written(
                                                        new SentCall(
                                                                row.getLong("id"),
                                                                id,
                                                                endpoint,
                                                                sentAt,
                                                                refresh),
                                                        counted ? nightlyCalls(row) : null,
                                                        row.getLong("pauses")))
                                .optional());
    }

    @Override
    public void stopped(ProviderReply reply, Instant metAt) {
        try {
            stops.write(reply, metAt);
        } catch (DataAccessException | TransactionException e) {
            log.warn(
                    "The database does not take that {} ended the calls of all nodes, so others meet it by themselves: {}",
                    reply,
                    inALine(e));
        }
    }

    private static boolean isVideo(String endpoint) {
        return endpoint.equals(Endpoint.VIDEO.ledgerName());
    }

    private static NightlyCalls nightlyCalls(ResultSet row) throws SQLException {
        return new NightlyCalls(
                row.getLong("calls"), row.getLong("video_calls"), row.getLong("refresh_calls"));
    }

    /** How many calls the ledger holds of a night; unlike {@link #count} this writes nothing. */
    public NightlyCalls made(Night night) {
        return jdbc.sql(
                        """
                        SELECT greatest(c.calls, n.calls) AS calls, greatest(c.video_calls, n.video_calls) AS video_calls,
                               greatest(c.refresh_calls, n.refresh_calls) AS refresh_calls
                        FROM (SELECT count(*) AS calls, count(*) FILTER (WHERE endpoint = :video) AS video_calls,
                                     count(*) FILTER (WHERE refresh) AS refresh_calls
                              FROM api_call WHERE sent_at >= :begins AND sent_at < :ends) AS c
                        LEFT JOIN nightly_calls n ON n.night = :night
                        """)
                .param("night", night.date())
                .param("video", Endpoint.VIDEO.ledgerName())
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()))
                .query((row, _) -> nightlyCalls(row))
                .single();
    }

    /** How many calls were sent in a night, as our own limits count them. */
    NightlyCalls sentIn(Night night) {
        return atOnce.execute(
                _ ->
                        jdbc.sql(
                                        """
                                        SELECT calls, video_calls, refresh_calls FROM nightly_calls WHERE night = :night
                                        """)
                                .param("night", night.date())
                                .query((row, _) -> nightlyCalls(row))
                                .optional()
                                .orElse(NightlyCalls.NONE));
    }

    /**
     * Begins to count a night, or goes on: never below what the ledger holds, which may have been
     * rebuilt, or written by an earlier version.
     */
    public NightlyCalls count(Night night) {
        return atOnce.execute(
                _ ->
                        jdbc.sql(
                                        """
                                        INSERT INTO nightly_calls AS n (night, calls, video_calls, refresh_calls)
                                        SELECT :night, count(*), count(*) FILTER (WHERE endpoint = :video),
                                               count(*) FILTER (WHERE refresh)
                                        FROM api_call WHERE sent_at >= :begins AND sent_at < :ends
                                        ON CONFLICT (night) DO UPDATE
                                        SET calls = greatest(n.calls, EXCLUDED.calls),
                                            video_calls = greatest(n.video_calls, EXCLUDED.video_calls),
                                            refresh_calls = greatest(n.refresh_calls, EXCLUDED.refresh_calls)
                                        RETURNING calls, video_calls, refresh_calls
                                        """)
                                .param("night", night.date())
                                .param("video", Endpoint.VIDEO.ledgerName())
                                .param("begins", Timestamp.from(night.begins()))
                                .param("ends", Timestamp.from(night.ends()))
                                .query((row, _) -> nightlyCalls(row))
                                .single());
    }

    @Override
    public void notSent(SentCall call, CallLimits limits) {
        sent.decrement();
        boolean counted = limits.areAbout(isVideo(call.endpoint()), call.refresh());
        atOnce.executeWithoutResult(
                _ ->
                        jdbc.sql(
                                        """
                                        WITH gone AS (
                                            DELETE FROM api_call WHERE id = :call AND received_at IS NULL
                                            RETURNING endpoint, refresh)
                                        UPDATE nightly_calls n
                                        SET calls = n.calls - 1, video_calls = n.video_calls - (gone.endpoint = :video)::int,
                                            refresh_calls = n.refresh_calls - gone.refresh::int
                                        FROM gone WHERE n.night = :night AND :counted
                                        """)
                                .param("call", call.number())
                                .param("video", Endpoint.VIDEO.ledgerName())
                                .param("night", Night.of(call.sentAt()).date())
                                .param("counted", counted)
                                .update());
    }

    /**
     * A database that is away must not cost an answer that is paid for. It is kept in a file as
     * soon as the first attempt fails, and the write is tried for a minute more; where there can be
     * no file, for five.
     */
    @Override
    public long received(
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
            RetryTemplate retries = answer == null || kept ? FOR_A_MINUTE : FOR_FIVE_MINUTES;
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

    private static String inALine(Throwable e) {
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

    /**
     * Brings the answers in that an earlier run of this node could only keep in files. A file whose
     * note this database does not know, or that is damaged, stays where it is and is named in a
     * warning. Safe to repeat.
     *
     * @return how many answers were brought in
     * @throws UncheckedIOException when nobody may look at the files: what is paid for would be
     *     bought again
     */
    public int bringInUnwritten() {
        try {
            int broughtIn = 0;
            for (Path file : unwritten.waiting()) {
                if (bringIn(file)) {
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
                                .param("endpoint", call.endpoint())
                                .param("sentAt", Timestamp.from(call.sentAt()))
                                .param("execution", execution.get(), Types.BIGINT)
                                .param("refresh", call.refresh())
                                .param("call", call.number())
                                .query(Long.class)
                                .single());
    }

    /**
     * The newest answer about a note to one of the questions that is paid for, not older than
     * {@code since} and still held here.
     */
    Optional<PaidAnswer> latestPaid(NoteId id, Endpoint endpoint, Instant since) {
        return latestPaid(id, endpoint, since, Long.MAX_VALUE);
    }

    /** The same among the calls that were made before another one. */
    Optional<PaidAnswer> latestPaid(NoteId id, Endpoint endpoint, Instant since, long before) {
        return atOnce.execute(
                _ ->
                        jdbc.sql(
                                        """
                                        SELECT id, received_at, http_status, request_id, answer, media_gone_at
                                        FROM api_call
                                        WHERE note_id = :noteId AND endpoint = :endpoint AND billed = 'YES'
                                          AND answer IS NOT NULL
                                          AND received_at >= :since AND id < :before
                                        ORDER BY id DESC
                                        LIMIT 1
                                        """)
                                .param("noteId", id.value())
                                .param("endpoint", endpoint.ledgerName())
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
     * The newest call of a note whose answer is paid for, whether or not that holds the note; empty
     * when nothing was ever paid for it.
     */
    public Optional<BoughtCall> newestBought(NoteId id) {
        return bought(id, null);
    }

    /** A call whose answer is paid for. */
    public Optional<BoughtCall> bought(NoteId id, long number) {
        return bought(id, Long.valueOf(number));
    }

    private Optional<BoughtCall> bought(NoteId id, @Nullable Long number) {
        return atOnce.execute(_ -> askBought(id, number).ask(jdbc).optional());
    }

    /** {@link #newestBought} as a question; it has no row or one. */
    public Question<BoughtCall> askNewestBought(NoteId id) {
        return askBought(id, null);
    }

    private static Question<BoughtCall> askBought(NoteId id, @Nullable Long number) {
        return BOUGHT.with(
                        new MapSqlParameterSource()
                                .addValue("noteId", id.value())
                                .addValue("number", number, Types.BIGINT))
                .as((row, _) -> boughtCall(row));
    }

    private static BoughtCall boughtCall(ResultSet row) throws SQLException {
        return new BoughtCall(
                row.getLong("id"),
                row.getTimestamp("received_at").toInstant(),
                new BoughtCall.Facts(
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
    public Optional<byte[]> answerOf(BoughtCall call) {
        return atOnce.execute(
                _ ->
                        jdbc.sql(
                                        """
                                        SELECT answer FROM api_call WHERE id = :call AND answer IS NOT NULL
                                        """)
                                .param("call", call.number())
                                .query((row, _) -> row.getBytes("answer"))
                                .optional());
    }

    /**
     * Writes a paid call back that a sidecar tells of. Part of the caller's transaction; a repeat
     * changes nothing.
     *
     * <p>It gets its old number again. Where another note's call has that, as in a bucket that two
     * databases have written to, it gets the next one that is free; and one that is above those of
     * the note's earlier calls, which come first.
     *
     * @return its number
     */
    public long restore(NoteId id, BoughtCall call, byte[] answer) {
        Optional<Long> there =
                jdbc.sql(
                                """
                                SELECT id FROM api_call WHERE note_id = :noteId AND received_at = :receivedAt
                                """)
                        .param("noteId", id.value())
                        .param("receivedAt", Timestamp.from(call.receivedAt()))
                        .query(Long.class)
                        .optional();
        if (there.isPresent()) {
            return there.get();
        }
        BoughtCall.Facts facts = call.facts();
        return jdbc.sql(
                        """
                        INSERT INTO api_call (id, note_id, endpoint, sent_at, received_at, duration_ms, http_status, code,
                                              billed, request_id, message, answer, media_gone_at, refresh)
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
                .param("refresh", Boolean.TRUE.equals(facts.refresh()))
                .query(Long.class)
                .single();
    }

    /** Lets the numbers of new calls begin after those that were restored. */
    public void numberFromTheHighest() {
        jdbc.sql(
                        """
                        SELECT setval(pg_get_serial_sequence('api_call', 'id'), max(id)) FROM api_call HAVING max(id) IS NOT NULL
                        """)
                .query(Long.class)
                .optional();
    }

    /**
     * Notes that every address of one of an answer's files is dead, so that a later night buys a
     * new one.
     */
    public void mediaGone(long call, Instant now) {
        atOnce.executeWithoutResult(
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
        atOnce.executeWithoutResult(
                _ ->
                        jdbc.sql(
                                        """
                                        UPDATE api_call SET media_gone_at = NULL
                                        WHERE id = :call AND media_gone_at IS NOT NULL
                                        """)
                                .param("call", call)
                                .update());
    }

    /** Calls of a run that asked one of the questions, and what is charged for them. */
    public Bill billOf(long jobExecutionId, Endpoint endpoint) {
        return jdbc.sql(
                        """
                        SELECT count(*) AS calls, count(*) FILTER (WHERE billed = 'YES') AS billed,
                               count(*) FILTER (WHERE billed = 'UNKNOWN') AS maybe
                        FROM api_call
                        WHERE job_execution_id = :execution AND endpoint = :endpoint
                        """)
                .param("execution", jobExecutionId)
                .param("endpoint", endpoint.ledgerName())
                .query((row, _) -> bill(row))
                .single();
    }

    /** Calls of a night that asked one of the questions, and what is charged for them. */
    public Bill billIn(Night night, Endpoint endpoint) {
        return jdbc.sql(
                        """
                        SELECT count(*) AS calls, count(*) FILTER (WHERE billed = 'YES') AS billed,
                               count(*) FILTER (WHERE billed = 'UNKNOWN') AS maybe
                        FROM api_call
                        WHERE sent_at >= :begins AND sent_at < :ends AND endpoint = :endpoint
                        """)
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()))
                .param("endpoint", endpoint.ledgerName())
                .query((row, _) -> bill(row))
                .single();
    }

    /** Calls of a run about notes that were archived, and what is charged for them. */
    public Bill billOfRefreshes(long jobExecutionId) {
        return jdbc.sql(
                        """
                        SELECT count(*) AS calls, count(*) FILTER (WHERE billed = 'YES') AS billed,
                               count(*) FILTER (WHERE billed = 'UNKNOWN') AS maybe
                        FROM api_call
                        WHERE job_execution_id = :execution AND refresh
                        """)
                .param("execution", jobExecutionId)
                .query((row, _) -> bill(row))
                .single();
    }

    /** Calls of a night about notes that were archived, and what is charged for them. */
    public Bill billOfRefreshesIn(Night night) {
        return jdbc.sql(
                        """
                        SELECT count(*) AS calls, count(*) FILTER (WHERE billed = 'YES') AS billed,
                               count(*) FILTER (WHERE billed = 'UNKNOWN') AS maybe
                        FROM api_call
                        WHERE sent_at >= :begins AND sent_at < :ends AND refresh
                        """)
                .param("begins", Timestamp.from(night.begins()))
                .param("ends", Timestamp.from(night.ends()))
                .query((row, _) -> bill(row))
                .single();
    }

    /** When the newest answer about a note was received that is paid for, held or not. */
    Optional<Instant> lastBought(NoteId id) {
        return atOnce.execute(
                _ ->
                        jdbc.sql(
                                        """
                                        SELECT max(received_at) AS last FROM api_call WHERE note_id = :noteId AND billed = 'YES'
                                        """)
                                .param("noteId", id.value())
                                .query(
                                        (row, _) ->
                                                Optional.ofNullable(instant(row.getTimestamp(1))))
                                .single());
    }

    private static Bill bill(ResultSet row) throws SQLException {
        return new Bill(row.getLong("calls"), row.getLong("billed"), row.getLong("maybe"));
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

    /** Paid answers of a run that were bought because the files of an earlier one were dead. */
    public long boughtAgainBy(long jobExecutionId) {
        return jdbc.sql(
                        """
                        SELECT count(*) FROM api_call c
                        WHERE c.job_execution_id = :execution AND c.billed = 'YES'
                          AND EXISTS (SELECT 1 FROM api_call p
                                      WHERE p.note_id = c.note_id AND p.endpoint = c.endpoint AND p.id < c.id
                                        AND p.media_gone_at IS NOT NULL)
                        """)
                .param("execution", jobExecutionId)
                .query(Long.class)
                .single();
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
                               message, job_execution_id, answer IS NOT NULL AS held, media_gone_at, refresh
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
                                        instant(row.getTimestamp("media_gone_at")),
                                        row.getBoolean("refresh")))
                .list();
    }

    /**
     * Empties the copies of answers that are too old to be used again, where the note has reached
     * its end and the exact bytes lie in the store, as far as audits know.
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
        return jdbc.sql(
                        """
                        UPDATE api_call c SET answer = NULL
                        WHERE c.answer IS NOT NULL AND c.received_at < :limit AND (:noteId::text IS NULL OR c.note_id = :noteId)
                          AND EXISTS (SELECT 1 FROM worklist w
                                      WHERE w.note_id = c.note_id AND w.state IN ('ARCHIVED', 'UNAVAILABLE'))
                          AND EXISTS (SELECT 1 FROM note_capture n
                                      WHERE n.call_id = c.id AND n.sidecar_key IS NOT NULL
                                        AND NOT EXISTS (SELECT 1 FROM fixity_finding f
                                                        WHERE f.object_key = n.sidecar_key AND f.resolved_at IS NULL
                                                          AND f.kind <> 'ORPHAN'))
                        """)
                .param("limit", Timestamp.from(limit))
                .param("noteId", id, Types.VARCHAR)
                .update();
    }

    /** How many calls were made, how many of them are charged, and how many may be. */
    public record Bill(long calls, long billed, long maybeBilled) {}

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
            @Nullable Instant mediaGoneAt,
            boolean refresh) {}
}
