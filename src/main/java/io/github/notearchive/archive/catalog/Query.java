package io.github.notearchive.archive.catalog;

import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * A statement that returns rows, and what each of them is: asked by itself, or as a part of a {@link StatementBatch}.
 */
public record Query<T>(BoundStatement statement, RowMapper<T> mapper) {

    /** Asks it by itself. */
    public JdbcClient.MappedQuerySpec<T> ask(JdbcClient jdbc) {
        return jdbc.sql(statement.statement().sql())
                .paramSource(statement.parameters())
                .query(mapper);
    }
}
