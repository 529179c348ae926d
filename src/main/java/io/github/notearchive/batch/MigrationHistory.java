package io.github.notearchive.batch;

import org.springframework.jdbc.BadSqlGrammarException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Compares the applied migrations with those of this version by one query, without Flyway. */
@Repository
public final class MigrationHistory {

    /** Digest of the migrations of this version. */
    private static final String CURRENT = "1505fa1ef9a61930e0f445d27f89e2ee";

    private final JdbcClient jdbc;

    MigrationHistory(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Returns whether exactly the migrations of this version were applied. False also if the history is missing or may
     * not be read.
     *
     * @throws org.springframework.dao.DataAccessException if the database is unavailable or rejects the login
     */
    public boolean isCurrent() {
        try {
            return digest().equals(CURRENT);
        } catch (BadSqlGrammarException _) {
            return false;
        }
    }

    String digest() {
        return jdbc.sql("""
                        SELECT coalesce(md5(string_agg(concat_ws(' ', script, checksum, success), ','
                                                       ORDER BY installed_rank)), '')
                        FROM flyway_schema_history
                        """).query(String.class).single();
    }
}
