package io.github.notearchive.cli;

import static io.github.notearchive.cli.config.CommandFailure.usage;

import io.github.notearchive.archive.worklist.Enqueuer.EnqueueException;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.BindErrors;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.cli.config.SettingsEnvironment;
import io.github.notearchive.embedded.DataDirectoryException;
import io.github.notearchive.export.Exporter.ExportException;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.text.TerminalText;
import io.github.notearchive.store.StoreException;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.config.ConfigDataNotFoundException;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindException;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.web.server.PortInUseException;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** Translates exceptions into the exit code and message of a command. */
public final class ErrorTranslator {

    /** SQL state of the driver for a server that requires something that is missing, such as a password. */
    private static final String INCOMPLETE_LOGIN = "08004";

    private static final String OWN_DATABASE =
            ". Name an empty database in ARCHIVE_DATABASE_URL, or one that this program created";

    private ErrorTranslator() {}

    /** Returns exit code and message of a known failure; empty if it is unexpected. */
    public static Optional<CommandFailure> explain(Throwable failure) {
        return causes(failure)
                .flatMap(cause -> Stream.ofNullable(known(cause)))
                .findFirst()
                .or(() -> Optional.of(failure)
                        .filter(DatabaseErrors::isUnavailable)
                        .map(_ -> new CommandFailure(
                                ExitCode.UPSTREAM_UNAVAILABLE,
                                ("The database is unavailable: %s. Check ARCHIVE_DATABASE_URL and the server, then run "
                                                + "again; no data is lost")
                                        .formatted(
                                                DatabaseErrors.summary(failure).replaceFirst("\\.$", "")))));
    }

    public static CommandFailure translate(Throwable failure) {
        return explain(failure)
                .orElseGet(() ->
                        new CommandFailure(ExitCode.FAILED, "unexpected error: " + DatabaseErrors.summary(failure)));
    }

    /** Returns the result of a command that failed with an exception, with the exit code of the process. */
    static CommandResult result(Throwable failure) {
        CommandFailure translated = translate(failure);
        ExitCode exitCode = translated.exitCode();
        return CommandResult.failed(exitCode, TerminalText.line(translated.getMessage()), exitCode.nextIfNotStarted());
    }

    private static Stream<Throwable> causes(Throwable failure) {
        return Stream.iterate(failure, Objects::nonNull, Throwable::getCause);
    }

    private static @Nullable CommandFailure known(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        return switch (cause) {
            case CommandFailure e -> e;
            case BindException e when e.getCause() instanceof BindValidationException -> null; // the next cause
            case BindException e -> usage(BindErrors.unreadable(e.getName(), e.getProperty(), e));
            case BindValidationException e ->
                usage("The settings are not usable:\n  " + String.join("\n  ", BindErrors.violations(e)));
            case ConfigurationPropertiesBindException e when e.getCause() == null -> usage(message);
            case InvalidConfigurationPropertyValueException e -> usage(e.getName() + " " + e.getReason());
            case MarkedYAMLException e -> usage(yaml(e));
            case ConfigDataNotFoundException e ->
                usage("Settings cannot be found: %s. Create them, or correct SPRING_CONFIG_IMPORT"
                        .formatted(e.getReferenceDescription()));
            case PortInUseException e ->
                usage("Port %d is in use; name another one with --port, or 0 for any free one".formatted(e.getPort()));
            case DataDirectoryException e ->
                new CommandFailure(e.isDiskFull() ? ExitCode.UPSTREAM_UNAVAILABLE : ExitCode.USAGE, message);
            case EnqueueException _, ExportException _ -> usage(message);
            case StoreException e ->
                new CommandFailure(e.refused() ? ExitCode.USAGE : ExitCode.UPSTREAM_UNAVAILABLE, message);
            // the advice of Flyway would mix the tables with those of another program
            case FlywayException _
            when message.contains("baselineOnMigrate") ->
                usage("The database holds tables of another program; nothing was written" + OWN_DATABASE);
            case FlywayValidateException e ->
                usage(("The schema of the database is not the one that this version expects: %s. Use the version "
                                + "that created it, or a newer one; or name a new, empty database and fill it with "
                                + "note-archive rebuild")
                        .formatted(DatabaseErrors.summary(e)));
            case FlywayException e
            when causes(e).noneMatch(SQLException.class::isInstance) ->
                usage("The database cannot be used: " + DatabaseErrors.summary(e) + OWN_DATABASE);
            case SQLException e
            when DatabaseErrors.isRefused(e) || INCOMPLETE_LOGIN.equals(e.getSQLState()) ->
                usage(("The database rejected the login: %s. Check ARCHIVE_DATABASE_URL, ARCHIVE_DATABASE_USER and "
                                + "ARCHIVE_DATABASE_PASSWORD")
                        .formatted(DatabaseErrors.summary(e)));
            default -> null;
        };
    }

    /** The exception does not know the file; the line and the possible locations help. */
    private static String yaml(MarkedYAMLException e) {
        Mark mark = e.getProblemMark();
        return "A settings file cannot be read: %s%s. Check application.yml in %s"
                .formatted(
                        e.getProblem(),
                        mark == null ? "" : ", line %d, column %d".formatted(mark.getLine() + 1, mark.getColumn() + 1),
                        SettingsEnvironment.locations());
    }
}
