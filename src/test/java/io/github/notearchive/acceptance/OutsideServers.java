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
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.io.function.Uncheck;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.util.FileSystemUtils;

/**
 * PostgreSQL and S3 server in the JVM of the tests: outside of the program's process, as in production. One pair serves
 * all tests, with a database and a bucket for each.
 *
 * <p>{@code -Dacceptance.s3.endpoint=http://127.0.0.1:7480}, {@code -Dacceptance.s3.access-key=} and
 * {@code -Dacceptance.s3.secret-key=} name another S3 server, which replaces it.
 */
final class OutsideServers implements AutoCloseable {

    private static OutsideServers servers;

    private final Path home;
    private final DataDirectory directory;
    private final EmbeddedDatabase database;
    private final Archive.Account store;
    private final AtomicInteger sites = new AtomicInteger();
    private boolean hasTemplate;

    private OutsideServers() {
        home = Uncheck.get(() -> Files.createTempDirectory("note-archive-acceptance-"));
        directory = DataDirectory.open(home);
        database = new EmbeddedDatabase(directory);
        store = isStoreAnother() ? another() : Archive.Account.of(new EmbeddedStore(directory, false));
    }

    /** Returns whether the S3 server is a named one instead of the embedded one. */
    private static boolean isStoreAnother() {
        return System.getProperty("acceptance.s3.endpoint") != null;
    }

    private static Archive.Account another() {
        return new Archive.Account(
                URI.create(System.getProperty("acceptance.s3.endpoint")),
                System.getProperty("acceptance.s3.access-key"),
                System.getProperty("acceptance.s3.secret-key"));
    }

    static OutsideServers running() {
        return servers;
    }

    /** Returns the directory of the objects, with one directory per bucket; the embedded store only. */
    Path objects() {
        assumeFalse(isStoreAnother(), "the objects of a named store are not files");
        return home.resolve("s3");
    }

    /** Returns a database name that no other test has. */
    String nextName() {
        return "night_" + sites.incrementAndGet();
    }

    /** Returns the name of a database with the schema and without rows, made by the program at the first call. */
    synchronized String template() {
        String name = "night_template";
        if (!hasTemplate) {
            createDatabase(name);
            initialize(new Site(home.resolve("template"), name));
            hasTemplate = true;
        }
        return name;
    }

    /** Copies a data directory with the schema and without rows, made by the program at the first call. */
    void copyEmbeddedTemplate(Path data) {
        Path template = home.resolve("template-embedded");
        synchronized (this) {
            if (!Files.exists(template)) {
                lendPrograms(template);
                initialize(new Site(template, null));
            }
        }
        // keeps permissions, links and extended attributes
        Program.execute(home, Map.of(), List.of("cp", "-a", template.toString(), data.toString()))
                .end()
                .with(0);
    }

    private void initialize(Site site) {
        Path empty = Uncheck.get(() -> Files.writeString(home.resolve("empty.txt"), ""));
        Program.start(home, site.environment(), "enqueue", empty.toString())
                .end()
                .with(0);
    }

    /** Creates a data directory that shares the unpacked programs of PostgreSQL. */
    void lendPrograms(Path data) {
        Uncheck.run(() -> {
            Files.createDirectories(data);
            Files.createSymbolicLink(data.resolve("postgres-binaries"), home.resolve("postgres-binaries"));
        });
    }

    /** Creates an empty database and returns its URL. */
    String createDatabase(String name) {
        execute("CREATE DATABASE " + name);
        return urlOf(name);
    }

    /** Copies a database without connections. */
    void copyDatabase(String name, String copy) {
        execute("CREATE DATABASE " + copy + " TEMPLATE " + name);
    }

    void dropDatabase(String name) {
        execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }

    private void execute(String sql) {
        execute(database.jdbcUrl(), sql);
    }

    /** Executes a statement in any database. */
    void execute(String url, String sql) {
        new JdbcTemplate(new DriverManagerDataSource(url, user(), password())).execute(sql);
    }

    String urlOf(String name) {
        return database.jdbcUrl().replaceFirst("/[^/?]*(\\?|$)", "/" + name + "$1");
    }

    /** Returns the address of the database server. */
    URI databaseAddress() {
        return URI.create(database.jdbcUrl().substring("jdbc:".length()));
    }

    String user() {
        return database.user();
    }

    String password() {
        return database.password();
    }

    Archive.Account store() {
        return store;
    }

    @Override
    public void close() throws IOException {
        directory.close();
        FileSystemUtils.deleteRecursively(home);
    }

    /** Starts the servers before the first test that needs them, and stops them after the last one. */
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
