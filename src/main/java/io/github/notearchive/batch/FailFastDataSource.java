package io.github.notearchive.batch;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.stereotype.Component;

/**
 * Connection pool that fails fast: after a timeout with no open connection it rejects requests for two seconds.
 *
 * <p>A worker has a connection for one statement or transaction, never while it waits for another one, so that a few
 * serve many workers. While all are in use, a request waits longer than the lock timeout of a statement; then it is
 * rejected like a connection beyond the server's limit.
 *
 * <p>Spring Batch writes the end of one step at a time, under a lock ({@code JdbcStepExecutionDao.updateStepExecution},
 * {@code JdbcExecutionContextDao}). Without this, each of the 64 workers would wait its own 15 seconds there, one after
 * another, while the database is unavailable.
 */
final class FailFastDataSource extends DelegatingDataSource {

    private static final Duration REJECT_FOR = Duration.ofSeconds(2);

    /**
     * Timeouts of the pool for which a request waits while all connections are in use: 75 s, the lock timeout is 60.
     */
    private static final int ATTEMPTS = 5;

    /** PostgreSQL's too_many_connections, one of the states of an unavailable database. */
    private static final String EXHAUSTED = "53300";

    private final HikariDataSource pool;
    private final LongSupplier nanoTime;
    private final AtomicReference<@Nullable Timeout> last = new AtomicReference<>();

    FailFastDataSource(HikariDataSource pool, LongSupplier nanoTime) {
        super(pool);
        this.pool = pool;
        this.nanoTime = nanoTime;
    }

    private record Timeout(long at, SQLException failure) {}

    @Override
    public Connection getConnection() throws SQLException {
        Timeout wait = last.get();
        if (wait != null && nanoTime.getAsLong() - wait.at < REJECT_FOR.toNanos()) {
            throw unavailable("the database is unavailable; next attempt within 2 s", wait.failure);
        }
        for (int attempt = 1; ; attempt++) {
            try {
                Connection connection = pool.getConnection();
                last.set(null);
                return connection;
            } catch (SQLTransientConnectionException e) {
                int connections = pool.getHikariPoolMXBean().getTotalConnections();
                if (connections < pool.getMaximumPoolSize()) {
                    if (connections == 0) {
                        last.set(new Timeout(nanoTime.getAsLong(), e));
                    }
                    throw unavailable("the database is unavailable", e);
                }
                if (attempt == ATTEMPTS) {
                    throw new SQLException(
                            "all %d connections to the database were in use for %d ms"
                                    .formatted(connections, ATTEMPTS * pool.getConnectionTimeout()),
                            EXHAUSTED);
                }
            }
        }
    }

    /** Replaces Hikari's message, which describes its pool, by the cause of the failure. */
    private static SQLException unavailable(String message, SQLException failure) {
        return new SQLTransientConnectionException(message, failure.getSQLState(), failure.getCause());
    }

    /** Wraps the connection pool before Spring Boot wraps it in its lazy data source. */
    @Component
    static final class Pool implements BeanPostProcessor, Ordered {

        @Override
        public Object postProcessAfterInitialization(Object bean, String name) {
            return bean instanceof HikariDataSource pool ? new FailFastDataSource(pool, System::nanoTime) : bean;
        }

        @Override
        public int getOrder() {
            return -1;
        }
    }
}
