package io.github.notearchive.embedded;

import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL over the data directory: this process's own, or the one that the directory's owner runs already.
 *
 * <p>It listens on 127.0.0.1 only, on a port that changes with every start, and wants a password (SCRAM), which lies in
 * {@code postgres.password} for the owner of the files. A commit is on the disk when it returns.
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
     * Starts the server, or joins the one that runs. The very first start unpacks the program and makes the cluster,
     * which takes about ten seconds; a later one takes about one, and after a crash as long as PostgreSQL needs to
     * recover. Joining waits up to 30 s for the owner's server to come up.
     *
     * @throws DataDirectoryException when it does not start, or the owner runs none; nothing is left running then
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

    /** Does someone else run it, so that it may go away, and closing this stops nothing? */
    public boolean joined() {
        return server == null;
    }

    /**
     * Stops the server that was started here: clients are cut off, committed rows stay. Takes 45 s at the very most and
     * some 0.1 s as a rule. Does nothing when repeated or joined.
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
