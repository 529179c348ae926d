package io.github.notearchive.batch;

import java.util.Map;
import java.util.Objects;
import org.apache.commons.codec.digest.DigestUtils;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/**
 * Database access of the web pages: up to four connections that only read, and end a statement after ten seconds. It
 * has no stereotype, since the other commands use other pools.
 */
public final class ReadOnlyPool {

    /** Settings of the pool, which has those of the other commands otherwise. */
    public static final Map<String, String> SETTINGS = Map.of(
            "spring.datasource.connection-fetch", "eager",
            "spring.datasource.hikari.pool-name", "browse",
            "spring.datasource.hikari.maximum-pool-size", "4",
            "spring.datasource.hikari.minimum-idle", "1",
            "spring.datasource.hikari.connection-timeout", "10000",
            "spring.datasource.hikari.read-only", "true",
            "spring.datasource.hikari.connection-init-sql",
                    "SET default_transaction_read_only = on; SET statement_timeout = '10s'; SET lock_timeout = '10s'",
            "spring.datasource.hikari.data-source-properties.ApplicationName", "note-archive browse",
            // each search is planned for its own terms
            "spring.datasource.hikari.data-source-properties.prepareThreshold", "0");

    /** Role of the embedded server that has the right to read all tables, and no other right. */
    private static final String READER = "note_archive_reader";

    ReadOnlyPool() {}

    private record Login(String getUsername, String getPassword, String getJdbcUrl) implements JdbcConnectionDetails {}

    /** Login of the reader, if the server is the embedded one. */
    @Bean
    @Primary
    @ConditionalOnBean(JdbcConnectionDetails.class)
    JdbcConnectionDetails reader(JdbcConnectionDetails owner) {
        return new Login(READER, createReader(owner), Objects.requireNonNull(owner.getJdbcUrl()));
    }

    /**
     * Creates the reader, or sets its password if it exists. Concurrent calls do so one after the other.
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
                            PERFORM pg_advisory_xact_lock(hashtext('%1$s'));
                            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%1$s') THEN
                                CREATE ROLE %1$s LOGIN IN ROLE pg_read_all_data;
                            END IF;
                            ALTER ROLE %1$s PASSWORD '%2$s' CONNECTION LIMIT 20;
                        END $$
                        """.formatted(READER, password))
                .update();
        return password;
    }
}
