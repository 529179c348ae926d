package io.github.notearchive.batch;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.stereotype.Component;

/**
 * Connection pool that fails fast: after a timeout with no open connection it rejects requests for two seconds. An
 * exhausted pool is reported as such, not as an outage of the database.
 *
 * <p>Spring Batch writes the end of one step at a time, under a lock ({@code JdbcStepExecutionDao.updateStepExecution},
 * {@code JdbcExecutionContextDao}). Without this, each of the 64 workers would wait its own 15 seconds there, one after
 * another, while the database is unavailable.
 */
final class FailFastDataSource extends DelegatingDataSource {

    private static final Duration REJECT_FOR = Duration.ofSeconds(2);

    /** SQL/CLI's "limit on the number of handles exceeded": none of the states of an unavailable database. */
    private static final String EXHAUSTED = "HY014";

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
        try {
            Connection connection = pool.getConnection();
            last.set(null);
            return connection;
        } catch (SQLTransientConnectionException e) {
            int connections = pool.getHikariPoolMXBean().getTotalConnections();
            if (connections >= pool.getMaximumPoolSize()) {
                throw new SQLException(
                        "all %d connections to the database were in use for %d ms"
                                .formatted(connections, pool.getConnectionTimeout()),
                        EXHAUSTED);
            }
            if (connections == 0) {
                last.set(new Timeout(nanoTime.getAsLong(), e));
            }
            throw unavailable("the database is unavailable", e);
        }
    }

    /** Replaces Hikari's message, which describes its pool, by the cause of the failure. */
    private static SQLException unavailable(String message, SQLException failure) {
        return new SQLTransientConnectionException(message, failure.getSQLState(), failure.getCause());
    }

    /**
     * Wraps the connection pool, and sizes it for parallel writes of all workers and for other threads. The nightly job
     * has {@code archive.workers} active workers, each with one connection at a time, so the pool is never exhausted.
     *
     * <p>A worker that has written its note keeps its connection while it waits for the lock under which Spring Batch
     * saves the context of one step at a time. The holder of that lock may still need a connection. With a pool smaller
     * than the number of workers both would wait for each other until the timeout of the pool, which happens when a run
     * ends with all its notes in progress.
     */
    @Component
    static final class Pool implements BeanPostProcessor, Ordered {

        private static final int ADDITIONAL_CONNECTIONS = 8;

        private final ObjectProvider<ArchiveProperties> settings;

        Pool(ObjectProvider<ArchiveProperties> settings) {
            this.settings = settings;
        }

        @Override
        public Object postProcessBeforeInitialization(Object bean, String name) {
            if (bean instanceof HikariDataSource pool) {
                int room = settings.getObject().workers() + ADDITIONAL_CONNECTIONS;
                pool.setMaximumPoolSize(Math.max(pool.getMaximumPoolSize(), room));
            }
            return bean;
        }

        @Override
        public Object postProcessAfterInitialization(Object bean, String name) {
            return bean instanceof HikariDataSource pool ? new FailFastDataSource(pool, System::nanoTime) : bean;
        }

        /** Runs before Spring Boot wraps the pool in its lazy data source. */
        @Override
        public int getOrder() {
            return -1;
        }
    }
}
