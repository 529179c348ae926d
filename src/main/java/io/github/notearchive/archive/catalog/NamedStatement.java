package io.github.notearchive.archive.catalog;

import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.NamedParameterUtils;
import org.springframework.jdbc.core.namedparam.ParsedSql;
import org.springframework.jdbc.core.namedparam.SqlParameterSource;

/**
 * A statement with named parameters, taken apart once. It is a constant of whoever writes or asks, and its parameters
 * are single values or arrays, no lists.
 */
public final class NamedStatement {

    private final String sql;
    private final ParsedSql parsed;
    private final String positional;

    private NamedStatement(String sql) {
        this.sql = sql;
        this.parsed = NamedParameterUtils.parseSqlStatement(sql);
        this.positional = NamedParameterUtils.substituteNamedParameters(parsed, null);
    }

    public static NamedStatement of(String sql) {
        return new NamedStatement(sql);
    }

    /** As it was written. */
    public String sql() {
        return sql;
    }

    /** With a question mark in place of each name. */
    String positional() {
        return positional;
    }

    /** The values in the order of the question marks. */
    @Nullable
    Object[] values(SqlParameterSource parameters) {
        return NamedParameterUtils.buildValueArray(parsed, parameters, null);
    }

    /** With the values that it is to be executed with. */
    public BoundStatement with(SqlParameterSource parameters) {
        return new BoundStatement(this, parameters);
    }
}
