package io.github.notearchive.batch;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Database access of one thread over one connection, with the settings of the pool. A transaction of its own within
 * another one is not possible. It has no stereotype, since the other commands use the pool.
 */
public final class SingleConnection {

    private static final String POOL = "spring.datasource.hikari";

    SingleConnection() {}

    @Bean
    SingleConnectionDataSource dataSource(ObjectProvider<JdbcConnectionDetails> embedded, Environment environment) {
        String initial = environment.getRequiredProperty(POOL + ".connection-init-sql");
        SingleConnectionDataSource database = new SingleConnectionDataSource() {

            @Override
            protected void prepareConnection(Connection connection) throws SQLException {
                super.prepareConnection(connection);
                try (Statement statement = connection.createStatement()) {
                    statement.execute(initial);
                }
            }
        };
        database.setSuppressClose(true);
        JdbcConnectionDetails server = embedded.getIfAvailable();
        database.setUrl(server == null ? setting(environment, "url") : server.getJdbcUrl());
        database.setUsername(server == null ? setting(environment, "username") : server.getUsername());
        database.setPassword(server == null ? setting(environment, "password") : server.getPassword());
        Properties properties = new Properties();
        properties.setProperty("loginTimeout", "15");
        Binder.get(environment)
                .bind(POOL + ".data-source-properties", Bindable.mapOf(String.class, String.class))
                .ifBound(properties::putAll);
        database.setConnectionProperties(properties);
        return database;
    }

    private static String setting(Environment environment, String name) {
        return environment.getProperty("spring.datasource." + name, "");
    }

    @Bean
    JdbcClient jdbcClient(DataSource database) {
        return JdbcClient.create(database);
    }

    @Bean
    PlatformTransactionManager transactions(DataSource database) {
        return new JdbcTransactionManager(database);
    }
}
