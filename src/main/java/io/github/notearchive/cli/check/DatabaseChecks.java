package io.github.notearchive.cli.check;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.cli.ArchiveLocation;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.SchemaVersion;
import io.github.notearchive.cli.check.CheckCommand.Finding;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.note.Night;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfoService;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Checks of the database and of the gate.
 *
 * <p>Uses connections of Flyway: those of the pool migrate the schema.
 */
final class DatabaseChecks {

    private static final int OLDEST_POSTGRES = 15;

    private final CommandContext context;

    /** Why the database cannot be used; null if it can. */
    @Nullable
    String noServer = "the database is unavailable";

    private @Nullable String noTables = "the schema could not be read";

    DatabaseChecks(CommandContext context) {
        this.context = context;
    }

    private record Server(String version, int major, boolean standby, String encoding) {}

    Finding server() {
        ArchiveLocation location = context.get(ArchiveLocation.class);
        Server server = jdbc().sql("""
                        SELECT current_setting('server_version') AS version,
                               current_setting('server_version_num')::int / 10000 AS major,
                               pg_is_in_recovery() AS standby,
                               current_setting('server_encoding') AS encoding
                        """).query(Server.class).single();
        String where = location.isEmbedded()
                ? SystemChecks.embedded(context.get(DataDirectory.class).joined())
                : " at " + location.database().replaceFirst("^jdbc:postgresql:", "");
        String found = "PostgreSQL " + server.version + where;
        if (server.major < OLDEST_POSTGRES) {
            return Finding.wrong(found + "; version " + OLDEST_POSTGRES + " or newer is needed");
        }
        if (server.standby) {
            return Finding.unavailable(found + "; it is a read-only standby: name the primary in ARCHIVE_DATABASE_URL");
        }
        if (!server.encoding.equals("UTF8")) {
            return Finding.wrong(
                    found + "; its encoding is " + server.encoding + ", but must be UTF8: create another database");
        }
        noServer = null;
        return Finding.ok(found);
    }

    private JdbcClient jdbc() {
        return JdbcClient.create(context.get(Flyway.class).getConfiguration().getDataSource());
    }

    /** Reads what Flyway would do, without doing it. */
    Finding schema() {
        Flyway flyway = context.get(Flyway.class);
        Optional<String> refusal = SchemaVersion.refusal(flyway);
        if (refusal.isPresent()) {
            noTables = "the tables are those of another version";
            return Finding.wrong(refusal.get());
        }
        MigrationInfoService info = flyway.info();
        int pending = info.pending().length;
        if (info.current() == null) {
            noTables = "there are no tables yet";
            return hasTables()
                    ? Finding.wrong(
                            "the database holds tables of another program; name an empty one in ARCHIVE_DATABASE_URL")
                    : Finding.ok("empty; the first command that uses it creates the tables");
        }
        if (pending > 0) {
            noTables = "the tables are not up to date";
            return Finding.warning(
                    "version %s; the next command that uses the database applies %s. Back it up before, if necessary"
                            .formatted(info.current().getVersion(), DisplayFormat.plural(pending, "migration")));
        }
        if (!flyway.validateWithResult().validationSuccessful) {
            noTables = "the tables are those of another version";
            return Finding.wrong(
                    "version %s of an unreleased program, whose migrations were replaced; name a new, empty database in ARCHIVE_DATABASE_URL and fill it with note-archive rebuild"
                            .formatted(info.current().getVersion()));
        }
        noTables = null;
        return Finding.ok("up to date, version " + info.current().getVersion());
    }

    private boolean hasTables() {
        return jdbc().sql("SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())")
                .query(Boolean.class)
                .single();
    }

    /** Returns why the tables cannot be read; null if they are those of this version. */
    @Nullable
    String noTables() {
        return noServer == null ? noTables : noServer;
    }

    Finding rebuild() {
        return context.get(JobExecutionQueries.class).isRebuildUnfinished()
                ? Finding.wrong("the tables are being rebuilt from the bucket; finish it with note-archive rebuild")
                : Finding.ok("no rebuild is unfinished");
    }

    Finding gate() {
        Instant now = context.get(Clock.class).instant();
        return context.get(QuotaHolds.class)
                .current()
                .map(closed ->
                        Finding.warning("closed until %s: a run makes no call before then (%s); run --force opens it"
                                .formatted(until(now, closed.until()), closed.reason())))
                .orElseGet(() -> Finding.ok("open; the provider's day ends on "
                        + until(now, Night.of(now).ends())));
    }

    private static String until(Instant now, Instant end) {
        return "%s, in %s".formatted(Night.local(end), DisplayFormat.took(Duration.between(now, end)));
    }
}
