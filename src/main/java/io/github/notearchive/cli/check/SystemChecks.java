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
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at everything that a run needs, each thing by itself and within its time, whatever became of the others. Makes
 * no paid call, migrates nothing, and leaves nothing behind.
 *
 * <p>What stands in tables is asked for only when the schema is the one that this program expects, since whoever uses
 * the program's own connections brings it up to date.
 */
public final class SystemChecks {

    private static final Logger log = LoggerFactory.getLogger(SystemChecks.class);

    /** Long enough for a slow server, and for an embedded one that is started for the first time. */
    private static final Duration PATIENCE = Duration.ofSeconds(45);

    private static final Duration START_PATIENCE = Duration.ofMinutes(3);

    private final Map<String, String> given;
    private final @Nullable Clock clockGiven;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * @param given settings that win over all others
     * @param clock the clock to use; null for the machine's
     */
    public SystemChecks(Map<String, String> given, @Nullable Clock clock) {
        this.given = given;
        this.clockGiven = clock;
    }

    /**
     * What was seen of one thing.
     *
     * @param name of the thing
     * @param message how it is, and what to do about it
     * @param exitCode what it comes to when it failed; null otherwise
     */
    public record Finding(
            String name,
            Result result,
            String message,
            @Nullable ExitCode exitCode) {}

    /** Looks at everything, in an order in which the first thing that failed is mostly the cause. */
    public List<Finding> all() {
        check("java", PATIENCE, MachineCheck::java);
        try (CommandContext context = CommandContext.openUnchecked(given, clockGiven)) {
            lookInside(context);
        } catch (RuntimeException e) {
            Seen seen = explained(e);
            findings.add(new Finding(
                    "settings", seen.result(), seen.message() + "; nothing else was looked at", seen.exitCode()));
        }
        return List.copyOf(findings);
    }

    /** Looks at what needs the program's parts. */
    private void lookInside(CommandContext context) {
        SettingsCheck settings = new SettingsCheck(context);
        MachineCheck machine = new MachineCheck(context);
        StoreCheck store = new StoreCheck(context);
        ProviderCheck provider = new ProviderCheck(context);
        NightCheck night = new NightCheck(context);
        try (DatabaseCheck database = new DatabaseCheck(context)) {
            ClockCheck clock = new ClockCheck(context.get(Clock.class), database, store, provider);
            check("settings", PATIENCE, settings::settings);
            check("token", PATIENCE, settings::token);
            check("data directory", PATIENCE, machine::dataDirectory);
            check("disk space", PATIENCE, machine::diskSpace);
            boolean hasDatabase = check("database", START_PATIENCE, database::server) == Result.OK;
            String noDatabase = hasDatabase ? null : "the database is not there";
            Result schema = check("schema", PATIENCE, unless(noDatabase, database::schema));
            boolean hasTables = schema == Result.OK && database.hasSchema();
            String noTables = !hasDatabase ? noDatabase : hasTables ? null : database.whyNoTables();
            check("rebuild", PATIENCE, unless(noTables, database::rebuild));
            check(
                    "store",
                    store.hasEndpoint() ? PATIENCE : START_PATIENCE,
                    hasTables ? ofThisDatabase(context, store) : store);
            check("provider", PATIENCE, provider);
            check("clock", PATIENCE, () -> clock.look(hasDatabase, hasTables));
            check("gate", PATIENCE, unless(noTables, night::gate));
            check("limits", PATIENCE, unless(noTables, night::limits));
            check("runs", PATIENCE, unless(noDatabase, database::runs));
        }
    }

    /** Also compares the bucket with the tables. */
    private static Check ofThisDatabase(CommandContext context, StoreCheck store) {
        return () -> {
            Seen seen = store.look();
            return seen.result() == Result.OK
                    ? context.get(ArchiveRevision.class)
                            .difference()
                            .map(Seen::wrong)
                            .orElse(seen)
                    : seen;
        };
    }

    /** Looks, unless there is a reason why it cannot. */
    private static Check unless(@Nullable String reason, Check look) {
        return reason == null ? look : () -> Seen.skipped(reason);
    }

    /** What all of it comes to: what somebody has to put right comes before what may pass. */
    public static ExitCode exitCode(List<Finding> findings) {
        for (ExitCode code : List.of(ExitCode.USAGE, ExitCode.UPSTREAM_UNAVAILABLE, ExitCode.FAILED)) {
            if (findings.stream().anyMatch(finding -> finding.exitCode() == code)) {
                return code;
            }
        }
        return ExitCode.COMPLETED;
    }

    /** Looks within its time; whatever is thrown is what was seen. */
    private Result check(String name, Duration atMost, Check look) {
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

    static Seen explained(Throwable e) {
        Optional<CommandFailure> failure = ErrorTranslator.explain(e);
        if (failure.isPresent()) {
            return new Seen(
                    Result.FAILED,
                    String.valueOf(failure.get().getMessage()),
                    failure.get().exitCode());
        }
        log.error("Unforeseen", e);
        return new Seen(
                Result.FAILED,
                "unforeseen: " + DatabaseErrors.summary(e) + "; the log above says where",
                ExitCode.FAILED);
    }
}
