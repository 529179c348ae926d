package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.catalog.Columns;
import java.util.List;
import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Executes one query with named parameters. */
final class Queries {

    private Queries() {}

    /** Returns the rows as records, whose components have the names of columns. */
    static <T extends Record> List<T> list(JdbcClient jdbc, Class<T> type, Map<String, ?> parameters, String sql) {
        return jdbc.sql(sql).params(parameters).query(Columns.of(type)).list();
    }

    /** Returns the only row as a value or record; converts numbers. */
    static <T> T one(JdbcClient jdbc, Class<T> type, Map<String, ?> parameters, String sql) {
        return jdbc.sql(sql).params(parameters).query(type).single();
    }
}
