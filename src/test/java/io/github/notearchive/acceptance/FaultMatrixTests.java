package io.github.notearchive.acceptance;

import static io.github.notearchive.acceptance.Fault.NOTHING;
import static io.github.notearchive.acceptance.Fault.down;
import static io.github.notearchive.acceptance.Fault.fault;
import static io.github.notearchive.acceptance.Fault.held;
import static io.github.notearchive.acceptance.Fault.lasting;
import static io.github.notearchive.acceptance.Fault.late;
import static io.github.notearchive.acceptance.Fault.silent;
import static io.github.notearchive.acceptance.FaultCauses.ALL;
import static io.github.notearchive.acceptance.FaultCauses.PUT;
import static io.github.notearchive.acceptance.FaultCauses.RUNNER;
import static io.github.notearchive.acceptance.FaultCauses.answers;
import static io.github.notearchive.acceptance.FaultCauses.bucketGone;
import static io.github.notearchive.acceptance.FaultCauses.clock;
import static io.github.notearchive.acceptance.FaultCauses.cutAgain;
import static io.github.notearchive.acceptance.FaultCauses.cutOff;
import static io.github.notearchive.acceptance.FaultCauses.cutOnce;
import static io.github.notearchive.acceptance.FaultCauses.frozen;
import static io.github.notearchive.acceptance.FaultCauses.full;
import static io.github.notearchive.acceptance.FaultCauses.hugePictures;
import static io.github.notearchive.acceptance.FaultCauses.largePictures;
import static io.github.notearchive.acceptance.FaultCauses.locked;
import static io.github.notearchive.acceptance.FaultCauses.noSpool;
import static io.github.notearchive.acceptance.FaultCauses.readOnly;
import static io.github.notearchive.acceptance.FaultCauses.responsesForOne;
import static io.github.notearchive.acceptance.FaultCauses.tooManyConnections;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.notearchive.acceptance.Practice.Ways;
import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxScript;
import io.github.notearchive.sandbox.SandboxSettings;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Faults that are caused while some notes are archived and some in flight.
 *
 * <p>A fault of a whole service ends the run with exit code 8 within a time limit, and charges few notes with an
 * attempt; a fault of one item charges that item. After the repair the work is completed and the audit finds nothing.
 */
@Tag("matrix")
@ExtendWith(OutsideServers.Running.class)
class FaultMatrixTests {

    private static final int NOTES = 80;

    /** {@code -Dmatrix.only=store} runs only the rows that contain this expression. */
    private static final Pattern ONLY = Pattern.compile(System.getProperty("matrix.only", ""));

    /** Notes that an outage of provider or media hosts may charge: 20 faults in a row, and those in flight. */
    private static final int OUTAGE = 20 + Practice.WORKERS;

    private static final String LOCK_OF_NOTE = "LOCK TABLE note";
    private static final String LOCK_OF_ROW =
            "SELECT note_id FROM worklist WHERE state = 'PENDING' AND claim_id IS NULL LIMIT 1 FOR UPDATE";
    private static final Predicate<String> DETAIL = line -> line.contains("/get-note-detail/");

    private static final Matrix MATRIX =
            new Matrix("faults", "fault", "servers", "exit", "seconds", "exit meanwhile", "charged");

    @ParameterizedTest(name = "{0}")
    @MethodSource({"databaseFaults", "storeFaults", "providerFaults", "mediaFaults", "machineFaults", "nodeFaults"})
    void runStopsCleanlyAndIsCompletedAfterTheRepair(Fault fault) throws Exception {
        assumeTrue(ONLY.matcher(fault.toString()).find());
        if (fault.environment.containsKey(FaultCauses.CLOCK)
                && FaultCauses.clockLibrary().isEmpty()) {
            MATRIX.addUntried(fault.name, fault.where(), "not tried: needs libfaketime");
            abort("libfaketime is not installed");
        }
        endInOrderAndFinish(fault);
    }

    static void endInOrderAndFinish(Fault fault) throws Exception {
        SandboxSettings pace =
                new SandboxSettings(1, SandboxSettings.UNLIMITED, Duration.ofMillis(40), Map.of(), false);
        try (Practice night = Practice.begin(fault.place, pace)) {
            night.environment().put("ARCHIVE_MEDIA_MAXMEMORY", "0"); // downloads meet a full disk
            night.environment().putAll(fault.environment);
            FaultCauses.prepareClock(night);
            night.ids().addAll(night.enqueue(NOTES));
            Program run = FaultCauses.start(night);
            await().atMost(Duration.ofMinutes(4)) // a clock that can be set reads a file at each look
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> night.provider().granted() >= 20 || !run.isRunning());

            long began = System.nanoTime();
            Fault.Repair repair = fault.onset.cause(night);
            String meanwhile = "";
            Ended ended;
            Duration took;
            try {
                ended = night.end(run, fault.endsWithin);
                took = Duration.ofNanos(System.nanoTime() - began);
                fault.assertInOrder(ended);
                if (fault.meanwhile >= 0) {
                    Ended refused = night.call("run").with(fault.meanwhile);
                    fault.assertReported(refused);
                    meanwhile = String.valueOf(refused.exitCode());
                }
            } finally {
                repair.repair();
            }
            long charged = charged(night);
            int runs = finish(night);

            Audit audit = night.audit();
            MATRIX.add(
                    audit,
                    fault.name,
                    fault.where(),
                    String.valueOf(ended.exitCode()),
                    "%.1f".formatted(took.toMillis() / 1000.0),
                    meanwhile,
                    String.valueOf(charged));
            audit.isClean(2 * Practice.WORKERS);
            fault.assertCharged(charged);
            assertThat(runs).as("runs until all was done").isLessThan(4);
        }
    }

    private static long charged(Practice night) {
        return night.number("""
                SELECT count(*) FROM worklist
                WHERE attempts > 0 OR media_attempts > 0 OR state IN ('POSTPONED', 'FAILED', 'UNAVAILABLE')
                """);
    }

    /** Runs until all notes are archived; postponed and failed ones are requeued. */
    private static int finish(Practice night) {
        for (int runs = 1; ; runs++) {
            Ended ended = night.call("run");
            assertThat(ended.exitCode()).as(ended::toString).isIn(0, 6);
            boolean isDone = night.number("SELECT count(*) FROM worklist WHERE state <> 'ARCHIVED'") == 0;
            if (isDone || runs == 4) {
                return runs;
            }
            night.call("requeue", "--state", "POSTPONED", "--state", "FAILED", "--state", "UNAVAILABLE")
                    .with(0);
        }
    }

    static Stream<Fault> databaseFaults() {
        Duration locked = Duration.ofMinutes(10);
        Duration seconds = Duration.ofSeconds(3);
        Stream<Fault> onBoth = Stream.of(
                fault("database: connections are cut once", cutOnce(ALL), 0),
                fault("database: the runner lock's connection is cut", cutOnce(RUNNER), 0),
                fault("database: connections are cut ten times a second", cutAgain(), 0, 8),
                fault("database: read only", readOnly()).meanwhile(8),
                fullTable("INSERT", "api_call"),
                fullTable("INSERT", "note"),
                fullTable("UPDATE", "worklist").meanwhile(8),
                fullTable("UPDATE", "batch_step_execution"),
                fullTable("UPDATE", "batch_job_execution"),
                fault("database: a table is locked for 5 s", locked(LOCK_OF_NOTE, Duration.ofSeconds(5)), 0),
                fault("database: a table is locked for long", locked(LOCK_OF_NOTE, locked))
                        .within(3));
        Stream<Fault> outside = Stream.of(
                fullTable("UPDATE", "api_call").within(8),
                fault("database: too many connections", tooManyConnections())
                        .within(8)
                        .meanwhile(8),
                fault("database: a note's row is locked for long", locked(LOCK_OF_ROW, locked))
                        .within(7),
                fault("database: unavailable permanently", down(Ways::database))
                        .within(8)
                        .meanwhile(8),
                fault("database: unavailable for three seconds", lasting(seconds, down(Ways::database)), 0),
                fault("database: silent for three seconds", lasting(seconds, held(Ways::database)), 0),
                fault("database: silent, connections half-open", silent(Ways::database))
                        .within(10)
                        .meanwhile(8));
        return Stream.concat(onBoth.flatMap(Fault::onBoth), outside).map(FaultMatrixTests::withShortOutage);
    }

    /** Shortens the time that a run waits for the database and the store. */
    static Fault withShortOutage(Fault fault) {
        return fault.with("ARCHIVE_OUTAGE_AFTER", "20s");
    }

    private static Fault fullTable(String event, String table) {
        return fault("database: full, " + event + " on " + table, full(event, table));
    }

    static Stream<Fault> storeFaults() {
        Stream<Fault> faults = Stream.of(
                fault("store: refuses connections", down(Ways::store)).meanwhile(8),
                fault(
                        "store: refuses connections for five seconds",
                        lasting(Duration.ofSeconds(5), down(Ways::store)),
                        0),
                fault("store: hangs", silent(Ways::store))
                        .with("ARCHIVE_STORE_SOCKETTIMEOUT", "5s")
                        .within(4)
                        .meanwhile(8),
                fault("store: half a second late", late(Duration.ofMillis(500), Ways::store), 0)
                        .within(3),
                fault("store: 500 InternalError", answers(500, "InternalError")).meanwhile(8),
                fault("store: 503 SlowDown", answers(503, "SlowDown")).meanwhile(8),
                fault("store: 403 AccessDenied", answers(403, "AccessDenied")).meanwhile(2),
                fault("store: 403 SignatureDoesNotMatch", answers(403, "SignatureDoesNotMatch"))
                        .meanwhile(2),
                fault("store: 403 AccessDenied for PUT only", answers(PUT, 403, "AccessDenied")),
                fault("store: full, 507 XMinioStorageFull for PUT", answers(PUT, 507, "XMinioStorageFull")),
                fault("store: 500 InternalError for PUT only", answers(PUT, 500, "InternalError")),
                fault(
                        "store: the answer to PUT breaks off",
                        answers(PUT, out -> out.write("HTTP/1.1 200 OK\r\nContent-Le".getBytes(UTF_8)))),
                fault("store: 500 InternalError for one object, once", responsesForOne(500, "InternalError"), 0),
                fault("store: the bucket is deleted", bucketGone()),
                fault("store: the bucket is deleted", bucketGone()).on(Place.EMBEDDED));
        return faults.map(FaultMatrixTests::withShortOutage);
    }

    static Stream<Fault> providerFaults() {
        Reply garbage = Reply.raw(200, "application/json", new byte[] {1, 2, 3, (byte) 0xff, '{'});
        return Stream.of(
                        allAndOne("resets", Reply.reset()).flatMap(Fault::onBoth),
                        allAndOne("breaks off", Reply.truncated()),
                        allAndOne("answers HTML with 200", html(200)),
                        allAndOne("answers HTML with 502", html(502)),
                        allAndOne("answers garbage", garbage),
                        allAndOne("answers code 500", Reply.code(500)),
                        Stream.of(
                                fault("provider: refuses connections", down(Ways::provider))
                                        .charges(0, OUTAGE)
                                        .meanwhile(8),
                                slow("provider: hangs", script(s -> s.answersAll(Reply.hang()))),
                                slow("provider: answers drip", night -> {
                                    night.ways().provider().answer(DETAIL, FaultMatrixTests::drip);
                                    return night.ways().provider()::release;
                                }),
                                slow(
                                        "provider: answers with 128 MB, 256 MB of memory",
                                        script(s -> s.answersAll(huge())))))
                .flatMap(faults -> faults);
    }

    private static Fault slow(String name, Fault.Onset onset) {
        return fault(name, onset)
                .with("ARCHIVE_SOURCE_RESPONSETIMEOUT", "60s")
                .with("ARCHIVE_WORKERS", "32")
                .within(4)
                .charges(1, 20 + 32);
    }

    private static Reply html(int status) {
        return Reply.raw(status, "text/html", "<html>maintenance</html>".getBytes(UTF_8));
    }

    private static Stream<Fault> allAndOne(String what, Reply reply) {
        return Stream.of(
                fault("provider: " + what, script(s -> s.answersAll(reply))).charges(1, OUTAGE),
                fault("provider: " + what + ", for one note, once", answersOnce(reply), 0, 6)
                        .charges(1, 1));
    }

    private static Fault.Onset answersOnce(Reply reply) {
        return night -> {
            night.provider().script().answers(night.ids().getLast(), reply, Reply.normal());
            return NOTHING;
        };
    }

    private static void drip(OutputStream out) throws IOException {
        out.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".getBytes(UTF_8));
        for (int i = 0; i < 100_000; i++) {
            out.write(' ');
            out.flush();
            LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
        }
    }

    private static Reply huge() {
        return Reply.json("{\"code\":0,\"data\":\"" + "x".repeat(128 << 20));
    }

    private static Fault.Onset script(Consumer<SandboxScript> change) {
        return night -> {
            SandboxScript script = night.provider().script();
            change.accept(script);
            return () -> {
                script.clear();
                script.releaseHung();
            };
        };
    }

    static Stream<Fault> mediaFaults() {
        byte[] html = "<html><body>no such file</body></html>".repeat(50).getBytes(UTF_8);
        return Stream.of(
                media("reset", Reply.reset()),
                media("reset", Reply.reset()).on(Place.EMBEDDED),
                media("answer 500", Reply.status(500)),
                media("answer 403", Reply.status(403)),
                media("answer HTML", Reply.bytes("text/html", html)),
                media("break off", Reply.truncated()),
                media("hang", Reply.hang())
                        .with("ARCHIVE_MEDIA_IDLETIMEOUT", "1s")
                        .within(4),
                media("drip, too slow", Reply.slowDrip(Duration.ofSeconds(3)))
                        .with("ARCHIVE_MEDIA_IDLETIMEOUT", "1s")
                        .within(4),
                media("drip, a file in two seconds", Reply.slowDrip(Duration.ofMillis(250)), 0)
                        .charges(0, 0)
                        .within(4),
                fault("media hosts: one file of one note resets, once", FaultMatrixTests::resetOnce, 0)
                        .charges(0, 1));
    }

    private static Fault.Repair resetOnce(Practice night) {
        String file = pathOfFile(night.provider(), night.ids().getLast());
        Reply reset = Reply.reset();
        night.provider().script().media(target -> target.contains(file), reset, reset, reset, Reply.normal());
        return NOTHING;
    }

    /** Returns the path of a picture or sound of a note. */
    private static String pathOfFile(ScriptableSandbox provider, String note) {
        return Practice.targetsOf(provider, note).stream()
                .filter(target -> !target.contains("/discovery/"))
                .map(target -> target.replaceFirst("\\?.*", ""))
                .findFirst()
                .orElseThrow();
    }

    private static Fault media(String what, Reply reply) {
        return media(what, reply, 8);
    }

    private static Fault media(String what, Reply reply, int exitCode) {
        return fault("media hosts: " + what, script(s -> s.media(_ -> true, reply)), exitCode)
                .with("ARCHIVE_MEDIA_BACKOFF", "50ms,100ms")
                .within(2)
                .charges(1, OUTAGE);
    }

    /**
     * The clock of the program and its embedded database is set off; servers outside keep the true time. Stores refuse
     * a signature that is off by a quarter of an hour.
     */
    static Stream<Fault> machineFaults() {
        return Stream.concat(
                Stream.of("-1h", "-1d", "+1d")
                        .map(offset -> fault("machine: the clock is set off by " + offset, clock(offset), 0, 8)
                                .with(FaultCauses.CLOCK, "can be set")
                                .within(4)) // each look at that clock reads a file
                        .flatMap(Fault::onBoth),
                Stream.of(
                        fault("machine: spool takes no file", noSpool()),
                        fault("machine: the spool's disk is full", largePictures())
                                .with(FaultCauses.LARGEST_FILE, "4096")
                                // a sound that is served as a picture is charged to its note
                                .charges(0, Practice.WORKERS),
                        fault("media hosts: a file of a gigabyte, 256 MB of memory", hugePictures(), 6, 8)
                                .with("ARCHIVE_MEDIA_MAXFILESIZE", "16MB")
                                .within(10) // the machine moves gigabytes through the proxy
                                .charges(1, OUTAGE)));
    }

    /** Another node claims the notes of one that is unreachable, which then continues. */
    static Stream<Fault> nodeFaults() {
        return Stream.of(
                        fault("node: frozen beyond its leases", frozen(FaultCauses::awaitLeases), 0, 6, 8),
                        fault(
                                "node: no byte to the database beyond its leases",
                                cutOff(FaultCauses::awaitLeases),
                                0,
                                6,
                                8))
                .map(fault -> fault.charges(0, Practice.WORKERS));
    }
}
