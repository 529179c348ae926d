package io.github.notearchive;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import javax.sql.DataSource;
import org.apache.commons.io.FileUtils;
import org.apache.commons.io.function.Uncheck;
import org.awaitility.Awaitility;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** A real PostgreSQL with the tables of {@code db/migration}, started once for all tests of this JVM. */
public final class ArchiveDatabase {

    private static final ArchiveDatabase ONLY = start();

    private final EmbeddedDatabase server;
    private final HikariDataSource dataSource;
    private final PlatformTransactionManager transactions;

    private ArchiveDatabase(EmbeddedDatabase server) {
        this.server = server;
        this.dataSource = pool(server, 20);
        this.transactions = new JdbcTransactionManager(dataSource);
    }

    private static ArchiveDatabase start() {
        Path home = Uncheck.get(() -> Files.createTempDirectory("note-archive-tests"));
        DataDirectory directory = DataDirectory.open(home);
        ArchiveDatabase database = new ArchiveDatabase(new EmbeddedDatabase(directory));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            database.dataSource.close();
            directory.close();
            FileUtils.deleteQuietly(home.toFile());
        }));
        // nothing here outlives the JVM, so nothing needs to reach the disk
        database.update("ALTER SYSTEM SET fsync = off");
        // plans depend on the statistics that a test makes, and on no others
        database.update("ALTER SYSTEM SET autovacuum = off");
        database.texts("SELECT pg_reload_conf()");
        Flyway.configure()
                .dataSource(database.dataSource)
                .locations("classpath:db/migration")
                .load()
                .migrate();
        return database;
    }

    private static HikariDataSource pool(EmbeddedDatabase server, int size) {
        HikariDataSource pool = new HikariDataSource();
        pool.setJdbcUrl(server.jdbcUrl());
        pool.setUsername(server.user());
        pool.setPassword(server.password());
        pool.setMaximumPoolSize(size);
        pool.setMinimumIdle(1);
        return pool;
    }

    /** Where to make other databases; its tables hold what other tests left. */
    public static ArchiveDatabase running() {
        return ONLY;
    }

    /** The database, with all its tables empty. */
    public static ArchiveDatabase emptied() {
        ONLY.jdbc().sql("""
                        TRUNCATE worklist, api_call, nightly_calls, source_gate, run_stop, call_pace, author, note, note_capture, note_topic,
                                 note_mention, note_comment, media_object, note_media, fixity_finding, schema_drift,
                                 refresh_policy, forgotten_note, forgotten_author, forgotten_object, run_summary, archive,
                                 iceberg_tables, iceberg_namespace_properties, log_entry, log_checkpoint;
                        INSERT INTO call_pace DEFAULT VALUES;
                        """).update();
        return ONLY;
    }

    public DataSource dataSource() {
        return dataSource;
    }

    /** URL for clients with another login. */
    public String jdbcUrl() {
        return server.jdbcUrl();
    }

    public String user() {
        return server.user();
    }

    public String password() {
        return server.password();
    }

    private record Owner(String getJdbcUrl, String getUsername, String getPassword) implements JdbcConnectionDetails {}

    /** How its owner connects to it. */
    public JdbcConnectionDetails details() {
        return new Owner(jdbcUrl(), user(), password());
    }

    /** Another pool, which the caller closes. */
    public HikariDataSource poolOf(int size) {
        return pool(server, size);
    }

    public JdbcClient jdbc() {
        return JdbcClient.create(dataSource);
    }

    /** Executes a statement; its parameters are question marks. */
    public int update(String sql, Object... parameters) {
        return jdbc().sql(sql).params(parameters).update();
    }

    /** Returns the number that a query returns. */
    public long count(String sql, Object... parameters) {
        return jdbc().sql(sql).params(parameters).query(Long.class).single();
    }

    /** Returns the text that a query returns; it may be null. */
    public @Nullable String text(String sql, Object... parameters) {
        return texts(sql, parameters).getFirst();
    }

    public List<String> texts(String sql, Object... parameters) {
        return jdbc().sql(sql).params(parameters).query(String.class).list();
    }

    /** Executes while another session holds the locks of a statement. */
    public <T> T whileLocked(String sql, Callable<T> action) throws Exception {
        return whileLocked(dataSource.getConnection(), sql, action);
    }

    /** As above, over a connection of the other session, which is closed. */
    public static <T> T whileLocked(Connection session, String sql, Callable<T> action) throws Exception {
        try (session;
                Statement statement = session.createStatement()) {
            session.setAutoCommit(false);
            statement.execute(sql);
            T result = action.call();
            session.rollback();
            return result;
        }
    }

    /** Waits until this many sessions wait for locks. */
    public void awaitLocked(int sessions) {
        Awaitility.await()
                .pollInterval(Duration.ofMillis(5))
                .until(() -> count("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted") == sessions);
    }

    public PlatformTransactionManager transactions() {
        return transactions;
    }

    /** Does something in a transaction, as a caller of the repositories would. */
    public void inTransaction(Runnable work) {
        new TransactionTemplate(transactions).executeWithoutResult(_ -> work.run());
    }
}
