package io.github.notearchive.cli.check;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.CommandFailure;
import io.github.notearchive.cli.ErrorTranslator;
import io.github.notearchive.cli.check.Check.Result;
import io.github.notearchive.cli.check.Check.Seen;
import io.github.notearchive.io.DatabaseErrors;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks everything that a run needs, each thing independently and with a timeout. Makes no paid call, migrates
 * nothing, and leaves no data.
 *
 * <p>Tables are only read if the schema is the expected one, since the program's own connections would migrate it.
 */
public final class SystemChecks {

    private static final Logger log = LoggerFactory.getLogger(SystemChecks.class);

    private static final Duration TIMEOUT = Duration.ofSeconds(45);

    /** Timeout of a check that may start an embedded server. */
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

    private final Map<String, String> settings;
    private final @Nullable Clock clock;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * @param settings settings that have precedence over all others
     * @param clock clock to use; null for the system clock
     */
    public SystemChecks(Map<String, String> settings, @Nullable Clock clock) {
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Result of a check.
     *
     * @param message result and remedy
     * @param exitCode exit code if the check failed; otherwise null
     */
    public record Finding(
            String name,
            Result result,
            String message,
            @Nullable ExitCode exitCode) {}

    /** Runs all checks, likely causes first. */
    public List<Finding> all() {
        check("java", TIMEOUT, LocalChecks::java);
        try (CommandContext context = CommandContext.openUnchecked(settings, clock)) {
            check(context);
        } catch (RuntimeException e) {
            Seen seen = explained(e);
            findings.add(new Finding(
                    "settings", seen.result(), seen.message() + "; nothing else was checked", seen.exitCode()));
        }
        return List.copyOf(findings);
    }

    private void check(CommandContext context) {
        LocalChecks local = new LocalChecks(context);
        ServerChecks servers = new ServerChecks(context);
        try (DatabaseChecks database = new DatabaseChecks(context)) {
            check("settings", TIMEOUT, local::settings);
            check("token", TIMEOUT, local::token);
            check("data directory", TIMEOUT, local::dataDirectory);
            check("disk space", TIMEOUT, local::diskSpace);
            boolean hasDatabase = check("database", START_TIMEOUT, database::server) == Result.OK;
            String noDatabase = hasDatabase ? null : "the database is unavailable";
            Result schema = check("schema", TIMEOUT, unless(noDatabase, database::schema));
            boolean hasTables = schema == Result.OK && database.hasSchema();
            String noTables = !hasDatabase ? noDatabase : hasTables ? null : database.whyNoTables();
            check("rebuild", TIMEOUT, unless(noTables, database::rebuild));
            check(
                    "store",
                    servers.hasEndpoint() ? TIMEOUT : START_TIMEOUT,
                    hasTables ? () -> compared(context, servers.store()) : servers::store);
            check("provider", TIMEOUT, servers::provider);
            check("clock", TIMEOUT, () -> servers.clock(database, hasDatabase, hasTables));
            check("gate", TIMEOUT, unless(noTables, database::gate));
            check("limits", TIMEOUT, unless(noTables, database::limits));
            check("runs", TIMEOUT, unless(noDatabase, database::runs));
        }
    }

    /** Also checks that bucket and tables belong to the same archive. */
    private static Seen compared(CommandContext context, Seen store) {
        return store.result() != Result.OK
                ? store
                : context.get(ArchiveRevision.class)
                        .difference()
                        .map(Seen::wrong)
                        .orElse(store);
    }

    private static Check unless(@Nullable String reason, Check check) {
        return reason == null ? check : () -> Seen.skipped(reason);
    }

    /** Returns the exit code of all checks: failures that need an operator have precedence over outages. */
    public static ExitCode exitCode(List<Finding> findings) {
        return Stream.of(ExitCode.USAGE, ExitCode.UPSTREAM_UNAVAILABLE, ExitCode.FAILED)
                .filter(code -> findings.stream().anyMatch(finding -> finding.exitCode() == code))
                .findFirst()
                .orElse(ExitCode.COMPLETED);
    }

    /** Runs a check with a timeout, and translates its exception. */
    private Result check(String name, Duration timeout, Check check) {
        FutureTask<Seen> task = new FutureTask<>(check::look);
        Thread.ofPlatform().daemon().name("check-" + name).start(task);
        Seen seen;
        try {
            seen = task.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            task.cancel(true);
            seen = Seen.unavailable("no response within " + timeout.toSeconds() + " s");
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

    static Seen explained(Throwable e) {
        CommandFailure failure = ErrorTranslator.explain(e).orElseGet(() -> {
            log.error("Unexpected error", e);
            return new CommandFailure(
                    ExitCode.FAILED, "unexpected error: " + DatabaseErrors.summary(e) + "; see the log above");
        });
        return new Seen(Result.FAILED, String.valueOf(failure.getMessage()), failure.exitCode());
    }
}
