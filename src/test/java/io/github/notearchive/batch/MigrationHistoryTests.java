package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

class MigrationHistoryTests {

    private final ArchiveDatabase database = ArchiveDatabase.running();
    private final MigrationHistory history = new MigrationHistory(database.jdbc());
    private final TransactionTemplate transaction =
            new TransactionTemplate(new JdbcTransactionManager(database.dataSource()));

    @Test
    void migrationsOfThisVersionAreCurrent() {
        assertThat(history.isCurrent())
                .as("MigrationHistory.CURRENT must be %s", history.digest())
                .isTrue();
    }

    @Test
    void differentHistoryIsNotCurrent() {
        for (String change : new String[] {
            "DELETE FROM flyway_schema_history WHERE version = '9'",
            "UPDATE flyway_schema_history SET checksum = checksum + 1 WHERE version = '3'",
            "UPDATE flyway_schema_history SET success = false WHERE version = '8'",
            "INSERT INTO flyway_schema_history SELECT 99, '99', 'next', type, 'V99__next.sql', 1, installed_by, now(), 1, true"
                    + " FROM flyway_schema_history WHERE version = '8'",
            "DELETE FROM flyway_schema_history",
            "ALTER TABLE flyway_schema_history RENAME TO elsewhere"
        }) {
            transaction.executeWithoutResult(status -> {
                database.jdbc().sql(change).update();

                assertThat(history.isCurrent()).as(change).isFalse();

                status.setRollbackOnly();
            });
        }
        assertThat(history.isCurrent()).isTrue();
    }
}
