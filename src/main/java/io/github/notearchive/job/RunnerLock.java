package io.github.notearchive.job;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Properties;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/**
 * The right of one process to run for a node: an advisory lock of PostgreSQL, held by a connection
 * of its own.
 *
 * <p>It ends with the connection, so a killed process leaves none behind. A connection that is lost
 * while the process lives, as when the server restarts, is replaced by {@link #retake}.
 */
final class RunnerLock implements AutoCloseable {

    private static final int CONNECT_SECONDS = 10;
    private static final int ALIVE_SECONDS = 10;

    private final JdbcConnectionDetails database;
    private final String node;
    private Connection connection;

    private RunnerLock(JdbcConnectionDetails database, String node, Connection connection) {
        this.database = database;
        this.node = node;
        this.connection = connection;
    }

    /** Takes the lock of a node; empty when another process has it. */
    static Optional<RunnerLock> take(JdbcConnectionDetails database, String node)
            throws SQLException {
        return tryLock(database, node)
                .map(connection -> new RunnerLock(database, node, connection));
    }

    private static Optional<Connection> tryLock(JdbcConnectionDetails database, String node)
            throws SQLException {
        Properties login = new Properties();
        if (database.getUsername() != null) {
            login.setProperty("user", database.getUsername());
        }
        if (database.getPassword() != null) {
            login.setProperty("password", database.getPassword());
        }
        login.setProperty("ApplicationName", "note-archive runner " + node);
        login.setProperty("connectTimeout", String.valueOf(CONNECT_SECONDS));
        login.setProperty("loginTimeout", String.valueOf(CONNECT_SECONDS));
        login.setProperty("socketTimeout", String.valueOf(ALIVE_SECONDS));
        login.setProperty("tcpKeepAlive", "true");
        Connection connection = DriverManager.getConnection(database.getJdbcUrl(), login);
        try (PreparedStatement statement =
                connection.prepareStatement(
                        "SELECT pg_try_advisory_lock(hashtext('note-archive'), hashtext(?))")) {
            statement.setString(1, node);
            try (ResultSet row = statement.executeQuery()) {
                if (row.next() && row.getBoolean(1)) {
                    return Optional.of(connection);
                }
            }
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        connection.close();
        return Optional.empty();
    }

    /** Whether the connection still stands, and with it the lock. */
    synchronized boolean isHeld() {
        try {
            return connection.isValid(ALIVE_SECONDS);
        } catch (SQLException e) {
            return false;
        }
    }

    /**
     * Takes the lock once more by a new connection, after its own was lost.
     *
     * @return false when another process has it by now
     * @throws SQLException when the database is out of reach
     */
    synchronized boolean retake() throws SQLException {
        connection.close(); // or a server that still sees it would refuse the new one
        Optional<Connection> next = tryLock(database, node);
        next.ifPresent(taken -> connection = taken);
        return next.isPresent();
    }

    /**
     * Frees the lock before it hangs up: the server takes note of a closed connection only a moment
     * later, and the next run must not meet this one's lock.
     */
    @Override
    public synchronized void close() {
        try (Connection last = connection;
                Statement statement = last.createStatement()) {
            statement.execute("SELECT pg_advisory_unlock_all()");
        } catch (SQLException e) {
            // the connection is lost, and the lock with it
        }
    }
}
