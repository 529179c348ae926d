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
        DriverManagerDataSource connections = new DriverManagerDataSource();
        configure(connections, database, "note-archive migration");
        configuration.dataSource(connections);
    }

    /** Configures connections outside of the pool, and returns their properties. */
    static Properties configure(
            DriverManagerDataSource connections, JdbcConnectionDetails database, String application) {
        connections.setUrl(database.getJdbcUrl());
        connections.setUsername(database.getUsername());
        connections.setPassword(database.getPassword());
        Properties properties = new Properties();
        properties.setProperty("ApplicationName", application);
        properties.setProperty("connectTimeout", "10");
        properties.setProperty("loginTimeout", "15");
        properties.setProperty("tcpKeepAlive", "true");
        connections.setConnectionProperties(properties);
        return properties;
    }
}
