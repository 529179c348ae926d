package io.github.notearchive.archive.catalog;

import javax.sql.DataSource;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionManager;
import org.springframework.transaction.interceptor.DefaultTransactionAttribute;
import org.springframework.transaction.interceptor.MatchAlwaysTransactionAttributeSource;
import org.springframework.transaction.interceptor.TransactionInterceptor;
import org.springframework.transaction.support.ResourceTransactionManager;

/**
 * Creates clients whose statements are committed when they return, regardless of the caller's transaction. A statement
 * holds a connection only until it returns.
 */
public final class AutoCommitClient {

    private AutoCommitClient() {}

    public static JdbcClient of(PlatformTransactionManager transactions) {
        return of((DataSource) ((ResourceTransactionManager) transactions).getResourceFactory(), transactions);
    }

    /** Creates a client with other connections than those of the transactions. */
    public static JdbcClient of(DataSource database, PlatformTransactionManager transactions) {
        var everyStatement = new MatchAlwaysTransactionAttributeSource();
        everyStatement.setTransactionAttribute(
                new DefaultTransactionAttribute(TransactionDefinition.PROPAGATION_NOT_SUPPORTED));
        var statements = new ProxyFactory(new JdbcTemplate(database));
        statements.addAdvice(new TransactionInterceptor((TransactionManager) transactions, everyStatement));
        return JdbcClient.create((JdbcOperations) statements.getProxy());
    }
}
