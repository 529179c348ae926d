package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.init.ScriptUtils;

/** The schema explains itself to whoever looks into it with {@code \\d+}. */
class SchemaCommentsTests {

    private static final String OURS = """
            FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
              AND c.relname NOT LIKE 'batch\\_%' AND c.relname <> 'flyway_schema_history'
            """;

    private final ArchiveDatabase database = ArchiveDatabase.emptied();

    @Test
    void everyTableAndViewHasAComment() {
        List<String> all = list("SELECT c.relname " + OURS);

        assertThat(all).contains("worklist", "note", "note_comment", "schema_drift");
        assertThat(list("SELECT c.relname " + OURS + " AND obj_description(c.oid, 'pg_class') IS NULL"))
                .isEmpty();
    }

    @Test
    void everyColumnHasAComment() {
        String columns = "SELECT c.relname || '.' || a.attname "
                + OURS.replace(
                        "WHERE",
                        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE");

        assertThat(list(columns)).contains("worklist.note_id", "note_capture.author_nickname");
        assertThat(list(columns + " AND col_description(c.oid, a.attnum) IS NULL ORDER BY 1"))
                .isEmpty();
    }

    /**
     * The first migration holds Spring Batch's script as it was. When the library needs other tables, this fails: write
     * a migration.
     */
    @Test
    void tablesOfSpringBatchAreThoseOfItsLibrary() throws Exception {
        try (Connection connection = database.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("CREATE SCHEMA library");
            statement.execute("SET LOCAL search_path = library");
            ScriptUtils.executeSqlScript(
                    connection, new ClassPathResource("org/springframework/batch/core/schema-postgresql.sql"));

            List<String> ours = batchObjects(statement, "public");

            assertThat(ours).hasSizeGreaterThan(60);
            assertThat(ours).isEqualTo(batchObjects(statement, "library"));
            connection.rollback();
        }
    }

    /** Columns, constraints and sequences of Spring Batch in a schema, without our indexes. */
    private static List<String> batchObjects(Statement statement, String schema) throws Exception {
        List<String> objects = new ArrayList<>();
        statement.execute("SET LOCAL search_path = " + schema);
        try (ResultSet rows = statement.executeQuery("""
                        SELECT table_name || '.' || column_name || ' ' || data_type || ' '
                               || coalesce(character_maximum_length::text, '') || ' ' || is_nullable || ' '
                               || coalesce(column_default, '')
                        FROM information_schema.columns
                        WHERE table_schema = current_schema() AND table_name LIKE 'batch\\_%'
                        UNION ALL
                        SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
                        FROM pg_constraint
                        WHERE connamespace = current_schema()::regnamespace AND conrelid::regclass::text LIKE 'batch\\_%'
                        UNION ALL
                        SELECT sequencename || ' ' || start_value || ' ' || max_value || ' ' || increment_by || ' ' || cycle
                        FROM pg_sequences
                        WHERE schemaname = current_schema() AND sequencename LIKE 'batch\\_%'
                        ORDER BY 1
                        """)) {
            while (rows.next()) {
                objects.add(rows.getString(1));
            }
        }
        return objects;
    }

    private List<String> list(String sql) {
        return database.jdbc().sql(sql).query(String.class).list();
    }
}
