package io.github.notearchive.io.jdbc;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.SingleColumnRowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionManager;
import org.springframework.transaction.interceptor.DefaultTransactionAttribute;
import org.springframework.transaction.interceptor.MatchAlwaysTransactionAttributeSource;
import org.springframework.transaction.interceptor.TransactionInterceptor;
import org.springframework.transaction.support.ResourceTransactionManager;

/**
 * Executes one statement with named parameters, none of which is null. Times, nights, note ids and constants become
 * values of columns, collections arrays of texts. Rows become records whose components have the names of columns, see
 * {@link Columns}.
 */
public final class Statements {

    private Statements() {}

    /**
     * Returns a client whose statements are committed when they return, regardless of the caller's transaction. A
     * statement holds a connection only until it returns.
     */
    public static JdbcClient autoCommit(PlatformTransactionManager transactions) {
        return autoCommit((DataSource) ((ResourceTransactionManager) transactions).getResourceFactory(), transactions);
    }

    /** As above, with other connections than those of the transactions. */
    public static JdbcClient autoCommit(DataSource database, PlatformTransactionManager transactions) {
        var everyStatement = new MatchAlwaysTransactionAttributeSource();
        everyStatement.setTransactionAttribute(
                new DefaultTransactionAttribute(TransactionDefinition.PROPAGATION_NOT_SUPPORTED));
        var statements = new ProxyFactory(new JdbcTemplate(database));
        statements.addAdvice(new TransactionInterceptor((TransactionManager) transactions, everyStatement));
        return JdbcClient.create((JdbcOperations) statements.getProxy());
    }

    private static JdbcClient.StatementSpec prepare(JdbcClient jdbc, Map<String, ?> parameters, String sql) {
        Map<String, @Nullable Object> values = new HashMap<>();
        parameters.forEach((name, value) -> values.put(name, RecordParameters.column(value)));
        return jdbc.sql(sql).params(values);
    }

    /** Returns the number of changed rows. */
    public static int update(JdbcClient jdbc, Map<String, ?> parameters, String sql) {
        return prepare(jdbc, parameters, sql).update();
    }

    /** Executes a statement with rows as JSON parameter {@code rows}; nothing without rows. */
    public static int write(JdbcClient jdbc, String sql, Collection<?> rows) {
        return rows.isEmpty() ? 0 : update(jdbc, Map.of("rows", Columns.json(rows)), sql);
    }

    @SuppressWarnings("unchecked") // the type is that of the record
    private static <T> JdbcClient.MappedQuerySpec<T> query(
            JdbcClient jdbc, Class<T> type, Map<String, ?> parameters, String sql) {
        RowMapper<?> rows =
                type.isRecord() ? Columns.of(type.asSubclass(Record.class)) : new SingleColumnRowMapper<>(type);
        return prepare(jdbc, parameters, sql).query((RowMapper<T>) rows);
    }

    /** Returns the rows as records, or the values of their only column. */
    public static <T> List<T> list(JdbcClient jdbc, Class<T> type, Map<String, ?> parameters, String sql) {
        return query(jdbc, type, parameters, sql).list();
    }

    /** Returns the only row as a record or value; empty without a row. */
    public static <T> Optional<T> optional(JdbcClient jdbc, Class<T> type, Map<String, ?> parameters, String sql) {
        return query(jdbc, type, parameters, sql).optional();
    }

    /** Returns the only column of the rows. */
    public static List<String> texts(JdbcClient jdbc, Map<String, ?> parameters, String sql) {
        return list(jdbc, String.class, parameters, sql);
    }

    /** Returns the only row as a record or value. */
    public static <T> T one(JdbcClient jdbc, Class<T> type, Map<String, ?> parameters, String sql) {
        return query(jdbc, type, parameters, sql).single();
    }
}
