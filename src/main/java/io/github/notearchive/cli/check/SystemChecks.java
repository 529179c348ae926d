package io.github.notearchive.cli.check;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.ArchiveLocation;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.CommandFailure;
import io.github.notearchive.cli.ErrorTranslator;
import io.github.notearchive.cli.check.CheckCommand.Finding;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.media.MediaProperties;
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
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.unit.DataSize;

/**
 * Checks everything that a run needs, each thing independently and with a timeout. Makes no paid call, migrates
 * nothing, and leaves no data.
 *
 * <p>Tables are only read if the schema is the expected one, since the program's own connections would migrate it.
 */
final class SystemChecks {

    private static final Logger log = LoggerFactory.getLogger(SystemChecks.class);

    private static final Duration TIMEOUT = Duration.ofSeconds(45);

    /** Timeout of a check that may start an embedded server. */
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

    /** Minimum free space of a run. */
    private static final DataSize LEAST_SPACE = DataSize.ofMegabytes(500);

    /** Maximum clock drift: servers may report whole seconds, and a response takes time. */
    private static final Duration CLOCK_DRIFT = Duration.ofSeconds(5);

    private final List<Finding> findings;
    private final CommandContext context;

    /** How far the provider's clock is ahead of ours; null if it is unknown. */
    private @Nullable Duration drift;

    private SystemChecks(CommandContext context, List<Finding> findings) {
        this.findings = findings;
        this.context = context;
    }

    /**
     * Runs all checks, likely causes first.
     *
     * @param settings settings that have precedence over all others
     * @param clock clock to use; null for the system clock
     */
    static List<Finding> all(Map<String, String> settings, @Nullable Clock clock) {
        List<Finding> findings = new ArrayList<>(List.of(java()));
        try (CommandContext context = CommandContext.openUnchecked(settings, clock)) {
            new SystemChecks(context, findings).all();
        } catch (RuntimeException e) {
            findings.add(explained(e).named("settings")); // nothing else can be checked
        }
        return findings;
    }

    private void all() {
        DatabaseChecks database = new DatabaseChecks(context);
        check("settings", TIMEOUT, this::settings);
        check("token", TIMEOUT, this::token);
        check("data directory", TIMEOUT, this::dataDirectory);
        check("disk space", TIMEOUT, this::diskSpace);
        check("database", START_TIMEOUT, database::server);
        check("schema", TIMEOUT, unless(() -> database.noServer, database::schema));
        check("rebuild", TIMEOUT, unless(database::noTables, database::rebuild));
        check("store", START_TIMEOUT, () -> store(database));
        check("provider", TIMEOUT, this::provider);
        check("clock", TIMEOUT, this::clock);
        check("gate", TIMEOUT, unless(database::noTables, database::gate));
    }

    private static Callable<Finding> unless(Supplier<@Nullable String> reason, Callable<Finding> check) {
        return () -> {
            String skipped = reason.get();
            return skipped == null ? check.call() : Finding.skipped(skipped);
        };
    }

    /** Returns the exit code of all checks: failures that need an operator have precedence over outages. */
    static ExitCode exitCode(List<Finding> findings) {
        return Stream.of(ExitCode.USAGE, ExitCode.UPSTREAM_UNAVAILABLE, ExitCode.FAILED)
                .filter(code -> findings.stream().anyMatch(finding -> finding.exitCode() == code))
                .findFirst()
                .orElse(ExitCode.COMPLETED);
    }

    /** Checks one thing. An exception is translated into a finding. */
    private void check(String name, Duration timeout, Callable<Finding> check) {
        FutureTask<Finding> task = new FutureTask<>(check);
        Thread.ofPlatform().daemon().name("check-" + name).start(task);
        Finding finding;
        try {
            finding = task.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            task.cancel(true);
            finding = Finding.unavailable("no response within " + timeout.toSeconds() + " s");
        } catch (ExecutionException e) {
            finding = explained(e.getCause() == null ? e : e.getCause());
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            finding = Finding.skipped("interrupted");
        }
        findings.add(finding.named(name));
    }

    private static Finding explained(Throwable e) {
        CommandFailure failure = ErrorTranslator.translate(e);
        if (failure.exitCode() == ExitCode.FAILED) {
            log.error("Unexpected error", e);
        }
        return Finding.failed(failure.exitCode(), String.valueOf(failure.getMessage()));
    }

    private static Finding java() {
        return Finding.ok("%s at %s, %d processors, at most %s of heap"
                        .formatted(
                                Runtime.version(),
                                System.getProperty("java.home"),
                                Runtime.getRuntime().availableProcessors(),
                                DisplayFormat.size(Runtime.getRuntime().maxMemory())))
                .named("java");
    }

    private Finding settings() {
        Set<String> problems = context.settings().bindingProblems();
        problems.addAll(context.settings().problems());
        if (!problems.isEmpty()) {
            return Finding.wrong(String.join("\n", problems));
        }
        NoteSourceProperties source = context.get(NoteSourceProperties.class);
        String node = context.get(ArchiveProperties.class).node();
        boolean isUnencrypted = source.allowPlainHttp()
                && "http".equalsIgnoreCase(source.baseUrl().getScheme())
                && !source.isLoopback();
        return isUnencrypted
                ? Finding.warning("the token is sent unencrypted to %s, as JUSTONEAPI_ALLOW_PLAIN_HTTP allows; node %s"
                        .formatted(source.baseUrl(), node))
                : Finding.ok("valid; node " + node + ", provider " + source.baseUrl());
    }

    private Finding token() {
        String token = context.get(NoteSourceProperties.class).token().value();
        if (token.isEmpty()) {
            return Finding.wrong("there is none; set JUSTONEAPI_TOKEN to the token of your JustOneAPI account");
        }
        return !token.matches("[\\x21-\\x7e]+") || token.matches(".*[\"'<>].*")
                ? Finding.warning(
                        "JUSTONEAPI_TOKEN is set, but contains spaces, quotes, brackets or letters that are not ASCII; check that only the token was copied")
                : Finding.ok("JUSTONEAPI_TOKEN is set; only a paid call shows whether the provider accepts it");
    }

    private Path directory() {
        return context.get(ArchiveLocation.class).directory();
    }

    private Finding dataDirectory() throws IOException {
        Path directory = directory();
        Path existing = existing(directory);
        try {
            Files.delete(Files.createTempFile(existing, "check-", ".tmp"));
        } catch (IOException e) {
            return Finding.wrong(
                    "%s is no writable directory, %s; check permissions and free space, or set ARCHIVE_DATA_DIR"
                            .formatted(existing, e));
        }
        if (!existing.equals(directory)) {
            return Finding.ok(directory + " does not exist yet, and is created when it is needed");
        }
        List<ResponseSpool> pending = context.get(ResponseSpool.class).nonEmpty();
        if (!pending.isEmpty()) {
            return Finding.warning("%s has %s, which are not in the ledger yet; the next run writes them"
                    .formatted(
                            directory,
                            pending.stream().map(ResponseSpool::summary).collect(Collectors.joining(", "))));
        }
        if (!Files.getFileStore(directory).supportsFileAttributeView("posix")) {
            return Finding.ok(directory + " is writable");
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory);
        String found = directory + ", " + PosixFilePermissions.toString(permissions);
        return permissions.stream().allMatch(permission -> permission.name().startsWith("OWNER_"))
                ? Finding.ok(found)
                : Finding.warning(found + ": other users have access; chmod 700 it, unless that is intended");
    }

    private static Path existing(Path path) {
        Path found = path;
        while (!Files.exists(found) && found.getParent() != null) {
            found = found.getParent();
        }
        return found;
    }

    private Finding diskSpace() throws IOException {
        Path directory = existing(directory());
        long free = Files.getFileStore(directory).getUsableSpace();
        String found = DisplayFormat.size(free) + " free at " + directory;
        if (free < LEAST_SPACE.toBytes()) {
            return Finding.wrong(
                    found + ", which files need before they are stored; free space, or set ARCHIVE_DATA_DIR");
        }
        long spool = context.get(MediaProperties.class).maxSpoolSize().toBytes();
        return free < spool
                ? Finding.warning("%s, but archive.media.max-spool-size allows %s; free space, or lower it"
                        .formatted(found, DisplayFormat.size(spool)))
                : Finding.ok(found);
    }

    /** Describes who runs an embedded server. */
    static String embedded(boolean isJoined) {
        return ", embedded, " + (isJoined ? "run by another process of this program" : "started for this check");
    }

    /** Writes, reads and deletes an object, and checks that bucket and tables belong to the same archive. */
    private Finding store(DatabaseChecks database) {
        StoreProperties settings = context.get(StoreProperties.class);
        ObjectStore store = context.get(ObjectStore.class);
        String where = "bucket " + settings.bucket()
                + (settings.hasEndpoint()
                        ? " at " + settings.endpoint()
                        : embedded(context.get(DataDirectory.class).joined()));
        if (!store.hasBucket()) {
            return settings.createBucket()
                    ? ofOneArchive(database, where + ": the bucket does not exist yet; the first run creates it")
                    : Finding.wrong(
                            where + ": the bucket does not exist; create it, or set archive.store.create-bucket");
        }
        ObjectKey key = new ObjectKey("check/" + UUID.randomUUID());
        byte[] probe = ("probe of " + Instant.now()).getBytes(StandardCharsets.UTF_8);
        store.putBytes(key, probe, "text/plain");
        boolean isSame = Arrays.equals(probe, store.read(key));
        try {
            store.remove(key.value());
            if (store.stat(key).isPresent()) {
                return Finding.warning(where + ": object " + key + " still exists after DELETE");
            }
        } catch (StoreException e) {
            return Finding.warning(
                    "%s: an object can be written and read, but not deleted, which only verify --delete-orphans and forget need; %s remains: %s"
                            .formatted(where, key, e.getMessage()));
        }
        if (!isSame) {
            return Finding.unavailable(
                    where + ": an object that was written reads back as other bytes; check the store");
        }
        return ofOneArchive(database, where + ": an object was written, read back, compared and deleted");
    }

    /** Returns the finding of an intact store, unless bucket and tables belong to different archives. */
    private Finding ofOneArchive(DatabaseChecks database, String found) {
        Optional<String> difference =
                database.noTables() == null ? context.get(ArchiveRevision.class).difference() : Optional.empty();
        return difference.map(Finding::wrong).orElse(Finding.ok(found));
    }

    private Finding provider() {
        NoteSourceProperties source = context.get(NoteSourceProperties.class);
        Clock clock = context.get(Clock.class);
        Instant sentAt = clock.instant();
        ProviderPing.Pong pong;
        try {
            pong = context.get(ProviderPing.class).send();
        } catch (IOException e) {
            return Finding.unavailable(e.getMessage() + "; check JUSTONEAPI_BASE_URL, the network and its proxy");
        }
        drift = pong.ahead(sentAt, clock.instant()).orElse(null);
        String found = source.baseUrl() + " answers /ping with HTTP " + pong.status();
        return pong.status() < 400
                ? Finding.ok(found + "; no paid call was made")
                : Finding.warning(found + "; check JUSTONEAPI_BASE_URL");
    }

    private Finding clock() {
        if (drift == null) {
            return Finding.skipped("no other clock is available");
        }
        return drift.abs().compareTo(CLOCK_DRIFT) <= 0
                ? Finding.ok("at most %d s from the provider's clock".formatted(CLOCK_DRIFT.toSeconds()))
                : Finding.warning(
                        "this machine's clock is %s %s the provider's; set it (NTP), since nights and quotas depend on it"
                                .formatted(
                                        DisplayFormat.took(drift.abs()), drift.isNegative() ? "ahead of" : "behind"));
    }
}
