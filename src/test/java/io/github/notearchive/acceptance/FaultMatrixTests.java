package io.github.notearchive.acceptance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.sandbox.MediaReply;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxScript;
import io.github.notearchive.sandbox.SandboxSettings;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.BiConsumer;
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

    private static final Matrix MATRIX =
            new Matrix("faults", "fault", "servers", "exit", "seconds", "exit meanwhile", "charged");

    @ParameterizedTest(name = "{0}")
    @MethodSource({"databaseFaults", "storeFaults", "providerFaults", "mediaFaults", "machineFaults"})
    void runEndsInOrderAndIsCompletedAfterTheRepair(Fault fault) throws Exception {
        assumeTrue(ONLY.matcher(fault.toString()).find());
        if (fault.environment().containsKey(FaultScenario.CLOCK)
                && FaultScenario.clockLibrary().isEmpty()) {
            MATRIX.addUntried(fault.name(), fault.where(), "not tried: needs libfaketime");
            abort("libfaketime is not installed");
        }
        try {
            endInOrderAndFinish(fault);
        } catch (Exception | AssertionError e) {
            MATRIX.note("FAILED: " + fault + ": " + e.getMessage());
            throw e;
        }
    }

    private static void endInOrderAndFinish(Fault fault) throws Exception {
        SandboxSettings pace = SandboxSettings.defaults().withLatency(Duration.ofMillis(40));
        try (FaultScenario night = new FaultScenario(fault.place(), pace, fault.environment())) {
            Practice practice = night.practice();
            night.enqueue(NOTES);
            Program run = night.start();
            await().atMost(Duration.ofMinutes(4)) // a clock that can be set reads a file at each look
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> practice.provider().granted() >= 20 || !run.isRunning());

            long began = System.nanoTime();
            Fault.Repair repair = fault.onset().cause(night);
            String meanwhile = "";
            Ended ended;
            Duration took;
            try {
                ended = practice.end(run, fault.endsWithin());
                took = Duration.ofNanos(System.nanoTime() - began);
                fault.assertInOrder(ended);
                if (fault.meanwhile() >= 0) {
                    Ended refused = practice.call("run").with(fault.meanwhile());
                    fault.assertReported(refused);
                    meanwhile = String.valueOf(refused.exitCode());
                }
            } finally {
                repair.repair();
            }
            long charged = charged(night);
            int runs = finish(night);

            try (Archive archive = practice.look()) {
                Audit audit = Audit.of(practice, archive, night.ids());
                MATRIX.add(
                        audit,
                        fault.name(),
                        fault.where(),
                        String.valueOf(ended.exitCode()),
                        "%.1f".formatted(took.toMillis() / 1000.0),
                        meanwhile,
                        String.valueOf(charged));
                fault.assertClean(audit);
            }
            fault.assertCharged(charged);
            assertThat(runs).as("runs until all was done").isLessThan(4);
        }
    }

    private static long charged(FaultScenario night) {
        return night.number("""
                SELECT count(*) FROM worklist
                WHERE attempts > 0 OR media_attempts > 0 OR state IN ('POSTPONED', 'FAILED', 'UNAVAILABLE')
                """);
    }

    /** Runs until all notes are archived; postponed and failed ones are requeued. */
    private static int finish(FaultScenario night) {
        for (int runs = 1; ; runs++) {
            Ended ended = night.practice().call("run");
            assertThat(ended.exitCode()).as(ended::toString).isIn(0, 6);
            boolean isDone = night.number("SELECT count(*) FROM worklist WHERE state <> 'ARCHIVED'") == 0;
            if (isDone || runs == 4) {
                return runs;
            }
            night.practice()
                    .call("requeue", "--state", "POSTPONED", "--state", "FAILED", "--state", "UNAVAILABLE")
                    .with(0);
        }
    }

    static Stream<Fault> databaseFaults() {
        Duration locked = Duration.ofMinutes(10);
        Stream<Fault> faults = Stream.concat(
                Stream.of(
                                Fault.of(
                                                "database: connections are cut once",
                                                DatabaseFaults.cutOnce(DatabaseFaults.ALL))
                                        .ends(0),
                                Fault.of(
                                                "database: the runner lock's connection is cut",
                                                DatabaseFaults.cutOnce(DatabaseFaults.RUNNER))
                                        .ends(0),
                                Fault.of("database: connections are cut ten times a second", DatabaseFaults.cutAgain())
                                        .ends(0, 8),
                                Fault.of("database: the server crashes and recovers", DatabaseFaults.crash())
                                        .ends(0),
                                Fault.of("database: read only", DatabaseFaults.readOnly())
                                        .meanwhile(8),
                                full("INSERT", "api_call"),
                                full("INSERT", "note"),
                                full("UPDATE", "worklist").meanwhile(8),
                                full("UPDATE", "batch_step_execution"),
                                full("UPDATE", "batch_job_execution"),
                                Fault.of(
                                                "database: a table is locked for 5 s",
                                                DatabaseFaults.locked("LOCK TABLE note", Duration.ofSeconds(5)))
                                        .ends(0),
                                Fault.of(
                                                "database: a table is locked for long",
                                                DatabaseFaults.locked("LOCK TABLE note", locked))
                                        .within(Duration.ofMinutes(3)))
                        .flatMap(Fault::onBoth),
                Stream.of(
                        full("UPDATE", "api_call").within(Duration.ofMinutes(8)),
                        Fault.of("database: too many connections", DatabaseFaults.tooManyConnections())
                                .within(Duration.ofMinutes(8))
                                .meanwhile(8),
                        Fault.of(
                                        "database: a note's row is locked for long",
                                        DatabaseFaults.locked(
                                                "SELECT note_id FROM worklist WHERE state = 'PENDING' AND claim_id IS NULL LIMIT 1 FOR UPDATE",
                                                locked))
                                .within(Duration.ofMinutes(7)),
                        Fault.of("database: out of reach for good", night -> {
                                    night.wayToDatabase().down();
                                    return night.wayToDatabase()::mend;
                                })
                                .within(Duration.ofMinutes(8))
                                .meanwhile(8),
                        Fault.of("database: out of reach for three seconds", night -> {
                                    night.wayToDatabase().down();
                                    Thread.sleep(3_000);
                                    night.wayToDatabase().mend();
                                    return () -> {};
                                })
                                .ends(0),
                        Fault.of("database: silent for three seconds", night -> {
                                    night.wayToDatabase().holdRequests(TcpProxy.ANY);
                                    Thread.sleep(3_000);
                                    night.wayToDatabase().release();
                                    return () -> {};
                                })
                                .ends(0),
                        Fault.of("database: silent, connections half-open", night -> {
                                    night.wayToDatabase().holdRequests(TcpProxy.ANY);
                                    return () -> {
                                        night.wayToDatabase().release();
                                        night.wayToDatabase().cut();
                                    };
                                })
                                .within(Duration.ofMinutes(10))
                                .meanwhile(8)));
        return faults.map(FaultMatrixTests::withShortOutage);
    }

    /** Shortens the time that a run waits for the database and the store. */
    private static Fault withShortOutage(Fault fault) {
        return fault.with("ARCHIVE_OUTAGE_AFTER", "20s");
    }

    private static Fault full(String event, String table) {
        return Fault.of("database: full, " + event + " on " + table, DatabaseFaults.full(event, table));
    }

    static Stream<Fault> storeFaults() {
        Stream<Fault> faults = Stream.of(
                Fault.of("store: refuses connections", StoreFaults.down()).meanwhile(8),
                Fault.of("store: refuses connections for five seconds", night -> {
                            night.wayToStore().down();
                            Thread.sleep(5_000);
                            night.wayToStore().mend();
                            return () -> {};
                        })
                        .ends(0),
                Fault.of("store: hangs", StoreFaults.hang())
                        .with("ARCHIVE_STORE_SOCKETTIMEOUT", "5s")
                        .within(Duration.ofMinutes(4))
                        .meanwhile(8),
                Fault.of("store: half a second late", night -> {
                            night.wayToStore().delay(Duration.ofMillis(500));
                            return () -> night.wayToStore().delay(Duration.ZERO);
                        })
                        .within(Duration.ofMinutes(3))
                        .ends(0),
                Fault.of("store: 500 InternalError", StoreFaults.answers(500, "InternalError"))
                        .meanwhile(8),
                Fault.of("store: 503 SlowDown", StoreFaults.answers(503, "SlowDown"))
                        .meanwhile(8),
                Fault.of("store: 403 AccessDenied", StoreFaults.answers(403, "AccessDenied"))
                        .meanwhile(2),
                Fault.of("store: 403 SignatureDoesNotMatch", StoreFaults.answers(403, "SignatureDoesNotMatch"))
                        .meanwhile(2),
                Fault.of(
                        "store: 403 AccessDenied for PUT only",
                        StoreFaults.answers(StoreFaults.PUT, 403, "AccessDenied")),
                Fault.of(
                        "store: full, 507 XMinioStorageFull for PUT",
                        StoreFaults.answers(StoreFaults.PUT, 507, "XMinioStorageFull")),
                Fault.of(
                        "store: 500 InternalError for PUT only",
                        StoreFaults.answers(StoreFaults.PUT, 500, "InternalError")),
                Fault.of(
                        "store: the answer to PUT breaks off",
                        StoreFaults.answers(
                                StoreFaults.PUT, out -> out.write("HTTP/1.1 200 OK\r\nContent-Le".getBytes(UTF_8)))),
                Fault.of(
                                "store: 500 InternalError for one object, once",
                                StoreFaults.answersForOne(500, "InternalError"))
                        .ends(0),
                Fault.of("store: the bucket is deleted", StoreFaults.bucketGone()),
                Fault.of("store: the bucket is deleted", StoreFaults.bucketGone())
                        .on(Place.EMBEDDED));
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
                        // code 0 without the note is bought again on a later night, never sooner
                        Stream.of(
                                Fault.of(
                                                "provider: answers with another note",
                                                otherNote((script, _) -> script.answersAll(OTHER_NOTE)))
                                        .ends(6)
                                        .charges(1, NOTES)
                                        .rebuying(),
                                Fault.of(
                                                "provider: answers with another note, for one note",
                                                otherNote((script, last) -> script.answers(last, OTHER_NOTE)))
                                        .ends(6)
                                        .charges(1, 1)
                                        .rebuying()),
                        Stream.of(
                                Fault.of("provider: refuses connections", night -> {
                                            night.wayToProvider().down();
                                            return night.wayToProvider()::mend;
                                        })
                                        .charges(0, OUTAGE)
                                        .meanwhile(8),
                                Fault.of("provider: hangs", script(s -> s.answersAll(Reply.hang())))
                                        .with("ARCHIVE_SOURCE_RESPONSETIMEOUT", "60s")
                                        .with("ARCHIVE_WORKERS", "32")
                                        .within(Duration.ofMinutes(4))
                                        .charges(1, 20 + 32),
                                Fault.of("provider: answers drip", night -> {
                                            night.wayToProvider().answer(DETAIL, FaultMatrixTests::drip);
                                            return night.wayToProvider()::release;
                                        })
                                        .with("ARCHIVE_SOURCE_RESPONSETIMEOUT", "60s")
                                        .with("ARCHIVE_WORKERS", "32")
                                        .within(Duration.ofMinutes(4))
                                        .charges(1, 20 + 32),
                                Fault.of(
                                                "provider: answers with 128 MB, 256 MB of memory",
                                                script(s -> s.answersAll(huge())))
                                        .with("ARCHIVE_WORKERS", "32")
                                        .within(Duration.ofMinutes(3))
                                        .charges(1, 20 + 32)))
                .flatMap(faults -> faults);
    }

    private static final Predicate<String> DETAIL = line -> line.contains("/get-note-detail/");

    private static final Reply OTHER_NOTE = Reply.noteWith(note -> note.put("id", "0123456789abcdef01234567"));

    private static Fault.Onset otherNote(BiConsumer<SandboxScript, String> change) {
        return night -> {
            change.accept(night.practice().provider().script(), night.ids().getLast());
            return () -> {
                night.practice().provider().script().clear();
                night.startNextNightOfPostponedNotes();
            };
        };
    }

    private static Reply html(int status) {
        return Reply.raw(status, "text/html", "<html>maintenance</html>".getBytes(UTF_8));
    }

    private static Stream<Fault> allAndOne(String what, Reply reply) {
        return Stream.of(
                Fault.of("provider: " + what, script(s -> s.answersAll(reply))).charges(1, OUTAGE),
                Fault.of("provider: " + what + ", for one note, once", night -> {
                            night.practice()
                                    .provider()
                                    .script()
                                    .answers(night.ids().getLast(), reply, Reply.normal());
                            return () -> {};
                        })
                        .ends(0, 6)
                        .charges(1, 1));
    }

    private static void drip(OutputStream out) throws IOException {
        out.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".getBytes(UTF_8));
        for (int i = 0; i < 100_000; i++) {
            out.write(' ');
            out.flush();
            try {
                Thread.sleep(500);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static Reply huge() {
        byte[] text = new byte[128 << 20];
        Arrays.fill(text, (byte) 'x');
        byte[] begin = "{\"code\":0,\"data\":\"".getBytes(UTF_8);
        System.arraycopy(begin, 0, text, 0, begin.length);
        return Reply.raw(200, "application/json", text);
    }

    private static Fault.Onset script(Consumer<SandboxScript> change) {
        return night -> {
            SandboxScript script = night.practice().provider().script();
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
                media("reset", MediaReply.reset()),
                media("reset", MediaReply.reset()).on(Place.EMBEDDED),
                media("answer 500", MediaReply.status(500)),
                media("answer 403", MediaReply.status(403)),
                media("answer HTML", MediaReply.bytes("text/html", html)),
                media("break off", MediaReply.truncated()),
                media("hang", MediaReply.hang())
                        .with("ARCHIVE_MEDIA_IDLETIMEOUT", "1s")
                        .within(Duration.ofMinutes(4)),
                media("drip, too slow", MediaReply.slowDrip(Duration.ofSeconds(3)))
                        .with("ARCHIVE_MEDIA_IDLETIMEOUT", "1s")
                        .within(Duration.ofMinutes(4)),
                media("drip, a file in two seconds", MediaReply.slowDrip(Duration.ofMillis(250)))
                        .ends(0)
                        .charges(0, 0)
                        .within(Duration.ofMinutes(4)),
                Fault.of("media hosts: one file of one note resets, once", night -> {
                            night.practice()
                                    .provider()
                                    .script()
                                    .media(
                                            target -> target.contains(night.fileOfLast()),
                                            MediaReply.reset(),
                                            MediaReply.reset(),
                                            MediaReply.reset(),
                                            MediaReply.normal());
                            return () -> {};
                        })
                        .ends(0)
                        .charges(0, 1));
    }

    private static Fault media(String what, MediaReply reply) {
        return Fault.of("media hosts: " + what, script(s -> s.media(_ -> true, reply)))
                .with("ARCHIVE_MEDIA_BACKOFF", "50ms,100ms")
                .within(Duration.ofMinutes(2))
                .charges(1, OUTAGE);
    }

    private static final byte[] JPEG = "\u00ff\u00d8\u00ff\u00e0\0\u0010JFIF\0".getBytes(StandardCharsets.ISO_8859_1);

    static Stream<Fault> machineFaults() {
        return Stream.concat(Stream.of("-1h", "-1d", "+1d").flatMap(FaultMatrixTests::clock), fullDisks());
    }

    /**
     * Of the program and its embedded database; servers outside keep the true time. Stores refuse a signature that is
     * off by a quarter of an hour.
     */
    private static Stream<Fault> clock(String offset) {
        return Fault.of("machine: the clock is set off by " + offset, night -> {
                    night.setClock(offset);
                    return () -> night.setClock("+0");
                })
                .with(FaultScenario.CLOCK, "can be set")
                .within(Duration.ofMinutes(4)) // each look at that clock reads a file
                .ends(0, 8)
                .onBoth();
    }

    private static Stream<Fault> fullDisks() {
        return Stream.of(
                Fault.of("machine: spool takes no file", night -> {
                    night.spoolIsNoDirectory();
                    return night::spoolIsADirectory;
                }),
                Fault.of("machine: the spool's disk is full", night -> {
                            byte[] picture = new byte[4 << 20];
                            System.arraycopy(JPEG, 0, picture, 0, JPEG.length);
                            night.practice()
                                    .provider()
                                    .script()
                                    .media(_ -> true, MediaReply.bytes("image/jpeg", picture));
                            return night.practice().provider().script()::clear;
                        })
                        .with(FaultScenario.LARGEST_FILE, "4096")
                        // a sound that is served as a picture is charged to its note
                        .charges(0, Practice.WORKERS),
                Fault.of("media hosts: a file of a gigabyte, 256 MB of memory", night -> {
                            TcpProxy huge = night.wayToMedia();
                            huge.answer(TcpProxy.ANY, FaultMatrixTests::gigabyteOfPicture);
                            night.practice()
                                    .provider()
                                    .script()
                                    .media(_ -> true, MediaReply.redirect(huge.address() + "/x"));
                            return night.practice().provider().script()::clear;
                        })
                        .with("ARCHIVE_MEDIA_MAXFILESIZE", "16MB")
                        .within(Duration.ofMinutes(10)) // the machine moves gigabytes through the proxy
                        .ends(6, 8)
                        .charges(1, OUTAGE));
    }

    private static void gigabyteOfPicture(OutputStream out) throws IOException {
        out.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".getBytes(UTF_8));
        out.write(JPEG);
        byte[] megabyte = new byte[1 << 20];
        for (int i = 0; i < 1024; i++) {
            out.write(megabyte);
        }
    }
}
