package io.github.notearchive.archive.catalog;

import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.namedparam.SqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A statement and its values: executed by itself, or as a part of a {@link StatementBatch}. */
public record BoundStatement(NamedStatement statement, SqlParameterSource parameters) {

    /**
     * Executes it by itself.
     *
     * @return how many rows it changed
     */
    public int update(JdbcClient jdbc) {
        return jdbc.sql(statement.sql()).paramSource(parameters).update();
    }

    /** The same as a question. */
    public <T> Query<T> as(RowMapper<T> mapper) {
        return new Query<>(this, mapper);
    }
}
