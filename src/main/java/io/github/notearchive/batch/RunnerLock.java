package io.github.notearchive.batch;

import io.github.notearchive.note.NoteId;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Lock of one process: to run for a node, to audit the store, or to use the whole archive exclusively. An advisory lock
 * of PostgreSQL on a separate connection. Besides the lock of their node, runs share the lock of the whole archive.
 *
 * <p>The lock ends with the connection, so a killed process leaves none. {@link #keep} replaces a connection that is
 * lost while the process is alive, for example by a restart of the server. Thread-safe.
 */
public final class RunnerLock implements AutoCloseable {

    /** Group of the locks of runs, one per node. */
    public static final String RUNS = "note-archive";

    /** Condition: row {@code l} of {@code pg_locks} is a granted lock of {@code :group}, of any process. */
    public static final String OF_GROUP = """
            l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND l.classid = hashtext(:group)::oid
            """;

    private static final String REMAPS = "note-archive-remap";

    /** Member name of locks that exist once for all nodes. */
    private static final String ALL = "";

    /** Longer than a run holds the lock of the whole archive to remove files at its end. */
    private static final Duration ARCHIVE_PATIENCE = Duration.ofSeconds(8);

    private static final String LOCK_NOT_AVAILABLE = "55P03";

    private static final int CONNECT_SECONDS = 10;
    private static final int ALIVE_SECONDS = 10;

    private static final String NO_OTHER = "";
    private static final String ARCHIVE_SHARED =
            " AND pg_try_advisory_lock_shared(hashtext('note-archive, all of it'), 0)";
    private static final String ARCHIVE_SHARED_WAITING =
            " AND pg_advisory_lock_shared(hashtext('note-archive, all of it'), 0)::text IS NOT NULL";
    private static final String ARCHIVE_ALONE = " AND pg_try_advisory_lock(hashtext('note-archive, all of it'), 0)"
            + " AND pg_try_advisory_lock(hashtext('note-archive-verify'), hashtext(''))";

    private final JdbcConnectionDetails database;
    private final Name name;
    private Connection connection;
    private boolean released;

    private RunnerLock(JdbcConnectionDetails database, Name name, Connection connection) {
        this.database = database;
        this.name = name;
        this.connection = connection;
    }

    /**
     * Acquires the lock of a node's runs; empty if another process has it, or has the whole archive for longer than
     * {@link #ARCHIVE_PATIENCE}.
     */
    public static Optional<RunnerLock> ofRuns(JdbcConnectionDetails database, String node) throws SQLException {
        return take(
                database,
                new Name(RUNS, node, ARCHIVE_SHARED_WAITING, "this node's runner lock", "another run of this node"));
    }

    /** Acquires the lock of audits, of which a database has one; empty if another process has it. */
    public static Optional<RunnerLock> ofAudits(JdbcConnectionDetails database) throws SQLException {
        return take(database, new Name("note-archive-verify", ALL, NO_OTHER, "the lock of audits", "another audit"));
    }

    /**
     * Acquires the whole archive for a process of this node, including the lock of audits; empty while a run of any
     * node, a remap or an audit is active.
     */
    public static Optional<RunnerLock> ofArchive(JdbcConnectionDetails database, String node) throws SQLException {
        return take(
                database, new Name(RUNS, node, ARCHIVE_ALONE, "the lock of the whole archive", "another run or audit"));
    }

    /**
     * Acquires the lock of remaps, of which a database has one; empty if another process has it, or the whole archive.
     */
    public static Optional<RunnerLock> ofRemaps(JdbcConnectionDetails database) throws SQLException {
        return take(database, new Name(REMAPS, ALL, ARCHIVE_SHARED, "the lock of remaps", "another remap"));
    }

    /**
     * Acquires the lock of one note, to decide about it during runs; empty if another process has it, or the whole
     * archive.
     */
    public static Optional<RunnerLock> ofNote(JdbcConnectionDetails database, NoteId id) throws SQLException {
        return take(
                database,
                new Name("note-archive-note", id.value(), ARCHIVE_SHARED, "the lock of note " + id, "another process"));
    }

    /** Returns whether a process has the lock of a node's runs, or of the whole archive. */
    public static boolean isRunOf(String node, JdbcClient jdbc) {
        return isTaken(RUNS, node, true, jdbc);
    }

    /** Returns whether a process has the lock of another node's runs. */
    static boolean isRunBeside(String node, JdbcClient jdbc) {
        return isTaken(RUNS, node, false, jdbc);
    }

    /** Returns whether a process has the lock of remaps. */
    static boolean isRemap(JdbcClient jdbc) {
        return isTaken(REMAPS, ALL, true, jdbc);
    }

    /**
     * Returns whether a process has a lock of a group.
     *
     * @param byThis true for the lock of this member, false for that of any other
     */
    private static boolean isTaken(String group, String member, boolean byThis, JdbcClient jdbc) {
        return jdbc.sql("""
                        SELECT EXISTS (
                            SELECT 1 FROM pg_locks l
                            WHERE %s
                              AND (l.objid = hashtext(:member)::oid) = :byThis)
                        """.formatted(OF_GROUP))
                .param("group", group)
                .param("member", member)
                .param("byThis", byThis)
                .query(Boolean.class)
                .single();
    }

    private static Optional<RunnerLock> take(JdbcConnectionDetails database, Name name) throws SQLException {
        return tryLock(database, name).map(connection -> new RunnerLock(database, name, connection));
    }

    /**
     * Name of a lock: the two halves of its number, the additional lock, and the texts for the lock and for another
     * holder.
     */
    private record Name(String group, String member, String more, String label, String rival) {}

    /** Returns the name of the lock for messages. */
    String name() {
        return name.label();
    }

    /** Returns the name of another holder for messages. */
    String rival() {
        return name.rival();
    }

    private static Optional<Connection> tryLock(JdbcConnectionDetails database, Name name) throws SQLException {
        Properties login = new Properties();
        if (database.getUsername() != null) {
            login.setProperty("user", database.getUsername());
        }
        if (database.getPassword() != null) {
            login.setProperty("password", database.getPassword());
        }
        login.setProperty("ApplicationName", (name.group() + " runner " + name.member()).strip());
        login.setProperty("connectTimeout", String.valueOf(CONNECT_SECONDS));
        login.setProperty("loginTimeout", String.valueOf(CONNECT_SECONDS));
        login.setProperty("socketTimeout", String.valueOf(ALIVE_SECONDS));
        login.setProperty("tcpKeepAlive", "true");
        Connection connection = DriverManager.getConnection(database.getJdbcUrl(), login);
        try (Statement settings = connection.createStatement();
                PreparedStatement statement = connection.prepareStatement(
                        "SELECT own%s FROM (SELECT pg_try_advisory_lock(hashtext(?), hashtext(?)) AS own) AS locked"
                                .formatted(name.more()))) {
            settings.execute("SET lock_timeout = " + ARCHIVE_PATIENCE.toMillis());
            statement.setString(1, name.group());
            statement.setString(2, name.member());
            try (ResultSet row = statement.executeQuery()) {
                if (row.next() && row.getBoolean(1)) {
                    return Optional.of(connection);
                }
            }
        } catch (SQLException e) {
            connection.close();
            if (LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
                return Optional.empty();
            }
            throw e;
        }
        connection.close();
        return Optional.empty();
    }

    /** Result of checking the lock. */
    enum Kept {
        /** The connection works and has the lock. */
        HELD,
        /** The connection was lost, and a new one has the lock. */
        RETAKEN,
        /** The connection was lost, and another process has the lock. */
        LOST
    }

    /**
     * Checks the connection, and acquires the lock with a new one if it is lost.
     *
     * @throws SQLException if the connection is lost and the database unavailable; may be repeated
     */
    synchronized Kept keep() throws SQLException {
        if (released || isConnected()) {
            return Kept.HELD;
        }
        connection.close(); // otherwise a server that still sees it would refuse the new one
        Optional<Connection> next = tryLock(database, name);
        next.ifPresent(taken -> connection = taken);
        return next.isPresent() ? Kept.RETAKEN : Kept.LOST;
    }

    /**
     * Requires that this process has the lock, as {@link #keep} determines.
     *
     * @throws DataAccessResourceFailureException if another process has it
     */
    public void requireHeld() throws SQLException {
        if (keep() == Kept.LOST) {
            throw new DataAccessResourceFailureException(
                    "the connection of %s is lost, and %s holds the lock now; repeat the command to finish"
                            .formatted(name(), rival()));
        }
    }

    private boolean isConnected() {
        try {
            return connection.isValid(ALIVE_SECONDS);
        } catch (SQLException e) {
            return false;
        }
    }

    /**
     * Releases the lock before closing the connection: the server notices a closed connection with a delay, and the
     * next run must not meet this lock.
     */
    @Override
    public synchronized void close() {
        released = true;
        try (Connection last = connection;
                Statement statement = last.createStatement()) {
            statement.execute("SELECT pg_advisory_unlock_all()");
        } catch (SQLException e) {
            // the lock ended with the connection
        }
    }
}
