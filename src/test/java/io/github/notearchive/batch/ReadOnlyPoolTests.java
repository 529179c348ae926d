package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.ArchiveDatabase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.mock.env.MockEnvironment;

/** Rights of the connections of the web pages. */
class ReadOnlyPoolTests {

    private final ArchiveDatabase server = ArchiveDatabase.running();

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
        try (HikariDataSource pool = pool()) {
            pool.setReadOnly(false);
            JdbcClient jdbc = JdbcClient.create(pool);

            assertThatThrownBy(() ->
                            jdbc.sql("SET TRANSACTION READ WRITE; " + statement).update())
                    .rootCause()
                    .hasMessageContaining("permission denied");
        }
    }

    @Test
    void readerReadsAllTables() {
        try (HikariDataSource pool = pool();
                HikariDataSource again = pool()) {
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
        }
    }

    private HikariDataSource pool() {
        StaticListableBeanFactory beans = new StaticListableBeanFactory();
        beans.addBean("owner", new Owner(server.jdbcUrl(), server.user(), server.password()));
        return new ReadOnlyPool().dataSource(beans.getBeanProvider(JdbcConnectionDetails.class), new MockEnvironment());
    }
}
