package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.EnqueueException;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.Origins;
import io.github.notearchive.cli.config.SettingsEnvironment;
import io.github.notearchive.embedded.DataDirectoryException;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.io.Masks;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.note.Spans;
import io.github.notearchive.store.StoreException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.config.ConfigDataNotFoundException;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindException;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** Finds in an exception, however deep, what a person can act on. */
public final class ErrorTranslator {

    /**
     * PostgreSQL's codes for a login that is refused, a database that does not exist, and a right that is missing; and
     * its driver's for a server that wants what was not given, such as a password.
     */
    private static final List<String> WRONG_LOGIN = List.of("28P01", "28000", "3D000", "42501", "08004");

    private ErrorTranslator() {}

    /** The exit code and message for a failure that is understood; empty for one that is unforeseen. */
    public static Optional<CommandFailure> explain(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            CommandFailure known = known(cause);
            if (known != null) {
                return Optional.of(known);
            }
        }
        return DatabaseErrors.isOutOfReach(failure)
                ? Optional.of(databaseAway(DatabaseErrors.describe(failure)))
                : Optional.empty();
    }

    /** The same, where one that is unforeseen has to be told as well. */
    static CommandFailure told(Throwable failure) {
        return explain(failure)
                .orElseGet(
                        () -> new CommandFailure(ExitCode.FAILED, "unforeseen: " + DatabaseErrors.describe(failure)));
    }

    /** Returns the result of a command that failed with an exception, with the same exit code as the process. */
    static CommandResult result(Throwable failure) {
        CommandFailure told = told(failure);
        ExitCode exitCode = told.exitCode();
        return CommandResult.failed(exitCode, TerminalText.line(told.getMessage()), exitCode.nextIfNotStarted());
    }

    private static @Nullable CommandFailure known(Throwable cause) {
        return switch (cause) {
            case CommandFailure f -> f;
            case BindValidationException e -> usage(validation(e));
            case BindException e when !(e.getCause() instanceof BindValidationException) -> usage(binding(e));
            case ConfigurationPropertiesBindException e
            when e.getCause() == null -> usage(String.valueOf(e.getMessage()));
            case MarkedYAMLException e -> usage(noYaml(e));
            case ConfigDataNotFoundException e ->
                usage("Settings cannot be found: "
                        + e.getReferenceDescription()
                        + ". Create them, or correct SPRING_CONFIG_IMPORT");
            case DataDirectoryException e
            when e.isDiskFull() -> new CommandFailure(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage()));
            case DataDirectoryException e -> usage(String.valueOf(e.getMessage()));
            case EnqueueException e -> usage(String.valueOf(e.getMessage()));
            case StoreException e ->
                new CommandFailure(
                        e.refused() ? ExitCode.USAGE : ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage()));
            case FlywayException e
            when isForeign(e) ->
                usage(
                        "The database holds tables of something else, and note-archive wants one of its own; nothing was written. Name an empty one in ARCHIVE_DATABASE_URL, or one that this program made");
            case FlywayException e
            when !hasSqlCause(e) && !(e instanceof FlywayValidateException) ->
                usage("The database cannot be used: "
                        + DatabaseErrors.describe(e)
                        + ". Name an empty one in ARCHIVE_DATABASE_URL, or one that this program made");
            case FlywayValidateException e ->
                usage("The database's schema is not the one this version expects: "
                        + DatabaseErrors.describe(e)
                        + ". Use the version that made it, or a newer one");
            case SQLException e
            when WRONG_LOGIN.contains(String.valueOf(e.getSQLState())) ->
                usage("The database refuses us: "
                        + DatabaseErrors.describe(e)
                        + ". Check ARCHIVE_DATABASE_URL, ARCHIVE_DATABASE_USER and ARCHIVE_DATABASE_PASSWORD");
            default -> null;
        };
    }

    /** The library does not know which file it reads; the line and where files are looked for help. */
    private static String noYaml(MarkedYAMLException e) {
        Mark mark = e.getProblemMark();
        return "A file of settings cannot be read: "
                + e.getProblem()
                + (mark == null ? "" : ", in line %d, column %d".formatted(mark.getLine() + 1, mark.getColumn() + 1))
                + ". Look at the application.yml in "
                + SettingsEnvironment.locations();
    }

    /** Its own advice would mix our tables with those of somebody else. */
    private static boolean isForeign(FlywayException e) {
        return String.valueOf(e.getMessage()).contains("baselineOnMigrate");
    }

    private static boolean hasSqlCause(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException) {
                return true;
            }
        }
        return false;
    }

    private static CommandFailure databaseAway(String what) {
        return new CommandFailure(
                ExitCode.UPSTREAM_UNAVAILABLE,
                "The database is out of reach: "
                        + what.replaceFirst("\\.$", "")
                        + ". Check ARCHIVE_DATABASE_URL and that the server is up, then run again; nothing is lost");
    }

    private static CommandFailure usage(String message) {
        return new CommandFailure(ExitCode.USAGE, message);
    }

    private static String validation(BindValidationException e) {
        return e.getValidationErrors().getAllErrors().stream()
                .map(error -> violation(e, error))
                .distinct()
                .sorted()
                .collect(Collectors.joining("\n", "The settings are not usable:\n", ""));
    }

    private static String violation(BindValidationException e, ObjectError error) {
        String message = String.valueOf(error.getDefaultMessage());
        if (message.startsWith("archive.") || !(error instanceof FieldError field)) {
            return "  " + message;
        }
        String name = e.getValidationErrors().getName() + "." + dashed(field.getField());
        return "  "
                + name
                + " "
                + message
                + (Masks.isSecret(name) ? "" : ", but is " + quoted(name, field.getRejectedValue()))
                + origin(e, name);
    }

    private static String origin(BindValidationException e, String name) {
        return e.getValidationErrors().getBoundProperties().stream()
                .filter(property -> isOf(property.getName().toString(), name))
                .map(property -> " (" + Origins.describe(property) + ")")
                .findFirst()
                .orElse("");
    }

    /** Whether a setting is this one, or the list that this one is a value of. */
    private static boolean isOf(String setting, String name) {
        return name.equals(setting) || name.startsWith(setting + "[");
    }

    private static String quoted(String name, @Nullable Object value) {
        return "\"" + Masks.shown(name, asTyped(value)) + "\"";
    }

    /** Durations as a person writes them. */
    private static String asTyped(@Nullable Object value) {
        return switch (value) {
            case Duration span -> Spans.inWords(span);
            case Collection<?> several ->
                several.stream().map(ErrorTranslator::asTyped).collect(Collectors.joining(", "));
            case null, default -> String.valueOf(value);
        };
    }

    private static String dashed(String camel) {
        return camel.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
    }

    private static String binding(BindException e) {
        ConfigurationProperty property = e.getProperty();
        String name = e.getName().toString();
        ConversionFailedException failed = deepestConversion(e);
        Object value = failed != null ? failed.getValue() : property == null ? null : property.getValue();
        return "The setting "
                + name
                + (value == null || Masks.isSecret(name) ? "" : " " + quoted(name, value))
                + (property == null ? "" : " (" + Origins.describe(property) + ")")
                + " cannot be read: "
                + (failed == null ? DatabaseErrors.describe(e) : wanted(e, failed));
    }

    /** The one that knows the single value of a list, and words in braces replaced. */
    private static @Nullable ConversionFailedException deepestConversion(Throwable failure) {
        ConversionFailedException deepest = null;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConversionFailedException conversion) {
                deepest = conversion;
            }
        }
        return deepest;
    }

    /** What may be typed there; the library's own words where that is told as well by them. */
    private static String wanted(BindException e, ConversionFailedException failed) {
        Class<?> type = failed.getTargetType().getType();
        if (type == DataSize.class) {
            return "it must be a whole number with one of the units B, KB, MB, GB and TB, as in 50GB";
        }
        if (type == Duration.class) {
            return "it must be a whole number with one of the units ns, us, ms, s, m, h and d, as in 6h";
        }
        return type.isEnum()
                ? "it must be one of "
                        + Stream.of(type.getEnumConstants())
                                .map(constant -> ((Enum<?>) constant).name())
                                .map(word -> word.toLowerCase(Locale.ROOT).replace('_', '-'))
                                .collect(Collectors.joining(", "))
                : DatabaseErrors.describe(e);
    }
}
