package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.io.ClassPathResource;

/** What the roles of {@code db/analyst.sql} may do, by logins of their own. */
class AnalystTests {

    private static final String FORBIDDEN = "42501";

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final String password = UUID.randomUUID().toString();

    @BeforeEach
    void twoPeopleHaveLogins() throws IOException {
        runScript();
        runScript();
        execute("""
                CREATE ROLE ada LOGIN PASSWORD '%1$s' IN ROLE note_archive_analyst;
                CREATE ROLE bob LOGIN PASSWORD '%1$s' IN ROLE note_archive_answers;
                INSERT INTO author (author_id, nickname, updated_at) VALUES ('w', '松间', now());
                INSERT INTO note (note_id, title, note_text, author_id, first_captured_at, last_captured_at)
                VALUES ('66aa00000000000000000001', '周末露营', '山里的清晨', 'w', now(), now());
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
    void everyViewAndTableCanBeReadAndTheNotesSearched() throws SQLException {
        List<String> relations = database.jdbc().sql("""
                                SELECT c.relname FROM pg_class c
                                WHERE c.relkind IN ('v', 'r') AND c.relnamespace = 'public'::regnamespace
                                  AND c.relname NOT IN ('api_call', 'note_capture')
                                """).query(String.class).list();
        assertThat(relations).contains("run_history", "note_growth_week", "note", "worklist");

        try (Connection ada = login("ada")) {
            for (String relation : relations) {
                ask(ada, "SELECT * FROM public." + relation);
            }
            assertThat(ask(ada, "SELECT title FROM search_note('露营')")).containsExactly("周末露营");
            assertThat(ask(ada, "SELECT title FROM note WHERE search_matches(title, note_text, '山')"))
                    .containsExactly("周末露营");
            assertThat(ask(ada, "SELECT billed FROM api_call")).containsExactly("YES");
            assertThat(ask(ada, "SELECT count(*) FROM engagement_history")).containsExactly("1");
        }
    }

    @Test
    void whatALaterVersionAddsCanBeRead() throws SQLException {
        execute("CREATE TABLE later AS SELECT 1 AS x; CREATE VIEW later_view AS SELECT * FROM later");

        try (Connection ada = login("ada")) {
            assertThat(ask(ada, "SELECT x FROM later")).containsExactly("1");
            assertThat(ask(ada, "SELECT x FROM later_view")).containsExactly("1");
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
    void nothingCanBeWrittenAndNoRawAnswerRead(String statement) throws SQLException {
        try (Connection ada = login("ada");
                Statement sql = ada.createStatement()) {

            assertThatThrownBy(() -> sql.execute(statement))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).as(e.getMessage()).isIn(FORBIDDEN, "55000"));
        }
    }

    @Test
    void whoMayReadRawAnswersReadsThemAndWritesNothingEither() throws SQLException {
        try (Connection bob = login("bob");
                Statement sql = bob.createStatement()) {
            assertThat(ask(bob, "SELECT response ->> 'x' FROM note_capture")).containsExactly("secret");
            assertThat(ask(bob, "SELECT convert_from(response, 'UTF8') FROM api_call"))
                    .containsExactly("secret");
            assertThat(ask(bob, "SELECT count(*) FROM backlog")).containsExactly("0");

            assertThatThrownBy(() -> sql.execute("DELETE FROM note_capture"))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(FORBIDDEN));
        }
    }

    @Test
    void anotherOwnerOnTheSameServerGrantsWhatIsHisToRolesThatAreThere() throws Exception {
        withAnotherArchive(carol -> {
            carol.execute(script());

            try (Connection bob = DriverManager.getConnection(urlOf("carols"), "bob", password)) {
                assertThat(ask(bob, "SELECT count(*) FROM worklist")).containsExactly("0");
                assertThat(ask(bob, "SELECT response FROM api_call")).isEmpty();
            }
        });
    }

    @Test
    void aRoleThatCannotBeGrantedIsNamedWithWhatToDo() throws Exception {
        execute("REVOKE note_archive_analyst FROM note_archive_answers");

        withAnotherArchive(carol -> assertThatThrownBy(() -> carol.execute(script()))
                .hasMessageContaining("role carol may not grant note_archive_analyst to note_archive_answers")
                .hasMessageContaining("a superuser, run: GRANT"));
    }

    private interface Work {
        void accept(Statement statement) throws Exception;
    }

    private void withAnotherArchive(Work work) throws Exception {
        execute("CREATE ROLE carol LOGIN PASSWORD '%s'".formatted(password));
        execute("CREATE DATABASE carols OWNER carol");
        try (Connection connection = DriverManager.getConnection(urlOf("carols"), "carol", password);
                Statement carol = connection.createStatement()) {
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

    private String urlOf(String name) {
        return database.jdbcUrl().replaceFirst("/[^/?]*(\\?|$)", "/" + name + "$1");
    }

    private void runScript() throws IOException {
        execute(script());
    }

    private static String script() throws IOException {
        return new ClassPathResource("db/analyst.sql").getContentAsString(StandardCharsets.UTF_8);
    }

    private void execute(String script) {
        try (Connection owner = database.dataSource().getConnection();
                Statement statement = owner.createStatement()) {
            statement.execute(script);
        } catch (SQLException e) {
            throw new IllegalStateException(script, e);
        }
    }

    private Connection login(String name) throws SQLException {
        return DriverManager.getConnection(database.jdbcUrl(), name, password);
    }

    private static List<String> ask(Connection connection, String question) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(question)) {
            List<String> answers = new ArrayList<>();
            while (rows.next()) {
                answers.add(rows.getString(1));
            }
            return answers;
        }
    }
}
