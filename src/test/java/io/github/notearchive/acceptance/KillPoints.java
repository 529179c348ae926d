package io.github.notearchive.acceptance;

import static io.github.notearchive.acceptance.Practice.PATIENCE;
import static io.github.notearchive.acceptance.Practice.WORKERS;
import static io.github.notearchive.acceptance.Trap.before;
import static io.github.notearchive.acceptance.Trap.withinCommitOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.KillPoint.Check;
import io.github.notearchive.acceptance.KillPoint.Step;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All moments of the kill matrix, in the order in which the program passes them. */
final class KillPoints {

    private static final int SERVED = 5;
    private static final String EXECUTION = "(SELECT max(job_execution_id) FROM batch_job_execution)";
    private static final String COUNTED =
            "SELECT sum(write_count) FROM batch_step_execution WHERE step_name LIKE '%:w%' AND job_execution_id = "
                    + EXECUTION;
    private static final String CLAIMS = "SELECT count(*) FROM worklist WHERE claimed_by IS NOT NULL";
    private static final String SENT = "SELECT count(*) FROM api_call WHERE job_execution_id = " + EXECUTION;
    private static final String ANSWERED = SENT + " AND received_at IS NOT NULL";
    private static final String SETTLED = "SELECT count(*) FROM worklist WHERE settled_by = " + EXECUTION;
    private static final String PAID_AND_CLAIMED =
            "SELECT count(DISTINCT note_id) FROM worklist JOIN api_call USING (note_id) WHERE claimed_by IS NOT NULL AND billed = 'YES'";
    private static final String CAPTURED_AND_CLAIMED =
            "SELECT count(DISTINCT note_id) FROM worklist JOIN note_capture USING (note_id) WHERE claimed_by IS NOT NULL";
    private static final String DUE_SIDECARS = "SELECT count(*) FROM worklist WHERE sidecar_due IS NOT NULL";
    private static final String CRASHED_STEPS =
            "SELECT count(*) FROM batch_step_execution WHERE exit_code = 'CRASHED' AND job_execution_id = " + EXECUTION;

    private static final Predicate<String> DETAIL = line -> line.contains("get-note-detail");
    private static final Predicate<String> PUT_OF_MEDIA = line -> line.startsWith("PUT ") && line.contains("/media/");

    private static final Step HOLD_PROVIDER = night -> night.provider().holdResponses();
    private static final Step AWAIT_PROVIDER = night -> night.provider().awaitHeld(WORKERS, PATIENCE);
    private static final Step HOLD_MEDIA = night -> night.provider().holdMedia();
    private static final Step AWAIT_MEDIA = night -> night.provider().awaitHeldMedia(WORKERS, PATIENCE);
    private static final Step AWAIT_PROXY = night -> night.ways().provider().awaitHeld(WORKERS, PATIENCE);
    private static final Step AWAIT_STORE_PROXY = night -> night.ways().store().awaitHeld(WORKERS, PATIENCE);

    private static final Trap ANSWER_TRAP = before("UPDATE ON api_call", "NEW.received_at IS NOT NULL");
    private static final Trap RELEASE_TRAP =
            before("UPDATE ON worklist", "OLD.claim_id IS NOT NULL AND NEW.claim_id IS NULL");

    private static final Check UNANSWERED = (_, archive) -> {
        archive.awaitNumber(SENT, WORKERS);
        archive.assertNumber(ANSWERED, 0);
    };
    private static final Check SIDECARS_STORED =
            (_, archive) -> await().atMost(PATIENCE).until(() -> sidecarsOfClaimedNotes(archive) == WORKERS);

    private static final CommitGroup RESPONSES = new CommitGroup(
            withinCommitOf("UPDATE ON api_call", "NEW.received_at IS NOT NULL"),
            granted(WORKERS),
            "api_call WHERE received_at IS NULL",
            ANSWERED);
    private static final CommitGroup SETTLEMENTS = new CommitGroup(
            withinCommitOf("UPDATE ON worklist", "OLD.state <> 'ARCHIVED' AND NEW.state = 'ARCHIVED'"),
            SIDECARS_STORED,
            "worklist WHERE claimed_by IS NOT NULL",
            SETTLED);

    private static final KillPoint OBJECTS_STORED = new KillPoint(
                    "OBJECTS_STORED", "files and sidecars are stored, no row is")
            // one statement writes the notes that wait; the others wait behind it
            .trapped(before("UPDATE ON worklist", "NEW.state = 'ARCHIVED'"))
            .where(SIDECARS_STORED)
            .where(CAPTURED_AND_CLAIMED, 0);

    private KillPoints() {}

    static List<KillPoint> all() {
        return Stream.of(ofCalls(), ofFiles(), ofCommits(), ofLog(), ofRestarts(), ofCommands())
                .flatMap(List::stream)
                .toList();
    }

    private static Check called(int calls) {
        return (night, _) -> assertThat(night.provider().calls()).isEqualTo(calls);
    }

    private static Check granted(int answers) {
        return (night, _) ->
                await().atMost(PATIENCE).until(() -> night.provider().granted() == answers);
    }

    private static Check lastExecutionIs(String end) {
        return (_, archive) -> assertThat(archive.executions().getLast()).endsWith(end);
    }

    private static int sidecarsOfClaimedNotes(Archive archive) throws Exception {
        int sidecars = 0;
        for (String note : archive.strings("SELECT note_id FROM worklist WHERE claimed_by IS NOT NULL")) {
            sidecars += archive.objects("notes/" + note + "/").size();
        }
        return sidecars;
    }

    private static List<KillPoint> ofCalls() {
        return List.of(
                new KillPoint("CLAIMED", "notes are claimed, no call is in the ledger")
                        .trapped(before("INSERT ON api_call", "true"))
                        .where(CLAIMS, WORKERS)
                        .where(SENT, 0)
                        .where(called(0)),
                new KillPoint("REQUEST_LEFT", "the call's row is durable, the request is on its way")
                        .held(night -> night.ways().provider().holdRequests(DETAIL), AWAIT_PROXY)
                        .where(UNANSWERED)
                        .after(called(0))
                        .leavesCallsUnanswered(),
                new KillPoint("REQUEST_SENT", "the provider works on the request")
                        .held(HOLD_PROVIDER, AWAIT_PROVIDER)
                        .where(UNANSWERED)
                        .after(called(WORKERS))
                        .leavesCallsUnanswered(),
                new KillPoint("ANSWER_SENT", "the response is sold and in transit")
                        .held(night -> night.ways().provider().holdResponses(DETAIL), AWAIT_PROXY)
                        .where(UNANSWERED)
                        .where(granted(WORKERS))
                        .leavesCallsUnanswered(),
                new KillPoint("ANSWER_RECEIVED", "the response has arrived, its row is not written")
                        // one statement writes the answers that wait; the others wait behind it
                        .trapped(ANSWER_TRAP)
                        .where(UNANSWERED)
                        .where(granted(WORKERS))
                        .leavesCallsUnanswered(),
                new KillPoint("ANSWER_KEPT", "the response's row is not written for a second")
                        .trapped(ANSWER_TRAP)
                        .where((night, _) -> await().atMost(PATIENCE).until(() -> night.spooledResponses() == WORKERS))
                        .where(ANSWERED, 0),
                new KillPoint("DATABASE_SILENT", "the response has arrived, the database does not reply")
                        .held(HOLD_PROVIDER, night -> {
                            AWAIT_PROVIDER.run(night);
                            night.ways().database().holdRequests(TcpProxy.ANY);
                            night.provider().releaseResponses();
                            // before the timeouts of pool and socket, fifteen seconds
                            await().atMost(Duration.ofSeconds(10)).until(() -> night.spooledResponses() == WORKERS);
                        })
                        .where(UNANSWERED)
                        .unreachableOn(Place.EMBEDDED),
                new KillPoint("ANSWER_COMMITTING", "a group of responses is written, not committed")
                        .by(RESPONSES::killWritten)
                        .leavesCallsUnanswered(),
                new KillPoint("ANSWER_COMMITTED", "a group of responses is committed, its callers are not released")
                        .by(RESPONSES::killCommitted)
                        .leavesCallsUnanswered());
    }

    private static List<KillPoint> ofFiles() {
        return List.of(
                new KillPoint("ANSWER_DURABLE", "the response is durable, its files are requested")
                        .held(HOLD_MEDIA, AWAIT_MEDIA)
                        .where(PAID_AND_CLAIMED, WORKERS)
                        .after((_, archive) -> archive.assertNumber(PAID_AND_CLAIMED, WORKERS)),
                new KillPoint("SERVERS", "files are requested; the embedded servers are killed, then the run")
                        .by(night -> {
                            HOLD_MEDIA.run(night);
                            Program run = night.start("run");
                            AWAIT_MEDIA.run(night);
                            night.site().killServers();
                            run.killRunning();
                            night.settle();
                        })
                        .unreachableOn(Place.OUTSIDE),
                new KillPoint("NTH_FILE", "the sixth file and all after it hang").by(KillPoints::hang),
                new KillPoint("SPOOLED", "files are spooled, none of them is in the store")
                        .by(KillPoints::lockMediaObjects),
                new KillPoint("PUT_SENT", "a file's PUT is on its way to the store")
                        .held(night -> night.ways().store().holdRequests(PUT_OF_MEDIA), AWAIT_STORE_PROXY)
                        .after((_, archive) ->
                                assertThat(archive.objects("media/")).isEmpty())
                        .unreachableOn(Place.EMBEDDED),
                new KillPoint("PUT_DONE", "a file is in the store, the program has no response")
                        .held(night -> night.ways().store().holdResponses(PUT_OF_MEDIA), AWAIT_STORE_PROXY)
                        .after((_, archive) ->
                                assertThat(hasObjectsWithoutRows(archive)).isTrue())
                        .unreachableOn(Place.EMBEDDED),
                OBJECTS_STORED);
    }

    private static boolean hasObjectsWithoutRows(Archive archive) throws Exception {
        return archive.objects("media/").size() > archive.number("SELECT count(*) FROM media_object");
    }

    private static void hang(Practice night) throws Exception {
        AtomicInteger files = new AtomicInteger();
        night.provider().script().media(_ -> files.incrementAndGet() > SERVED, Reply.hang());
        Program run = night.start("run");
        await().atMost(PATIENCE).until(() -> files.get() >= SERVED + WORKERS);
        try (Archive archive = night.beside(run)) {
            archive.awaitNumber(PAID_AND_CLAIMED, WORKERS);
            await().atMost(PATIENCE).until(() -> hasObjectsWithoutRows(archive));
            run.killRunning();
        }
        night.provider().script().clear().releaseHung();
        night.settle();
    }

    private static void lockMediaObjects(Practice night) throws Exception {
        HOLD_MEDIA.run(night);
        Program run = night.start("run");
        AWAIT_MEDIA.run(night);
        try (Archive archive = night.beside(run);
                Archive lock = night.beside(run)) {
            archive.awaitNumber(PAID_AND_CLAIMED, WORKERS);
            int stored = archive.objects("media/").size();
            lock.execute("BEGIN");
            lock.execute("LOCK TABLE media_object IN ACCESS EXCLUSIVE MODE");
            night.provider().releaseMedia();
            // one statement looks up the digests of all downloads
            archive.awaitNumber(
                    "SELECT count(*) FROM pg_locks WHERE relation = 'media_object'::regclass AND NOT granted", 1);
            await().atMost(PATIENCE).until(() -> night.spooledFiles() >= WORKERS);
            assertThat(archive.objects("media/")).hasSize(stored);
            run.killRunning();
            lock.execute("ROLLBACK");
        }
        night.settle();
    }

    private static List<KillPoint> ofCommits() {
        return List.of(
                new KillPoint("COMMITTING", "a group of notes is written, not committed")
                        .by(SETTLEMENTS::killWritten)
                        .ofNotes(WORKERS),
                new KillPoint("SETTLED", "a group of notes is committed, its callers are not released")
                        .by(SETTLEMENTS::killCommitted)
                        .ofNotes(WORKERS),
                new KillPoint("STEP_UPDATE", "the rows of all notes are written, no step's counts are")
                        // one statement a second has the counts of all steps
                        .trapped(before("UPDATE ON batch_step_execution", "NEW.write_count > OLD.write_count"))
                        .where((night, archive) ->
                                archive.awaitNumber(SETTLED, night.ids().size()))
                        .where(CLAIMS, 0)
                        .where(COUNTED, 0),
                new KillPoint("COMMITTED", "the note's transaction is committed")
                        .trapped(before("UPDATE ON worklist", "OLD.claim_id IS NULL AND NEW.claim_id IS NOT NULL")
                                .after(WORKERS)) // one statement claims for the readers that wait
                        .where(SETTLED, WORKERS)
                        .where(CLAIMS, 0)
                        .where(COUNTED, WORKERS),
                new KillPoint("JOB_END", "all notes are archived, the job's end is not written")
                        .trapped(before(
                                "UPDATE ON batch_job_execution",
                                "NEW.end_time IS NOT NULL AND NEW.exit_code <> 'CRASHED'"))
                        .where((night, archive) ->
                                archive.assertNumber(COUNTED, night.ids().size()))
                        .where((night, archive) -> assertThat(archive.states())
                                .isEqualTo(Map.of("ARCHIVED", (long) night.ids().size())))
                        .where(lastExecutionIs("STARTED UNKNOWN")));
    }

    /** Moments of the append to the log of captures, after the end of the job. */
    private static List<KillPoint> ofLog() {
        String unpublished = "SELECT count(*) FROM log_checkpoint WHERE signed_text IS NULL";
        return List.of(
                new KillPoint("LOG_ROW", "the log's next checkpoint is computed, its row is not written")
                        .trapped(before("INSERT ON log_checkpoint", "true"))
                        .where("SELECT count(*) FROM log_entry WHERE position IS NOT NULL", 0),
                new KillPoint("LOG_TILES", "the log's checkpoint row is committed, no tile is stored")
                        .held(
                                night -> night.ways().store().holdRequests(line -> isPutOf(line, "/log/tile/")),
                                night -> night.ways().store().awaitHeld(1, PATIENCE))
                        .where(unpublished, 1)
                        .after((_, archive) ->
                                assertThat(archive.objects("log/tile/")).isEmpty())
                        .unreachableOn(Place.EMBEDDED),
                new KillPoint("LOG_CHECKPOINT", "the log's tiles are stored, its checkpoint is not")
                        .held(
                                night -> night.ways().store().holdRequests(line -> isPutOf(line, "/log/checkpoint")),
                                night -> night.ways().store().awaitHeld(1, PATIENCE))
                        .where(unpublished, 1)
                        .after((_, archive) -> assertThat(
                                        archive.objects("log/").keySet())
                                .doesNotContain("log/checkpoint")
                                .hasSizeGreaterThan(2))
                        .unreachableOn(Place.EMBEDDED),
                new KillPoint("LOG_STORED", "the log's checkpoint is stored, its row does not show it")
                        .trapped(before("UPDATE ON log_checkpoint", "NEW.signed_text IS NOT NULL"))
                        .where((_, archive) ->
                                assertThat(archive.objects("log/")).containsKey("log/checkpoint")));
    }

    private static boolean isPutOf(String line, String key) {
        return line.startsWith("PUT ") && line.contains(key);
    }

    private static List<KillPoint> ofRestarts() {
        return List.of(
                new KillPoint("JOB_BEGINS", "the job's instance is written, its execution is not")
                        .trapped(before("INSERT ON batch_job_execution", "true"))
                        .where("SELECT count(*) FROM batch_job_instance", 1)
                        .where("SELECT count(*) FROM batch_job_execution", 0),
                recovery("RECOVERY_STEPS", "a restart has marked three steps as crashed", "STARTED UNKNOWN")
                        .trapped(before("UPDATE ON batch_step_execution", "NEW.exit_code = 'CRASHED'")
                                .after(3))
                        .where(CRASHED_STEPS, 3),
                recovery("RECOVERY_EXECUTION", "a restart is about to mark the execution as crashed", "STARTED UNKNOWN")
                        .trapped(before("UPDATE ON batch_job_execution", "NEW.exit_code = 'CRASHED'"))
                        .where((_, archive) ->
                                assertThat(archive.number(CRASHED_STEPS)).isGreaterThan(3)),
                recovery("RECOVERY_CLAIMS", "a restart releases the claims", "FAILED CRASHED")
                        .trapped(RELEASE_TRAP),
                new KillPoint("STOPPING", "SIGKILL 100 ms after SIGTERM")
                        .by(night -> {
                            stopWhileResponsesAreHeld(night).killRunning();
                            night.settle();
                        })
                        .leavesCallsUnanswered(),
                new KillPoint("RELEASING", "a second SIGTERM releases notes")
                        .by(night -> {
                            Program run = stopWhileResponsesAreHeld(night);
                            try (Archive archive = night.beside(run)) {
                                RELEASE_TRAP.set(archive);
                                run.terminate();
                                night.killTrapped(run, archive, WORKERS, rows -> rows.assertNumber(CLAIMS, WORKERS));
                            }
                            night.settle();
                        })
                        .leavesCallsUnanswered());
    }

    private static KillPoint recovery(String name, String moment, String execution) {
        return new KillPoint(name, moment)
                .where(lastExecutionIs(execution))
                .where(CLAIMS, WORKERS)
                .preparedBy(OBJECTS_STORED.strike);
    }

    /** Starts a run and sends SIGTERM while all workers wait for a response. */
    private static Program stopWhileResponsesAreHeld(Practice night) throws Exception {
        HOLD_PROVIDER.run(night);
        Program run = night.start("run");
        AWAIT_PROVIDER.run(night);
        run.terminate();
        assertThat(run.endsWithin(Duration.ofMillis(100))).isFalse();
        run.awaitLog("SIGTERM: finishing work in progress");
        return run;
    }

    private static List<KillPoint> ofCommands() {
        return List.of(
                new KillPoint("ENQUEUE", "half of a list is written")
                        .by(KillPoints::enqueue)
                        .repeatedBy(night -> assertThat(night.call("enqueue", night.list())
                                        .with(0)
                                        .out())
                                .contains("20 new")),
                migration("MIGRATION_BATCH", "the first migration is half done", "batch_step_execution", "1"),
                migration(
                        "MIGRATION_CATALOG", "a later migration, that of the catalog, is half done", "note_media", "4"),
                new KillPoint("FIRST_START", "the embedded database is half made")
                        .by(KillPoints::killInitdb)
                        .ofNotes(0)
                        .unreachableOn(Place.OUTSIDE)
                        .repeatedBy(night -> {
                            night.enqueueByCommand(20);
                            assertThat(night.directory().resolve("data"))
                                    .isDirectoryContaining("glob:**/postgres.broken-*");
                        }),
                new KillPoint("REQUEUE", "notes are made due again")
                        .trapped(
                                before("UPDATE ON worklist", "NEW.state = 'PENDING'")
                                        .after(3),
                                "requeue",
                                "--state",
                                "ARCHIVED")
                        .where("SELECT count(*) FROM worklist WHERE state = 'PENDING'", 0)
                        .preparedBy(Practice::runToTheEnd)
                        .repeatedBy(night -> {
                            int calls = night.provider().calls();
                            assertThat(night.call("requeue", "--state", "ARCHIVED")
                                            .with(0)
                                            .out())
                                    .contains(night.ids().size() + " notes made due now");
                            night.runToTheEnd();
                            assertThat(night.provider().calls()).isEqualTo(calls);
                        }),
                new KillPoint("REPLACED", "replaced files are about to be removed")
                        .trapped(before("DELETE ON media_object", "true"))
                        .where("SELECT count(*) FROM note_media WHERE reason = 'DEGRADED'", 0)
                        .where((_, archive) -> assertThat(archive.number("SELECT count(*) FROM forgotten_object"))
                                .isPositive())
                        .preparedBy(KillPoints::archiveLesserRenditions),
                new KillPoint("WAIVE", "the last missing file of a note is waived")
                        .by(night -> night.killTrapped(
                                withinCommitOf("UPDATE ON worklist", "NEW.state = 'ARCHIVED'"),
                                KillPoints::requirePostponedWithSidecar,
                                waive(night)))
                        .preparedBy(KillPoints::postponeNoteWithDeadFile)
                        .chargingNotes()
                        .repeatedBy(night -> night.call(waive(night)).with(0)),
                new KillPoint("SIDECAR_DUE", "a waiver is committed, the sidecar does not have it")
                        .by(night -> night.killTrapped(
                                // the entry of the log precedes the object
                                before("INSERT ON log_entry", "true"),
                                archive -> archive.assertNumber(DUE_SIDECARS, 1),
                                waive(night)))
                        .preparedBy(KillPoints::postponeNoteWithDeadFile)
                        .chargingNotes()
                        .repeatedBy(night -> {
                            night.runToTheEnd();
                            try (Archive archive = night.look()) {
                                archive.assertNumber(DUE_SIDECARS, 0);
                            }
                        }),
                new KillPoint("PUBLISH_FILES", "data files are published, no metadata names them")
                        .by(KillPoints::publishUntilManifest)
                        .preparedBy(Practice::runToTheEnd)
                        .repeatedBy(KillPoints::requirePublished)
                        .unreachableOn(Place.EMBEDDED),
                new KillPoint("PUBLISH_METADATA", "the metadata of a table is written, the catalog does not name it")
                        .trapped(before("UPDATE ON iceberg_tables", "true"), "publish")
                        .where((_, archive) -> assertThat(archive.objects("lake/notes/metadata/"))
                                .hasSizeGreaterThan(3))
                        .preparedBy(Practice::runToTheEnd)
                        .repeatedBy(KillPoints::requirePublished),
                new KillPoint("PUBLISH_TABLE", "one table is published, the next one is not")
                        .trapped(before("UPDATE ON iceberg_tables", "true").after(1), "publish")
                        .preparedBy(Practice::runToTheEnd)
                        .repeatedBy(KillPoints::requirePublished));
    }

    private static void publishUntilManifest(Practice night) throws Exception {
        night.ways().store().holdRequests(line -> line.contains("/lake/") && line.contains(".avro"));
        Program publish = night.start("publish");
        night.ways().store().awaitHeld(1, PATIENCE);
        try (Archive archive = night.beside(publish)) {
            assertThat(archive.objects("lake/notes/data/")).isNotEmpty();
            publish.killRunning();
        }
        night.settle();
    }

    /** Nothing remains of the killed publish, and the tables have all partitions of the archive. */
    private static void requirePublished(Practice night) throws Exception {
        night.call("publish").with(0);
        String again = night.call("publish", "--all", "--json").with(0).out();
        assertThat(again).contains("\"name\" : \"captures\"");
        assertThat(again.lines().filter(line -> line.matches(".*\"(written|replaced|removed)\".*")))
                .hasSize(9)
                .allMatch(line -> line.matches(".* : 0,?"));
    }

    private static void enqueue(Practice night) throws Exception {
        List<String> all = night.provider().noteIds(night.ids().size() + 20);
        String list = night.file("more.txt", String.join("\n", all)).toString();
        long before = night.ids().size();
        night.killTrapped(
                before("INSERT ON worklist", "true").after(all.size() - 10),
                archive -> archive.assertNumber("SELECT count(*) FROM worklist", before),
                "enqueue",
                list);
        night.ids().clear();
        night.ids().addAll(all);
    }

    private static KillPoint migration(String name, String moment, String table, String version) {
        return new KillPoint(name, moment)
                .by(night -> {
                    night.ids().addAll(night.provider().noteIds(20));
                    night.killTrapped(
                            Trap.whenMade(table),
                            archive -> {
                                assertThat(archive.number(
                                                "SELECT count(*) FROM information_schema.tables WHERE table_name = ?",
                                                table))
                                        .isZero();
                                assertThat(archive.strings("SELECT version FROM flyway_schema_history"))
                                        .doesNotContain(version);
                            },
                            "enqueue",
                            night.list());
                })
                .ofNotes(0)
                .repeatedBy(night -> night.enqueueByCommand(20));
    }

    private static void killInitdb(Practice night) throws Exception {
        night.ids().addAll(night.provider().noteIds(20));
        Path cluster = night.directory().resolve("data").resolve("postgres");
        Program enqueue = night.start("enqueue", night.list());
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> Files.exists(cluster.resolve("PG_VERSION")));
        enqueue.killRunning();
        night.site().killServers();
        assertThat(cluster.resolve("note-archive.whole")).doesNotExist();
        Path pid = cluster.resolve("postmaster.pid");
        if (Files.exists(pid)) { // initdb works with single processes, whose numbers are negative
            assertThat(Files.readString(pid)).startsWith("-");
        }
    }

    private static void archiveLesserRenditions(Practice night) {
        String note = night.provider().noteIds(SandboxNoteKind.IMAGES, 12).stream()
                .filter(id -> !originals(night, id).isEmpty())
                .findFirst()
                .orElseThrow();
        night.ids().add(note);
        night.call("enqueue", note);
        Set<String> originals = originals(night, note);
        night.provider().script().media(originals::contains, Reply.status(404));
        night.call("run").with(0);
        night.provider().script().clear();
        night.call("requeue", note).with(0);
    }

    private static Set<String> originals(Practice night, String note) {
        return Practice.targetsOf(night.provider(), note).stream()
                .filter(target -> target.contains("sc=V_ORG"))
                .collect(Collectors.toSet());
    }

    private static void postponeNoteWithDeadFile(Practice night) {
        String note = night.provider().noteIds(SandboxNoteKind.SOUND, 1).getFirst();
        night.ids().add(note);
        night.call("enqueue", note);
        Set<String> targets = Practice.targetsOf(night.provider(), note);
        night.provider().script().media(targets::contains, Reply.status(404));
        night.call("run").with(6);
    }

    private static void requirePostponedWithSidecar(Archive archive) throws Exception {
        assertThat(archive.states()).containsEntry("POSTPONED", 1L);
        archive.assertNumber("SELECT count(*) FROM note_media WHERE state = 'MISSING'", 1);
        String note = archive.strings("SELECT note_id FROM worklist WHERE state = 'POSTPONED'")
                .getFirst();
        assertThat(archive.objects("notes/" + note + "/")).hasSize(1);
    }

    private static String[] waive(Practice night) {
        try (Archive archive = night.look()) {
            return ("waive "
                            + archive.strings(
                                            "SELECT concat_ws(' ', note_id, kind, ordinal) FROM note_media WHERE state = 'MISSING'")
                                    .getFirst()
                            + " --reason gone")
                    .split(" ");
        }
    }

    /**
     * Rows of several workers that a run commits together, and two moments at which it is killed. The trap holds the
     * first row alone; the other workers wait meanwhile and form the group.
     *
     * @param trap holds a COMMIT with such rows
     * @param queued asserts that all workers wait for a commit
     * @param unwritten table and condition of the rows before they are written
     * @param committed query of the number of committed rows
     */
    private record CommitGroup(Trap trap, Check queued, String unwritten, String committed) {

        private interface Moment {
            void reach(Program run, Archive archive, long rows) throws Exception;
        }

        /** The rows are written, the COMMIT waits. */
        void killWritten(Practice night) throws Exception {
            kill(night, (_, _, _) -> {});
        }

        /** The COMMIT has succeeded. The process was stopped before, so it has not read the result. */
        void killCommitted(Practice night) throws Exception {
            kill(night, (run, archive, rows) -> {
                long before = archive.number(committed);
                run.signal("STOP");
                Trap.open(archive);
                archive.awaitNumber(committed, before + rows);
            });
        }

        private void kill(Practice night, Moment moment) throws Exception {
            try (Archive archive = night.look()) {
                trap.set(archive);
            }
            Program run = night.start("run");
            try (Archive archive = night.beside(run)) {
                Trap.awaitCaught(archive, 1);
                queued.check(night, archive);
                Trap.awaitNext(archive);
                long rows = written(archive);
                assertThat(rows).as("rows in the transaction").isGreaterThan(1);
                moment.reach(run, archive, rows);
                run.killRunning();
                Trap.remove(archive);
            }
            night.settle();
        }

        /** Returns the number of rows that an open transaction has locked. */
        private long written(Archive archive) {
            return archive.number("""
                    SELECT count(*) - (SELECT count(*) FROM (SELECT FROM %1$s FOR NO KEY UPDATE SKIP LOCKED) AS unlocked)
                    FROM %1$s
                    """.formatted(unwritten));
        }
    }
}
