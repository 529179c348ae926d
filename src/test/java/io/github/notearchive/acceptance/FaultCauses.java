package io.github.notearchive.acceptance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.io.jdbc.Lease;
import io.github.notearchive.sandbox.Reply;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.springframework.dao.DataAccessException;
import org.springframework.util.FileSystemUtils;

/**
 * Causes of faults: of the database by an administrator, a full disk or a crash; of the store beside its connections;
 * of the machine by its clock and its disks.
 */
final class FaultCauses {

    static final String ALL = "application_name LIKE 'note-archive%'";
    static final String RUNNER = "application_name LIKE 'note-archive runner%'";
    static final Predicate<String> PUT = line -> line.startsWith("PUT ");
    /** A variable that says how long a file may get that the run writes, in blocks of 512 bytes. */
    static final String LARGEST_FILE = "LARGEST_FILE";
    /** A variable that has the program and its embedded database see a clock that can be set. */
    static final String CLOCK = "CLOCK";

    private static final byte[] JPEG = "\u00ff\u00d8\u00ff\u00e0\0\u0010JFIF\0".getBytes(ISO_8859_1);

    private FaultCauses() {}

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
                    "CREATE TRIGGER no_space BEFORE %s ON %s FOR EACH STATEMENT EXECUTE FUNCTION no_space()"
                            .formatted(event, table));
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

    /** Every request gets this answer. */
    static Fault.Onset answers(int status, String code) {
        return answers(TcpProxy.ANY, status, code);
    }

    static Fault.Onset answers(Predicate<String> firstLine, int status, String code) {
        String error = "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>no</Message></Error>".formatted(code);
        return answers(firstLine, TcpProxy.Response.of(status, "application/xml", error));
    }

    /** Some requests get this answer. */
    static Fault.Onset answers(Predicate<String> firstLine, TcpProxy.Response answer) {
        return night -> {
            night.ways().store().answer(firstLine, answer);
            return night.ways().store()::release;
        };
    }

    /** The object of one note only, as often as the store's client tries. */
    static Fault.Onset responsesForOne(int status, String code) {
        AtomicInteger left = new AtomicInteger(3);
        return night -> answers(
                        line -> PUT.test(line)
                                && line.contains("/notes/" + night.ids().getLast())
                                && left.getAndDecrement() > 0,
                        status,
                        code)
                .cause(night);
    }

    /** The bucket is missing until the repair, which restores all of its objects. */
    static Fault.Onset bucketGone() {
        return night -> {
            String name = night.environment().get("ARCHIVE_S3_BUCKET");
            Path bucket = name == null
                    ? night.directory().resolve("data/s3/note-archive")
                    : OutsideServers.running().objects().resolve(name);
            Path away = bucket.resolveSibling("away-" + bucket.getFileName());
            Files.move(bucket, away);
            return () -> {
                FileSystemUtils.copyRecursively(away, bucket);
                FileSystemUtils.deleteRecursively(away);
            };
        };
    }

    /** Changes the clock of a program; Debian's package libfaketime. */
    static Optional<Path> clockLibrary() {
        return Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu")
                .map(directory -> Path.of(directory, "faketime", "libfaketimeMT.so.1"))
                .filter(Files::exists)
                .findFirst();
    }

    /** Has the program see a clock that can be set, if its environment names one. */
    static void prepareClock(Practice practice) {
        Map<String, String> environment = practice.environment();
        if (environment.remove(CLOCK) != null) {
            environment.put("LD_PRELOAD", clockLibrary().orElseThrow().toString());
            environment.put(
                    "FAKETIME_TIMESTAMP_FILE", practice.file("clock", "+0").toString());
            environment.put("FAKETIME_CACHE_DURATION", "1");
            environment.put("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
    }

    /** Starts the run that is to meet the fault. */
    static Program start(Practice practice) {
        String largest = practice.environment().get(LARGEST_FILE);
        return largest == null ? practice.start("run") : practice.startAfter("ulimit -f " + largest, "run");
    }

    /**
     * The process is stopped until its leases have ended and another node has done what it could, and then continues.
     *
     * @param leases how the test gets to the end of the leases
     */
    static Fault.Onset frozen(Consumer<Practice> leases) {
        return night -> {
            Program node = night.newest();
            node.signal("STOP");
            takeOver(night, leases);
            node.signal("CONT");
            return Fault.NOTHING;
        };
    }

    /** As above, but no byte passes between the node and the database; all those that were sent arrive at the end. */
    static Fault.Onset cutOff(Consumer<Practice> leases) {
        return night -> {
            TcpProxy way = night.ways().database();
            way.holdRequests(TcpProxy.ANY);
            way.holdResponses(TcpProxy.ANY);
            takeOver(night, leases);
            way.release();
            return Fault.NOTHING;
        };
    }

    private static void takeOver(Practice night, Consumer<Practice> leases) {
        leases.accept(night);
        try (TcpProxy way = TcpProxy.before(OutsideServers.running().databaseAddress())) {
            Map<String, String> environment = Map.of(
                    "ARCHIVE_DATA_DIR", night.directory().resolve("data-two").toString(),
                    "ARCHIVE_DATABASE_URL", night.databaseUrl(way));
            int exitCode = night.end(night.startWith(environment, "run", "--node", "two"))
                    .exitCode();
            assertThat(exitCode).as("of the other node").isIn(0, 6);
        }
    }

    /** Waits until the leases have ended, at most as long as one holds. */
    static void awaitLeases(Practice night) {
        await().atMost(Lease.LENGTH.plusSeconds(30))
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> night.number("SELECT count(*) FROM worklist WHERE claimed_until >= now()") == 0);
    }

    /** The clock is off by so much, in the syntax of libfaketime. */
    static Fault.Onset clock(String offset) {
        return night -> {
            setClock(night, offset);
            return () -> setClock(night, "+0");
        };
    }

    private static void setClock(Practice night, String offset) throws IOException {
        Path next = night.file("clock.next", offset);
        Files.move(next, next.resolveSibling("clock"), StandardCopyOption.ATOMIC_MOVE);
    }

    /** There is a file in place of the directory of the spool. */
    static Fault.Onset noSpool() {
        return night -> {
            Path spool = night.directory().resolve("data/spool");
            FileSystemUtils.deleteRecursively(spool);
            Files.writeString(spool, "in the way");
            return () -> Files.deleteIfExists(spool);
        };
    }

    /** Each file is a picture of 4 MB. */
    static Fault.Onset largePictures() {
        byte[] picture = new byte[4 << 20];
        System.arraycopy(JPEG, 0, picture, 0, JPEG.length);
        return allMedia(Reply.bytes("image/jpeg", picture));
    }

    /** Each file is a picture of a gigabyte, without a length. */
    static Fault.Onset hugePictures() {
        return night -> {
            night.ways().media().answer(TcpProxy.ANY, FaultCauses::sendGigabyte);
            return allMedia(Reply.redirect(night.ways().media().address() + "/x"))
                    .cause(night);
        };
    }

    private static Fault.Onset allMedia(Reply reply) {
        return night -> {
            night.provider().script().media(_ -> true, reply);
            return night.provider().script()::clear;
        };
    }

    private static void sendGigabyte(OutputStream out) throws IOException {
        out.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".getBytes(UTF_8));
        out.write(JPEG);
        byte[] megabyte = new byte[1 << 20];
        for (int i = 0; i < 1024; i++) {
            out.write(megabyte);
        }
    }
}
