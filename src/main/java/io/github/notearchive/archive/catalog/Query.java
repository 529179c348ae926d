package io.github.notearchive.archive.catalog;

import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A statement that returns rows, with their mapper; executed alone or as part of a {@link StatementBatch}. */
public record Query<T>(BoundStatement statement, RowMapper<T> mapper) {

    /** Executes the query alone. */
    public JdbcClient.MappedQuerySpec<T> execute(JdbcClient jdbc) {
        return jdbc.sql(statement.statement().sql())
                .paramSource(statement.parameters())
                .query(mapper);
    }
}
