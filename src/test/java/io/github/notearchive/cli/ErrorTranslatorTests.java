package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

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
import org.flywaydb.core.api.FlywayException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
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

    @Test
    void settingOutOfRangeIsReportedWithItsValue() {
        CommandFailure failure = explained(binding(
                "archive",
                ArchiveProperties.class,
                Map.of(
                        "archive.workers", "99",
                        "archive.recheck-unavailable-after", "1h")));

        assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(failure.getMessage())
                .startsWith("The settings are not usable:\n")
                .contains("  archive.workers ")
                .contains("64, but is \"99\"")
                .contains("  archive.recheck-unavailable-after ")
                .contains(", but is \"1h\"");
    }

    @Test
    void durationIsReportedAsTyped() {
        CommandFailure failure =
                explained(binding("archive.refresh", RefreshProperties.class, Map.of("archive.refresh.gaps", "30")));

        assertThat(failure.getMessage()).contains(", but is \"30ms\"").doesNotContain("PT");
    }

    @Test
    void settingOfAGroupIsReportedByItsDashedName() {
        CommandFailure failure =
                explained(binding("archive", ArchiveProperties.class, Map.of("archive.retry.per-night", "0")));

        assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(failure.getMessage()).contains("  archive.retry.per-night ").contains(", but is \"0\"");
    }

    @Test
    void customRuleIsReportedByItsMessage() {
        CommandFailure failure = explained(binding(
                "archive.source", NoteSourceProperties.class, Map.of("archive.source.base-url", "http://example.org")));

        assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(failure.getMessage())
                .contains("\n  archive.source.base-url is plain HTTP to another host")
                .doesNotContain("tokenProtected");
    }

    @Test
    void unreadableSettingIsReportedWithItsValue() {
        CommandFailure failure =
                explained(binding("archive", ArchiveProperties.class, Map.of("archive.workers", "many")));

        assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(failure.getMessage())
                .startsWith("The setting archive.workers \"many\"")
                .contains("cannot be read");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    archive.limits.bytes-per-night | 50G | B, KB, MB, GB and TB, as in 50GB
                    archive.limits.max-duration | 6x | ns, us, ms, s, m, h and d, as in 6h
                    """)
    void unreadableSettingNamesTheUnits(String setting, String value, String units) {
        CommandFailure failure =
                explained(binding("archive.limits", NightlyLimitProperties.class, Map.of(setting, value)));

        assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(failure.getMessage())
                .startsWith("The setting " + setting + " \"" + value + "\"")
                .endsWith("cannot be read: it must be a whole number with one of the units " + units);
    }

    @Test
    void unreadableSettingNamesTheConstants() {
        CommandFailure failure = explained(
                binding("archive.notify", NotifyProperties.class, Map.of("archive.notify.events", "success, fail")));

        assertThat(failure.getMessage())
                .startsWith("The setting archive.notify.events \"fail\"")
                .endsWith("it must be one of start, success, attention, failure, overlap");
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

    @Test
    void messagesContainNoSecrets() {
        CommandFailure failure = explained(binding(
                "archive.store",
                StoreProperties.class,
                Map.of(
                        "archive.store.endpoint", "nonsense",
                        "archive.store.tries", "0",
                        "archive.store.secret-key", "s3cret",
                        "archive.store.access-key", "a")));

        assertThat(failure.getMessage())
                .contains("archive.store.endpoint must be")
                .contains("archive.store.tries")
                .doesNotContain("s3cret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"28P01", "28000", "3D000", "42501", "08004"})
    void rejectedLoginIsAConfigurationError(String state) {
        Throwable deep = new IllegalStateException(
                "bean", new CannotGetJdbcConnectionException("pool", new SQLException("FATAL: no", state)));

        CommandFailure failure = explained(deep);

        assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(failure.getMessage())
                .contains("The database rejected the login: FATAL: no")
                .contains("ARCHIVE_DATABASE_PASSWORD");
    }

    @ParameterizedTest
    @ValueSource(strings = {"08001", "08006", "57P01", "57P03", "53300", "25006"})
    void unavailableDatabaseIsAnOutage(String state) {
        CommandFailure failure = explained(new IllegalStateException("x", new SQLException("gone\nmore", state)));

        assertThat(failure.exitCode()).isEqualTo(ExitCode.UPSTREAM_UNAVAILABLE);
        assertThat(failure.getMessage())
                .startsWith("The database is unavailable: gone.")
                .contains("ARCHIVE_DATABASE_URL")
                .doesNotContain("more");
    }

    @Test
    void unknownHostIsReported() {
        CommandFailure failure = explained(new IllegalStateException(
                "bean",
                new PSQLException(
                        "The connection attempt failed.",
                        PSQLState.CONNECTION_UNABLE_TO_CONNECT,
                        new UnknownHostException("nosuch.example.org"))));

        assertThat(failure.exitCode()).isEqualTo(ExitCode.UPSTREAM_UNAVAILABLE);
        assertThat(failure.getMessage())
                .startsWith(
                        "The database is unavailable: The connection attempt failed: unknown host nosuch.example.org. Check");
    }

    @Test
    void databaseOfAnotherProgramIsRejected() {
        CommandFailure failure = explained(
                new FlywayException(
                        "Found non-empty schema(s) \"public\" but no schema history table. Use baseline() or set baselineOnMigrate to true to initialize the schema history table."));

        assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(failure.getMessage())
                .contains("holds tables of another program", "ARCHIVE_DATABASE_URL")
                .doesNotContain("baseline");
    }

    @Test
    void failedTransactionStartIsAnOutage() {
        CommandFailure failure =
                explained(new CannotCreateTransactionException("x", new ConnectException("Connection refused")));

        assertThat(failure.exitCode()).isEqualTo(ExitCode.UPSTREAM_UNAVAILABLE);
        assertThat(failure.getMessage()).contains("Connection refused");
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

    private static Throwable binding(String prefix, Class<?> type, Map<String, String> values) {
        var validator = new SpringValidatorAdapter(
                Validation.buildDefaultValidatorFactory().getValidator());
        return catchThrowable(() -> new Binder(new MapConfigurationPropertySource(values))
                .bind(prefix, Bindable.of(type), new ValidationBindHandler(validator)));
    }
}
