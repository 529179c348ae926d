package io.github.notearchive.batch;

import java.util.Properties;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.springframework.boot.flyway.autoconfigure.FlywayConfigurationCustomizer;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.stereotype.Component;

/**
 * Provides Flyway with separate connections, without the socket and lock timeouts of the pool, since the migration of a
 * large table may take long.
 */
@Component
final class MigrationConnection implements FlywayConfigurationCustomizer {

    private final JdbcConnectionDetails database;

    MigrationConnection(JdbcConnectionDetails database) {
        this.database = database;
    }

    @Override
    public void customize(FluentConfiguration configuration) {
        DriverManagerDataSource connections = new DriverManagerDataSource(database.getJdbcUrl());
        connections.setUsername(database.getUsername());
        connections.setPassword(database.getPassword());
        Properties properties = new Properties();
        properties.setProperty("ApplicationName", "note-archive migration");
        properties.setProperty("connectTimeout", "10");
        properties.setProperty("loginTimeout", "15");
        properties.setProperty("tcpKeepAlive", "true");
        connections.setConnectionProperties(properties);
        configuration.dataSource(connections);
    }
}
