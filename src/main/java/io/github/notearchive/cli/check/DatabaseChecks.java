package io.github.notearchive.cli.check;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.cli.ArchiveLocation;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.SchemaVersion;
import io.github.notearchive.cli.check.Check.Seen;
import io.github.notearchive.embedded.EmbeddedDatabase;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.nightly.plan.NightPlan;
import io.github.notearchive.nightly.plan.NightPlanner;
import io.github.notearchive.note.Night;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
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
 * Checks of the database and of tonight's limits.
 *
 * <p>Uses a separate read-only connection: the connections of the program migrate the schema.
 */
final class DatabaseChecks implements AutoCloseable {

    private static final int OLDEST_POSTGRES = 15;

    private final CommandContext context;
    private final boolean isNew;
    private boolean hasSchema;
    private String noTables = "the schema could not be read";
    private @Nullable SingleConnectionDataSource connection;

    DatabaseChecks(CommandContext context) {
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
            return Seen.unavailable(found + "; it is a read-only standby: name the primary in ARCHIVE_DATABASE_URL");
        }
        String encoding = jdbc().sql("SELECT current_setting('server_encoding')")
                .query(String.class)
                .single();
        return encoding.equals("UTF8")
                ? Seen.ok(found)
                : Seen.wrong(found + "; its encoding is " + encoding + ", but must be UTF8: create another database");
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

    /** Reads what Flyway would do, without doing it. */
    Seen schema() {
        Optional<String> refusal = SchemaVersion.refusal(context.get(Flyway.class));
        if (refusal.isPresent()) {
            noTables = "the tables are those of another version";
            return Seen.wrong(refusal.get());
        }
        MigrationInfoService info = context.get(Flyway.class).info();
        int pending = info.pending().length;
        if (info.current() == null) {
            noTables = "there are no tables yet";
            return hasTables()
                    ? Seen.wrong(
                            "the database holds tables of another program; name an empty one in ARCHIVE_DATABASE_URL")
                    : Seen.ok("empty; the first command that uses it creates the tables");
        }
        if (pending > 0) {
            noTables = "the tables are not up to date";
            return Seen.warning(
                    "version %s, and %d migrations are pending: the next command that uses the database applies them. Back it up before, if necessary"
                            .formatted(info.current().getVersion(), pending));
        }
        ValidateResult valid = context.get(Flyway.class).validateWithResult();
        if (!valid.validationSuccessful) {
            return Seen.wrong("not the schema that this version expects: "
                    + valid.getAllErrorMessages().lines().findFirst().orElse("")
                    + "; use the version that created it, or a newer one");
        }
        hasSchema = true;
        return Seen.ok("up to date, version " + info.current().getVersion());
    }

    private boolean hasTables() {
        return jdbc().sql("SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())")
                .query(Boolean.class)
                .single();
    }

    /** Returns whether the tables are those of this version. */
    boolean hasSchema() {
        return hasSchema;
    }

    /** Returns why the tables cannot be read. */
    String whyNoTables() {
        return noTables;
    }

    Seen rebuild() {
        return context.get(JobExecutionQueries.class).isRebuildUnfinished()
                ? Seen.wrong("the tables are being rebuilt from the bucket; finish it with note-archive rebuild")
                : Seen.ok("none is unfinished");
    }

    Seen runs() {
        List<RunnerLock.RunningNode> nodes = RunnerLock.runningNodes(jdbc());
        return Seen.ok(
                nodes.isEmpty()
                        ? "none is active"
                        : nodes.stream()
                                .map(node -> (node.node().isEmpty() ? "some node" : "node " + node.node())
                                        + " since "
                                        + DisplayFormat.minute(node.since()))
                                .collect(Collectors.joining(", ", "active: ", "")));
    }

    Seen gate() {
        Instant now = context.get(Clock.class).instant();
        Instant reset = Night.of(now).ends();
        String until = "%s, in %s".formatted(Night.local(reset), DisplayFormat.took(Duration.between(now, reset)));
        return context.get(QuotaHolds.class)
                .current()
                .map(closed -> Seen.warning("closed until %s, in %s: %s was met; run --force overrides this"
                        .formatted(
                                Night.local(closed.until()),
                                DisplayFormat.took(Duration.between(now, closed.until())),
                                closed.reason())))
                .orElseGet(() -> Seen.ok("open; the provider's day ends on " + until));
    }

    Seen limits() {
        List<NightPlan.Limit> limits = context.get(NightPlanner.class).limits();
        NightlyLimitProperties night = context.get(NightlyLimitProperties.class);
        List<String> parts = new ArrayList<>();
        boolean isUsedUp = false;
        for (NightPlan.Limit limit : limits) {
            if (limit.left() != null) {
                isUsedUp |= limit.left() == 0;
                parts.add("%s %s left of %s"
                        .formatted(
                                limit.name().replaceFirst("^archive\\.", ""),
                                amount(limit, limit.left()),
                                amount(limit, limit.limit())));
            }
        }
        night.stopAfter(context.get(Clock.class).instant())
                .ifPresent(end -> parts.add("a run ends on " + Night.local(end)));
        if (parts.isEmpty()) {
            return Seen.ok("none configured; %d calls were made tonight"
                    .formatted(limits.getFirst().used()));
        }
        String found = String.join(", ", parts);
        return isUsedUp ? Seen.warning(found + "; they are reset at 00:00 in Shanghai") : Seen.ok(found);
    }

    private static String amount(NightPlan.Limit limit, long amount) {
        return limit.unit().equals("bytes") ? DisplayFormat.size(amount) : String.valueOf(amount);
    }

    @Override
    public void close() {
        if (connection != null) {
            connection.destroy();
        }
    }
}
