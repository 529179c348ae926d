package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** Rights of the roles of {@code db/analyst.sql}, with separate logins. */
class AnalystTests {

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final String password = UUID.randomUUID().toString();
    private final String script;

    AnalystTests() throws IOException {
        script = Files.readString(Path.of("db", "analyst.sql"));
    }

    @BeforeEach
    void twoPeopleHaveLogins() {
        execute(script);
        execute(script);
        execute("""
                CREATE ROLE ada LOGIN PASSWORD '%1$s' IN ROLE note_archive_analyst;
                CREATE ROLE bob LOGIN PASSWORD '%1$s' IN ROLE note_archive_answers;
                INSERT INTO author (author_id, nickname, updated_at) VALUES ('w', '松间', now());
                INSERT INTO note (note_id, title, search, author_id, first_captured_at, last_captured_at)
                VALUES ('66aa00000000000000000001', '周末露营', E'周末露营\\n山里的清晨', 'w', now(), now());
                INSERT INTO api_call (note_id, endpoint, sent_at, received_at, billed, response)
                VALUES ('66aa00000000000000000001', 'note-detail/v1', now(), now(), 'YES', 'secret');
                INSERT INTO note_capture (note_id, captured_at, call_id, response)
                SELECT note_id, received_at, id, '{"x": "secret"}' FROM api_call;
                """.formatted(password));
    }

    @AfterEach
    void theyLeave() {
        execute("DROP ROLE ada; DROP ROLE bob");
        ArchiveDatabase.emptied();
    }

    @Test
    void everyViewAndTableCanBeReadAndTheNotesSearched() {
        JdbcClient ada = login("ada");
        List<String> relations = texts(database.jdbc(), """
                        SELECT c.relname FROM pg_class c
                        WHERE c.relkind IN ('v', 'r') AND c.relnamespace = 'public'::regnamespace
                          AND c.relname NOT IN ('api_call', 'note_capture')
                        """);
        assertThat(relations).contains("run_history", "note_growth_week", "note", "worklist");

        for (String relation : relations) {
            ada.sql("SELECT * FROM public." + relation).query().listOfRows();
        }
        assertThat(texts(ada, "SELECT title FROM search_note('露营')")).containsExactly("周末露营");
        assertThat(texts(ada, "SELECT title FROM note WHERE search_matches(search, '山')"))
                .containsExactly("周末露营");
        assertThat(texts(ada, "SELECT billed FROM api_call")).containsExactly("YES");
        assertThat(texts(ada, "SELECT count(*) FROM engagement_history")).containsExactly("1");
    }

    @Test
    void additionsOfALaterVersionCanBeRead() {
        execute("CREATE TABLE later AS SELECT 1 AS x; CREATE VIEW later_view AS SELECT * FROM later");

        try {
            assertThat(texts(login("ada"), "SELECT x FROM later UNION ALL SELECT x FROM later_view"))
                    .containsExactly("1", "1");
        } finally {
            execute("DROP VIEW later_view; DROP TABLE later");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO author (author_id, updated_at) VALUES ('x', now())",
                "UPDATE worklist SET priority = 9",
                "UPDATE run_history SET status = 'x'",
                "DELETE FROM note",
                "TRUNCATE fixity_finding",
                "CREATE TABLE mine (x integer)",
                "DROP VIEW backlog",
                "SELECT nextval('worklist_claim_seq')",
                "SELECT * FROM note FOR UPDATE",
                "SELECT pg_read_file('PG_VERSION')",
                "SELECT response FROM api_call",
                "SELECT response FROM note_capture",
                "SELECT * FROM note_capture"
            })
    void nothingCanBeWrittenAndNoRawResponseRead(String statement) {
        assertForbidden("ada", statement);
    }

    @Test
    void readerOfRawResponsesReadsThemAndWritesNothing() {
        JdbcClient bob = login("bob");

        assertThat(texts(bob, "SELECT response ->> 'x' FROM note_capture")).containsExactly("secret");
        assertThat(texts(bob, "SELECT convert_from(response, 'UTF8') FROM api_call"))
                .containsExactly("secret");
        assertThat(texts(bob, "SELECT count(*) FROM backlog")).containsExactly("0");
        assertForbidden("bob", "DELETE FROM note_capture");
    }

    /** Asserts that permissions forbid a statement; 55000 is a view that cannot be updated. */
    private void assertForbidden(String user, String statement) {
        assertThatThrownBy(() -> login(user).sql(statement).update())
                .rootCause()
                .isInstanceOfSatisfying(
                        SQLException.class,
                        e -> assertThat(e.getSQLState()).as(e.getMessage()).isIn("42501", "55000"));
    }

    @Test
    void secondOwnerOnTheServerGrantsItsTablesToExistingRoles() {
        withAnotherArchive(carol -> {
            carol.execute(script);

            JdbcClient bob = JdbcClient.create(dataSource("carols", "bob"));
            assertThat(texts(bob, "SELECT count(*) FROM worklist")).containsExactly("0");
            assertThat(texts(bob, "SELECT response FROM api_call")).isEmpty();
        });
    }

    @Test
    void aRoleThatCannotBeGrantedIsNamedWithWhatToDo() {
        execute("REVOKE note_archive_analyst FROM note_archive_answers");

        withAnotherArchive(carol -> assertThatThrownBy(() -> carol.execute(script))
                .rootCause()
                .hasMessageContaining("role carol may not grant note_archive_analyst to note_archive_answers")
                .hasMessageContaining("a superuser, run: GRANT"));
    }

    private void withAnotherArchive(Consumer<JdbcTemplate> work) {
        execute("CREATE ROLE carol LOGIN PASSWORD '%s'".formatted(password));
        execute("CREATE DATABASE carols OWNER carol");
        try {
            JdbcTemplate carol = new JdbcTemplate(dataSource("carols", "carol"));
            carol.execute("""
                    CREATE TABLE worklist (note_id text);
                    CREATE TABLE api_call (id bigint, response bytea);
                    CREATE TABLE note_capture (note_id text, response jsonb);
                    """);
            work.accept(carol);
        } finally {
            execute("DROP DATABASE carols WITH (FORCE)");
            execute("DROP ROLE carol");
        }
    }

    private void execute(String script) {
        new JdbcTemplate(database.dataSource()).execute(script);
    }

    private JdbcClient login(String user) {
        return JdbcClient.create(new DriverManagerDataSource(database.jdbcUrl(), user, password));
    }

    private DataSource dataSource(String name, String user) {
        return new DriverManagerDataSource(
                database.jdbcUrl().replaceFirst("/[^/?]*(\\?|$)", "/" + name + "$1"), user, password);
    }

    private static List<String> texts(JdbcClient client, String query) {
        return client.sql(query).query(String.class).list();
    }
}
