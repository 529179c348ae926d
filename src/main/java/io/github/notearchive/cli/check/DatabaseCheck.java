package io.github.notearchive.cli.check;

import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.RunningNodes;
import io.github.notearchive.cli.ArchiveLocation;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.SchemaVersion;
import io.github.notearchive.cli.check.Check.Seen;
import io.github.notearchive.embedded.EmbeddedDatabase;
import io.github.notearchive.io.DisplayFormat;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.output.ValidateResult;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Looks at the database, by a connection of its own that can only read. The program's own ones bring the schema up to
 * date.
 */
final class DatabaseCheck implements AutoCloseable {

    private static final int OLDEST_POSTGRES = 15;

    private final CommandContext context;
    private final boolean isNew;
    private boolean hasSchema;
    private String whyNoTables = "the schema could not be looked at";
    private @Nullable SingleConnectionDataSource connection;

    DatabaseCheck(CommandContext context) {
        this.context = context;
        this.isNew = isNew(context); // before a server is started
    }

    private static boolean isNew(CommandContext context) {
        try {
            return context.get(ArchiveLocation.class).isNew();
        } catch (RuntimeException _) {
            return false; // the settings are invalid, which another check reports
        }
    }

    Seen server() throws SQLException {
        ArchiveLocation location = context.get(ArchiveLocation.class);
        boolean isEmbedded = location.isEmbedded();
        JdbcConnectionDetails details = context.get(JdbcConnectionDetails.class);
        connection = new SingleConnectionDataSource(connect(details), true);
        String version = jdbc().sql("SELECT current_setting('server_version')")
                .query(String.class)
                .single();
        int major = jdbc().sql("SELECT current_setting('server_version_num')::int / 10000")
                .query(Integer.class)
                .single();
        String where =
                " at " + ArchiveLocation.withoutLogin(details.getJdbcUrl()).replaceFirst("^jdbc:postgresql:", "");
        if (isEmbedded) {
            where = context.get(EmbeddedDatabase.class).joined()
                    ? ", embedded, run by another process of this program"
                    : ", embedded, started for this check";
        }
        if (isNew) {
            where +=
                    ": a new, empty archive in %s. If there should be one already, run this where it is, set ARCHIVE_DATA_DIR, or name its database in ARCHIVE_DATABASE_URL"
                            .formatted(location.directory());
        }
        String found = "PostgreSQL " + version + where;
        if (major < OLDEST_POSTGRES) {
            return Seen.wrong(found + "; version " + OLDEST_POSTGRES + " or newer is needed");
        }
        if (jdbc().sql("SELECT pg_is_in_recovery()").query(Boolean.class).single()) {
            return Seen.away(found + "; it is a standby and takes no writes: name the primary in ARCHIVE_DATABASE_URL");
        }
        String encoding = jdbc().sql("SELECT current_setting('server_encoding')")
                .query(String.class)
                .single();
        return encoding.equals("UTF8")
                ? Seen.ok(found)
                : Seen.wrong(found + "; its encoding is " + encoding + ", but must be UTF8: make another database");
    }

    private static Connection connect(JdbcConnectionDetails details) throws SQLException {
        Properties login = new Properties();
        if (details.getUsername() != null) {
            login.setProperty("user", details.getUsername());
        }
        if (details.getPassword() != null) {
            login.setProperty("password", details.getPassword());
        }
        login.setProperty("ApplicationName", "note-archive check");
        login.setProperty("connectTimeout", "10");
        login.setProperty("loginTimeout", "15");
        login.setProperty("socketTimeout", "30");
        Connection opened = DriverManager.getConnection(details.getJdbcUrl(), login);
        // statements, since PgBouncer refuses these as options of the connection
        try (Statement statement = opened.createStatement()) {
            statement.execute("SET default_transaction_read_only = on");
            statement.execute("SET statement_timeout = '20s'");
            return opened;
        } catch (SQLException e) {
            opened.close();
            throw e;
        }
    }

    /** Returns the time of the database. */
    Instant clock() {
        return jdbc().sql("SELECT clock_timestamp()")
                .query((row, _) -> row.getTimestamp(1).toInstant())
                .single();
    }

    /** Returns the new notes that are due after a time. */
    WorklistStats.DueLater newNotesDueAfter(Instant time) {
        return WorklistStats.newNotesDueAfter(time, jdbc());
    }

    /** Returns a client of the database that {@link #server} has found. */
    private JdbcClient jdbc() {
        if (connection == null) {
            throw new IllegalStateException("There is no connection to the database");
        }
        return JdbcClient.create(connection);
    }

    /** Flyway is asked what it would do, and not told to do it. */
    Seen schema() {
        Optional<String> refusal = SchemaVersion.refusal(context.get(Flyway.class));
        if (refusal.isPresent()) {
            whyNoTables = "the tables are those of another version";
            return Seen.wrong(refusal.get());
        }
        MigrationInfoService info = context.get(Flyway.class).info();
        int pending = info.pending().length;
        if (info.current() == null) {
            whyNoTables = "there are no tables yet";
            return hasTables()
                    ? Seen.wrong(
                            "the database holds tables that this program did not make; name an empty one in ARCHIVE_DATABASE_URL")
                    : Seen.ok("empty; the first command that uses it makes the tables");
        }
        if (pending > 0) {
            whyNoTables = "the tables are not up to date";
            return Seen.warning(
                    "version %s, and %d migrations are pending: the next command that uses the database brings it up to date. Back it up before, if you have to"
                            .formatted(info.current().getVersion(), pending));
        }
        ValidateResult valid = context.get(Flyway.class).validateWithResult();
        if (!valid.validationSuccessful) {
            return Seen.wrong("not the schema that this version expects: "
                    + valid.getAllErrorMessages().lines().findFirst().orElse("")
                    + "; use the version that made it, or a newer one");
        }
        hasSchema = true;
        return Seen.ok("up to date, version " + info.current().getVersion());
    }

    private boolean hasTables() {
        return jdbc().sql("SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())")
                .query(Boolean.class)
                .single();
    }

    /** Whether the tables are those that this version expects, as far as was seen. */
    boolean hasSchema() {
        return hasSchema;
    }

    /** What is in the way of looking into the tables. */
    String whyNoTables() {
        return whyNoTables;
    }

    Seen rebuild() {
        return context.get(JobExecutionQueries.class).isRebuildUnfinished()
                ? Seen.wrong(
                        "the tables are being rebuilt from the bucket, and that is not finished; finish it with note-archive rebuild")
                : Seen.ok("none is unfinished");
    }

    Seen runs() {
        List<RunningNodes.RunningNode> nodes = RunningNodes.in(jdbc());
        return Seen.ok(
                nodes.isEmpty()
                        ? "none is active"
                        : nodes.stream()
                                .map(node -> (node.node().isEmpty() ? "some node" : "node " + node.node())
                                        + " since "
                                        + DisplayFormat.minute(node.since()))
                                .collect(Collectors.joining(", ", "active: ", "")));
    }

    @Override
    public void close() {
        if (connection != null) {
            connection.destroy();
        }
    }
}
