package io.github.notearchive.archive.catalog;

import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.NamedParameterUtils;
import org.springframework.jdbc.core.namedparam.ParsedSql;
import org.springframework.jdbc.core.namedparam.SqlParameterSource;

/**
 * A parsed statement with named parameters, to be kept as a constant. Parameters are single values or arrays, not
 * lists.
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

    /** Returns the statement as written. */
    public String sql() {
        return sql;
    }

    /** Returns the statement with a question mark for each name. */
    String positional() {
        return positional;
    }

    /** Returns the values in the order of the question marks. */
    @Nullable
    Object[] values(SqlParameterSource parameters) {
        return NamedParameterUtils.buildValueArray(parsed, parameters, null);
    }

    /** Binds parameters. */
    public BoundStatement with(SqlParameterSource parameters) {
        return new BoundStatement(this, parameters);
    }
}
