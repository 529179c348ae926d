package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.nightly.NightlyLimitProperties;
import jakarta.validation.Validation;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flywaydb.core.api.FlywayException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
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

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            batch.ArchiveProperties         | archive.workers=99; archive.recheck-unavailable-after=1h | The settings are not usable:; archive.workers must; 64, but is "99"; archive.recheck-unavailable-after; , but is "1h"
            provider.RefreshProperties      | archive.refresh.gaps=30                    | archive.refresh.gaps; , but is "30ms"
            batch.ArchiveProperties         | archive.retry.per-night=0                  | archive.retry.per-night must; , but is "0"
            provider.NoteSourceProperties   | archive.source.base-url=http://example.org | archive.source.base-url is plain HTTP to another host
            store.StoreProperties           | archive.store.endpoint=nonsense; archive.store.tries=0; archive.store.secret-key=s3cret; archive.store.access-key=a | archive.store.endpoint must be; archive.store.tries
            batch.ArchiveProperties         | archive.workers=many                       | The setting archive.workers "many"; cannot be read
            nightly.NightlyLimitProperties  | archive.limits.bytes-per-night=50G         | "50G"; cannot be read: Unknown data unit suffix 'G'
            nightly.NightlyLimitProperties  | archive.limits.max-duration=6x             | "6x"; cannot be read: Unknown unit 'x'
            telemetry.NotifyProperties      | archive.notify.events=success, fail        | The setting archive.notify.events "fail"; it must be one of start, success, attention, failure, overlap
            """)
    void invalidSettingIsReportedWithItsValueAndWithoutSecrets(String record, String settings, String parts)
            throws ClassNotFoundException {
        Map<String, String> values = Stream.of(settings.split("; "))
                .map(setting -> setting.split("="))
                .collect(Collectors.toMap(setting -> setting[0], setting -> setting[1]));

        CommandFailure failure = ofBinding(
                Class.forName("io.github.notearchive." + record),
                new Binder(new MapConfigurationPropertySource(values)));

        assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(failure.getMessage()).contains(parts.split("; ")).doesNotContain("s3cret", "PT", "tokenProtected");
    }

    @Test
    void originIsThePlaceholderThatSetsTheValue() {
        String word = "failures-tests.stop-at";
        var file = new MapPropertySource("a file", Map.of("archive.limits.stop-at", "${" + word + ":}"));
        var options = new PropertiesPropertySource(
                StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME, System.getProperties());
        System.setProperty(word, "7:30");
        try {
            CommandFailure failure = ofBinding(
                    NightlyLimitProperties.class,
                    new Binder(
                            ConfigurationPropertySources.from(file),
                            new PropertySourcesPlaceholdersResolver(List.of(file, options))));

            assertThat(failure.getMessage()).contains("but is \"7:30\" (option -D" + word + " of java)");
        } finally {
            System.clearProperty(word);
        }
    }

    private static CommandFailure ofBinding(Class<?> type, Binder binder) {
        var validator = new SpringValidatorAdapter(
                Validation.buildDefaultValidatorFactory().getValidator());
        String prefix = type.getAnnotation(ConfigurationProperties.class).value();
        return explained(
                catchThrowable(() -> binder.bind(prefix, Bindable.of(type), new ValidationBindHandler(validator))));
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
