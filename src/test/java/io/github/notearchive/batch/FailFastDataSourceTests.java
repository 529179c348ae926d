package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.nightly.NightServers;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.datasource.AbstractDataSource;
import org.springframework.transaction.CannotCreateTransactionException;

class FailFastDataSourceTests {

    private static final String AT_ONCE = "next attempt within 2 s";

    private final AtomicLong now = new AtomicLong();
    private final Server server = new Server();
    private final HikariDataSource pool = new HikariDataSource();
    private final FailFastDataSource source = new FailFastDataSource(pool, now::get);

    @BeforeEach
    void open() {
        pool.setDataSource(server);
        pool.setConnectionTimeout(1_000);
        pool.setInitializationFailTimeout(-1);
        pool.setMaximumPoolSize(1);
        pool.setMinimumIdle(0);
    }

    @BeforeAll
    static void startServers() throws SQLException {
        NightServers.running().connect().close();
    }

    @AfterEach
    void close() {
        pool.close();
    }

    @Test
    void rejectsRequestsForTwoSecondsAfterATimeout() throws SQLException {
        server.isUnreachable = true;

        assertThatThrownBy(source::getConnection)
                .isInstanceOf(SQLTransientConnectionException.class)
                .hasMessageNotContaining(AT_ONCE);
        assertThatThrownBy(source::getConnection)
                .isInstanceOf(SQLTransientConnectionException.class)
                .hasMessageContaining(AT_ONCE)
                .hasRootCauseMessage("unreachable");

        server.isUnreachable = false;
        now.addAndGet(Duration.ofSeconds(2).toNanos());
        assertThat(works()).isTrue();
        assertThat(works()).isTrue();
    }

    @Test
    void waitsForABusyPoolForSeveralTimeouts() throws Exception {
        pool.setConnectionTimeout(250);
        Connection held = source.getConnection();
        CompletableFuture<Void> closed = CompletableFuture.runAsync(
                () -> assertThatNoException().isThrownBy(held::close),
                CompletableFuture.delayedExecutor(600, TimeUnit.MILLISECONDS));

        assertThat(works()).isTrue();
        assertThat(closed).succeedsWithin(Duration.ofSeconds(5));
    }

    @Test
    void reportsAnExhaustedPoolAsUnavailable() throws SQLException {
        pool.setConnectionTimeout(250);
        try (Connection _ = source.getConnection()) {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(source::getConnection)
                        .isInstanceOf(SQLException.class)
                        .hasMessage("all 1 connections to the database were in use for 1250 ms")
                        .satisfies(e -> assertThat(DatabaseErrors.isUnavailable(
                                        new CannotCreateTransactionException("no connection", e)))
                                .isTrue());
            }
        }

        assertThat(works()).isTrue();
    }

    private boolean works() throws SQLException {
        try (Connection connection = source.getConnection()) {
            return connection.isValid(5);
        }
    }

    /** The tests' PostgreSQL, which can be made unavailable. */
    private static final class Server extends AbstractDataSource {

        private volatile boolean isUnreachable;

        @Override
        public Connection getConnection() throws SQLException {
            if (isUnreachable) {
                throw new SQLException("unreachable", "08001");
            }
            return NightServers.running().connect();
        }

        @Override
        public Connection getConnection(String user, String password) throws SQLException {
            return getConnection();
        }
    }
}
