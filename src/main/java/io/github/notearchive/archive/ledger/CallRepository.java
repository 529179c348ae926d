package io.github.notearchive.archive.ledger;

import io.github.notearchive.io.NetworkTimeoutDataSource;
import io.github.notearchive.io.Transactions;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallAdmission;
import io.github.notearchive.provider.CallLimits;
import io.github.notearchive.provider.CallRecord;
import io.github.notearchive.provider.CallRecorder;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.OutstandingCall;
import io.github.notearchive.provider.ProviderReply;
import io.github.notearchive.provider.StopNotice;
import java.io.UncheckedIOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The journal in {@code api_call}: a row for each request, in the order they left, written before it leaves and filled
 * in when its answer is there.
 */
@Repository
public class CallRepository implements CallRecorder {

    private static final Logger log = LoggerFactory.getLogger(CallRepository.class);

    /** How often a call is tried that a limit refused and then allowed. */
    private static final int TRIES = 10;

    private static final String ROW = """
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
                WHERE NOT EXISTS (%s) AND %s AND NOT EXISTS (%s)
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
            """.formatted(StopNotices.HEEDED, CLAIMED, PaidResponses.OUTSTANDING, ROW, PAUSES);

    private static final String WRITE_UNCOUNTED =
            """
            %s WHERE NOT EXISTS (%s) AND %s AND NOT EXISTS (%s)
            RETURNING id, %s
            """.formatted(ROW, StopNotices.HEEDED, CLAIMED, PaidResponses.OUTSTANDING, PAUSES);

    private final JdbcClient jdbc;

    /**
     * For one statement that is a transaction by itself, whatever the caller is in. All nodes wait for a row that some
     * of them lock, so no client may die between statement and commit.
     */
    private final TransactionTemplate atOnce;

    private final StopNotices stops;
    private final ResponseWriter answers;
    private final PaidResponses paid;
    private final List<CallListener> listeners;
    private final AtomicReference<@Nullable Long> execution = new AtomicReference<>();
    private final LongAdder sent = new LongAdder();

    /** The numbers of the calls of this process whose responses are not written yet. */
    private final Set<Long> inProgress = ConcurrentHashMap.newKeySet();

    private volatile BooleanSupplier isGivenUp = () -> false;

    CallRepository(
            JdbcClient jdbc,
            DataSource database,
            PlatformTransactionManager transactions,
            ResponseSpool unwritten,
            PaidResponses paid,
            List<CallListener> listeners) {
        this.jdbc = jdbc;
        this.atOnce = Transactions.perStatement(transactions);
        this.paid = paid;
        this.listeners = listeners;
        this.stops = new StopNotices(jdbc, atOnce, execution::get);
        this.answers = new ResponseWriter(
                JdbcClient.create(new NetworkTimeoutDataSource(database, ResponseWriter.SILENCE)),
                atOnce,
                unwritten,
                execution::get,
                () -> isGivenUp.getAsBoolean());
    }

    /**
     * Says which job execution the calls from now on belong to.
     *
     * @param isGivenUp whether it ends since a server is out of reach, so that waiting for the database is in vain
     */
    public void belongTo(long jobExecutionId, BooleanSupplier isGivenUp) {
        execution.set(jobExecutionId);
        this.isGivenUp = isGivenUp;
        sent.reset();
    }

    /** How many calls have left since {@link #belongTo}. */
    public long sentByThisExecution() {
        return sent.sum();
    }

    /** What ends the calls of this run, whichever node met it. */
    public StopNotices stops() {
        return stops;
    }

    /**
     * One statement counts the call and writes it down, so that nodes which run at once share one limit: whoever comes
     * second waits for the first one's commit, and sees its count. A call that none of our own limits is about is not
     * counted, and waits for nobody. A call about a note is refused while an earlier one may have a response that is
     * not here yet.
     */
    @Override
    public CallAdmission sending(
            FetchRequest inquiry, Endpoint endpoint, Instant sentAt, boolean refresh, CallLimits limits) {
        Night night = Night.of(sentAt);
        for (int tries = 1; ; tries++) {
            Optional<CallAdmission.Written> written = write(inquiry, endpoint, sentAt, refresh, limits);
            if (written.isPresent()) {
                sent.increment();
                inProgress.add(written.get().call().number());
                return written.get();
            }
            Optional<StopNotice> stop = stops.heeded(sentAt);
            if (stop.isPresent()) {
                return new CallAdmission.Stopped(stop.get());
            }
            if (!isClaimed(inquiry)) {
                return new CallAdmission.Unclaimed();
            }
            Optional<OutstandingCall> outstanding = outstanding(inquiry.id(), endpoint, sentAt);
            if (outstanding.isPresent()) {
                return new CallAdmission.Outstanding(outstanding.get());
            }
            NightlyCalls made = sentIn(night);
            // else another node has given a call back since
            if (!limits.allow(made, endpoint == Endpoint.VIDEO, refresh) || tries >= TRIES) {
                return new CallAdmission.OverLimit(made);
            }
        }
    }

    /** See {@link PaidResponses#outstanding}. */
    Optional<OutstandingCall> outstanding(NoteId id, Endpoint endpoint, Instant now) {
        return paid.outstanding(id, endpoint, now, execution.get(), inProgress());
    }

    private Long[] inProgress() {
        return inProgress.toArray(Long[]::new);
    }

    private boolean isClaimed(FetchRequest inquiry) {
        return atOnce.execute(_ -> jdbc.sql("SELECT " + CLAIMED)
                .param("noteId", inquiry.id().value())
                .param("claim", inquiry.claim())
                .query(Boolean.class)
                .single());
    }

    /** Empty when the limits leave no call, calls have ended, the claim is lost, or an earlier call is outstanding. */
    private Optional<CallAdmission.Written> write(
            FetchRequest inquiry, Endpoint endpoint, Instant sentAt, boolean refresh, CallLimits limits) {
        NoteId id = inquiry.id();
        boolean counted = limits.areAbout(endpoint == Endpoint.VIDEO, refresh);
        return atOnce.execute(_ -> jdbc.sql(counted ? WRITE_COUNTED : WRITE_UNCOUNTED)
                .param("night", Night.of(sentAt).date())
                .param("video", endpoint == Endpoint.VIDEO ? 1 : 0)
                .param("refreshes", refresh ? 1 : 0)
                .param("limit", limits.all())
                .param("videoLimit", limits.videos())
                .param("refreshLimit", limits.refreshes())
                .param("after", stops.heedAfter())
                .param("now", Timestamp.from(sentAt))
                .param("noteId", id.value())
                .param("claim", inquiry.claim())
                .param("endpoint", endpoint.ledgerName())
                .param("sentAt", Timestamp.from(sentAt))
                .param("execution", execution.get(), Types.BIGINT)
                .param("inProgress", inProgress())
                .param("refresh", refresh)
                .query((row, _) -> new CallAdmission.Written(
                        new CallRecord(row.getLong("id"), id, endpoint, sentAt, refresh),
                        counted ? nightlyCalls(row) : null,
                        row.getLong("pauses")))
                .optional());
    }

    public static NightlyCalls nightlyCalls(ResultSet row) throws SQLException {
        return new NightlyCalls(row.getLong("calls"), row.getLong("video_calls"), row.getLong("refresh_calls"));
    }

    /** How many calls were sent in a night, as our own limits count them. */
    public NightlyCalls sentIn(Night night) {
        return atOnce.execute(_ -> jdbc.sql("""
                                        SELECT calls, video_calls, refresh_calls FROM nightly_calls WHERE night = :night
                                        """)
                .param("night", night.date())
                .query((row, _) -> nightlyCalls(row))
                .optional()
                .orElse(NightlyCalls.NONE));
    }

    /**
     * Starts or resumes the counter of a night. It is never below the number of rows in the ledger, which may have been
     * rebuilt.
     */
    public NightlyCalls count(Night night) {
        return atOnce.execute(_ -> jdbc.sql("""
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
    public boolean hasBilledSince(Instant time) {
        try {
            return atOnce.execute(_ -> jdbc.sql("""
                                            SELECT EXISTS (
                                                SELECT FROM api_call WHERE sent_at >= :time AND billed = 'YES')
                                            """)
                    .param("time", Timestamp.from(time))
                    .query(Boolean.class)
                    .single());
        } catch (DataAccessException | TransactionException e) {
            return false; // the call's own row meets the same outage and reports it
        }
    }

    @Override
    public void notSent(CallRecord call, CallLimits limits) {
        sent.decrement();
        inProgress.remove(call.number());
        boolean counted = limits.areAbout(call.endpoint() == Endpoint.VIDEO, call.refresh());
        atOnce.executeWithoutResult(_ -> jdbc.sql("""
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

    @Override
    public long received(
            CallRecord call, ProviderReply reply, byte @Nullable [] answer, Instant receivedAt, Duration took) {
        try {
            long number = answers.received(call, reply, answer, receivedAt, took);
            inProgress.remove(call.number());
            return number;
        } catch (RuntimeException e) {
            if (answer == null) {
                inProgress.remove(call.number());
            }
            throw e; // a response that is in a file only keeps other calls about the note back
        } finally {
            notifyListeners(call, reply, took);
        }
    }

    /** A listener that fails must not cost the response. */
    private void notifyListeners(CallRecord call, ProviderReply reply, Duration took) {
        for (CallListener listener : listeners) {
            try {
                listener.onResponse(call.endpoint(), reply.code(), reply.billed(), took);
            } catch (RuntimeException e) {
                log.warn("Note {}: the call is missing from the metrics: {}", call.id(), e.toString());
            }
        }
    }

    @Override
    public void stopped(ProviderReply reply, Instant metAt) {
        try {
            stops.write(reply, metAt);
        } catch (DataAccessException | TransactionException e) {
            log.warn(
                    "The database does not take that {} ended the calls of all nodes, so others meet it by themselves: {}",
                    reply,
                    ResponseWriter.inALine(e));
        }
    }

    /**
     * Marks the calls without response that earlier runs of a node have sent in the last day: no process and no file
     * holds a response to them. Only under the node's runner lock, and behind {@link #bringInUnwritten}. Safe to
     * repeat.
     *
     * @return the notes that these calls are about
     */
    public List<NoteId> recover(String node, Instant now) {
        return atOnce.execute(_ -> jdbc.sql("""
                                        UPDATE api_call c SET recovered_at = :now
                                        WHERE c.received_at IS NULL AND c.recovered_at IS NULL AND c.sent_at > :since
                                          AND EXISTS (SELECT 1 FROM batch_job_execution_params p
                                                      WHERE p.job_execution_id = c.job_execution_id
                                                        AND p.parameter_name = 'node' AND p.parameter_value = :node)
                                        RETURNING c.note_id
                                        """)
                .param("now", Timestamp.from(now))
                .param("since", Timestamp.from(now.minus(Duration.ofDays(1))))
                .param("node", node)
                .query((row, _) -> new NoteId(row.getString("note_id")))
                .list());
    }

    /**
     * Brings the answers in that an earlier run of this node could only keep in files. A file whose note this database
     * does not know, or that is damaged, stays where it is and is named in a warning. Safe to repeat.
     *
     * <p>The files of other nodes beside them, as of one that was renamed, are read as well, unless the node is active.
     *
     * @return the notes whose answers were brought in
     * @throws UncheckedIOException when nobody may look at the files: what is paid for would be bought again
     */
    public List<NoteId> bringInUnwritten(Predicate<String> isActive) {
        return answers.bringInUnwritten(isActive);
    }

    /**
     * Writes the responses about a note that are in files into the ledger. Only while no call about it is in flight.
     *
     * @throws UncheckedIOException as the other
     */
    public void bringInUnwritten(NoteId note) {
        answers.bringInUnwritten(note);
    }
}
