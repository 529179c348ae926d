package io.github.notearchive.archive.ledger;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.github.notearchive.archive.ledger.ResponseSpool.ReceivedResponse;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.GroupCommit;
import io.github.notearchive.io.jdbc.NetworkTimeoutDataSource;
import io.github.notearchive.io.jdbc.RecordParameters;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallRecorder;
import io.github.notearchive.provider.CallRecorder.CallAdmission;
import io.github.notearchive.provider.CallRecorder.CallAdmission.OverLimit;
import io.github.notearchive.provider.CallRecorder.CallAdmission.WrittenCall;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.FetchOutcome.Outstanding;
import io.github.notearchive.provider.FetchOutcome.Unclaimed;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.NightlyLimits;
import io.github.notearchive.provider.ProviderReply;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionException;

/**
 * Reads and writes the call rows in {@code api_call}. A row is written before its request is sent and completed when
 * the response is received. Row numbers follow the order of sending.
 */
@Repository
public class CallRepository implements CallRecorder, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CallRepository.class);

    /** Limit of attempts for a call that a limit rejected and then allowed. */
    private static final int MAX_ATTEMPTS = 10;

    /** Columns of {@link NightlyCalls}. */
    private static final String COUNTS = "calls AS \"all\", video_calls AS videos, refresh_calls AS refreshes, "
            + "unbilled_calls AS unbilled, unbilled_video_calls AS unbilled_videos";

    /** Condition on the cost of calls; formatted with the number of all that may be billed, and of those for videos. */
    private static final String WITHIN_COST = "(:cost = 0 OR (%1$s - %2$s) * :notePrice + %2$s * :videoPrice <= :cost)";

    /**
     * Calls whose response may be in a file of the sending node: for a day at most, and until that node has recovered.
     * Formatted with note, endpoint and time.
     */
    private static final String OUTSTANDING = """
            SELECT id AS number, job_execution_id AS execution, sent_at FROM api_call
            WHERE note_id = %1$s AND endpoint = %2$s AND job_execution_id IS NOT NULL
              AND received_at IS NULL AND recovered_at IS NULL
              AND (job_execution_id IS DISTINCT FROM :execution::bigint OR id = ANY (:inProgress))
              AND sent_at > %3$s::timestamptz - interval '1 day'
              AND sent_at < %3$s::timestamptz + interval '1 day'
            """;

    /**
     * Writes the calls that may be sent, and counts them if a limit applies: all of a night, or none. {@code OFFSET}
     * keeps a subquery a look-up of the index, in tables of all sizes.
     */
    private static final String WRITE = """
            WITH wanted AS (
                SELECT d.*, d.kind = 'REFRESH' AS refresh, nextval('api_call_id_seq') AS number
                FROM ROWS FROM (json_to_recordset(:calls::json) AS (
                    note_id text, claim bigint, kind text, endpoint text, sent_at timestamptz, night date))
                    WITH ORDINALITY AS d
                WHERE NOT EXISTS (%s)
                  AND EXISTS (SELECT 1 FROM worklist w WHERE w.note_id = d.note_id AND w.claim_id = d.claim OFFSET 0)
                  AND NOT EXISTS (%s OFFSET 0)
                ORDER BY d.sent_at),
            counted AS (
                INSERT INTO nightly_calls AS n (night, calls, video_calls, refresh_calls)
                SELECT night, calls, videos, refreshes
                FROM (SELECT night, count(*) AS calls, count(*) FILTER (WHERE kind = 'VIDEO') AS videos,
                             count(*) FILTER (WHERE refresh) AS refreshes
                      FROM wanted WHERE :limited GROUP BY night) AS added
                WHERE (:all = 0 OR calls <= :all) AND (:videos = 0 OR videos <= :videos)
                  AND (:refreshes = 0 OR refreshes <= :refreshes) AND %s
                ORDER BY night
                ON CONFLICT (night) DO UPDATE
                SET calls = n.calls + EXCLUDED.calls, video_calls = n.video_calls + EXCLUDED.video_calls,
                    refresh_calls = n.refresh_calls + EXCLUDED.refresh_calls
                WHERE (:all = 0 OR n.calls + EXCLUDED.calls <= :all)
                  AND (:videos = 0 OR EXCLUDED.video_calls = 0 OR n.video_calls + EXCLUDED.video_calls <= :videos)
                  AND (:refreshes = 0 OR EXCLUDED.refresh_calls = 0
                       OR n.refresh_calls + EXCLUDED.refresh_calls <= :refreshes)
                  AND %s
                RETURNING night, %s),
            allowed AS (
                SELECT * FROM wanted LEFT JOIN counted USING (night) WHERE counted.night IS NOT NULL OR NOT :limited),
            written AS (
                INSERT INTO api_call (id, note_id, endpoint, sent_at, job_execution_id, refresh)
                OVERRIDING SYSTEM VALUE
                SELECT number, note_id, endpoint, sent_at, :execution::bigint, refresh FROM allowed)
            SELECT ordinality::int, number, note_id AS id, kind, sent_at, "all", videos, refreshes, unbilled,
                   unbilled_videos, (SELECT throttles FROM call_pace) AS backoff_epoch
            FROM allowed
            """.formatted(
                    StopNotices.OBSERVED.formatted("d.sent_at"),
                    OUTSTANDING.formatted("d.note_id", "d.endpoint", "d.sent_at"),
                    WITHIN_COST.formatted("calls", "videos"),
                    WITHIN_COST.formatted(
                            "(n.calls + EXCLUDED.calls - n.unbilled_calls)",
                            "(n.video_calls + EXCLUDED.video_calls - n.unbilled_video_calls)"),
                    COUNTS);

    /** Observer of responses, on the thread of the call, recorded or not. Its exceptions are logged and ignored. */
    public interface CallListener {

        /** Observes a response after {@code took} from sending; {@code code} is null for one without a code. */
        void onResponse(Endpoint endpoint, @Nullable Integer code, Billed billed, Duration took);
    }

    /**
     * Commits each statement on its own: all nodes wait for a row that a statement locks, so no client may die between
     * statement and commit.
     */
    private final JdbcClient jdbc;

    private final StopNotices stops;
    private final ResponseWriter writer;
    private final SpooledResponses spooled;
    private final List<CallListener> listeners;
    /** Execution of this process; null before it starts. */
    private final AtomicReference<@Nullable Long> execution = new AtomicReference<>();

    private final LongAdder sent = new LongAdder();

    /** Numbers of this process's calls whose responses are not written yet. */
    private final Set<Long> inProgress = ConcurrentHashMap.newKeySet();

    private volatile BooleanSupplier isAborting = () -> false;

    private final GroupCommit<Sending, Optional<WrittenCall>> groups =
            GroupCommit.ofStatements("calls", Sending::limits, this::write);

    CallRepository(
            DataSource database,
            PlatformTransactionManager transactions,
            ResponseSpool spool,
            List<CallListener> listeners) {
        this.jdbc = Statements.autoCommit(database, transactions);
        this.listeners = listeners;
        this.stops = new StopNotices(jdbc, execution::get);
        JdbcClient impatient = Statements.autoCommit(
                new NetworkTimeoutDataSource(database, ResponseWriter.READ_TIMEOUT), transactions);
        this.writer = new ResponseWriter(impatient, spool, execution::get, () -> isAborting.getAsBoolean());
        this.spooled = new SpooledResponses(impatient, spool, writer);
    }

    /**
     * Sets the job execution of all further calls.
     *
     * @param isAborting returns whether the run ends because of an outage, so that waiting for the database is futile
     */
    public void startExecution(long jobExecutionId, BooleanSupplier isAborting) {
        execution.set(jobExecutionId);
        this.isAborting = isAborting;
        sent.reset();
    }

    public long sentByThisExecution() {
        return sent.sum();
    }

    public StopNotices stops() {
        return stops;
    }

    /**
     * Counts and records the calls of concurrent callers in one statement, so that concurrent nodes share one limit:
     * the second statement waits for the commit of the first and sees its count. Calls to which no own limit applies
     * are not counted and do not wait for other nodes. If a limit does not allow all calls of a statement, none is
     * written, and each is tried again on its own. A call is rejected while an earlier one about the note may have a
     * response that is not recorded yet.
     */
    @Override
    public CallAdmission sending(FetchRequest request, CallKind kind, Instant sentAt, NightlyLimits limits) {
        Sending sending = new Sending(
                request.id(),
                request.claim(),
                kind,
                kind.endpoint().ledgerName(),
                sentAt,
                Night.of(sentAt),
                limits.appliesTo(kind) ? limits : NightlyLimits.NONE);
        for (int attempt = 1; ; attempt++) {
            Optional<WrittenCall> written = attempt == 1
                    ? groups.execute(sending)
                    : write(List.of(sending)).getFirst();
            if (written.isPresent()) {
                sent.increment();
                inProgress.add(written.get().call().number());
                return written.get();
            }
            Optional<CallAdmission> refusal = stops.observed(sentAt)
                    .map(CallAdmission.class::cast)
                    .or(() -> Optional.of(new Unclaimed()).filter(_ -> !isClaimed(request)))
                    .or(() -> outstanding(request.id(), kind.endpoint(), sentAt));
            if (refusal.isPresent()) {
                return refusal.get();
            }
            Night night = Night.of(sentAt);
            // by their responses, calls may cost less than was counted when they were sent
            NightlyCalls made = limits.isOfCost() ? count(night) : sentIn(night);
            // else its group exceeded the limit, or another node has returned a call to it since
            if (!limits.allow(kind, made) || attempt >= MAX_ATTEMPTS) {
                return new OverLimit(made);
            }
        }
    }

    /** A call to be written. Calls with the same limits share a statement. */
    private record Sending(
            NoteId noteId,
            long claim,
            CallKind kind,
            String endpoint,
            Instant sentAt,
            Night night,
            @JsonIgnore NightlyLimits limits) {}

    private record Placed(int ordinality, WrittenCall written) {}

    /**
     * Writes the rows of calls with the same limits. The result of a call is empty if a limit does not allow all of
     * them, calls have ended, its claim is lost, or an earlier call is outstanding.
     */
    private List<Optional<WrittenCall>> write(List<Sending> group) {
        NightlyLimits limits = group.getFirst().limits();
        List<Optional<WrittenCall>> results = new ArrayList<>(Collections.nCopies(group.size(), Optional.empty()));
        jdbc.sql(WRITE)
                .paramSource(RecordParameters.of(limits)
                        .addValue("limited", !limits.equals(NightlyLimits.NONE))
                        .addValue("notePrice", limits.prices().of(Endpoint.DETAIL))
                        .addValue("videoPrice", limits.prices().of(Endpoint.VIDEO))
                        .addValue("after", stops.observedAfter())
                        .addValue("execution", execution.get(), Types.BIGINT)
                        .addValue("inProgress", inProgress.toArray(Long[]::new))
                        .addValue("calls", Columns.json(group)))
                .query(Columns.of(Placed.class))
                .list()
                .forEach(call -> results.set(call.ordinality - 1, Optional.of(call.written)));
        return results;
    }

    /**
     * Returns the newest call about a note whose response is not recorded yet and may be in a file of the sending node.
     * Has to run before {@link PaidResponses#latestPaid}: if it is empty, no response to an earlier call arrives later.
     * A call of this run that is not in progress has no response: its row was not confirmed, so it was not sent.
     */
    Optional<Outstanding> outstanding(NoteId id, Endpoint endpoint, Instant now) {
        return jdbc.sql(OUTSTANDING.formatted(":noteId", ":endpoint", ":sentAt") + " ORDER BY id DESC LIMIT 1")
                .param("noteId", id.value())
                .param("endpoint", endpoint.ledgerName())
                .param("sentAt", Timestamp.from(now))
                .param("execution", execution.get(), Types.BIGINT)
                .param("inProgress", inProgress.toArray(Long[]::new))
                .query(Columns.of(Outstanding.class))
                .optional();
    }

    private boolean isClaimed(FetchRequest request) {
        Map<String, Object> parameters = Map.of("noteId", request.id(), "claim", request.claim());
        return Statements.one(jdbc, Boolean.class, parameters, """
                SELECT EXISTS (SELECT 1 FROM worklist WHERE note_id = :noteId AND claim_id = :claim)
                """);
    }

    /** Returns the number of calls of a night, as counted for our own limits. */
    public NightlyCalls sentIn(Night night) {
        String sql = "SELECT %s FROM nightly_calls WHERE night = :night".formatted(COUNTS);
        return Statements.optional(jdbc, NightlyCalls.class, Map.of("night", night), sql)
                .orElse(NightlyCalls.NONE);
    }

    /**
     * Starts or resumes the counter of a night. It is never below the number of ledger rows, which may have been
     * rebuilt. Counts the calls that were not billed.
     */
    public NightlyCalls count(Night night) {
        Map<String, Object> parameters = Map.of(
                "night", night,
                "video", Endpoint.VIDEO.ledgerName(),
                "begins", night.begins(),
                "ends", night.ends());
        return Statements.one(jdbc, NightlyCalls.class, parameters, """
                INSERT INTO nightly_calls AS n (night, calls, video_calls, refresh_calls, unbilled_calls,
                        unbilled_video_calls)
                SELECT :night, count(*), count(*) FILTER (WHERE endpoint = :video), count(*) FILTER (WHERE refresh),
                       count(*) FILTER (WHERE billed = 'NO'),
                       count(*) FILTER (WHERE billed = 'NO' AND endpoint = :video)
                FROM api_call WHERE sent_at >= :begins AND sent_at < :ends
                ON CONFLICT (night) DO UPDATE
                SET calls = greatest(n.calls, EXCLUDED.calls),
                    video_calls = greatest(n.video_calls, EXCLUDED.video_calls),
                    refresh_calls = greatest(n.refresh_calls, EXCLUDED.refresh_calls),
                    unbilled_calls = greatest(n.unbilled_calls, EXCLUDED.unbilled_calls),
                    unbilled_video_calls = greatest(n.unbilled_video_calls, EXCLUDED.unbilled_video_calls)
                RETURNING %s
                """.formatted(COUNTS));
    }

    @Override
    public boolean hasBilledSince(Instant time) {
        try {
            return Statements.one(jdbc, Boolean.class, Map.of("time", time), """
                    SELECT EXISTS (SELECT FROM api_call WHERE sent_at >= :time AND billed = 'YES')
                    """);
        } catch (DataAccessException | TransactionException e) {
            return false; // the row of the call meets the same outage and reports it
        }
    }

    @Override
    public void notSent(CallRecord call, NightlyLimits limits) {
        sent.decrement();
        inProgress.remove(call.number());
        Map<String, Object> parameters = Map.of(
                "call", call.number(),
                "video", Endpoint.VIDEO.ledgerName(),
                "night", Night.of(call.sentAt()),
                "counted", limits.appliesTo(call.kind()));
        Statements.update(jdbc, parameters, """
                WITH gone AS (
                    DELETE FROM api_call WHERE id = :call AND received_at IS NULL RETURNING endpoint, refresh)
                UPDATE nightly_calls n
                SET calls = n.calls - 1, video_calls = n.video_calls - (gone.endpoint = :video)::int,
                    refresh_calls = n.refresh_calls - gone.refresh::int
                FROM gone WHERE n.night = :night AND :counted
                """);
    }

    @Override
    public long received(
            CallRecord call, ProviderReply reply, byte @Nullable [] body, Instant receivedAt, Duration took) {
        try {
            long number = writer.received(ReceivedResponse.of(call, reply, body, receivedAt, took));
            inProgress.remove(call.number());
            return number;
        } catch (RuntimeException e) {
            if (body == null) {
                inProgress.remove(call.number());
            }
            throw e; // a response that exists only in a file blocks other calls about the note
        } finally {
            for (CallListener listener : listeners) {
                try {
                    listener.onResponse(call.kind().endpoint(), reply.code(), reply.billed(), took);
                } catch (RuntimeException e) { // it must not cost the response
                    log.warn("Note {}: the call is missing from the metrics: {}", call.id(), e.toString());
                }
            }
        }
    }

    @Override
    public void stopped(ProviderReply reply, Instant metAt) {
        stops.write(reply, metAt);
    }

    /**
     * Marks calls of the last day without response that earlier runs of a node sent: neither a process nor a file holds
     * a response to them. Requires the node's runner lock; runs after {@link #persistSpooled}. Idempotent.
     */
    public List<NoteId> recover(String node, Instant now) {
        Map<String, Object> parameters = Map.of("now", now, "since", now.minus(Duration.ofDays(1)), "node", node);
        return Statements.list(jdbc, NoteId.class, parameters, """
                        UPDATE api_call c SET recovered_at = :now
                        WHERE c.received_at IS NULL AND c.recovered_at IS NULL AND c.sent_at > :since
                          AND EXISTS (SELECT 1 FROM run_history h
                                      WHERE h.job_execution_id = c.job_execution_id AND h.node = :node)
                        RETURNING c.note_id AS value
                        """);
    }

    /** Writes spooled responses, see {@link SpooledResponses#persistAll}; fails if files cannot be listed. */
    public List<NoteId> persistSpooled(Predicate<String> isActive) {
        return spooled.persistAll(isActive);
    }

    /** As above, for the responses of this node to one note. Requires that no call about it is in flight. */
    public void persistSpooled(NoteId note) {
        spooled.persist(note);
    }

    /** Records the cost of the spooled responses to erased notes, of all nodes, and deletes their files. */
    public int persistErased(Collection<NoteId> notes) {
        return spooled.persistErased(notes);
    }

    @Override
    public void close() {
        groups.close();
        writer.close();
    }
}
