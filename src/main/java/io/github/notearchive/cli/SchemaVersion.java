package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.MigrationVersion;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.stereotype.Component;

/**
 * Brings the schema up to date, and refuses one that a newer version of this program made.
 *
 * <p>Flyway ignores migrations that it does not know, and an older program would misread or damage what they added.
 * Every part that uses the database depends on this, so the rule holds for all commands.
 */
@Component
public final class SchemaVersion implements FlywayMigrationStrategy {

    private static final Set<MigrationState> FUTURE =
            EnumSet.of(MigrationState.FUTURE_SUCCESS, MigrationState.FUTURE_FAILED);

    /**
     * Brings the schema up to date. A repeat changes nothing.
     *
     * @throws CommandFailure with exit 2 when the schema is newer; nothing was written then
     */
    @Override
    public void migrate(Flyway flyway) {
        Optional<String> newer = newer(flyway);
        if (newer.isPresent()) {
            throw new CommandFailure(
                    ExitCode.USAGE, "The database's schema is " + newer.get() + "; nothing was written");
        }
        flyway.migrate();
    }

    /** Names both versions when the schema is newer than this program; empty when it is not. */
    public static Optional<String> newer(Flyway flyway) {
        MigrationInfo[] all = flyway.info().all();
        return newest(all, SchemaVersion::isFuture)
                .map(applied ->
                        "version %s, made by a newer version of this program, and this one knows version %s; use the newer one"
                                .formatted(
                                        applied,
                                        newest(all, migration -> !isFuture(migration))
                                                .map(MigrationVersion::toString)
                                                .orElse("none")));
    }

    private static Optional<MigrationVersion> newest(MigrationInfo[] all, Predicate<MigrationInfo> which) {
        return Arrays.stream(all)
                .filter(MigrationInfo::isVersioned)
                .filter(which)
                .map(MigrationInfo::getVersion)
                .max(Comparator.naturalOrder());
    }

    private static boolean isFuture(MigrationInfo migration) {
        return FUTURE.contains(migration.getState());
    }
}
