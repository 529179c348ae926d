package io.github.notearchive.job;

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
 * A pool that has waited for a connection in vain, and has none left, refuses others at once for
 * two seconds.
 *
 * <p>Spring Batch writes the end of one step at a time, under a lock ({@code
 * JdbcStepExecutionDao.updateStepExecution}, {@code JdbcExecutionContextDao}). With a database out
 * of reach each of the 64 workers would otherwise wait its own 15 seconds there, one after another.
 */
final class FailFastDataSource extends DelegatingDataSource {

    private static final Duration REFUSES_FOR = Duration.ofSeconds(2);

    private final HikariDataSource pool;
    private final LongSupplier nanoTime;
    private final AtomicReference<@Nullable InVain> last = new AtomicReference<>();

    FailFastDataSource(HikariDataSource pool, LongSupplier nanoTime) {
        super(pool);
        this.pool = pool;
        this.nanoTime = nanoTime;
    }

    private record InVain(long at, SQLException failure) {}

    @Override
    public Connection getConnection() throws SQLException {
        InVain wait = last.get();
        if (wait != null && nanoTime.getAsLong() - wait.at < REFUSES_FOR.toNanos()) {
            throw new SQLTransientConnectionException(
                    "not tried again so soon: " + wait.failure.getMessage(),
                    wait.failure.getSQLState(),
                    wait.failure);
        }
        try {
            Connection connection = pool.getConnection();
            last.set(null);
            return connection;
        } catch (SQLTransientConnectionException e) {
            // a pool whose connections are all in use is busy, not cut off
            if (pool.getHikariPoolMXBean().getTotalConnections() == 0) {
                last.set(new InVain(nanoTime.getAsLong(), e));
            }
            throw e;
        }
    }
}
