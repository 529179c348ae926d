package io.github.notearchive.archive.ledger;

import io.github.notearchive.io.jdbc.Statements;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/** Reads and writes {@code source_gate}: until when the provider accepts no more calls. */
@Repository
public final class QuotaHolds {

    private final JdbcClient jdbc;
    private final Clock clock;
    private final PlatformTransactionManager transactions;

    QuotaHolds(JdbcClient jdbc, Clock clock, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.clock = clock;
        this.transactions = transactions;
    }

    /**
     * Records that the provider ended the night, once per run. Durable on return. Synchronized, since two concurrent
     * responses would not see each other's row. A time in the past is ignored.
     */
    public synchronized void close(int code, String reason, Instant until, long jobExecutionId) {
        Map<String, Object> parameters = Map.of(
                "code", code, "reason", reason, "now", clock.instant(), "until", until, "execution", jobExecutionId);
        Statements.update(Statements.autoCommit(transactions), parameters, """
                INSERT INTO source_gate (code, reason, closed_at, closed_until, job_execution_id)
                SELECT :code, :reason, :now::timestamptz, :until::timestamptz, :execution
                WHERE :until::timestamptz > :now::timestamptz
                  AND NOT EXISTS (SELECT 1 FROM source_gate
                                  WHERE job_execution_id = :execution AND closed_until >= :until)
                """);
    }

    /** Returns the closing in force; empty if the gate is open. */
    public Optional<Closed> current() {
        return Statements.optional(jdbc, Closed.class, Map.of("now", clock.instant()), """
                        SELECT code, reason, closed_at AS at, closed_until AS until, job_execution_id
                        FROM source_gate
                        WHERE closed_until > :now
                        ORDER BY closed_until DESC, id DESC
                        LIMIT 1
                        """);
    }

    public record Closed(
            int code,
            String reason,
            Instant at,
            Instant until,
            @Nullable Long jobExecutionId) {}
}
