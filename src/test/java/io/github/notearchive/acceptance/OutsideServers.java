package io.github.notearchive.acceptance;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedDatabase;
import io.github.notearchive.embedded.EmbeddedStore;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/**
 * A PostgreSQL and an S3 server in the test's process: outside of the program's, as in production. One pair for all
 * tests, a database and a bucket for each.
 *
 * <p>{@code -Dacceptance.s3.endpoint=http://127.0.0.1:7480}, {@code -Dacceptance.s3.access-key=} and
 * {@code -Dacceptance.s3.secret-key=} name another S3 server, which is put in its place.
 */
final class OutsideServers implements AutoCloseable {

    private static OutsideServers servers;

    private final Path home;
    private final DataDirectory directory;
    private final EmbeddedDatabase database;
    private final Archive.Account store;
    private final AtomicInteger sites = new AtomicInteger();

    private OutsideServers() {
        try {
            home = Files.createTempDirectory("note-archive-acceptance-");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        directory = DataDirectory.open(home);
        database = EmbeddedDatabase.open(directory);
        store = isStoreAnother() ? another() : account(EmbeddedStore.open(directory));
    }

    /** Whether the S3 server is one that was named, and not the one that the program embeds. */
    private static boolean isStoreAnother() {
        return System.getProperty("acceptance.s3.endpoint") != null;
    }

    private static Archive.Account another() {
        return new Archive.Account(
                URI.create(System.getProperty("acceptance.s3.endpoint")),
                System.getProperty("acceptance.s3.access-key"),
                System.getProperty("acceptance.s3.secret-key"));
    }

    private static Archive.Account account(EmbeddedStore store) {
        return new Archive.Account(store.endpoint(), store.accessKey(), store.secretKey());
    }

    static OutsideServers running() {
        return servers;
    }

    /** The unpacked programs of PostgreSQL, which embedded servers may share. */
    Path programs() {
        return home.resolve("postgres-binaries");
    }

    /** Where the objects lie, a directory for each bucket; another store does not tell. */
    Path objects() {
        assumeFalse(isStoreAnother(), "where another store keeps its objects is its own affair");
        return home.resolve("s3");
    }

    /** A number that no other test has. */
    int nextNumber() {
        return sites.incrementAndGet();
    }

    /** Makes a database; its URL. */
    String createDatabase(String name) {
        execute("CREATE DATABASE " + name);
        return urlOf(name);
    }

    /** Copies a database that no process is connected to. */
    void copyDatabase(String name, String copy) {
        execute("CREATE DATABASE " + copy + " TEMPLATE " + name);
    }

    void dropDatabase(String name) {
        execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }

    private void execute(String sql) {
        try (Connection connection =
                        DriverManager.getConnection(database.jdbcUrl(), database.user(), database.password());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    String urlOf(String name) {
        return database.jdbcUrl().replaceFirst("/[^/?]*(\\?|$)", "/" + name + "$1");
    }

    String user() {
        return database.user();
    }

    String password() {
        return database.password();
    }

    URI endpoint() {
        return store.endpoint();
    }

    String accessKey() {
        return store.accessKey();
    }

    String secretKey() {
        return store.secretKey();
    }

    @Override
    public void close() throws IOException {
        directory.close();
        FileSystemUtils.deleteRecursively(home);
    }

    /** Starts them before the first test that needs them, and stops them after the last. */
    static final class Running implements BeforeAllCallback {

        @Override
        public void beforeAll(ExtensionContext context) {
            ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
            servers = context.getRoot()
                    .getStore(ExtensionContext.Namespace.create(OutsideServers.class))
                    .computeIfAbsent(OutsideServers.class, _ -> new OutsideServers(), OutsideServers.class);
        }
    }
}
