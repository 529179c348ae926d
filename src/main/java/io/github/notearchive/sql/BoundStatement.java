package io.github.notearchive.sql;

import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.namedparam.SqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A statement and its values: executed by itself, or as a part of a {@link RoundTrip}. */
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
    public <T> Question<T> as(RowMapper<T> mapper) {
        return new Question<>(this, mapper);
    }
}
