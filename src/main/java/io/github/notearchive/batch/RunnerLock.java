package io.github.notearchive.batch;

import io.github.notearchive.nightly.ObjectRemoval;
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
 * The right of one process to run for a node, to audit the store, or to have the whole archive for itself: an advisory
 * lock of PostgreSQL, held by a connection of its own. Beside the lock of their node all runs share that of the whole
 * archive.
 *
 * <p>It ends with the connection, so a killed process leaves none behind. A connection that is lost while the process
 * lives, as when the server restarts, is replaced by {@link #keep}.
 */
public final class RunnerLock implements AutoCloseable {

    /** The group of the locks of runs, one a node. */
    public static final String RUNS = "note-archive";

    /** Which of {@code pg_locks l} are taken and of {@code :group}, whoever has them. */
    public static final String OF_GROUP = """
            l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND l.classid = hashtext(:group)::oid
            """;

    private static final String REMAPS = "note-archive-remap";

    /** Whose lock it is where there is one for all nodes. */
    private static final String ALL = "";

    /** Longer than {@link ObjectRemoval#removeAfterRun} holds the lock of the whole archive. */
    private static final Duration ARCHIVE_PATIENCE = Duration.ofSeconds(10);

    private static final Duration ARCHIVE_PAUSE = Duration.ofMillis(100);

    private static final int CONNECT_SECONDS = 10;
    private static final int ALIVE_SECONDS = 10;

    private static final String NO_MORE = "";
    private static final String ARCHIVE_SHARED =
            " AND pg_try_advisory_lock_shared(hashtext('note-archive, all of it'), 0)";
    private static final String ARCHIVE_ALONE = " AND pg_try_advisory_lock(hashtext('note-archive, all of it'), 0)";

    private final JdbcConnectionDetails database;
    private final Name name;
    private Connection connection;
    private boolean givenBack;

    private RunnerLock(JdbcConnectionDetails database, Name name, Connection connection) {
        this.database = database;
        this.name = name;
        this.connection = connection;
    }

    /**
     * Takes the lock of a node's runs; empty when another process has it, or has the whole archive for longer than
     * {@link #ARCHIVE_PATIENCE}.
     */
    public static Optional<RunnerLock> ofRuns(JdbcConnectionDetails database, String node) throws SQLException {
        return take(
                database, new Name(RUNS, node, ARCHIVE_SHARED, "this node's runner lock", "another run of this node"));
    }

    /** Takes the lock of audits, of which a database has one; empty when another process has it. */
    public static Optional<RunnerLock> ofAudits(JdbcConnectionDetails database) throws SQLException {
        return take(database, new Name("note-archive-verify", ALL, NO_MORE, "the lock of audits", "another audit"));
    }

    /** Takes the whole archive for a process of this node; empty while a run of any node, or a remap, is active. */
    public static Optional<RunnerLock> ofArchive(JdbcConnectionDetails database, String node) throws SQLException {
        return take(database, new Name(RUNS, node, ARCHIVE_ALONE, "the lock of the whole archive", "another run"));
    }

    /**
     * Takes the lock of remaps, of which a database has one; empty when another process has it, or the whole archive.
     */
    public static Optional<RunnerLock> ofRemaps(JdbcConnectionDetails database) throws SQLException {
        return take(database, new Name(REMAPS, ALL, ARCHIVE_SHARED, "the lock of remaps", "another remap"));
    }

    /** Takes the right to decide about a note beside runs; empty when another process has it, or the whole archive. */
    public static Optional<RunnerLock> ofNote(JdbcConnectionDetails database, NoteId id) throws SQLException {
        return take(
                database,
                new Name("note-archive-note", id.value(), ARCHIVE_SHARED, "the lock of note " + id, "somebody else"));
    }

    /** Whether a process has the lock of a node's runs, or of the whole archive, at this moment. */
    public static boolean isRunOf(String node, JdbcClient jdbc) {
        return isTaken(RUNS, node, true, jdbc);
    }

    /** Whether a process has the lock of another node's runs at this moment. */
    static boolean isRunBeside(String node, JdbcClient jdbc) {
        return isTaken(RUNS, node, false, jdbc);
    }

    /** Whether a process has the lock of remaps at this moment. */
    static boolean isRemap(JdbcClient jdbc) {
        return isTaken(REMAPS, ALL, true, jdbc);
    }

    /**
     * Whether a process has a lock of a group.
     *
     * @param byThis whether that of this member, or that of any other
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
     * The two halves of the lock's number, what else is locked with it, and what people call it and whoever else has
     * it.
     */
    private record Name(String group, String member, String more, String spoken, String rival) {}

    /** What people call it. */
    String name() {
        return name.spoken();
    }

    /** What people call whoever else has it. */
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
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT own, own%s FROM (SELECT pg_try_advisory_lock(hashtext(?), hashtext(?)) AS own) AS locked"
                        .formatted(name.more()))) {
            statement.setString(1, name.group());
            statement.setString(2, name.member());
            long begun = System.nanoTime();
            Attempt attempt = attempt(statement);
            while (attempt == Attempt.ARCHIVE_TAKEN
                    && name.group().equals(RUNS)
                    && name.more().equals(ARCHIVE_SHARED)
                    && System.nanoTime() - begun < ARCHIVE_PATIENCE.toNanos()
                    && pause()) {
                attempt = attempt(statement);
            }
            if (attempt == Attempt.LOCKED) {
                return Optional.of(connection);
            }
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        connection.close();
        return Optional.empty();
    }

    private enum Attempt {
        LOCKED,
        /** The connection has the lock itself, but not that of the whole archive. */
        ARCHIVE_TAKEN,
        TAKEN
    }

    private static Attempt attempt(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            if (!row.next() || !row.getBoolean(1)) {
                return Attempt.TAKEN;
            }
            return row.getBoolean(2) ? Attempt.LOCKED : Attempt.ARCHIVE_TAKEN;
        }
    }

    /** Returns false when the thread is interrupted. */
    private static boolean pause() {
        try {
            Thread.sleep(ARCHIVE_PAUSE);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** What became of the lock when it was looked at. */
    enum Kept {
        /** The connection stands, and with it the lock. */
        HELD,
        /** The connection was lost, and a new one has the lock. */
        RETAKEN,
        /** The connection was lost, and another process has the lock by now. */
        LOST
    }

    /**
     * Looks whether the connection still stands, and takes the lock once more by a new one when it does not.
     *
     * @throws SQLException when it was lost and the database is out of reach; to be tried again
     */
    synchronized Kept keep() throws SQLException {
        if (givenBack || isConnected()) {
            return Kept.HELD;
        }
        connection.close(); // or a server that still sees it would refuse the new one
        Optional<Connection> next = tryLock(database, name);
        next.ifPresent(taken -> connection = taken);
        return next.isPresent() ? Kept.RETAKEN : Kept.LOST;
    }

    /**
     * Requires that this process has the lock, as {@link #keep} finds.
     *
     * @throws DataAccessResourceFailureException when another process has it by now
     */
    public void requireHeld() throws SQLException {
        if (keep() == Kept.LOST) {
            throw new DataAccessResourceFailureException(
                    "the connection that held %s is lost, and %s has the lock by now; repeat the command to finish"
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
     * Frees the lock before it hangs up: the server takes note of a closed connection only a moment later, and the next
     * run must not meet this one's lock.
     */
    @Override
    public synchronized void close() {
        givenBack = true;
        try (Connection last = connection;
                Statement statement = last.createStatement()) {
            statement.execute("SELECT pg_advisory_unlock_all()");
        } catch (SQLException e) {
            // the connection is lost, and the lock with it
        }
    }
}
