package io.github.notearchive.archive.catalog;

import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.namedparam.SqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A statement with its parameters, executed alone or as part of a {@link StatementBatch}. */
public record BoundStatement(NamedStatement statement, SqlParameterSource parameters) {

    /**
     * Executes the statement alone.
     *
     * @return number of changed rows
     */
    public int update(JdbcClient jdbc) {
        return jdbc.sql(statement.sql()).paramSource(parameters).update();
    }

    /** Returns the statement as a query. */
    public <T> Query<T> as(RowMapper<T> mapper) {
        return new Query<>(this, mapper);
    }
}
