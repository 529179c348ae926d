package io.github.notearchive.archive.ledger;

import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** Reads and writes {@code source_gate}: until when the provider accepts no more calls. */
@Repository
public class QuotaHolds {

    private final JdbcClient jdbc;
    private final Clock clock;
    private final TransactionTemplate ownTransaction;

    QuotaHolds(JdbcClient jdbc, Clock clock, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.clock = clock;
        this.ownTransaction = new TransactionTemplate(transactions);
        this.ownTransaction.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
    }

    /**
     * Records that the provider ended the night, once per run. Durable on return. Synchronized, since two concurrent
     * responses would not see each other's row. A time in the past is ignored.
     */
    public synchronized void close(int code, String reason, Instant until, long jobExecutionId) {
        ownTransaction.executeWithoutResult(_ -> jdbc.sql("""
                                        INSERT INTO source_gate (code, reason, closed_at, closed_until, job_execution_id)
                                        SELECT :code, :reason, :now::timestamptz, :until::timestamptz, :execution
                                        WHERE :until::timestamptz > :now::timestamptz
                                          AND NOT EXISTS (SELECT 1 FROM source_gate
                                                          WHERE job_execution_id = :execution AND closed_until >= :until)
                                        """)
                .param("code", code)
                .param("reason", reason)
                .param("now", Timestamp.from(clock.instant()))
                .param("until", Timestamp.from(until))
                .param("execution", jobExecutionId)
                .update());
    }

    /** Returns the closing in force; empty if the gate is open. */
    public Optional<Closed> current() {
        return jdbc.sql("""
                        SELECT code, reason, closed_at, closed_until, job_execution_id
                        FROM source_gate
                        WHERE closed_until > :now
                        ORDER BY closed_until DESC, id DESC
                        LIMIT 1
                        """)
                .param("now", Timestamp.from(clock.instant()))
                .query((row, _) -> new Closed(
                        row.getInt("code"),
                        row.getString("reason"),
                        row.getTimestamp("closed_at").toInstant(),
                        row.getTimestamp("closed_until").toInstant(),
                        row.getObject("job_execution_id", Long.class)))
                .optional();
    }

    /** One row of {@code source_gate}. */
    public record Closed(
            int code,
            String reason,
            Instant at,
            Instant until,
            @Nullable Long jobExecutionId) {}
}
