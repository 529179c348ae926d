package io.github.notearchive.archive.ledger;

import static io.github.notearchive.io.Timestamps.instant;

import io.github.notearchive.note.Night;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.ProviderReply;
import io.github.notearchive.provider.StopNotice;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The rows of {@code run_stop}: answers that ended the runs of all nodes that were active.
 *
 * <p>A run heeds the rows of others behind the last one that it found when it began. So a later run asks again, and one
 * that is forced is not ended by what it was to ignore.
 */
public final class StopNotices {

    /** The rows that a run heeds {@code :now}: behind {@code :after}, and not of its own {@code :execution}. */
    static final String HEEDED = """
            SELECT id, code, reason, holds_until, job_execution_id FROM run_stop
            WHERE id > :after AND (holds_until IS NULL OR holds_until > :now)
              AND job_execution_id IS DISTINCT FROM :execution
            """;

    private final JdbcClient jdbc;
    private final TransactionTemplate atOnce;
    private final Supplier<@Nullable Long> execution;
    private volatile long heedAfter;
    private final AtomicBoolean written = new AtomicBoolean();

    /** @param execution the one that this process is in */
    StopNotices(JdbcClient jdbc, TransactionTemplate atOnce, Supplier<@Nullable Long> execution) {
        this.jdbc = jdbc;
        this.atOnce = atOnce;
        this.execution = execution;
    }

    /** Begins to heed what is written from now on. */
    public void heedFromNow() {
        heedAfter = atOnce.<Long>execute(_ -> jdbc.sql("SELECT coalesce(max(id), 0) FROM run_stop")
                .query(Long.class)
                .single());
        written.set(false);
    }

    /** Behind which row this run heeds them. */
    long heedAfter() {
        return heedAfter;
    }

    /**
     * Ends the runs of all nodes; once for each run, whatever number of calls meets it. What the database does not take
     * is written by the next call that meets it.
     */
    void write(ProviderReply reply, Instant metAt) {
        if (!written.compareAndSet(false, true)) {
            return;
        }
        try {
            insert(reply, metAt);
        } catch (DataAccessException | TransactionException e) {
            written.set(false);
            throw e;
        }
    }

    private void insert(ProviderReply reply, Instant metAt) {
        int code = Objects.requireNonNull(reply.code());
        atOnce.executeWithoutResult(_ -> jdbc.sql("""
                                        INSERT INTO run_stop (code, reason, met_at, holds_until, job_execution_id)
                                        VALUES (:code, :reason, :metAt, :holdsUntil, :execution)
                                        """)
                .param("code", code)
                .param("reason", reply.toString())
                .param("metAt", Timestamp.from(metAt))
                .param(
                        "holdsUntil",
                        ProviderCode.DAILY_QUOTA.is(code)
                                ? Timestamp.from(Night.of(metAt).ends())
                                : null,
                        Types.TIMESTAMP)
                .param("execution", execution.get(), Types.BIGINT)
                .update());
    }

    /**
     * What another run has met that ends the calls of all; empty while they go on. What this one has met it knows
     * before it is written.
     */
    public Optional<StopNotice> heeded(Instant now) {
        return atOnce.execute(_ -> jdbc.sql("""
                                        SELECT s.code, s.reason, s.holds_until, s.job_execution_id, p.parameter_value AS node
                                        FROM (%s) AS s
                                        LEFT JOIN batch_job_execution_params p
                                          ON p.job_execution_id = s.job_execution_id AND p.parameter_name = 'node'
                                        ORDER BY s.id
                                        LIMIT 1
                                        """.formatted(HEEDED))
                .param("after", heedAfter)
                .param("execution", execution.get(), Types.BIGINT)
                .param("now", Timestamp.from(now))
                .query((row, _) -> new StopNotice(
                        row.getInt("code"),
                        row.getString("reason"),
                        instant(row.getTimestamp("holds_until")),
                        row.getString("node"),
                        row.getObject("job_execution_id", Long.class)))
                .optional());
    }
}
