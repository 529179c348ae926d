package io.github.notearchive.nightly;

import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * A dump of all tables and sequences of the schema {@code public}, kept in a schema beside it: what {@code pg_dump}
 * would write. The embedded PostgreSQL has no {@code pg_dump}.
 */
public final class TableDump {

    private static final String TABLES = """
            SELECT table_name::text FROM information_schema.tables
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'flyway_schema_history'
            """;

    private final JdbcClient jdbc;
    private final String schema;
    private final List<String> tables;

    private TableDump(JdbcClient jdbc, String schema) {
        this.jdbc = jdbc;
        this.schema = schema;
        this.tables = jdbc.sql(TABLES).query(String.class).list();
    }

    /** Dumps the tables as they are now, in place of an earlier dump. */
    public static TableDump of(JdbcClient jdbc) {
        return of(jdbc, "dump");
    }

    /** Dumps the tables to a schema, in place of an earlier dump there. */
    public static TableDump of(JdbcClient jdbc, String schema) {
        TableDump dump = new TableDump(jdbc, schema);
        StringBuilder sql =
                new StringBuilder("DROP SCHEMA IF EXISTS %1$s CASCADE; CREATE SCHEMA %1$s;".formatted(schema));
        for (String table : dump.tables) {
            sql.append("CREATE TABLE %s.%s AS TABLE public.%2$s;".formatted(schema, table));
        }
        sql.append("""
                CREATE TABLE %s.dumped_sequences AS
                SELECT schemaname || '.' || sequencename AS name, last_value FROM pg_sequences
                WHERE schemaname = 'public'
                """.formatted(schema));
        jdbc.sql(sql.toString()).update();
        return dump;
    }

    /** Restores the dump in place of what the tables hold, and removes it. */
    public void restore() {
        StringBuilder sql = new StringBuilder("SET session_replication_role = replica;");
        for (String table : tables) {
            String columns =
                    jdbc.sql("""
                                    SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
                                    FROM information_schema.columns
                                    WHERE table_schema = 'public' AND table_name = :table AND is_generated = 'NEVER'
                                    """).param("table", table).query(String.class).single();
            sql.append(
                    "DELETE FROM public.%1$s; INSERT INTO public.%1$s (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM %3$s.%1$s;"
                            .formatted(table, columns, schema));
        }
        sql.append("""
                DO $$ BEGIN
                    PERFORM setval(name::regclass, coalesce(last_value, 1), last_value IS NOT NULL) FROM %1$s.dumped_sequences;
                END $$;
                SET session_replication_role = DEFAULT;
                DROP SCHEMA %1$s CASCADE
                """.formatted(schema));
        jdbc.sql(sql.toString()).update();
    }
}
