package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.archive.query.MediaTotals;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.cli.CheckCommand.CheckFinding;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.io.image.HeifCommand;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.ProviderPing;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoreProperties;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.unit.DataSize;

/**
 * Checks everything that a run needs, each thing independently and with a timeout. Makes no paid call, migrates
 * nothing, and leaves no data.
 *
 * <p>Tables are only read if the schema is the expected one, since the program's own connections would migrate it. A
 * check that fails throws an exception, which is translated into the finding.
 */
final class SystemChecks {

    private static final Logger log = LoggerFactory.getLogger(SystemChecks.class);

    /** Timeout of a check, which may start an embedded server. */
    private static final Duration TIMEOUT = Duration.ofMinutes(3);

    private static final DataSize LEAST_SPACE = DataSize.ofMegabytes(500);

    /** Maximum clock drift: servers may report whole seconds, and a response takes time. */
    private static final Duration CLOCK_DRIFT = Duration.ofSeconds(5);

    private static final int OLDEST_POSTGRES = 15;

    /** Oldest JDK without known defects of virtual threads; older ones run the program, but a run may hang. */
    private static final Runtime.Version OLDEST_JAVA = Runtime.Version.parse("25.0.4");

    private final List<CheckFinding> findings;
    private final CommandContext context;

    /** Whether the database has the tables of this version. */
    private boolean hasTables;

    /** Difference of the provider's clock to that of this machine; null if it is unknown. */
    private @Nullable Duration drift;

    private SystemChecks(CommandContext context, List<CheckFinding> findings) {
        this.findings = findings;
        this.context = context;
    }

    /**
     * Runs all checks, likely causes first.
     *
     * @param settings settings that have precedence over all others
     * @param clock clock to use; null for the system clock
     */
    static List<CheckFinding> all(Map<String, String> settings, @Nullable Clock clock) throws InterruptedException {
        List<CheckFinding> findings = new ArrayList<>();
        try (CommandContext context = CommandContext.openUnchecked(settings, clock)) {
            new SystemChecks(context, findings).all();
        } catch (RuntimeException e) {
            findings.add(failed("settings", e)); // nothing else can be checked
        }
        return findings;
    }

    private void all() throws InterruptedException {
        check("java", null, () -> java(Runtime.version()));
        check("settings", null, this::settings);
        check("token", null, this::token);
        check("data directory", null, this::dataDirectory);
        check("disk space", null, this::diskSpace);
        check("database", null, this::database);
        boolean isFailed = findings.getLast().exitCode() != null;
        check("schema", isFailed ? "the database cannot be used" : null, this::schema);
        String noTables = hasTables ? null : "there is no database with the tables of this version";
        check("rebuild", noTables, this::rebuild);
        check("store", null, this::store);
        check("provider", null, this::provider);
        check("clock", drift == null ? "no other clock is available" : null, this::clock);
        check("gate", noTables, this::gate);
        check("pictures", null, this::pictures);
    }

    /**
     * Checks one thing.
     *
     * @param obstacle why it cannot be checked; null if it can
     */
    private void check(String name, @Nullable String obstacle, Callable<CheckFinding> check)
            throws InterruptedException {
        if (obstacle != null) {
            findings.add(new CheckFinding(name, CheckFinding.Result.SKIPPED, obstacle, null));
            return;
        }
        FutureTask<CheckFinding> task = new FutureTask<>(check);
        Thread.ofPlatform().daemon().name("check-" + name).start(task);
        try {
            CheckFinding found = task.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            findings.add(new CheckFinding(name, found.result(), found.message(), null));
        } catch (TimeoutException _) {
            findings.add(failed(name, unavailable("no response within " + TIMEOUT.toSeconds() + " s")));
        } catch (ExecutionException e) {
            findings.add(failed(name, e.getCause() == null ? e : e.getCause()));
        } finally {
            task.cancel(true);
        }
    }

    private static CheckFinding failed(String name, Throwable e) {
        CommandFailure failure = ErrorTranslator.translate(e);
        if (failure.exitCode() == ExitCode.FAILED) {
            log.error("Unexpected error", e);
        }
        return new CheckFinding(
                name, CheckFinding.Result.FAILED, String.valueOf(failure.getMessage()), failure.exitCode());
    }

    private static CommandFailure unavailable(String message) {
        return new CommandFailure(ExitCode.UPSTREAM_UNAVAILABLE, message);
    }

    /** @throws CommandFailure with the problem, which an operator has to correct, if there is one */
    private static void refuseIf(boolean isWrong, String problem) {
        if (isWrong) {
            throw CommandFailure.usage(problem);
        }
    }

    static CheckFinding java(Runtime.Version version) {
        String java = "%s at %s, %s, at most %s of heap"
                .formatted(
                        version,
                        System.getProperty("java.home"),
                        DisplayFormat.plural(Runtime.getRuntime().availableProcessors(), "processor"),
                        DisplayFormat.size(Runtime.getRuntime().maxMemory()));
        return version.compareToIgnoreOptional(OLDEST_JAVA) < 0
                ? CheckFinding.warning(java + "; install " + OLDEST_JAVA
                        + " or newer: with older ones a run may hang, since virtual threads are not resumed"
                        + " (JDK-8369227, JDK-8373120)")
                : CheckFinding.ok(java);
    }

    private CheckFinding settings() {
        Set<String> problems = context.settings().bindingProblems();
        problems.addAll(context.settings().problems());
        refuseIf(!problems.isEmpty(), String.join("\n", problems));
        NoteSourceProperties source = context.get(NoteSourceProperties.class);
        String node = context.get(ArchiveProperties.class).node();
        boolean isUnencrypted = source.allowPlainHttp()
                && "http".equalsIgnoreCase(source.baseUrl().getScheme())
                && !source.isLoopback();
        return isUnencrypted
                ? CheckFinding.warning(
                        "the token is sent unencrypted to %s, as JUSTONEAPI_ALLOW_PLAIN_HTTP allows; node %s"
                                .formatted(source.baseUrl(), node))
                : CheckFinding.ok("valid; node " + node + ", provider " + source.baseUrl());
    }

    private CheckFinding token() {
        String token = context.get(NoteSourceProperties.class).token().value();
        refuseIf(token.isEmpty(), "there is none; set JUSTONEAPI_TOKEN to the token of your JustOneAPI account");
        return token.matches("[\\x21-\\x7e&&[^\"'<>]]+")
                ? CheckFinding.ok("JUSTONEAPI_TOKEN is set; only a paid call shows whether the provider accepts it")
                : CheckFinding.warning(
                        "JUSTONEAPI_TOKEN is set, but contains spaces, quotes, brackets or letters that are not "
                                + "ASCII; check that only the token was copied");
    }

    private CheckFinding dataDirectory() throws IOException {
        Path directory = context.get(ArchiveLocation.class).directory();
        Path existing = existing(directory);
        try {
            Files.delete(Files.createTempFile(existing, "check-", ".tmp"));
        } catch (IOException e) {
            throw CommandFailure.usage(
                    "%s is no writable directory, %s; check permissions and free space, or set ARCHIVE_DATA_DIR"
                            .formatted(existing, e));
        }
        if (!existing.equals(directory)) {
            return CheckFinding.ok(directory + " does not exist yet, and is created when it is needed");
        }
        String pending = context.get(ResponseSpool.class).nonEmpty().stream()
                .map(ResponseSpool::summary)
                .collect(Collectors.joining(", "));
        if (!pending.isEmpty()) {
            return CheckFinding.warning("%s has %s, which are not in the ledger yet; the next run writes them"
                    .formatted(directory, pending));
        }
        String permissions = PosixFilePermissions.toString(Files.getPosixFilePermissions(directory));
        String found = directory + ", " + permissions;
        return permissions.endsWith("------")
                ? CheckFinding.ok(found)
                : CheckFinding.warning(found + ": other users have access; chmod 700 it, unless that is intended");
    }

    private static Path existing(Path path) {
        Path found = path;
        while (!Files.exists(found) && found.getParent() != null) {
            found = found.getParent();
        }
        return found;
    }

    private CheckFinding diskSpace() throws IOException {
        Path directory = existing(context.get(ArchiveLocation.class).directory());
        long free = Files.getFileStore(directory).getUsableSpace();
        String found = DisplayFormat.size(free) + " free at " + directory;
        refuseIf(
                free < LEAST_SPACE.toBytes(),
                found + ", which files need before they are stored; free space, or set ARCHIVE_DATA_DIR");
        long spool = context.get(MediaProperties.class).maxSpoolSize().toBytes();
        return free < spool
                ? CheckFinding.warning("%s, but archive.media.max-spool-size allows %s; free space, or lower it"
                        .formatted(found, DisplayFormat.size(spool)))
                : CheckFinding.ok(found);
    }

    private record DatabaseServer(String version, int major, boolean standby, String encoding) {}

    private CheckFinding database() {
        ArchiveLocation location = context.get(ArchiveLocation.class);
        DatabaseServer server = jdbc().sql("""
                        SELECT current_setting('server_version') AS version,
                               current_setting('server_version_num')::int / 10000 AS major,
                               pg_is_in_recovery() AS standby,
                               current_setting('server_encoding') AS encoding
                        """).query(DatabaseServer.class).single();
        String found = "PostgreSQL " + server.version
                + (location.isEmbedded()
                        ? ", embedded"
                        : " at " + location.database().replaceFirst("^jdbc:postgresql:", ""));
        refuseIf(server.major < OLDEST_POSTGRES, found + "; version " + OLDEST_POSTGRES + " or newer is needed");
        if (server.standby) {
            throw unavailable(found + "; it is a read-only standby: name the primary in ARCHIVE_DATABASE_URL");
        }
        refuseIf(
                !server.encoding.equals("UTF8"),
                found + "; its encoding is " + server.encoding + ", but must be UTF8: create another database");
        return CheckFinding.ok(found);
    }

    /** Returns a client with connections of Flyway: those of the pool migrate the schema. */
    private JdbcClient jdbc() {
        return JdbcClient.create(context.get(Flyway.class).getConfiguration().getDataSource());
    }

    /** Reads what Flyway would do, without doing it. */
    private CheckFinding schema() {
        Flyway flyway = context.get(Flyway.class);
        SchemaVersion.refusal(flyway).ifPresent(refusal -> refuseIf(true, refusal));
        MigrationInfo current = flyway.info().current();
        if (current == null) {
            boolean hasTables = jdbc().sql(
                            "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())")
                    .query(Boolean.class)
                    .single();
            refuseIf(
                    hasTables,
                    "the database holds tables of another program; name an empty one in ARCHIVE_DATABASE_URL");
            return CheckFinding.ok("empty; the first command that uses it creates the tables");
        }
        int pending = flyway.info().pending().length;
        if (pending > 0) {
            return CheckFinding.warning(
                    "version %s; the next command that uses the database applies %s. Back it up before, if necessary"
                            .formatted(current.getVersion(), DisplayFormat.plural(pending, "migration")));
        }
        refuseIf(
                !flyway.validateWithResult().validationSuccessful,
                ("version %s of an unreleased program, whose migrations were replaced; name a new, empty database in "
                                + "ARCHIVE_DATABASE_URL and fill it with note-archive rebuild")
                        .formatted(current.getVersion()));
        hasTables = true;
        return CheckFinding.ok("up to date, version " + current.getVersion());
    }

    private CheckFinding rebuild() {
        refuseIf(
                context.get(JobExecutionQueries.class).isRebuildUnfinished(),
                "the tables are being rebuilt from the bucket; finish it with note-archive rebuild");
        return CheckFinding.ok("no rebuild is unfinished");
    }

    /** Checks the command of HEIC pictures, and without one whether there are previews to show. */
    private CheckFinding pictures() {
        HeifCommand heif = context.get(HeifCommand.class);
        Optional<String> refusal = heif.refusal();
        if (refusal.isPresent()) {
            return CheckFinding.warning(refusal.get());
        }
        long notes = hasTables ? context.get(MediaTotals.class).notesWithoutPreview() : 0;
        return heif.isUsable() || notes == 0
                ? CheckFinding.ok(heif.isUsable() ? "HEIC pictures are converted" : "each HEIC picture has a preview")
                : CheckFinding.warning(
                        ("%s with HEIC pictures that most browsers do not display; requeue --filter has:no-preview, "
                                        + "then run, stores their previews: a paid call for each note whose response "
                                        + "is not reused any more")
                                .formatted(DisplayFormat.plural(notes, "note")));
    }

    /** Writes, reads and deletes an object, and checks that bucket and tables belong to the same archive. */
    private CheckFinding store() {
        StoreProperties settings = context.get(StoreProperties.class);
        ObjectStore store = context.get(ObjectStore.class);
        String where = "bucket " + settings.bucket()
                + (settings.hasEndpoint() ? " at " + settings.endpoint() : ", embedded")
                + ": ";
        boolean hasBucket = store.hasBucket();
        refuseIf(
                !hasBucket && !settings.createBucket(),
                where + "the bucket does not exist; create it, or set archive.store.create-bucket");
        if (hasTables) {
            context.get(ArchiveRevision.class).difference().ifPresent(difference -> refuseIf(true, difference));
        }
        if (!hasBucket) {
            return CheckFinding.ok(where + "the bucket does not exist yet; the first run creates it");
        }
        ObjectKey key = new ObjectKey("check/" + UUID.randomUUID());
        byte[] probe = ("probe of " + context.get(Clock.class).instant()).getBytes(StandardCharsets.UTF_8);
        store.putBytes(key, probe, "text/plain");
        boolean isSame = Arrays.equals(probe, store.read(key));
        try {
            store.remove(key.value());
        } catch (StoreException e) {
            return CheckFinding.warning(
                    ("%san object can be written and read, but not deleted, which only verify --delete-orphans and "
                                    + "forget need; %s remains: %s")
                            .formatted(where, key, e.getMessage()));
        }
        if (!isSame) {
            throw unavailable(where + "an object that was written reads back as other bytes; check the store");
        }
        return CheckFinding.ok(where + "an object was written, read back, compared and deleted");
    }

    private CheckFinding provider() {
        NoteSourceProperties source = context.get(NoteSourceProperties.class);
        Clock clock = context.get(Clock.class);
        Instant sentAt = clock.instant();
        ProviderPing.Pong pong;
        try {
            pong = context.get(ProviderPing.class).send();
        } catch (IOException e) {
            throw unavailable(e.getMessage() + "; check JUSTONEAPI_BASE_URL, the network and its proxy");
        }
        drift = pong.ahead(sentAt, clock.instant()).orElse(null);
        String found = source.baseUrl() + " answers /ping with HTTP " + pong.status();
        return pong.status() < 400
                ? CheckFinding.ok(found + "; no paid call was made")
                : CheckFinding.warning(found + "; check JUSTONEAPI_BASE_URL");
    }

    private CheckFinding clock() {
        Duration ahead = Objects.requireNonNull(drift);
        return ahead.abs().compareTo(CLOCK_DRIFT) <= 0
                ? CheckFinding.ok("at most %d s from the provider's clock".formatted(CLOCK_DRIFT.toSeconds()))
                : CheckFinding.warning(
                        ("this machine's clock is %s %s the provider's; set it (NTP), since nights and quotas depend "
                                        + "on it")
                                .formatted(
                                        DisplayFormat.took(ahead.abs()), ahead.isNegative() ? "ahead of" : "behind"));
    }

    private CheckFinding gate() {
        Instant now = context.get(Clock.class).instant();
        return context.get(QuotaHolds.class)
                .current()
                .map(closed -> CheckFinding.warning(
                        "closed until %s: a run makes no call before then (%s); run --force opens it"
                                .formatted(until(now, closed.until()), closed.reason())))
                .orElseGet(() -> CheckFinding.ok("open; the provider's day ends on "
                        + until(now, Night.of(now).ends())));
    }

    private static String until(Instant now, Instant end) {
        return "%s, in %s".formatted(Night.local(end), DisplayFormat.took(Duration.between(now, end)));
    }
}
