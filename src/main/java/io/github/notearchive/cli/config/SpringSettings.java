package io.github.notearchive.cli.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The few settings of Spring Boot's that an operator of this program needs, and what they mean. */
public final class SpringSettings {

    private static final Map<String, String> MEANINGS = new LinkedHashMap<>();

    static {
        MEANINGS.put(
                "spring.datasource.url",
                "the PostgreSQL server, version 15 or newer, as jdbc:postgresql://host:5432/database; empty for one"
                        + " within the process, over the data directory");
        MEANINGS.put("spring.datasource.username", "the role that owns the tables");
        MEANINGS.put(
                "spring.datasource.password",
                "its password; comes from the environment, never from a file in the repository");
        MEANINGS.put(
                "spring.datasource.hikari.maximum-pool-size",
                "connections to the database at most; grows to archive.workers + 8 where less is set");
        MEANINGS.put("spring.datasource.hikari.minimum-idle", "connections that are kept open while nobody needs them");
        MEANINGS.put(
                "spring.datasource.hikari.connection-timeout", "how long to wait for a connection, in milliseconds");
        MEANINGS.put(
                "spring.datasource.hikari.connection-init-sql",
                "the first statement of each connection: how long to wait for a lock");
        MEANINGS.put(
                "spring.datasource.hikari.data-source-properties.connectTimeout",
                "how long the server may take to accept a connection, in seconds");
        MEANINGS.put(
                "spring.datasource.hikari.data-source-properties.socketTimeout",
                "after how many seconds without a word from the server a connection is taken for lost; longer than any"
                        + " statement takes");
        MEANINGS.put("logging.level.root", "what the libraries may log");
        MEANINGS.put("logging.level.io.github.notearchive", "what the program itself logs");
    }

    private SpringSettings() {}

    /** Name and meaning, in an order to read them in. */
    public static Map<String, String> meanings() {
        return Collections.unmodifiableMap(MEANINGS);
    }
}
