package io.github.notearchive.batch;

import com.zaxxer.hikari.HikariDataSource;
import java.util.Objects;
import java.util.Properties;
import org.apache.commons.codec.digest.DigestUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Database access of the web pages: up to four connections that only read, and end a statement after ten seconds. It
 * has no stereotype, since the other commands use other pools.
 */
public final class ReadOnlyPool {

    private static final int CONNECTIONS = 4;
    private static final String PROPERTIES = "spring.datasource.hikari.data-source-properties";
    private static final String READ_ONLY =
            "SET default_transaction_read_only = on; SET statement_timeout = '10s'; SET lock_timeout = '10s'";

    /** Role of the embedded server that has the right to read all tables, and no other right. */
    private static final String READER = "note_archive_reader";

    ReadOnlyPool() {}

    /** Logs in as the reader of the embedded server, or as the configured user of another one. */
    @Bean
    HikariDataSource dataSource(ObjectProvider<JdbcConnectionDetails> embedded, Environment environment) {
        HikariDataSource pool = new HikariDataSource();
        JdbcConnectionDetails server = embedded.getIfAvailable();
        if (server == null) {
            pool.setJdbcUrl(environment.getProperty("spring.datasource.url", ""));
            pool.setUsername(environment.getProperty("spring.datasource.username", ""));
            pool.setPassword(environment.getProperty("spring.datasource.password", ""));
        } else {
            pool.setJdbcUrl(server.getJdbcUrl());
            pool.setUsername(READER);
            pool.setPassword(createReader(server));
        }
        Properties properties = new Properties();
        Binder.get(environment)
                .bind(PROPERTIES, Bindable.mapOf(String.class, String.class))
                .ifBound(properties::putAll);
        properties.setProperty("ApplicationName", "note-archive browse");
        properties.setProperty("prepareThreshold", "0"); // each search is planned for its own terms
        pool.setDataSourceProperties(properties);
        pool.setPoolName("browse");
        pool.setMaximumPoolSize(CONNECTIONS);
        pool.setMinimumIdle(1);
        pool.setConnectionTimeout(10_000);
        pool.setReadOnly(true);
        pool.setConnectionInitSql(READ_ONLY);
        return pool;
    }

    /**
     * Creates the reader, or sets its password if it exists.
     *
     * @return password, derived from that of the owner, so that several processes use the same one and none is stored
     */
    static String createReader(JdbcConnectionDetails owner) {
        String password = DigestUtils.sha256Hex(READER + Objects.requireNonNull(owner.getPassword()));
        JdbcClient.create(new DriverManagerDataSource(
                        Objects.requireNonNull(owner.getJdbcUrl()),
                        Objects.requireNonNull(owner.getUsername()),
                        owner.getPassword()))
                .sql("""
                        DO $$
                        BEGIN
                            CREATE ROLE %1$s LOGIN IN ROLE pg_read_all_data;
                        EXCEPTION WHEN duplicate_object THEN
                            NULL;
                        END $$;
                        ALTER ROLE %1$s PASSWORD '%2$s' CONNECTION LIMIT 20
                        """.formatted(READER, password))
                .update();
        return password;
    }

    @Bean
    JdbcClient jdbcClient(HikariDataSource database) {
        return JdbcClient.create(database);
    }

    @Bean
    PlatformTransactionManager transactions(HikariDataSource database) {
        return new JdbcTransactionManager(database);
    }
}
