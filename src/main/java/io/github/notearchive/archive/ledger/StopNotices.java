package io.github.notearchive.archive.ledger;

import static io.github.notearchive.io.jdbc.RecordParameters.column;

import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.CallRecorder.CallAdmission.StopNotice;
import io.github.notearchive.provider.ProviderReply;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.TransactionException;

/**
 * Reads and writes {@code run_stop}: responses that ended the runs of all active nodes.
 *
 * <p>A run observes rows of other runs after the last row present when it started. So a later run calls again, and a
 * forced run is not ended by a notice it has to ignore.
 */
public final class StopNotices {

    private static final Logger log = LoggerFactory.getLogger(StopNotices.class);

    /** Rows that a run observes: after {@code :after}, of another {@code :execution}. Formatted with the time. */
    static final String OBSERVED = """
            SELECT id, code, reason, holds_until, job_execution_id FROM run_stop
            WHERE id > :after AND (holds_until IS NULL OR holds_until > %s)
              AND job_execution_id IS DISTINCT FROM :execution
            """;

    private final JdbcClient jdbc;
    private final Supplier<@Nullable Long> execution;
    private volatile long observedAfter;
    private final AtomicBoolean written = new AtomicBoolean();

    StopNotices(JdbcClient jdbc, Supplier<@Nullable Long> execution) {
        this.jdbc = jdbc;
        this.execution = execution;
    }

    public void observeFromNow() {
        observedAfter = Statements.one(jdbc, Long.class, Map.of(), "SELECT coalesce(max(id), 0) FROM run_stop");
        written.set(false);
    }

    long observedAfter() {
        return observedAfter;
    }

    /**
     * Ends the runs of all nodes; writes one row per run. If the write fails, the next such response of this run
     * repeats it.
     */
    void write(ProviderReply reply, Instant metAt) {
        if (!written.compareAndSet(false, true)) {
            return;
        }
        int code = Objects.requireNonNull(reply.code());
        Instant holdsUntil = ProviderCode.DAILY_QUOTA.is(code) ? Night.of(metAt).ends() : null;
        try {
            jdbc.sql("""
                                        INSERT INTO run_stop (code, reason, met_at, holds_until, job_execution_id)
                                        VALUES (:code, :reason, :metAt, :holdsUntil, :execution)
                                        """)
                    .params(Map.of("code", code, "reason", reply.toString(), "metAt", Timestamp.from(metAt)))
                    .param("holdsUntil", column(holdsUntil), Types.TIMESTAMP)
                    .param("execution", execution.get(), Types.BIGINT)
                    .update();
        } catch (DataAccessException | TransactionException e) {
            written.set(false);
            log.warn(
                    "{} ends the calls of this run only, since it could not be written for other nodes: {}",
                    reply,
                    DatabaseErrors.summary(e));
        }
    }

    /**
     * Returns the first notice of another run that ends all calls; empty if there is none. Notices of this run are
     * known to it already.
     */
    public Optional<StopNotice> observed(Instant now) {
        return jdbc.sql("""
                                        SELECT s.code, s.reason, s.holds_until, s.job_execution_id, h.node
                                        FROM (%s) AS s
                                        LEFT JOIN run_history h ON h.job_execution_id = s.job_execution_id
                                        ORDER BY s.id
                                        LIMIT 1
                                        """.formatted(OBSERVED.formatted(":now")))
                .params(Map.of("after", observedAfter, "now", Timestamp.from(now)))
                .param("execution", execution.get(), Types.BIGINT)
                .query(StopNotice.class)
                .optional();
    }
}
