package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.store.StoreProperties;
import io.github.notearchive.telemetry.NotifyProperties;
import jakarta.validation.Validation;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.flywaydb.core.api.FlywayException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.PropertySourcesPlaceholdersResolver;
import org.springframework.boot.context.properties.bind.validation.ValidationBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertiesPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.validation.beanvalidation.SpringValidatorAdapter;

class ErrorTranslatorTests {

    static Stream<Arguments> invalidSettings() {
        return Stream.of(
                arguments(
                        ArchiveProperties.class,
                        Map.of("archive.workers", "99", "archive.recheck-unavailable-after", "1h"),
                        List.of(
                                "The settings are not usable:\n",
                                "  archive.workers ",
                                "64, but is \"99\"",
                                "  archive.recheck-unavailable-after ",
                                ", but is \"1h\"")),
                arguments(
                        RefreshProperties.class,
                        Map.of("archive.refresh.gaps", "30"),
                        List.of("  archive.refresh.gaps", ", but is \"30ms\"")),
                arguments(
                        ArchiveProperties.class,
                        Map.of("archive.retry.per-night", "0"),
                        List.of("  archive.retry.per-night ", ", but is \"0\"")),
                arguments(
                        NoteSourceProperties.class,
                        Map.of("archive.source.base-url", "http://example.org"),
                        List.of("\n  archive.source.base-url is plain HTTP to another host")),
                arguments(
                        StoreProperties.class,
                        Map.of(
                                "archive.store.endpoint", "nonsense",
                                "archive.store.tries", "0",
                                "archive.store.secret-key", "s3cret",
                                "archive.store.access-key", "a"),
                        List.of("archive.store.endpoint must be", "archive.store.tries")),
                arguments(
                        ArchiveProperties.class,
                        Map.of("archive.workers", "many"),
                        List.of("The setting archive.workers \"many\"", "cannot be read")),
                arguments(
                        NightlyLimitProperties.class,
                        Map.of("archive.limits.bytes-per-night", "50G"),
                        List.of("\"50G\"", "cannot be read: Unknown data unit suffix 'G'")),
                arguments(
                        NightlyLimitProperties.class,
                        Map.of("archive.limits.max-duration", "6x"),
                        List.of("\"6x\"", "cannot be read: Unknown unit 'x'")),
                arguments(
                        NotifyProperties.class,
                        Map.of("archive.notify.events", "success, fail"),
                        List.of(
                                "The setting archive.notify.events \"fail\"",
                                "it must be one of start, success, attention, failure, overlap")));
    }

    @ParameterizedTest
    @MethodSource("invalidSettings")
    void invalidSettingIsReportedWithItsValueAndWithoutSecrets(
            Class<?> type, Map<String, String> values, List<String> parts) {
        var validator = new SpringValidatorAdapter(
                Validation.buildDefaultValidatorFactory().getValidator());
        String prefix = type.getAnnotation(ConfigurationProperties.class).value();
        CommandFailure failure = explained(catchThrowable(() -> new Binder(new MapConfigurationPropertySource(values))
                .bind(prefix, Bindable.of(type), new ValidationBindHandler(validator))));

        assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(failure.getMessage()).contains(parts).doesNotContain("s3cret", "PT", "tokenProtected");
    }

    @Test
    void originIsThePlaceholderThatSetsTheValue() {
        String word = "failures-tests.stop-at";
        var file = new MapPropertySource("a file", Map.of("archive.limits.stop-at", "${" + word + ":}"));
        var options = new PropertiesPropertySource(
                StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME, System.getProperties());
        var validator = new SpringValidatorAdapter(
                Validation.buildDefaultValidatorFactory().getValidator());
        System.setProperty(word, "7:30");
        try {
            Throwable thrown = catchThrowable(() -> new Binder(
                            ConfigurationPropertySources.from(file),
                            new PropertySourcesPlaceholdersResolver(List.of(file, options)))
                    .bind(
                            "archive.limits",
                            Bindable.of(NightlyLimitProperties.class),
                            new ValidationBindHandler(validator)));

            assertThat(explained(thrown).getMessage()).contains("but is \"7:30\" (option -D" + word + " of java)");
        } finally {
            System.clearProperty(word);
        }
    }

    static Stream<Arguments> failures() {
        Stream<Arguments> logins = Stream.of("28P01", "28000", "3D000", "42501", "08004")
                .map(state -> arguments(
                        new CannotGetJdbcConnectionException("pool", new SQLException("FATAL: no", state)),
                        ExitCode.USAGE,
                        "The database rejected the login: FATAL: no. Check .*ARCHIVE_DATABASE_PASSWORD"));
        Stream<Arguments> outages = Stream.of("08001", "08006", "57P01", "57P03", "53300", "25006")
                .map(state -> arguments(
                        new SQLException("gone\nmore", state),
                        ExitCode.UPSTREAM_UNAVAILABLE,
                        "The database is unavailable: gone. Check ARCHIVE_DATABASE_URL and the server.*"));
        Stream<Arguments> others = Stream.of(
                arguments(
                        new PSQLException(
                                "The connection attempt failed.",
                                PSQLState.CONNECTION_UNABLE_TO_CONNECT,
                                new UnknownHostException("nosuch.example.org")),
                        ExitCode.UPSTREAM_UNAVAILABLE,
                        "The database is unavailable: The connection attempt failed: unknown host nosuch.example.org. Check.*"),
                arguments(
                        new CannotCreateTransactionException("x", new ConnectException("Connection refused")),
                        ExitCode.UPSTREAM_UNAVAILABLE,
                        ".*Connection refused.*"),
                arguments(
                        new FlywayException(
                                "Found non-empty schema(s) \"public\" but no schema history table. Use baseline() or set baselineOnMigrate to true to initialize the schema history table."),
                        ExitCode.USAGE,
                        "The database holds tables of another program; nothing was written. Name an empty database in ARCHIVE_DATABASE_URL.*"));
        return Stream.of(logins, outages, others).flatMap(cases -> cases);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void failureOfTheDatabaseIsReportedWithItsRemedy(Throwable cause, ExitCode exitCode, String message) {
        CommandFailure failure = explained(new IllegalStateException("bean", cause));

        assertThat(failure.exitCode()).isEqualTo(exitCode);
        assertThat(failure.getMessage()).matches(message);
    }

    @Test
    void commandFailureIsReturnedUnchanged() {
        CommandFailure failure = new CommandFailure(ExitCode.ALREADY_RUNNING, "no");

        assertThat(ErrorTranslator.explain(new IllegalStateException(failure))).contains(failure);
    }

    @Test
    void unexpectedErrorIsNotExplained() {
        assertThat(ErrorTranslator.explain(new IllegalStateException("bug"))).isEmpty();
        assertThat(ErrorTranslator.explain(new SQLException("syntax", "42601"))).isEmpty();
        assertThat(ErrorTranslator.explain(new SQLException("no state"))).isEmpty();
    }

    private static CommandFailure explained(Throwable failure) {
        return ErrorTranslator.explain(failure).orElseThrow();
    }
}
