package io.github.notearchive.cli.check;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.CommandFailure;
import io.github.notearchive.cli.ErrorTranslator;
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
import java.util.function.Supplier;
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
final class SystemChecks {

    private static final Logger log = LoggerFactory.getLogger(SystemChecks.class);

    private static final Duration TIMEOUT = Duration.ofSeconds(45);

    /** Timeout of a check that may start an embedded server. */
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

    private final List<Finding> findings = new ArrayList<>();

    private SystemChecks() {}

    /** Check of one thing. An exception is translated into a finding. */
    @FunctionalInterface
    private interface Check {

        Finding look() throws Exception;
    }

    /**
     * Runs all checks, likely causes first.
     *
     * @param settings settings that have precedence over all others
     * @param clock clock to use; null for the system clock
     */
    static List<Finding> all(Map<String, String> settings, @Nullable Clock clock) {
        SystemChecks checks = new SystemChecks();
        checks.check("java", LocalChecks::java);
        try (CommandContext context = CommandContext.openUnchecked(settings, clock)) {
            checks.check(context);
        } catch (RuntimeException e) {
            Finding failure = explained(e);
            checks.findings.add(new Finding(
                    "settings",
                    failure.result(),
                    failure.message() + "; nothing else was checked",
                    failure.exitCode()));
        }
        return List.copyOf(checks.findings);
    }

    private void check(CommandContext context) {
        LocalChecks local = new LocalChecks(context);
        ServerChecks servers = new ServerChecks(context);
        try (DatabaseChecks database = new DatabaseChecks(context)) {
            check("settings", local::settings);
            check("token", local::token);
            check("data directory", local::dataDirectory);
            check("disk space", local::diskSpace);
            check("database", START_TIMEOUT, database::server);
            check("schema", unless(database::noServer, database::schema));
            check("rebuild", unless(database::noTables, database::rebuild));
            check("store", servers.hasEndpoint() ? TIMEOUT : START_TIMEOUT, () -> servers.store(database));
            check("provider", servers::provider);
            check("clock", () -> servers.clock(database));
            check("gate", unless(database::noTables, database::gate));
            check("limits", unless(database::noTables, database::limits));
            check("runs", unless(database::noServer, database::runs));
        }
    }

    private static Check unless(Supplier<@Nullable String> reason, Check check) {
        return () -> {
            String skipped = reason.get();
            return skipped == null ? check.look() : Finding.skipped(skipped);
        };
    }

    /** Returns the exit code of all checks: failures that need an operator have precedence over outages. */
    static ExitCode exitCode(List<Finding> findings) {
        return Stream.of(ExitCode.USAGE, ExitCode.UPSTREAM_UNAVAILABLE, ExitCode.FAILED)
                .filter(code -> findings.stream().anyMatch(finding -> finding.exitCode() == code))
                .findFirst()
                .orElse(ExitCode.COMPLETED);
    }

    private void check(String name, Check check) {
        check(name, TIMEOUT, check);
    }

    private void check(String name, Duration timeout, Check check) {
        FutureTask<Finding> task = new FutureTask<>(check::look);
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
        CommandFailure failure = ErrorTranslator.explain(e).orElseGet(() -> {
            log.error("Unexpected error", e);
            return new CommandFailure(
                    ExitCode.FAILED, "unexpected error: " + DatabaseErrors.summary(e) + "; see the log above");
        });
        return Finding.failed(failure.exitCode(), String.valueOf(failure.getMessage()));
    }
}
