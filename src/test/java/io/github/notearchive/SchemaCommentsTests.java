package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The schema explains itself to whoever looks into it with {@code \\d+}. */
class SchemaCommentsTests {

    private static final String OURS =
            """
            FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
              AND c.relname NOT LIKE 'batch\\_%' AND c.relname <> 'flyway_schema_history'
            """;

    private final ArchiveDatabase database = ArchiveDatabase.emptied();

    @Test
    void everyTableAndViewHasAComment() {
        List<String> all = list("SELECT c.relname " + OURS);

        assertThat(all).contains("worklist", "note", "note_comment", "schema_drift");
        assertThat(
                        list(
                                "SELECT c.relname "
                                        + OURS
                                        + " AND obj_description(c.oid, 'pg_class') IS NULL"))
                .isEmpty();
    }

    @Test
    void everyColumnHasAComment() {
        String columns =
                "SELECT c.relname || '.' || a.attname "
                        + OURS.replace(
                                "WHERE",
                                "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE");

        assertThat(list(columns)).contains("worklist.note_id", "note_capture.author_nickname");
        assertThat(list(columns + " AND col_description(c.oid, a.attnum) IS NULL ORDER BY 1"))
                .isEmpty();
    }

    private List<String> list(String sql) {
        return database.jdbc().sql(sql).query(String.class).list();
    }
}
