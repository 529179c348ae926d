package io.github.notearchive.cli;

import io.github.notearchive.cli.config.CommandFailure;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.stereotype.Component;

/**
 * Migrates the schema and refuses one that does not belong to this version of the program.
 *
 * <p>Flyway ignores applied migrations that it does not know, and an older program would misread or damage what they
 * added. Every part that uses the database depends on this class, so the rule holds for all commands.
 */
@Component
public final class SchemaVersion implements FlywayMigrationStrategy {

    private static final Set<MigrationState> FUTURE =
            EnumSet.of(MigrationState.FUTURE_SUCCESS, MigrationState.FUTURE_FAILED);

    /**
     * Migrates the schema. A repeat changes nothing.
     *
     * @throws CommandFailure with exit 2 when the schema is refused; nothing was written then
     */
    @Override
    public void migrate(Flyway flyway) {
        refusal(flyway).ifPresent(refusal -> {
            throw CommandFailure.usage("The database's schema is " + refusal + "; nothing was written");
        });
        flyway.migrate();
    }

    /** Returns why the schema cannot be used, and the remedy; empty when it can be migrated or used. */
    public static Optional<String> refusal(Flyway flyway) {
        List<MigrationInfo> migrations = Stream.of(flyway.info().all())
                .filter(MigrationInfo::isVersioned)
                .toList();
        if (migrations.stream().anyMatch(migration -> !migration.isChecksumMatching())) {
            return Optional.of(
                    "that of a development version, which differs from this one in older migrations; use a new, empty "
                            + "database and fill it with note-archive rebuild, or use that version");
        }
        return migrations.stream()
                .filter(migration -> FUTURE.contains(migration.getState()))
                .map(MigrationInfo::getVersion)
                .max(Comparator.naturalOrder())
                .map("version %s, created by a newer version of this program; use that one"::formatted);
    }
}
