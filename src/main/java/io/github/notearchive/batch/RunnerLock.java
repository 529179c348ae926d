package io.github.notearchive.batch;

import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.NodeLocks;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Lock of one process: an advisory lock of PostgreSQL on a separate connection. It ends with the connection, so a
 * killed process leaves none. {@link #keep} replaces a connection that is lost while the process is alive. Thread-safe.
 */
public final class RunnerLock implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RunnerLock.class);

    /** Longer than a run holds the lock of the whole archive to remove files at its end. */
    private static final Duration ARCHIVE_PATIENCE = Duration.ofSeconds(8);

    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final String WHOLE = "(hashtext('note-archive, all of it'), 0)";
    private static final String AUDITS = "(hashtext('note-archive-verify'), hashtext(''))";
    private static final String REBUILDS = "(hashtext('note-archive-rebuild'), hashtext(''))";

    /** Condition: no process has a lock; of two that acquire their own before they check, one sees the other's. */
    private static final String UNLOCKED = """
             AND NOT EXISTS (SELECT 1 FROM pg_locks l, (VALUES %s) AS k (classid, objid)
                             WHERE l.locktype = 'advisory' AND l.objsubid = 2
                               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                               AND l.classid = k.classid::oid AND l.objid = k.objid::oid)
            """;

    private static final String NO_REBUILD = UNLOCKED.formatted(REBUILDS);
    private static final String SHARED = " AND pg_try_advisory_lock_shared" + WHOLE + NO_REBUILD;

    /** Work that requires a lock. A lock is not acquired while another process has it. */
    public enum Scope {
        /** A node's run; shares the whole archive, for which it waits up to {@link #ARCHIVE_PATIENCE}. */
        RUN(
                NodeLocks.GROUP,
                " AND pg_advisory_lock_shared" + WHOLE + "::text IS NOT NULL" + NO_REBUILD,
                "this node's runner lock"),
        /** A node's audit; shared by audits of other nodes. Without a node: the test of audits, which excludes them. */
        AUDIT(
                "note-archive-verify",
                " AND pg_try_advisory_lock_shared" + AUDITS + NO_REBUILD,
                "this node's lock of audits"),
        /** A node's rebuild; shared by rebuilds of other nodes, excludes everything else. */
        REBUILD(
                NodeLocks.GROUP,
                " AND pg_try_advisory_lock_shared" + REBUILDS + UNLOCKED.formatted(WHOLE + ", " + AUDITS),
                "this node's lock of rebuilds"),
        /** A node's work that excludes everything else. */
        ARCHIVE(
                NodeLocks.GROUP,
                " AND pg_try_advisory_lock" + WHOLE + " AND pg_try_advisory_lock" + AUDITS + NO_REBUILD,
                "the lock of the whole archive"),
        /** A publish of any node; shares the whole archive. */
        PUBLISH("note-archive-publish", SHARED, "the lock of publishing"),
        /** An append to the log of captures, as part of a run or rebuild. */
        LOG("note-archive-log", "", "the lock of the log"),
        /** A remap; shares the whole archive. */
        REMAP("note-archive-remap", SHARED, "the lock of remaps"),
        /** A decision about one note during runs; shares the whole archive. */
        NOTE("note-archive-note", SHARED, "the lock of note %s");

        private final String group;
        private final String more;
        private final String label;

        /** @param more condition that acquires additional locks */
        Scope(String group, String more, String label) {
            this.group = group;
            this.more = more;
            this.label = label;
        }
    }

    private final Scope scope;
    private final String member;
    private final SingleConnectionDataSource connection = new SingleConnectionDataSource();
    private final JdbcClient jdbc = JdbcClient.create(connection);
    private boolean isLocked;
    private boolean isReleased;

    private RunnerLock(JdbcConnectionDetails database, Scope scope, String member) {
        this.scope = scope;
        this.member = member;
        connection.setSuppressClose(true);
        MigrationConnection.configure(connection, database, (scope.group + " runner " + member).strip())
                .setProperty("socketTimeout", "10");
    }

    /**
     * Acquires a lock; empty if another process has it, or one that excludes it.
     *
     * @param member node or note; empty if the scope has one lock for all nodes
     */
    public static Optional<RunnerLock> acquire(JdbcConnectionDetails database, Scope scope, String member) {
        RunnerLock lock = new RunnerLock(database, scope, member);
        return lock.tryLock() ? Optional.of(lock) : Optional.empty();
    }

    private boolean tryLock() {
        isLocked = false;
        try {
            jdbc.sql("SET lock_timeout = " + ARCHIVE_PATIENCE.toMillis()).update();
            isLocked = is(jdbc, scope, member, """
                    SELECT own%s
                    FROM (SELECT pg_try_advisory_lock(hashtext(:group), hashtext(:member)) AS own) AS locked
                    """.formatted(scope.more));
            if (!isLocked) {
                unlock();
            }
        } catch (DataAccessException e) {
            if (DatabaseErrors.sqlState(e).filter(LOCK_NOT_AVAILABLE::equals).isEmpty()) {
                throw e;
            }
            unlock();
        } finally {
            if (!isLocked) {
                connection.resetConnection();
            }
        }
        return isLocked;
    }

    /** Returns whether a process has the lock of this member of a scope. */
    public static boolean isTaken(JdbcClient jdbc, Scope scope, String member) {
        return is(jdbc, scope, member, """
                SELECT EXISTS (SELECT 1 FROM pg_locks l WHERE %s AND l.objid = hashtext(:member)::oid)
                """.formatted(NodeLocks.OF_GROUP));
    }

    private static boolean is(JdbcClient jdbc, Scope scope, String member, String sql) {
        return jdbc.sql(sql)
                .param("group", scope.group)
                .param("member", member)
                .query(Boolean.class)
                .single();
    }

    /** Describes a lost connection. */
    String lost() {
        return "the connection of " + scope.label.formatted(member) + " is lost";
    }

    /** Describes why the lock is lost after {@link #keep} has returned false. */
    String heldByRival() {
        return lost() + ", and another process holds the lock now";
    }

    /**
     * Checks the connection, and acquires the lock with a new one if it is lost. May be repeated after a failure.
     *
     * @return false if another process has the lock now
     */
    synchronized boolean keep() {
        if (isReleased || (isLocked && isConnected())) {
            return true;
        }
        connection.resetConnection(); // otherwise a server that still sees it would refuse the new one
        if (tryLock()) {
            log.warn("{}; the lock was acquired again by a new connection", lost());
        }
        return isLocked;
    }

    private boolean isConnected() {
        try {
            return jdbc.sql("SELECT true").query(Boolean.class).single();
        } catch (DataAccessException e) {
            return false;
        }
    }

    /** Throws a {@link DataAccessResourceFailureException} if another process has the lock, as {@link #keep} does. */
    public void requireHeld() {
        if (!keep()) {
            throw new DataAccessResourceFailureException(heldByRival() + "; repeat the command to finish");
        }
    }

    @Override
    public synchronized void close() {
        isReleased = true;
        if (isLocked) {
            unlock();
        }
        connection.close();
    }

    /**
     * Releases the lock, and those acquired beside it, before the connection is closed, which the server notices with a
     * delay.
     */
    private void unlock() {
        try {
            jdbc.sql("SELECT pg_advisory_unlock_all()::text")
                    .query(String.class)
                    .single();
        } catch (DataAccessException _) {
            // the locks ended with the connection
        }
    }
}
