package io.github.notearchive.archive.catalog;

import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.namedparam.NamedParameterUtils;
import org.springframework.jdbc.core.namedparam.ParsedSql;
import org.springframework.jdbc.core.namedparam.SqlParameterSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A parsed query with named parameters, to be kept as a constant. Parameters are values or arrays, not lists. */
public record NamedStatement(String sql, ParsedSql parsed, String positional) {

    public static NamedStatement of(String sql) {
        ParsedSql parsed = NamedParameterUtils.parseSqlStatement(sql);
        return new NamedStatement(sql, parsed, NamedParameterUtils.substituteNamedParameters(parsed, null));
    }

    public <T> Query<T> with(SqlParameterSource parameters, RowMapper<T> mapper) {
        return new Query<>(this, parameters, mapper);
    }

    /** A query with its parameters, executed alone or as part of a {@link StatementBatch}. */
    public record Query<T>(NamedStatement statement, SqlParameterSource parameters, RowMapper<T> mapper) {

        public JdbcClient.MappedQuerySpec<T> execute(JdbcClient jdbc) {
            return jdbc.sql(statement.sql).paramSource(parameters).query(mapper);
        }

        /** Returns the values in the order of the question marks. */
        @Nullable
        Object[] values() {
            return NamedParameterUtils.buildValueArray(statement.parsed, parameters, null);
        }
    }
}
