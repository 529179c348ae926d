package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.init.ScriptUtils;

/** The schema has comments, which {@code \\d+} shows. */
class SchemaCommentsTests {

    private static final String OURS = """
            FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
              AND c.relname NOT LIKE 'batch\\_%' AND c.relname <> 'flyway_schema_history'
            """;

    /** Columns, constraints and sequences of Spring Batch in the current schema, without our indexes. */
    private static final String BATCH_OBJECTS = """
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
            """;

    private final ArchiveDatabase database = ArchiveDatabase.emptied();

    @Test
    void everyTableViewAndColumnHasAComment() {
        String columns = "SELECT c.relname || '.' || a.attname "
                + OURS.replace(
                        "WHERE",
                        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE");

        assertThat(list("SELECT c.relname " + OURS)).contains("worklist", "note", "note_comment", "schema_drift");
        assertThat(list("SELECT c.relname " + OURS + " AND obj_description(c.oid, 'pg_class') IS NULL"))
                .isEmpty();
        assertThat(list(columns)).contains("worklist.note_id", "note_capture.author_nickname");
        assertThat(list(columns + " AND col_description(c.oid, a.attnum) IS NULL ORDER BY 1"))
                .isEmpty();
    }

    /**
     * The first migration holds Spring Batch's script as it was. When the library needs other tables, this fails: write
     * a migration.
     */
    @Test
    void tablesOfSpringBatchAreThoseOfItsLibrary() {
        database.inTransaction(() -> {
            JdbcTemplate jdbc = new JdbcTemplate(database.dataSource());
            jdbc.execute("CREATE SCHEMA library; SET LOCAL search_path = library");
            jdbc.execute((Connection connection) -> {
                ScriptUtils.executeSqlScript(
                        connection, new ClassPathResource("org/springframework/batch/core/schema-postgresql.sql"));
                return null;
            });
            List<String> expected = jdbc.queryForList(BATCH_OBJECTS, String.class);
            jdbc.execute("SET LOCAL search_path = public; DROP SCHEMA library CASCADE");

            assertThat(jdbc.queryForList(BATCH_OBJECTS, String.class))
                    .hasSizeGreaterThan(60)
                    .isEqualTo(expected);
        });
    }

    private List<String> list(String sql) {
        return database.jdbc().sql(sql).query(String.class).list();
    }
}
