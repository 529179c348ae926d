package io.github.notearchive.batch;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * A pool that has waited for a connection in vain, and has none left, refuses others at once for two seconds. One whose
 * connections are all in use reports that, and no outage of the database.
 *
 * <p>Spring Batch writes the end of one step at a time, under a lock ({@code JdbcStepExecutionDao.updateStepExecution},
 * {@code JdbcExecutionContextDao}). With a database out of reach each of the 64 workers would otherwise wait its own 15
 * seconds there, one after another.
 */
public final class FailFastDataSource extends DelegatingDataSource {

    private static final Duration REFUSES_FOR = Duration.ofSeconds(2);

    /** SQL/CLI's "limit on the number of handles exceeded": none of the states of an unavailable database. */
    private static final String EXHAUSTED = "HY014";

    private final HikariDataSource pool;
    private final LongSupplier nanoTime;
    private final AtomicReference<@Nullable InVain> last = new AtomicReference<>();

    public FailFastDataSource(HikariDataSource pool, LongSupplier nanoTime) {
        super(pool);
        this.pool = pool;
        this.nanoTime = nanoTime;
    }

    private record InVain(long at, SQLException failure) {}

    @Override
    public Connection getConnection() throws SQLException {
        InVain wait = last.get();
        if (wait != null && nanoTime.getAsLong() - wait.at < REFUSES_FOR.toNanos()) {
            throw unavailable("the database is unavailable, not tried again so soon", wait.failure);
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
                last.set(new InVain(nanoTime.getAsLong(), e));
            }
            throw unavailable("the database is unavailable", e);
        }
    }

    /** Hikari's own message is about its pool; its cause says what is wrong with the database. */
    private static SQLException unavailable(String message, SQLException failure) {
        return new SQLTransientConnectionException(message, failure.getSQLState(), failure.getCause());
    }
}
