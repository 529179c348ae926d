package io.github.notearchive.acceptance;

import static io.github.notearchive.acceptance.Practice.WORKERS;
import static io.github.notearchive.acceptance.Scene.PATIENCE;
import static io.github.notearchive.acceptance.Trap.before;
import static io.github.notearchive.acceptance.Trap.withinCommitOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.KillPoint.Check;
import io.github.notearchive.acceptance.KillPoint.Step;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.sandbox.MediaReply;
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
    private static final String CRASHED_STEPS =
            "SELECT count(*) FROM batch_step_execution WHERE exit_code = 'CRASHED' AND job_execution_id = " + EXECUTION;
    private static final String ONE_PROCESS =
            "client and store are one process: nothing can stand between, and it dies as a whole";

    private static final Predicate<String> DETAIL = line -> line.contains("get-note-detail");
    private static final Predicate<String> PUT_OF_MEDIA = line -> line.startsWith("PUT ") && line.contains("/media/");

    private static final Step HOLD_PROVIDER = scene -> scene.provider().holdAnswers();
    private static final Step AWAIT_PROVIDER = scene -> scene.provider().awaitHeld(WORKERS, PATIENCE);
    private static final Step HOLD_MEDIA = scene -> scene.provider().holdMedia();
    private static final Step AWAIT_MEDIA = scene -> scene.provider().awaitHeldMedia(WORKERS, PATIENCE);
    private static final Step AWAIT_PROXY = scene -> scene.wayToProvider().awaitHeld(WORKERS, PATIENCE);
    private static final Step AWAIT_STORE_PROXY = scene -> scene.wayToStore().awaitHeld(WORKERS, PATIENCE);

    private static final Trap ANSWER_TRAP = before("UPDATE ON api_call", "NEW.received_at IS NOT NULL");
    private static final Trap RELEASE_TRAP =
            before("UPDATE ON worklist", "OLD.claim_id IS NOT NULL AND NEW.claim_id IS NULL");

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

    private static final KillPoint OBJECTS_STORED = KillPoint.of(
                    "OBJECTS_STORED", "files and sidecars are stored, no row is")
            // one statement writes the notes that wait; the others wait behind it
            .trapped(before("UPDATE ON worklist", "NEW.state = 'ARCHIVED'"), 1)
            .seen(WORKERS + " sidecars in the store, no rows of their notes")
            .where(SIDECARS_STORED)
            .where(CAPTURED_AND_CLAIMED, 0);

    private KillPoints() {}

    static List<KillPoint> all() {
        return Stream.of(ofCalls(), ofFiles(), ofCommits(), ofRestarts(), ofCommands())
                .flatMap(List::stream)
                .toList();
    }

    private static Check called(int calls) {
        return (scene, _) -> assertThat(scene.provider().calls()).isEqualTo(calls);
    }

    private static Check granted(int answers) {
        return (scene, _) ->
                await().atMost(PATIENCE).until(() -> scene.provider().granted() == answers);
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
                KillPoint.of("CLAIMED", "notes are claimed, no call is in the ledger")
                        .trapped(before("INSERT ON api_call", "true"), 1)
                        .seen(WORKERS + " claims, no row in api_call, no call at the provider")
                        .where(CLAIMS, WORKERS)
                        .where(SENT, 0)
                        .where(called(0)),
                KillPoint.of("REQUEST_LEFT", "the call's row is durable, the request is on its way")
                        .held(
                                "proxy holds requests",
                                scene -> scene.wayToProvider().holdRequests(DETAIL),
                                AWAIT_PROXY)
                        .seen(WORKERS + " rows without answer, no call at the provider")
                        .where(SENT, WORKERS)
                        .where(ANSWERED, 0)
                        .after(called(0))
                        .leavesCallsUnanswered(),
                KillPoint.of("REQUEST_SENT", "the provider works on the request")
                        .held("provider holds answers", HOLD_PROVIDER, AWAIT_PROVIDER)
                        .seen(WORKERS + " calls held by the provider, no answer in the ledger")
                        .where(SENT, WORKERS)
                        .where(ANSWERED, 0)
                        .after(called(WORKERS))
                        .leavesCallsUnanswered(),
                KillPoint.of("ANSWER_SENT", "the answer is sold and on its way back")
                        .held(
                                "proxy holds answers",
                                scene -> scene.wayToProvider().holdAnswers(DETAIL),
                                AWAIT_PROXY)
                        .seen(WORKERS + " answers sold, none in the ledger")
                        .where(SENT, WORKERS)
                        .where(ANSWERED, 0)
                        .where(granted(WORKERS))
                        .leavesCallsUnanswered(),
                KillPoint.of("ANSWER_RECEIVED", "the answer has arrived, its row is not written")
                        // one statement writes the answers that wait; the others wait behind it
                        .trapped(ANSWER_TRAP, 1)
                        .seen(WORKERS + " answers sold and being written, none in the ledger")
                        .where(SENT, WORKERS)
                        .where(ANSWERED, 0)
                        .where(granted(WORKERS))
                        .leavesCallsUnanswered(),
                KillPoint.of("ANSWER_KEPT", "the answer's row is not written for a second")
                        .trapped(ANSWER_TRAP, 1)
                        .seen(WORKERS + " answers in files, none in the ledger")
                        .where((scene, _) -> await().atMost(PATIENCE)
                                .until(() -> scene.practice().spooledResponses() == WORKERS))
                        .where(ANSWERED, 0),
                KillPoint.of("DATABASE_SILENT", "the answer has arrived, the database does not reply")
                        .held("proxy holds requests", HOLD_PROVIDER, scene -> {
                            AWAIT_PROVIDER.run(scene);
                            scene.wayToDatabase().holdRequests(TcpProxy.ANY);
                            scene.provider().releaseAnswers();
                            // before the pool or a socket gives up, which takes fifteen seconds
                            await().atMost(Duration.ofSeconds(10))
                                    .until(() -> scene.practice().spooledResponses() == WORKERS);
                        })
                        .seen(WORKERS + " answers in files, none in the ledger")
                        .where(SENT, WORKERS)
                        .where(ANSWERED, 0)
                        .unreachableOn(Place.EMBEDDED, "no proxy stands before the embedded database"),
                KillPoint.of("ANSWER_COMMITTING", "a group of responses is written, not committed")
                        .by("trap in its COMMIT", RESPONSES::killWritten)
                        .leavesCallsUnanswered(),
                KillPoint.of("ANSWER_COMMITTED", "a group of responses is committed, its callers are not released")
                        .by("trap in its COMMIT, then SIGSTOP", RESPONSES::killCommitted)
                        .leavesCallsUnanswered());
    }

    private static List<KillPoint> ofFiles() {
        return List.of(
                KillPoint.of("ANSWER_DURABLE", "the answer is durable, its files are asked for")
                        .held("CDN holds answers", HOLD_MEDIA, AWAIT_MEDIA)
                        .seen(WORKERS + " paid answers of claimed notes, their files held")
                        .where(PAID_AND_CLAIMED, WORKERS)
                        .after((_, archive) -> archive.assertNumber(PAID_AND_CLAIMED, WORKERS)),
                KillPoint.of("NTH_FILE", "the sixth file and all after it hang").by("CDN hangs", KillPoints::hang),
                KillPoint.of("SPOOLED", "files are spooled, none of them is in the store")
                        .by("lock on media_object", KillPoints::lockMediaObjects),
                KillPoint.of("PUT_SENT", "a file's PUT is on its way to the store")
                        .held(
                                "proxy holds requests",
                                scene -> scene.wayToStore().holdRequests(PUT_OF_MEDIA),
                                AWAIT_STORE_PROXY)
                        .seen(WORKERS + " PUTs held, no object in the store")
                        .after((_, archive) ->
                                assertThat(archive.objects("media/")).isEmpty())
                        .unreachableOn(Place.EMBEDDED, ONE_PROCESS),
                KillPoint.of("PUT_DONE", "a file is in the store, the program has no response")
                        .held(
                                "proxy holds answers",
                                scene -> scene.wayToStore().holdAnswers(PUT_OF_MEDIA),
                                AWAIT_STORE_PROXY)
                        .seen("more objects than rows")
                        .after((_, archive) ->
                                assertThat(hasObjectsWithoutRows(archive)).isTrue())
                        .unreachableOn(Place.EMBEDDED, ONE_PROCESS),
                OBJECTS_STORED);
    }

    private static boolean hasObjectsWithoutRows(Archive archive) throws Exception {
        return archive.objects("media/").size() > archive.number("SELECT count(*) FROM media_object");
    }

    private static String hang(Scene scene) throws Exception {
        AtomicInteger files = new AtomicInteger();
        scene.provider().script().media(_ -> files.incrementAndGet() > SERVED, MediaReply.hang());
        Program run = scene.practice().start("run");
        await().atMost(PATIENCE).until(() -> files.get() >= SERVED + WORKERS);
        try (Archive archive = scene.practice().beside(run)) {
            Scene.awaitNumber(archive, PAID_AND_CLAIMED, WORKERS);
            await().atMost(PATIENCE).until(() -> hasObjectsWithoutRows(archive));
            scene.kill(run);
        }
        scene.provider().script().clear().releaseHung();
        scene.settle();
        return SERVED + " files served, " + files.get() + " asked for, more objects than rows";
    }

    private static String lockMediaObjects(Scene scene) throws Exception {
        HOLD_MEDIA.run(scene);
        Program run = scene.practice().start("run");
        AWAIT_MEDIA.run(scene);
        try (Archive archive = scene.practice().beside(run);
                Archive lock = scene.practice().beside(run)) {
            Scene.awaitNumber(archive, PAID_AND_CLAIMED, WORKERS);
            int stored = archive.objects("media/").size();
            lock.execute("BEGIN");
            lock.execute("LOCK TABLE media_object IN ACCESS EXCLUSIVE MODE");
            scene.provider().releaseMedia();
            // one statement looks up the digests of all downloads
            Scene.awaitNumber(
                    archive,
                    "SELECT count(*) FROM pg_locks WHERE relation = 'media_object'::regclass AND NOT granted",
                    1);
            await().atMost(PATIENCE).until(() -> scene.practice().spooledFiles() >= WORKERS);
            assertThat(archive.objects("media/")).hasSize(stored);
            scene.kill(run);
            lock.execute("ROLLBACK");
        }
        scene.settle();
        return "files of " + WORKERS + " notes in the spool, none in the store";
    }

    private static List<KillPoint> ofCommits() {
        return List.of(
                KillPoint.of("COMMITTING", "a group of notes is written, not committed")
                        .by("trap in its COMMIT", SETTLEMENTS::killWritten)
                        .ofNotes(WORKERS),
                KillPoint.of("SETTLED", "a group of notes is committed, its callers are not released")
                        .by("trap in its COMMIT, then SIGSTOP", SETTLEMENTS::killCommitted)
                        .ofNotes(WORKERS),
                KillPoint.of("STEP_UPDATE", "the rows of all notes are written, no step's counts are")
                        // one statement a second has the counts of all steps
                        .trapped(before("UPDATE ON batch_step_execution", "NEW.write_count > OLD.write_count"), 1)
                        .seen("all notes archived, none counted, none claimed")
                        .where((scene, archive) ->
                                Scene.awaitNumber(archive, SETTLED, scene.ids().size()))
                        .where(CLAIMS, 0)
                        .where(COUNTED, 0),
                KillPoint.of("COMMITTED", "the note's transaction is committed")
                        .trapped(
                                before("UPDATE ON worklist", "OLD.claim_id IS NULL AND NEW.claim_id IS NOT NULL")
                                        .after(WORKERS),
                                1) // one statement claims for the readers that wait
                        .seen(WORKERS + " notes archived and counted, none claimed")
                        .where(SETTLED, WORKERS)
                        .where(CLAIMS, 0)
                        .where(COUNTED, WORKERS),
                KillPoint.of("JOB_END", "all notes are archived, the job's end is not written")
                        .trapped(
                                before(
                                        "UPDATE ON batch_job_execution",
                                        "NEW.end_time IS NOT NULL AND NEW.exit_code <> 'CRASHED'"),
                                1)
                        .seen("all notes archived and counted, the execution is STARTED")
                        .where((scene, archive) ->
                                archive.assertNumber(COUNTED, scene.ids().size()))
                        .where((scene, archive) -> assertThat(archive.states())
                                .isEqualTo(Map.of("ARCHIVED", (long) scene.ids().size())))
                        .where(lastExecutionIs("STARTED UNKNOWN")));
    }

    private static List<KillPoint> ofRestarts() {
        return List.of(
                KillPoint.of("JOB_BEGINS", "the job's instance is written, its execution is not")
                        .trapped(before("INSERT ON batch_job_execution", "true"), 1)
                        .seen("an instance without an execution")
                        .where("SELECT count(*) FROM batch_job_instance", 1)
                        .where("SELECT count(*) FROM batch_job_execution", 0),
                KillPoint.of("RECOVERY_STEPS", "a restart has marked three steps as crashed")
                        .trapped(
                                before("UPDATE ON batch_step_execution", "NEW.exit_code = 'CRASHED'")
                                        .after(3),
                                1)
                        .seen("3 steps CRASHED, the execution STARTED, " + WORKERS + " claims")
                        .where(CRASHED_STEPS, 3)
                        .where(lastExecutionIs("STARTED UNKNOWN"))
                        .where(CLAIMS, WORKERS)
                        .preparedBy(scene -> OBJECTS_STORED.strike.strike(scene)),
                KillPoint.of("RECOVERY_EXECUTION", "a restart is about to mark the execution as crashed")
                        .trapped(before("UPDATE ON batch_job_execution", "NEW.exit_code = 'CRASHED'"), 1)
                        .seen("all steps CRASHED, the execution STARTED, " + WORKERS + " claims")
                        .where((_, archive) ->
                                assertThat(archive.number(CRASHED_STEPS)).isGreaterThan(3))
                        .where(lastExecutionIs("STARTED UNKNOWN"))
                        .where(CLAIMS, WORKERS)
                        .preparedBy(scene -> OBJECTS_STORED.strike.strike(scene)),
                KillPoint.of("RECOVERY_CLAIMS", "a restart releases the claims")
                        .trapped(RELEASE_TRAP, 1)
                        .seen("the execution is CRASHED, " + WORKERS + " claims")
                        .where(lastExecutionIs("FAILED CRASHED"))
                        .where(CLAIMS, WORKERS)
                        .preparedBy(scene -> OBJECTS_STORED.strike.strike(scene)),
                KillPoint.of("STOPPING", "SIGKILL 100 ms after SIGTERM")
                        .by("provider holds answers", scene -> {
                            Program run = stopWhileAnswersAreHeld(scene);
                            scene.kill(run);
                            scene.settle();
                            return "asked to stop, " + WORKERS + " calls held by the provider";
                        })
                        .leavesCallsUnanswered(),
                KillPoint.of("RELEASING", "a second SIGTERM releases notes")
                        .by("trap on UPDATE of worklist", scene -> {
                            Program run = stopWhileAnswersAreHeld(scene);
                            try (Archive archive = scene.practice().beside(run)) {
                                RELEASE_TRAP.set(archive);
                                run.terminate();
                                scene.killTrapped(run, archive, WORKERS, rows -> rows.assertNumber(CLAIMS, WORKERS));
                            }
                            scene.settle();
                            return WORKERS + " claims being released, none is";
                        })
                        .leavesCallsUnanswered());
    }

    /** Starts a run and sends SIGTERM while all workers wait for a response. */
    private static Program stopWhileAnswersAreHeld(Scene scene) throws Exception {
        HOLD_PROVIDER.run(scene);
        Program run = scene.practice().start("run");
        AWAIT_PROVIDER.run(scene);
        run.terminate();
        assertThat(run.endsWithin(Duration.ofMillis(100))).isFalse();
        run.awaitLog("SIGTERM: finishing work in progress");
        return run;
    }

    private static List<KillPoint> ofCommands() {
        return List.of(
                KillPoint.of("ENQUEUE", "half of a list is written")
                        .by("trap on INSERT of worklist", KillPoints::enqueue)
                        .repeatedBy(scene -> assertThat(scene.practice()
                                        .call("enqueue", scene.list())
                                        .with(0)
                                        .out())
                                .contains("20 new")),
                migration("MIGRATION_BATCH", "the first migration is half done", "batch_step_execution", "1"),
                migration(
                        "MIGRATION_CATALOG", "a later migration, that of the catalog, is half done", "note_media", "4"),
                KillPoint.of("FIRST_START", "the embedded database is half made")
                        .by("initdb is seen at work", KillPoints::killInitdb)
                        .withoutArchive()
                        .unreachableOn(Place.OUTSIDE, "the database is not created by the program")
                        .repeatedBy(scene -> {
                            scene.enqueue(20);
                            assertThat(scene.practice().directory().resolve("data"))
                                    .isDirectoryContaining("glob:**/postgres.broken-*");
                        }),
                KillPoint.of("REQUEUE", "notes are made due again")
                        .trapped(
                                before("UPDATE ON worklist", "NEW.state = 'PENDING'")
                                        .after(3),
                                1,
                                "requeue",
                                "--state",
                                "ARCHIVED")
                        .seen("3 rows written, none visible")
                        .where("SELECT count(*) FROM worklist WHERE state = 'PENDING'", 0)
                        .preparedBy(Scene::runToTheEnd)
                        .repeatedBy(scene -> {
                            int calls = scene.provider().calls();
                            assertThat(scene.practice()
                                            .call("requeue", "--state", "ARCHIVED")
                                            .with(0)
                                            .out())
                                    .contains(scene.ids().size() + " notes are due now");
                            scene.runToTheEnd();
                            assertThat(scene.provider().calls()).isEqualTo(calls);
                        }),
                KillPoint.of("REPLACED", "replaced files are about to be removed")
                        .trapped(before("DELETE ON media_object", "true"), 1)
                        .seen("no lesser file in a slot, the replaced ones listed and stored")
                        .where("SELECT count(*) FROM note_media WHERE reason = 'DEGRADED'", 0)
                        .where((_, archive) -> assertThat(archive.number("SELECT count(*) FROM forgotten_object"))
                                .isPositive())
                        .preparedBy(KillPoints::archiveLesserRenditions),
                KillPoint.of("WAIVE", "the last missing file of a note is waived")
                        .by("trap in the COMMIT", scene -> {
                            scene.killTrapped(
                                    withinCommitOf("UPDATE ON worklist", "NEW.state = 'ARCHIVED'"),
                                    1,
                                    KillPoints::requirePostponedWithSidecar,
                                    waive(scene));
                            return "the sidecar is stored, the note is POSTPONED";
                        })
                        .preparedBy(KillPoints::postponeNoteWithDeadFile)
                        .chargingNotes()
                        .repeatedBy(scene -> scene.practice().call(waive(scene)).with(0)));
    }

    private static String enqueue(Scene scene) throws Exception {
        List<String> all = scene.provider().noteIds(scene.ids().size() + 20);
        String list = scene.practice().file("more.txt", String.join("\n", all)).toString();
        long before = scene.ids().size();
        scene.killTrapped(
                before("INSERT ON worklist", "true").after(all.size() - 10),
                1,
                archive -> archive.assertNumber("SELECT count(*) FROM worklist", before),
                "enqueue",
                list);
        scene.ids().clear();
        scene.ids().addAll(all);
        return "10 of 20 new rows written, none visible";
    }

    private static KillPoint migration(String name, String moment, String table, String version) {
        return KillPoint.of(name, moment)
                .by("event trigger on CREATE TABLE", scene -> {
                    scene.ids().addAll(scene.provider().noteIds(20));
                    scene.killTrapped(
                            Trap.whenMade(table),
                            1,
                            archive -> {
                                assertThat(archive.number(
                                                "SELECT count(*) FROM information_schema.tables WHERE table_name = ?",
                                                table))
                                        .isZero();
                                assertThat(archive.strings("SELECT version FROM flyway_schema_history"))
                                        .doesNotContain(version);
                            },
                            "enqueue",
                            scene.list());
                    return "version " + version + " is not in the history, its table not visible";
                })
                .withoutArchive()
                .repeatedBy(scene -> scene.enqueue(20));
    }

    private static String killInitdb(Scene scene) throws Exception {
        scene.ids().addAll(scene.provider().noteIds(20));
        Path cluster = scene.practice().directory().resolve("data").resolve("postgres");
        Program enqueue = scene.practice().start("enqueue", scene.list());
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> Files.exists(cluster.resolve("PG_VERSION")));
        scene.kill(enqueue);
        assertThat(cluster.resolve("note-archive.whole")).doesNotExist();
        Path pid = cluster.resolve("postmaster.pid");
        if (Files.exists(pid)) { // initdb works with single processes, whose numbers are negative
            assertThat(Files.readString(pid)).startsWith("-");
        }
        return "PG_VERSION is there, no server was started over it";
    }

    private static void archiveLesserRenditions(Scene scene) {
        String note = scene.provider().noteIds(SandboxNoteKind.IMAGES, 12).stream()
                .filter(id -> !originals(scene, id).isEmpty())
                .findFirst()
                .orElseThrow();
        scene.ids().add(note);
        scene.practice().call("enqueue", note);
        Set<String> originals = originals(scene, note);
        scene.provider().script().media(originals::contains, MediaReply.status(404));
        scene.practice().call("run").with(0);
        scene.provider().script().clear();
        scene.practice().call("requeue", note).with(0);
    }

    private static Set<String> originals(Scene scene, String note) {
        return Scene.targetsOf(scene.provider(), note).stream()
                .filter(target -> target.contains("sc=V_ORG"))
                .collect(Collectors.toSet());
    }

    private static void postponeNoteWithDeadFile(Scene scene) {
        String note = scene.provider().noteIds(SandboxNoteKind.SOUND, 1).getFirst();
        scene.ids().add(note);
        scene.practice().call("enqueue", note);
        Set<String> targets = Scene.targetsOf(scene.provider(), note);
        scene.provider().script().media(targets::contains, MediaReply.status(404));
        scene.practice().call("run").with(6);
    }

    private static void requirePostponedWithSidecar(Archive archive) throws Exception {
        assertThat(archive.states()).containsEntry("POSTPONED", 1L);
        archive.assertNumber("SELECT count(*) FROM note_media WHERE state = 'MISSING'", 1);
        String note = archive.strings("SELECT note_id FROM worklist WHERE state = 'POSTPONED'")
                .getFirst();
        assertThat(archive.objects("notes/" + note + "/")).hasSize(1);
    }

    private static String[] waive(Scene scene) {
        try (Archive archive = scene.practice().look()) {
            return ("waive "
                            + archive.strings(
                                            "SELECT concat_ws(' ', note_id, kind, ordinal) FROM note_media WHERE state = 'MISSING'")
                                    .getFirst()
                            + " --reason gone")
                    .split(" ");
        }
    }
}
