package io.github.notearchive.embedded;

import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL server of the data directory, run by this process or by the owner of the directory.
 *
 * <p>It listens on 127.0.0.1 only, on another port at each start, and requires a password (SCRAM), which is stored in
 * {@code postgres.password}, readable by its owner only. Commits are durable.
 */
public final class EmbeddedDatabase implements AutoCloseable {

    private static final String NAME = "postgres";

    private final DataDirectory directory;
    private final int port;
    private final String password;
    private final @Nullable PostgresServer server;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EmbeddedDatabase(DataDirectory directory, int port, String password, @Nullable PostgresServer server) {
        this.directory = directory;
        this.port = port;
        this.password = password;
        this.server = server;
    }

    /**
     * Starts the server or joins the running one. The first start unpacks the program and creates the cluster, which
     * takes about ten seconds; a later one takes about one second, and longer for recovery after a crash. Joining waits
     * up to 30 s for the server of the owner.
     *
     * @throws DataDirectoryException if it does not start, or the owner runs none; no process is left running
     */
    public static EmbeddedDatabase open(DataDirectory directory) {
        synchronized (directory) {
            var cluster = new PostgresCluster(directory.path());
            OptionalInt running = directory.findRunning(NAME, cluster::answersOn);
            if (running.isPresent()) {
                return new EmbeddedDatabase(directory, running.getAsInt(), cluster.knownPassword(), null);
            }
            PostgresServer server = PostgresServer.start(cluster);
            try {
                var database = new EmbeddedDatabase(directory, server.port(), cluster.knownPassword(), server);
                directory.publish(NAME, server.port(), database);
                return database;
            } catch (RuntimeException e) {
                try {
                    server.stop();
                } catch (RuntimeException afterwards) {
                    e.addSuppressed(afterwards);
                }
                throw e;
            }
        }
    }

    public String jdbcUrl() {
        return PostgresCluster.jdbcUrl(port);
    }

    public String user() {
        return PostgresCluster.USER;
    }

    public String password() {
        return password;
    }

    /** Returns whether another process runs the server, so that closing this does not stop it. */
    public boolean joined() {
        return server == null;
    }

    /**
     * Stops a server that was started here; clients are disconnected. Takes about 0.1 s, 45 s at most. Does nothing if
     * repeated or joined.
     */
    @Override
    public void close() {
        if (server == null || closed.getAndSet(true)) {
            return;
        }
        directory.withdraw(NAME);
        server.stop();
    }
}
