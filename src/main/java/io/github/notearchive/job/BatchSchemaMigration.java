package io.github.notearchive.job;

import java.sql.Connection;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.init.ScriptUtils;
import org.springframework.stereotype.Component;

/**
 * Makes Spring Batch's own tables by the script in its library, so that they are exactly those its
 * version expects, and the two indexes that script lacks.
 */
@Component
class BatchSchemaMigration implements JavaMigration {

    private static final String SCRIPT = "org/springframework/batch/core/schema-postgresql.sql";

    @Override
    public MigrationVersion getVersion() {
        return MigrationVersion.fromVersion("1");
    }

    @Override
    public String getDescription() {
        return "spring batch tables";
    }

    @Override
    public @Nullable Integer getChecksum() {
        return null;
    }

    @Override
    public boolean canExecuteInTransaction() {
        return true;
    }

    @Override
    public void migrate(Context context) throws Exception {
        Connection connection = context.getConnection();
        ScriptUtils.executeSqlScript(connection, new ClassPathResource(SCRIPT));
        try (var statement = connection.createStatement()) {
            statement.execute(
                    "CREATE INDEX batch_job_execution_instance ON batch_job_execution (job_instance_id)");
            statement.execute(
                    "CREATE INDEX batch_step_execution_job ON batch_step_execution (job_execution_id)");
        }
    }
}
