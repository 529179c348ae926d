package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;

/**
 * Trigger that holds statements of the program, so that it can be killed there. It is in a schema of its own.
 *
 * @param definition statement that creates the trigger, without {@code trap.hold()}
 * @param passes number of rows that are not held
 */
record Trap(String definition, int passes) {

    private static final Duration PATIENCE = Duration.ofSeconds(180);

    /** Row number from which an open trap counts, and holds nothing. */
    private static final int OPEN = 1_000_000;

    private static final String HELD =
            " FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";

    /** Before a row is written, by {@code INSERT ON table} or {@code UPDATE ON table}. */
    static Trap before(String change, String when) {
        return new Trap(
                "CREATE TRIGGER trap BEFORE %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION trap.hold(%%d)"
                        .formatted(change, when),
                0);
    }

    /** Within the COMMIT of a transaction that has written such a row. */
    static Trap withinCommitOf(String change, String when) {
        return new Trap("""
                CREATE CONSTRAINT TRIGGER trap AFTER %s DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW WHEN (%s) EXECUTE FUNCTION trap.hold(%%d)
                """.formatted(change, when), 0);
    }

    /** After the creation of a table, within its transaction. */
    static Trap whenMade(String table) {
        return new Trap("""
                CREATE FUNCTION trap.made() RETURNS event_trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF EXISTS (SELECT 1 FROM pg_event_trigger_ddl_commands()
                               WHERE object_identity = 'public.%s') AND %%d = 0 THEN
                        PERFORM pg_sleep(3600);
                    END IF;
                END $$;
                CREATE EVENT TRIGGER trap ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
                EXECUTE FUNCTION trap.made()
                """.formatted(table), 0);
    }

    /** Returns a trap that lets this many rows pass first. */
    Trap after(int rows) {
        return new Trap(definition, rows);
    }

    void set(Archive archive) {
        archive.execute("CREATE SCHEMA trap");
        archive.execute("CREATE SEQUENCE trap.rows");
        archive.execute("""
                CREATE FUNCTION trap.hold() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF nextval('trap.rows') BETWEEN TG_ARGV[0]::bigint + 1 AND %d THEN
                        PERFORM pg_sleep(3600);
                    END IF;
                    RETURN NEW;
                EXCEPTION WHEN query_canceled THEN
                    RETURN NEW;
                END $$
                """.formatted(OPEN));
        archive.execute(definition.formatted(passes));
    }

    /** Waits until the trap holds this many statements. */
    static void awaitCaught(Archive archive, int statements) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(() -> caught(archive) >= statements);
    }

    /** Returns the number of held statements. */
    static long caught(Archive archive) {
        return archive.number("SELECT count(*)" + HELD);
    }

    /** Lets the held transaction continue, and waits until the trap holds another one. */
    static void awaitNext(Archive archive) {
        String first = archive.strings("SELECT backend_xid" + HELD).getFirst();
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(() -> {
            archive.strings("SELECT pg_cancel_backend(pid)" + HELD + " AND backend_xid::text = ?", first);
            return archive.number("SELECT count(*)" + HELD + " AND backend_xid::text <> ?", first) > 0;
        });
    }

    /** Lets the held statements and all later ones continue. */
    static void open(Archive archive) {
        archive.number("SELECT setval('trap.rows', " + OPEN + ")");
        archive.strings("SELECT pg_cancel_backend(pid)" + HELD);
    }

    /** Ends the held statements, as a server does whose client is gone, and removes the trap. */
    static void remove(Archive archive) {
        archive.strings("SELECT pg_terminate_backend(pid, 10000)" + HELD);
        assertThat(caught(archive)).isZero();
        archive.execute("DROP SCHEMA trap CASCADE");
    }
}
