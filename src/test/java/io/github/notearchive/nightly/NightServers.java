package io.github.notearchive.nightly;

import io.github.notearchive.cli.WholeProgram;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedDatabase;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.sandbox.SandboxProvider;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * PostgreSQL, S3 store and provider of the tests of the job, started once in a JVM: two of each, so that two classes
 * can run at a time.
 *
 * <p>Files in {@code target/} are kept from one JVM to the next, since making a cluster takes seconds; the database
 * within it is created again.
 */
public final class NightServers {

    public static final String BUCKET = "nights";

    private static final String DATABASE = "nights";
    private static final Map<String, NightServers> STARTED = new ConcurrentHashMap<>();

    final Path home;

    /**
     * First number of executions. Spring Batch distinguishes the executions of a JVM by their numbers only, and would
     * take the step of one database for that of the other.
     */
    final long firstExecution;

    int nights;
    final MovableClock clock = new MovableClock();
    final ScriptableSandbox provider;
    final EmbeddedDatabase database;
    final EmbeddedStore store;
    final String jdbcUrl;
    final TcpProxy providerRelay;
    final TcpProxy storeRelay;

    /** Before the database; only classes that ask for it go this way. */
    final TcpProxy databaseRelay;

    private NightServers(Path home, long firstExecution) throws SQLException {
        this.home = home;
        this.firstExecution = firstExecution;
        DataDirectory directory = DataDirectory.open(home);
        database = new EmbeddedDatabase(directory);
        store = new EmbeddedStore(directory, false);
        provider = ScriptableSandbox.start(ScriptableSandbox.DEFAULTS, SandboxProvider.TOKEN, 2_048);
        providerRelay = TcpProxy.before(provider.baseUrl());
        storeRelay = TcpProxy.before(store.endpoint());
        jdbcUrl = database.jdbcUrl().replaceFirst("/postgres$", "/" + DATABASE);
        databaseRelay = TcpProxy.before(URI.create(jdbcUrl.substring("jdbc:".length())));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(directory)));
        try (Connection connection =
                        DriverManager.getConnection(database.jdbcUrl(), database.user(), database.password());
                Statement statement = connection.createStatement()) {
            // nothing here outlives the JVM, so nothing needs to reach the disk
            statement.execute("ALTER SYSTEM SET fsync = off");
            statement.execute("SELECT pg_reload_conf()");
            statement.execute("DROP DATABASE IF EXISTS " + DATABASE + " WITH (FORCE)");
            statement.execute("CREATE DATABASE " + DATABASE);
        }
    }

    public static NightServers running() {
        return STARTED.computeIfAbsent("running", name -> start(name, 1));
    }

    /** Others, for those that run beside. */
    static NightServers others() {
        return STARTED.computeIfAbsent("others", name -> start(name, 1_000_000));
    }

    /**
     * Starts the program as one more node beside {@link BesideNightlyJobTest}, without relays; the caller closes it.
     */
    public static ConfigurableApplicationContext anotherNode(String node) {
        NightServers servers = others();
        return new SpringApplicationBuilder(WholeProgram.class, NightlyScenario.class)
                .web(WebApplicationType.NONE)
                .initializers(new NightSettings.Beside())
                .run(
                        "--archive.node=" + node,
                        "--archive.workers=4",
                        "--archive.source.connect-timeout=500ms",
                        "--archive.source.response-timeout=1s",
                        "--archive.data-dir=" + servers.home.resolve("work-" + node),
                        "--archive.source.base-url=" + servers.provider.baseUrl(),
                        "--archive.store.endpoint=" + servers.store.endpoint());
    }

    /** The database by way of its relay. */
    String relayedJdbcUrl() {
        URI direct = URI.create(jdbcUrl.substring("jdbc:".length()));
        return jdbcUrl.replace(direct.getAuthority(), databaseRelay.address().getAuthority());
    }

    /** The folder that the store keeps its objects in. */
    Path bucket() {
        return home.resolve("s3").resolve(BUCKET);
    }

    public Connection connect() throws SQLException {
        return DriverManager.getConnection(jdbcUrl, database.user(), database.password());
    }

    private void close(DataDirectory directory) {
        provider.close();
        directory.close();
    }

    private static NightServers start(String name, long firstExecution) {
        try {
            return new NightServers(Path.of("target", "nights", name).toAbsolutePath(), firstExecution);
        } catch (SQLException e) {
            throw new IllegalStateException("The database of the tests cannot be made", e);
        }
    }
}
