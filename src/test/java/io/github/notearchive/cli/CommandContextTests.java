package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.nightly.plan.NightPlanner;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.report.HealthCheck;
import io.github.notearchive.report.NightReports;
import io.github.notearchive.report.NoteHistories;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Contexts of commands that read. */
@Isolated("sets system properties")
class CommandContextTests {

    private static final String DATABASE = "command_context";

    private final ArchiveDatabase server = ArchiveDatabase.running();

    @AfterEach
    void dropDatabase() {
        server.jdbc()
                .sql("DROP DATABASE IF EXISTS " + DATABASE + " WITH (FORCE)")
                .update();
    }

    @ParameterizedTest
    @ValueSource(
            classes = {HealthCheck.class, NoteHistories.class, NoteCatalog.class, NightPlanner.class, NightReports.class
            })
    void smallContextHasWhatABeanRequires(Class<?> bean) {
        try (CommandContext context = CommandContext.openToRead(settings(server.jdbcUrl()))) {
            assertThat(context.get(bean)).isNotNull();
            assertNone(context, Flyway.class);
            assertNone(context, JobRepository.class);
        }
    }

    @Test
    void commandThatReadsMigratesAnOlderSchema() {
        server.jdbc().sql("CREATE DATABASE " + DATABASE).update();
        Map<String, String> settings = settings(server.jdbcUrl().replaceFirst("/\\w+$", "/" + DATABASE));

        try (CommandContext context = CommandContext.openToRead(settings)) {
            assertThat(context.get(NoteCatalog.class).find(new NoteId("66aa00000000000000000001")))
                    .isEmpty();
        }
    }

    @Test
    void connectionHasTheSettingsOfThePool() {
        try (CommandContext context = CommandContext.openToRead(settings(server.jdbcUrl()))) {
            assertThat(context.get(JdbcClient.class)
                            .sql("SELECT current_setting('lock_timeout') || current_setting('application_name')")
                            .query(String.class)
                            .single())
                    .isEqualTo("1minnote-archive");
        }
    }

    private static void assertNone(CommandContext context, Class<?> type) {
        assertThatThrownBy(() -> context.get(type)).isInstanceOf(NoSuchBeanDefinitionException.class);
    }

    private Map<String, String> settings(String url) {
        return Map.of(
                "spring.datasource.url",
                url,
                "spring.datasource.username",
                server.user(),
                "spring.datasource.password",
                server.password(),
                "archive.store.endpoint",
                "http://127.0.0.1:1",
                "archive.store.access-key",
                "key",
                "archive.store.secret-key",
                "secret");
    }
}
