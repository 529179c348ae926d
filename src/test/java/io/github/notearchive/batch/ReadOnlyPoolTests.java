package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.ArchiveDatabase;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Rights of the connections of the web pages. */
class ReadOnlyPoolTests {

    private final ArchiveDatabase server = ArchiveDatabase.running();
    private final Owner owner = new Owner(server.jdbcUrl(), server.user(), server.password());

    private record Owner(String getJdbcUrl, String getUsername, String getPassword) implements JdbcConnectionDetails {}

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DELETE FROM note",
                "INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (repeat('0', 24), now())",
                "SELECT pg_read_file('/etc/passwd')",
                "CREATE TABLE public.more (id integer)",
                "COPY note TO PROGRAM 'true'"
            })
    void readerOfTheEmbeddedServerCannotWriteEvenInAWritableTransaction(String statement) {
        withPool(pool -> {
            pool.setReadOnly(false);
            JdbcClient jdbc = JdbcClient.create(pool);

            assertThatThrownBy(() ->
                            jdbc.sql("SET TRANSACTION READ WRITE; " + statement).update())
                    .rootCause()
                    .hasMessageContaining("permission denied");
        });
    }

    @Test
    void readerReadsAllTables() {
        withPool(pool -> withPool(again -> {
            assertThat(JdbcClient.create(pool)
                            .sql("SELECT count(*) FROM note")
                            .query(Long.class)
                            .single())
                    .isNotNegative();
            assertThat(JdbcClient.create(again)
                            .sql("SELECT current_user || ' ' || current_setting('statement_timeout')")
                            .query(String.class)
                            .single())
                    .isEqualTo("note_archive_reader 10s");
        }));
    }

    @Test
    void concurrentFirstStartsCreateOneReader() throws Exception {
        server.jdbc().sql("DROP ROLE IF EXISTS note_archive_reader").update();
        List<Callable<String>> starts = Collections.nCopies(8, () -> ReadOnlyPool.createReader(owner));

        try (var executor = Executors.newFixedThreadPool(8)) {
            for (Future<String> password : executor.invokeAll(starts)) {
                assertThat(password.get()).hasSize(64);
            }
        }
    }

    private void withPool(Consumer<HikariDataSource> test) {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class))
                .withBean(JdbcConnectionDetails.class, () -> owner)
                .withUserConfiguration(ReadOnlyPool.class)
                .withPropertyValues(ReadOnlyPool.SETTINGS.entrySet().stream()
                        .map(setting -> setting.getKey() + "=" + setting.getValue())
                        .toArray(String[]::new))
                .run(context -> test.accept(context.getBean(HikariDataSource.class)));
    }
}
