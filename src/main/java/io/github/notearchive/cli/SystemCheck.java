package io.github.notearchive.cli;

import io.github.notearchive.embedded.EmbeddedDatabase;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.job.ArchiveProperties;
import io.github.notearchive.job.Executions;
import io.github.notearchive.job.ExitCode;
import io.github.notearchive.job.NightPlan;
import io.github.notearchive.job.NightPlanner;
import io.github.notearchive.job.NightlyLimitProperties;
import io.github.notearchive.job.RunningNodes;
import io.github.notearchive.job.SourceGate;
import io.github.notearchive.job.Trouble;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.note.Night;
import io.github.notearchive.objectstore.ObjectKey;
import io.github.notearchive.objectstore.ObjectStore;
import io.github.notearchive.objectstore.StoreException;
import io.github.notearchive.objectstore.StoreProperties;
import io.github.notearchive.source.NoteSourceProperties;
import io.github.notearchive.source.ProviderPing;
import io.github.notearchive.worklist.Worklist;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.output.ValidateResult;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.util.unit.DataSize;

/**
 * Looks at everything that a run needs, each thing by itself and within its time, whatever became
 * of the others. Makes no paid call, migrates nothing, and leaves nothing behind.
 *
 * <p>The database is looked at by a connection of its own that can only read. What stands in tables
 * is asked for only when the schema is the one that this program expects, since whoever uses the
 * program's own connections brings it up to date.
 */
final class SystemCheck {

    private static final Logger log = LoggerFactory.getLogger(SystemCheck.class);

    /**
     * Long enough for a slow server, and for an embedded one that is started for the first time.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(45);

    private static final Duration START_PATIENCE = Duration.ofMinutes(3);

    /** The answer of the other side may say whole seconds, and takes its time. */
    private static final Duration CLOCK_DRIFT = Duration.ofSeconds(5);

    /** A clock that is right now may have been a little ahead when notes were enqueued. */
    private static final Duration AHEAD = Duration.ofMinutes(1);

    /** With less no run gets far. */
    private static final DataSize LEAST_SPACE = DataSize.ofMegabytes(500);

    private static final int OLDEST_JDK = 25;
    private static final int OLDEST_POSTGRES = 15;

    private final Map<String, String> given;
    private final @Nullable Clock clockGiven;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * @param given settings that win over all others
     * @param clock the clock to use; null for the machine's
     */
    SystemCheck(Map<String, String> given, @Nullable Clock clock) {
        this.given = given;
        this.clockGiven = clock;
    }

    /** How a thing is. */
    enum Result {
        /** As it should be. */
        OK,
        /** A run can begin; somebody should look. */
        WARNING,
        /** A run would not begin, or not get far. */
        FAILED,
        /** Not looked at, since it rests on something that failed. */
        SKIPPED
    }

    /**
     * What was seen of one thing.
     *
     * @param name of the thing
     * @param message how it is, and what to do about it
     * @param exitCode what it comes to when it failed; null otherwise
     */
    record Finding(String name, Result result, String message, @Nullable ExitCode exitCode) {}

    /** How one thing is, without its name. */
    private record Seen(Result result, String message, @Nullable ExitCode exitCode) {

        static Seen ok(String message) {
            return new Seen(Result.OK, message, null);
        }

        static Seen warning(String message) {
            return new Seen(Result.WARNING, message, null);
        }

        static Seen wrong(String message) {
            return new Seen(Result.FAILED, message, ExitCode.USAGE);
        }

        static Seen away(String message) {
            return new Seen(Result.FAILED, message, ExitCode.UPSTREAM_UNAVAILABLE);
        }

        static Seen skipped(String message) {
            return new Seen(Result.SKIPPED, message, null);
        }
    }

    /** Looks at one thing. */
    @FunctionalInterface
    private interface Look {
        Seen look() throws Exception;
    }

    /**
     * Looks at everything, in an order in which the first thing that failed is mostly the cause.
     */
    List<Finding> all() {
        check("java", PATIENCE, SystemCheck::java);
        try (ArchiveContext context = ArchiveContext.openUnchecked(given, clockGiven)) {
            new Inside(context).all();
        } catch (RuntimeException e) {
            Seen seen = explained(e);
            findings.add(
                    new Finding(
                            "settings",
                            seen.result(),
                            seen.message() + "; nothing else was looked at",
                            seen.exitCode()));
        }
        return List.copyOf(findings);
    }

    /** What all of it comes to: what somebody has to put right comes before what may pass. */
    static ExitCode exitCode(List<Finding> findings) {
        for (ExitCode code :
                List.of(ExitCode.USAGE, ExitCode.UPSTREAM_UNAVAILABLE, ExitCode.FAILED)) {
            if (findings.stream().anyMatch(finding -> finding.exitCode() == code)) {
                return code;
            }
        }
        return ExitCode.COMPLETED;
    }

    /** Looks within its time; whatever is thrown is what was seen. */
    private Result check(String name, Duration atMost, Look look) {
        FutureTask<Seen> task = new FutureTask<>(look::look);
        Thread.ofPlatform().daemon().name("check-" + name).start(task);
        Seen seen;
        try {
            seen = task.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            task.cancel(true);
            seen = Seen.away("no answer within " + atMost.toSeconds() + " s");
        } catch (ExecutionException e) {
            seen = explained(e.getCause() == null ? e : e.getCause());
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            seen = Seen.skipped("interrupted");
        }
        findings.add(new Finding(name, seen.result(), seen.message(), seen.exitCode()));
        return seen.result();
    }

    private static Seen explained(Throwable e) {
        Optional<CommandFailure> failure = Failures.explain(e);
        if (failure.isPresent()) {
            return new Seen(
                    Result.FAILED,
                    String.valueOf(failure.get().getMessage()),
                    failure.get().exitCode());
        }
        log.error("Unforeseen", e);
        return new Seen(
                Result.FAILED,
                "unforeseen: " + Trouble.describe(e) + "; the log above says where",
                ExitCode.FAILED);
    }

    private static Seen java() {
        Runtime.Version version = Runtime.version();
        String found =
                "%s at %s, %d processors, at most %s of heap"
                        .formatted(
                                version,
                                System.getProperty("java.home"),
                                Runtime.getRuntime().availableProcessors(),
                                Times.size(Runtime.getRuntime().maxMemory()));
        return version.feature() >= OLDEST_JDK
                ? Seen.ok(found)
                : Seen.wrong(found + "; a JDK of version " + OLDEST_JDK + " or newer is needed");
    }

    /** What needs the program's parts. */
    private final class Inside {

        private final ArchiveContext context;
        private final Clock clock;
        private final boolean isNew;
        private boolean isDatabaseThere;
        private boolean isSchemaThere;
        private String whyNoTables = "the schema could not be looked at";
        private @Nullable SingleConnectionDataSource connection;
        private @Nullable Duration providerDrift;
        private @Nullable Duration storeDrift;

        Inside(ArchiveContext context) {
            this.context = context;
            this.clock = context.get(Clock.class);
            this.isNew = isNew(context);
        }

        private static boolean isNew(ArchiveContext context) {
            try {
                return WhichArchive.isNew(context);
            } catch (RuntimeException _) {
                return false; // the settings are wrong, and the check says so
            }
        }

        void all() {
            try {
                check("settings", PATIENCE, this::settings);
                check("token", PATIENCE, this::token);
                check("data directory", PATIENCE, this::dataDirectory);
                check("disk space", PATIENCE, this::diskSpace);
                isDatabaseThere = check("database", START_PATIENCE, this::database) == Result.OK;
                isSchemaThere =
                        check("schema", PATIENCE, withDatabase(this::schema)) == Result.OK
                                && isSchemaThere;
                check("rebuild", PATIENCE, withTables(this::rebuild));
                check("store", hasStore() ? PATIENCE : START_PATIENCE, this::store);
                check("provider", PATIENCE, this::provider);
                check("clock", PATIENCE, this::clocks);
                check("gate", PATIENCE, withTables(this::gate));
                check("limits", PATIENCE, withTables(this::limits));
                check("runs", PATIENCE, withDatabase(this::runs));
            } finally {
                if (connection != null) {
                    connection.destroy();
                }
            }
        }

        private boolean hasStore() {
            try {
                return context.get(StoreProperties.class).hasEndpoint();
            } catch (RuntimeException e) {
                return true; // the settings are wrong, and the check says so
            }
        }

        private Look withDatabase(Look look) {
            return () -> isDatabaseThere ? look.look() : Seen.skipped("the database is not there");
        }

        private Look withTables(Look look) {
            return () ->
                    !isDatabaseThere
                            ? Seen.skipped("the database is not there")
                            : isSchemaThere ? look.look() : Seen.skipped(whyNoTables);
        }

        // this machine

        private Seen settings() {
            List<String> wrong = new ArrayList<>();
            for (RuntimeException e : context.unusableSettings()) {
                wrong.add(explained(e).message());
            }
            for (Runnable rule :
                    List.<Runnable>of(context::requireKnownSettings, context::requirePostgres)) {
                try {
                    rule.run();
                } catch (CommandFailure e) {
                    wrong.add(e.getMessage());
                }
            }
            if (!wrong.isEmpty()) {
                return Seen.wrong(wrong.stream().distinct().collect(Collectors.joining("\n")));
            }
            NoteSourceProperties source = context.get(NoteSourceProperties.class);
            String node = context.get(ArchiveProperties.class).node();
            List<String> odd = new ArrayList<>(WhichArchive.unusedCredentials(context));
            if (source.allowPlainHttp() && isHttpAbroad(source)) {
                odd.add(
                        "the token travels in clear to "
                                + source.baseUrl()
                                + ", as JUSTONEAPI_ALLOW_PLAIN_HTTP allows; node "
                                + node);
            }
            return odd.isEmpty()
                    ? Seen.ok("valid; node " + node + ", provider " + source.baseUrl())
                    : Seen.warning(String.join("\n", odd));
        }

        private static boolean isHttpAbroad(NoteSourceProperties source) {
            return "http".equalsIgnoreCase(source.baseUrl().getScheme()) && !source.isLoopback();
        }

        private Seen token() {
            String token = context.get(NoteSourceProperties.class).token().value();
            if (token.isEmpty()) {
                return Seen.wrong(
                        "there is none; set JUSTONEAPI_TOKEN to the token of your JustOneAPI account");
            }
            if (!token.matches("[\\x21-\\x7e]+") || token.matches(".*[\"'<>].*")) {
                return Seen.warning(
                        "JUSTONEAPI_TOKEN is set, but holds blanks, quotes, brackets or letters that are not ASCII; was it copied with something around it?");
            }
            return token.length() < 8
                    ? Seen.warning(
                            "JUSTONEAPI_TOKEN is set, but shorter than 8 characters; was it copied whole?")
                    : Seen.ok(
                            "JUSTONEAPI_TOKEN is set; whether the provider takes it only a paid call shows");
        }

        private Path directory() {
            return context.get(DataDirectoryProperties.class).path();
        }

        private Seen dataDirectory() throws IOException {
            Path directory = directory();
            if (!Files.exists(directory)) {
                Path parent = existing(directory);
                return Files.isDirectory(parent) && Files.isWritable(parent)
                        ? Seen.ok(directory + " is not there yet, and is made when it is needed")
                        : Seen.wrong(
                                directory
                                        + " is not there and cannot be made, since "
                                        + parent
                                        + (Files.isDirectory(parent)
                                                ? " cannot be written to"
                                                : " is no directory")
                                        + "; name another one in ARCHIVE_DATA_DIR");
            }
            if (!Files.isDirectory(directory)) {
                return Seen.wrong(
                        directory + " is a file; move that away, or set ARCHIVE_DATA_DIR");
            }
            try {
                Files.delete(Files.createTempFile(directory, "check-", ".tmp"));
            } catch (IOException e) {
                return Seen.wrong(
                        directory
                                + " cannot be written to, "
                                + e
                                + "; give this user the right and the room, or set ARCHIVE_DATA_DIR");
            }
            if (!Files.getFileStore(directory).supportsFileAttributeView("posix")) {
                return Seen.ok(directory + " can be written to");
            }
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory);
            String found = directory + ", " + PosixFilePermissions.toString(permissions);
            return permissions.stream()
                            .allMatch(permission -> permission.name().startsWith("OWNER_"))
                    ? Seen.ok(found)
                    : Seen.warning(
                            found
                                    + ": others may look into it; chmod 700 it, unless that is meant so");
        }

        private static Path existing(Path path) {
            Path there = path;
            while (!Files.exists(there) && there.getParent() != null) {
                there = there.getParent();
            }
            return there;
        }

        private Seen diskSpace() throws IOException {
            Path there = existing(directory());
            long free = Files.getFileStore(there).getUsableSpace();
            String found = Times.size(free) + " free at " + there;
            if (free < LEAST_SPACE.toBytes()) {
                return Seen.wrong(
                        found
                                + ", where files lie on their way to the store; make room, or set ARCHIVE_DATA_DIR");
            }
            DataSize spool = context.get(MediaProperties.class).maxSpoolSize();
            return free < spool.toBytes()
                    ? Seen.warning(
                            found
                                    + ", but archive.media.max-spool-size lets "
                                    + Times.size(spool.toBytes())
                                    + " lie there; make room, or lower it")
                    : Seen.ok(found);
        }

        // database

        private Seen database() throws SQLException {
            context.requirePostgres();
            boolean isEmbedded = context.has(EmbeddedDatabase.class);
            JdbcConnectionDetails details = context.get(JdbcConnectionDetails.class);
            connection = new SingleConnectionDataSource(connect(details), true);
            String version =
                    jdbc().sql("SELECT current_setting('server_version')")
                            .query(String.class)
                            .single();
            int major =
                    jdbc().sql("SELECT current_setting('server_version_num')::int / 10000")
                            .query(Integer.class)
                            .single();
            String found =
                    "PostgreSQL "
                            + version
                            + (isEmbedded
                                    ? ", embedded, "
                                            + (context.get(EmbeddedDatabase.class).joined()
                                                    ? "run by another process of this program"
                                                    : "started for this check")
                                            + (isNew
                                                    ? ": a new, empty archive in "
                                                            + directory()
                                                            + ". If there should be one already, run this where it is, set ARCHIVE_DATA_DIR, or name its database in ARCHIVE_DATABASE_URL"
                                                    : "")
                                    : " at "
                                            + WhichArchive.withoutLogin(details.getJdbcUrl())
                                                    .replaceFirst("^jdbc:postgresql:", ""));
            if (major < OLDEST_POSTGRES) {
                return Seen.wrong(found + "; version " + OLDEST_POSTGRES + " or newer is needed");
            }
            if (jdbc().sql("SELECT pg_is_in_recovery()").query(Boolean.class).single()) {
                return Seen.away(
                        found
                                + "; it is a standby and takes no writes: name the primary in ARCHIVE_DATABASE_URL");
            }
            String encoding =
                    jdbc().sql("SELECT current_setting('server_encoding')")
                            .query(String.class)
                            .single();
            return encoding.equals("UTF8")
                    ? Seen.ok(found)
                    : Seen.wrong(
                            found
                                    + "; its encoding is "
                                    + encoding
                                    + ", but must be UTF8: make another database");
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
            login.setProperty(
                    "options", "-c default_transaction_read_only=on -c statement_timeout=20s");
            return DriverManager.getConnection(details.getJdbcUrl(), login);
        }

        private JdbcClient jdbc() {
            if (connection == null) {
                throw new IllegalStateException("There is no connection to the database");
            }
            return JdbcClient.create(connection);
        }

        /** Flyway is asked what it would do, and not told to do it. */
        private Seen schema() {
            MigrationInfoService info = context.get(Flyway.class).info();
            List<MigrationInfo> newer =
                    Arrays.stream(info.all())
                            .filter(migration -> migration.getState().name().startsWith("FUTURE"))
                            .toList();
            if (!newer.isEmpty()) {
                whyNoTables = "the tables are those of another version";
                return Seen.wrong(
                        "version "
                                + newer.getLast().getVersion()
                                + " was made by a newer version of this program, which knows "
                                + info.all().length
                                + " less "
                                + newer.size()
                                + " migrations; use that one");
            }
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
                return Seen.wrong(
                        "not the schema that this version expects: "
                                + valid.getAllErrorMessages().lines().findFirst().orElse("")
                                + "; use the version that made it, or a newer one");
            }
            isSchemaThere = true;
            return Seen.ok("up to date, version " + info.current().getVersion());
        }

        private boolean hasTables() {
            return jdbc().sql(
                            "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())")
                    .query(Boolean.class)
                    .single();
        }

        private Seen rebuild() {
            return context.get(Executions.class).isRebuildUnfinished()
                    ? Seen.wrong(
                            "the tables are being rebuilt from the bucket, and that is not finished; finish it with note-archive rebuild")
                    : Seen.ok("none is unfinished");
        }

        // store

        private Seen store() {
            StoreProperties settings = context.get(StoreProperties.class);
            ObjectStore store = context.get(ObjectStore.class);
            String where =
                    "bucket "
                            + settings.bucket()
                            + (settings.hasEndpoint()
                                    ? " at " + settings.endpoint()
                                    : ", embedded, "
                                            + (context.get(EmbeddedStore.class).joined()
                                                    ? "run by another process of this program"
                                                    : "started for this check"));
            if (!store.hasBucket()) {
                return settings.createBucket()
                        ? Seen.ok(where + ": it is not there yet, and the first run creates it")
                        : Seen.wrong(
                                where
                                        + ": it is not there; create it, or set archive.store.create-bucket");
            }
            ObjectKey key = new ObjectKey("check/" + UUID.randomUUID());
            byte[] probe = ("probe of " + clock.instant()).getBytes(StandardCharsets.UTF_8);
            store.putBytes(key, probe, "text/plain");
            boolean isSame = Arrays.equals(probe, store.read(key));
            Instant asked = clock.instant();
            storeDrift = store.time().map(time -> drift(asked, time)).orElse(null);
            try {
                store.remove(key.value());
                if (store.stat(key).isPresent()) {
                    return Seen.warning(where + ": object " + key + " is still there after DELETE");
                }
            } catch (StoreException e) {
                return Seen.warning(
                        "%s: an object can be written and read, but not deleted, which only verify --delete-orphans and forget need; %s is left: %s"
                                .formatted(where, key, e.getMessage()));
            }
            return isSame
                    ? Seen.ok(where + ": an object was written, read back, compared and deleted")
                    : Seen.away(
                            where
                                    + ": an object that was written reads back as other bytes; look at the store's health");
        }

        // provider

        private Seen provider() throws IOException {
            NoteSourceProperties source = context.get(NoteSourceProperties.class);
            ProviderPing.Pong pong;
            Instant asked = clock.instant();
            try {
                pong = context.get(ProviderPing.class).send();
            } catch (IOException e) {
                return Seen.away(
                        e.getMessage() + "; check JUSTONEAPI_BASE_URL, the network and its proxy");
            }
            if (pong.date() != null) {
                providerDrift = drift(asked, pong.date());
            }
            String found = source.baseUrl() + " answers /ping with HTTP " + pong.status();
            return pong.status() < 400
                    ? Seen.ok(found + "; no paid call was made")
                    : Seen.warning(
                            found + ", which is no good sign; is JUSTONEAPI_BASE_URL right?");
        }

        // clocks

        /** How far another clock is ahead of ours, which was read when it was asked and now. */
        private Duration drift(Instant asked, Instant theirs) {
            Duration took = Duration.between(asked, clock.instant());
            return Duration.between(asked.plus(took.dividedBy(2)), theirs);
        }

        private Seen clocks() {
            List<String> seen = new ArrayList<>();
            List<String> wrong = new ArrayList<>();
            if (isDatabaseThere) {
                Instant asked = clock.instant();
                Instant theirs =
                        jdbc().sql("SELECT clock_timestamp()")
                                .query((row, _) -> row.getTimestamp(1).toInstant())
                                .single();
                compare("the database's", drift(asked, theirs), seen, wrong);
            }
            if (storeDrift != null) {
                compare("the store's", storeDrift, seen, wrong);
            }
            if (providerDrift != null) {
                compare("the provider's", providerDrift, seen, wrong);
            }
            if (isSchemaThere) {
                future().ifPresent(wrong::add);
            }
            if (!wrong.isEmpty()) {
                return Seen.warning(String.join("; ", wrong));
            }
            return seen.isEmpty()
                    ? Seen.skipped("no other clock can be seen")
                    : Seen.ok(
                            "as "
                                    + String.join(", ", seen)
                                    + ", within "
                                    + CLOCK_DRIFT.toSeconds()
                                    + " s");
        }

        private static void compare(
                String whose, Duration drift, List<String> seen, List<String> wrong) {
            if (drift.abs().compareTo(CLOCK_DRIFT) <= 0) {
                seen.add(whose);
                return;
            }
            wrong.add(
                    "this machine's clock is %s %s %s; set it (NTP), since nights and quotas go by it"
                            .formatted(
                                    Times.took(drift.abs()),
                                    drift.isNegative() ? "ahead of" : "behind",
                                    whose));
        }

        private Optional<String> future() {
            Instant soon = clock.instant().plus(AHEAD);
            return jdbc().sql(
                            """
                            SELECT coalesce((SELECT sum(notes) FROM worklist_count
                                             WHERE state = 'PENDING' AND due_hour >= :hourEnds), 0)
                                   + (SELECT count(*)
                                      FROM generate_series(10, 0, -1) AS lanes (lane)
                                      CROSS JOIN LATERAL (
                                          SELECT FROM worklist
                                          WHERE lane = lanes.lane AND state = 'PENDING'
                                            AND due_at > :soon AND due_at < :hourEnds
                                          OFFSET 0) AS this_hour) AS notes,
                                   (SELECT max(latest.due_at)
                                    FROM generate_series(10, 0, -1) AS lanes (lane)
                                    CROSS JOIN LATERAL (
                                        SELECT max(w.due_at) AS due_at FROM worklist w
                                        WHERE w.lane = lanes.lane AND w.state = 'PENDING' AND w.due_at > :soon
                                          AND w.due_at >= (SELECT c.due_hour FROM worklist_count c
                                                           WHERE c.state = 'PENDING' AND c.due_hour IS NOT NULL
                                                           GROUP BY c.due_hour HAVING sum(c.notes) > 0
                                                           ORDER BY c.due_hour DESC LIMIT 1)) AS latest) AS last
                            """)
                    .param("soon", Timestamp.from(soon))
                    .param("hourEnds", Timestamp.from(Worklist.endOfHour(soon)))
                    .query(
                            (row, _) ->
                                    row.getLong("notes") == 0
                                            ? Optional.<String>empty()
                                            : Optional.of(
                                                    "%d new notes are due only later, up to %s in Shanghai: a clock was ahead when they were enqueued; note-archive requeue --state PENDING makes them due now"
                                                            .formatted(
                                                                    row.getLong("notes"),
                                                                    Times.minute(
                                                                            row.getTimestamp("last")
                                                                                    .toInstant()))))
                    .single();
        }

        // what holds a night back

        private Seen gate() {
            Instant now = clock.instant();
            Instant reset = Night.of(now).ends();
            String until =
                    "%s, in %s"
                            .formatted(
                                    Night.local(reset), Times.took(Duration.between(now, reset)));
            return context.get(SourceGate.class)
                    .current()
                    .map(
                            closed ->
                                    Seen.warning(
                                            "closed until "
                                                    + Night.local(closed.until())
                                                    + ", in "
                                                    + Times.took(
                                                            Duration.between(now, closed.until()))
                                                    + ": "
                                                    + closed.reason()
                                                    + " was met; run --force asks all the same"))
                    .orElseGet(() -> Seen.ok("open; the provider's day ends on " + until));
        }

        private Seen limits() {
            List<NightPlan.Limit> limits = context.get(NightPlanner.class).limits();
            NightlyLimitProperties night = context.get(NightlyLimitProperties.class);
            List<String> parts = new ArrayList<>();
            boolean isUsedUp = false;
            for (NightPlan.Limit limit : limits) {
                if (limit.left() != null) {
                    isUsedUp |= limit.left() == 0;
                    parts.add(
                            "%s %s left of %s"
                                    .formatted(
                                            limit.name().replaceFirst("^archive\\.", ""),
                                            amount(limit, limit.left()),
                                            amount(limit, limit.limit())));
                }
            }
            night.stopAfter(clock.instant())
                    .ifPresent(end -> parts.add("a run ends on " + Night.local(end)));
            if (parts.isEmpty()) {
                return Seen.ok(
                        "none of our own; %d calls were made tonight"
                                .formatted(limits.getFirst().used()));
            }
            String found = String.join(", ", parts);
            return isUsedUp
                    ? Seen.warning(found + "; new ones come at 00:00 in Shanghai")
                    : Seen.ok(found);
        }

        private static String amount(NightPlan.Limit limit, long amount) {
            return limit.unit().equals("bytes")
                    ? Times.size(amount)
                    : String.format(Locale.ROOT, "%d", amount);
        }

        private Seen runs() {
            List<RunningNodes.RunningNode> nodes = RunningNodes.in(jdbc());
            return Seen.ok(
                    nodes.isEmpty()
                            ? "none is active"
                            : nodes.stream()
                                    .map(
                                            node ->
                                                    (node.node().isEmpty()
                                                                    ? "some node"
                                                                    : "node " + node.node())
                                                            + " since "
                                                            + Times.minute(node.since()))
                                    .collect(Collectors.joining(", ", "active: ", "")));
        }
    }
}
