package io.github.notearchive.acceptance;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.springframework.dao.DataAccessException;

/** Faults of the database: by an administrator, a full disk, or a crash. */
final class DatabaseFaults {

    static final String ALL = "application_name LIKE 'note-archive%'";
    static final String RUNNER = "application_name LIKE 'note-archive runner%'";

    private DatabaseFaults() {}

    static Fault.Onset cutOnce(String which) {
        return night -> {
            night.number(cut(which));
            return Fault.NOTHING;
        };
    }

    /** Ten times a second, from another connection. */
    static Fault.Onset cutAgain() {
        return night -> {
            Archive archive = night.look();
            ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
            var _ = timer.scheduleWithFixedDelay(() -> archive.number(cut(ALL)), 0, 100, TimeUnit.MILLISECONDS);
            return () -> {
                timer.shutdown();
                timer.awaitTermination(10, TimeUnit.SECONDS);
                archive.close();
            };
        };
    }

    private static String cut(String which) {
        return "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                + " WHERE datname = current_database() AND pid <> pg_backend_pid() AND "
                + which;
    }

    /** One backend is killed, so PostgreSQL drops all others and recovers by itself. */
    static Fault.Onset crash() {
        return night -> {
            long backend = night.number(
                    "SELECT max(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND "
                            + ALL);
            ProcessHandle.of(backend).orElseThrow().destroyForcibly();
            return () -> await().atMost(Duration.ofSeconds(60))
                    .ignoreExceptions()
                    .until(() -> night.number("SELECT 1") == 1);
        };
    }

    static Fault.Onset readOnly() {
        return night -> {
            night.execute(
                    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$");
            night.number(cut(ALL));
            return () -> night.execute(
                    "SET default_transaction_read_only = off",
                    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', current_database()); END $$");
        };
    }

    /**
     * By a trigger on log-in, since a superuser has no limit; those that are connected are cut. The driver gives its
     * application's name only after the log-in.
     */
    static Fault.Onset tooManyConnections() {
        return night -> {
            night.execute(
                    """
                    CREATE OR REPLACE FUNCTION no_room() RETURNS event_trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        IF current_setting('%s', true) IS DISTINCT FROM 'yes' THEN
                            RAISE EXCEPTION 'sorry, too many clients already' USING ERRCODE = '53300';
                        END IF;
                    END $$
                    """.formatted(Archive.OURS),
                    "CREATE EVENT TRIGGER no_room ON login EXECUTE FUNCTION no_room()",
                    "ALTER EVENT TRIGGER no_room ENABLE ALWAYS");
            night.number(cut(ALL));
            return () -> night.execute("DROP EVENT TRIGGER no_room", "DROP FUNCTION no_room");
        };
    }

    /** A full disk, for one kind of statement on one table. */
    static Fault.Onset full(String event, String table) {
        return night -> {
            night.execute(
                    """
                    CREATE OR REPLACE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
                    END $$
                    """,
                    "CREATE TRIGGER no_space BEFORE "
                            + event
                            + " ON "
                            + table
                            + " FOR EACH STATEMENT EXECUTE FUNCTION no_space()");
            return () -> night.execute("DROP TRIGGER no_space ON " + table, "DROP FUNCTION no_space");
        };
    }

    /** Another session locks a table, or rows of it. */
    static Fault.Onset locked(String lock, Duration time) {
        return night -> {
            Archive archive = night.look();
            archive.execute("SET application_name = 'another client'");
            archive.execute("BEGIN");
            archive.execute(lock);
            ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
            var end = timer.schedule(() -> archive.execute("COMMIT"), time.toMillis(), TimeUnit.MILLISECONDS);
            return () -> {
                if (end.cancel(false)) {
                    try {
                        archive.execute("ROLLBACK");
                    } catch (DataAccessException _) {
                        // the embedded server ended with the program, and the lock with it
                    }
                }
                timer.shutdownNow();
                archive.close();
            };
        };
    }
}
