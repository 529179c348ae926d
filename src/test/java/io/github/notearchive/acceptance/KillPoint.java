package io.github.notearchive.acceptance;

import static io.github.notearchive.acceptance.Practice.WORKERS;
import static io.github.notearchive.acceptance.Scene.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.sandbox.MediaReply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A moment at which the program can be killed. Each is reached from outside: by a server that holds its answer, a proxy
 * that holds a request, or a trap or lock in the database; and each asserts, by what rows, objects and provider show,
 * that the program is there.
 */
enum KillPoint {

    /** Notes are claimed, none is asked about. */
    CLAIMED("notes are claimed, no call is in the ledger", "trap on INSERT of api_call") {
        @Override
        String strike(Scene scene) throws Exception {
            int before = scene.provider().calls();
            return scene.killTrapped(
                    Trap.before("INSERT ON api_call", "true"),
                    1,
                    archive -> {
                        Scene.awaitNumber(archive, CLAIMS, WORKERS);
                        assertThat(archive.number(ASKED)).isZero();
                        assertThat(scene.provider().calls()).isEqualTo(before);
                        return WORKERS + " claims, no row in api_call, no call at the provider";
                    },
                    "run");
        }
    },

    /** The row of the ledger is durable, the request has not reached the provider. */
    REQUEST_LEFT("the call's row is durable, the request is on its way", "proxy holds requests") {
        @Override
        int billingUnknown() {
            return WORKERS;
        }

        @Override
        String strike(Scene scene) throws Exception {
            int before = scene.provider().calls();
            scene.wayToProvider().holdRequests(line -> line.contains("get-note-detail"));
            Program run = scene.practice().start("run");
            scene.wayToProvider().awaitHeld(WORKERS, PATIENCE);
            try (Archive archive = scene.practice().beside(run)) {
                assertThat(archive.number(ASKED)).isEqualTo(WORKERS);
                assertThat(archive.number(ANSWERED)).isZero();
                assertThat(scene.provider().calls()).isEqualTo(before);
                scene.kill(run);
            }
            scene.settle();
            assertThat(scene.provider().calls()).isEqualTo(before);
            return WORKERS + " rows without answer, no call at the provider";
        }
    },

    /** The provider has the request. */
    REQUEST_SENT("the provider works on the request", "provider holds answers") {
        @Override
        int billingUnknown() {
            return WORKERS;
        }

        @Override
        String strike(Scene scene) throws Exception {
            int before = scene.provider().calls();
            scene.provider().holdAnswers();
            Program run = scene.practice().start("run");
            scene.provider().awaitHeld(WORKERS, PATIENCE);
            try (Archive archive = scene.practice().beside(run)) {
                assertThat(archive.number(ASKED)).isEqualTo(WORKERS);
                assertThat(archive.number(ANSWERED)).isZero();
                scene.kill(run);
            }
            scene.settle();
            assertThat(scene.provider().calls()).isEqualTo(before + WORKERS);
            return WORKERS + " calls held by the provider, no answer in the ledger";
        }
    },

    /** The answer is sold and has not arrived. */
    ANSWER_SENT("the answer is sold and on its way back", "proxy holds answers") {
        @Override
        int billingUnknown() {
            return WORKERS;
        }

        @Override
        String strike(Scene scene) throws Exception {
            int before = scene.provider().granted();
            scene.wayToProvider().holdAnswers(line -> line.contains("get-note-detail"));
            Program run = scene.practice().start("run");
            scene.wayToProvider().awaitHeld(WORKERS, PATIENCE);
            try (Archive archive = scene.practice().beside(run)) {
                assertThat(archive.number(ASKED)).isEqualTo(WORKERS);
                assertThat(archive.number(ANSWERED)).isZero();
                assertThat(scene.provider().granted()).isEqualTo(before + WORKERS);
                scene.kill(run);
            }
            scene.settle();
            return WORKERS + " answers sold, none in the ledger";
        }
    },

    /** The answer has arrived and is not durable. */
    ANSWER_RECEIVED("the answer has arrived, its row is not written", "trap on UPDATE of api_call") {
        @Override
        int billingUnknown() {
            return WORKERS;
        }

        @Override
        String strike(Scene scene) throws Exception {
            int before = scene.provider().granted();
            return scene.killTrapped(
                    Trap.before("UPDATE ON api_call", "NEW.received_at IS NOT NULL"),
                    WORKERS,
                    archive -> {
                        assertThat(archive.number(ASKED)).isEqualTo(WORKERS);
                        assertThat(archive.number(ANSWERED)).isZero();
                        assertThat(scene.provider().granted()).isEqualTo(before + WORKERS);
                        return WORKERS + " answers sold and being written, none in the ledger";
                    },
                    "run");
        }
    },

    /** The answer is not durable in the database, and is so in a file. */
    ANSWER_KEPT("the answer's row is not written for a second", "trap on UPDATE of api_call") {
        @Override
        String strike(Scene scene) throws Exception {
            Path answers = scene.practice().directory().resolve("data/answers/main");
            return scene.killTrapped(
                    Trap.before("UPDATE ON api_call", "NEW.received_at IS NOT NULL"),
                    WORKERS,
                    archive -> {
                        await().atMost(PATIENCE).until(() -> answerFiles(answers) == WORKERS);
                        assertThat(archive.number(ANSWERED)).isZero();
                        return WORKERS + " answers in files, none in the ledger";
                    },
                    "run");
        }
    },

    /** The answer is within the COMMIT that makes it durable. */
    ANSWER_COMMITTING("the answer's transaction commits", "trap in its COMMIT") {
        @Override
        int billingUnknown() {
            return WORKERS;
        }

        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.withinCommitOf("UPDATE ON api_call", "NEW.received_at IS NOT NULL"),
                    WORKERS,
                    archive -> {
                        assertThat(archive.number(ANSWERS_COMMITTING_NOW)).isEqualTo(WORKERS);
                        assertThat(archive.number(ANSWERED)).isZero();
                        assertThat(scene.provider().mediaRequests()).isZero();
                        return WORKERS + " COMMITs wait, no file was asked for";
                    },
                    "run");
        }
    },

    /** The answer is durable, and no file is there. */
    ANSWER_DURABLE("the answer is durable, its files are asked for", "CDN holds answers") {
        @Override
        String strike(Scene scene) throws Exception {
            scene.provider().holdMedia();
            Program run = scene.practice().start("run");
            scene.provider().awaitHeldMedia(WORKERS, PATIENCE);
            try (Archive archive = scene.practice().beside(run)) {
                Scene.awaitNumber(archive, PAID_AND_CLAIMED, WORKERS);
                scene.kill(run);
                assertThat(archive.number(PAID_AND_CLAIMED)).isEqualTo(WORKERS);
            }
            scene.settle();
            return WORKERS + " paid answers of claimed notes, their files held";
        }
    },

    /** Some files of the notes in work are there, others are not. */
    NTH_FILE("the sixth file and all after it hang", "CDN hangs") {
        @Override
        String strike(Scene scene) throws Exception {
            AtomicInteger files = new AtomicInteger();
            scene.provider().script().media(_ -> files.incrementAndGet() > SERVED, MediaReply.hang());
            // small files are in memory otherwise
            Program run = scene.practice().startWith(Map.of("ARCHIVE_MEDIA_MAX_MEMORY", "0"), "run");
            await().atMost(PATIENCE).until(() -> files.get() >= SERVED + WORKERS);
            await().atMost(PATIENCE).until(() -> scene.spooled() > 0);
            try (Archive archive = scene.practice().beside(run)) {
                Scene.awaitNumber(archive, PAID_AND_CLAIMED, WORKERS);
            }
            scene.kill(run);
            long left = scene.spooled();
            assertThat(left).isPositive();
            scene.provider().script().clear().releaseHung();
            scene.settle();
            return SERVED + " files served, " + files.get() + " asked for, files in the spool";
        }
    },

    /** All files lie in the spool, none in the store. */
    SPOOLED("all files are spooled, none is in the store", "lock on media_object") {
        @Override
        String strike(Scene scene) throws Exception {
            scene.provider().holdMedia();
            Program run = scene.practice().start("run");
            scene.provider().awaitHeldMedia(WORKERS, PATIENCE);
            try (Archive archive = scene.practice().beside(run);
                    Archive lock = scene.practice().beside(run)) {
                Scene.awaitNumber(archive, PAID_AND_CLAIMED, WORKERS);
                int stored = archive.objects("media/").size();
                lock.execute("BEGIN");
                lock.execute("LOCK TABLE media_object IN ACCESS EXCLUSIVE MODE");
                scene.provider().releaseMedia();
                Scene.awaitNumber(
                        archive,
                        "SELECT count(*) FROM pg_locks WHERE relation = 'media_object'::regclass AND NOT granted",
                        WORKERS);
                assertThat(archive.objects("media/")).hasSize(stored);
                assertThat(scene.spooled()).isGreaterThanOrEqualTo(WORKERS);
                scene.kill(run);
                lock.execute("ROLLBACK");
            }
            scene.settle();
            return WORKERS + " notes with all files in the spool, none in the store";
        }
    },

    /** A file is on its way to the store. */
    PUT_SENT("a file's PUT is on its way to the store", "proxy holds requests") {
        @Override
        String whyNot(Place place) {
            return IN_PROCESS_STORE.getOrDefault(place, "");
        }

        @Override
        String strike(Scene scene) throws Exception {
            scene.wayToStore().holdRequests(KillPoint::isPutOfMedia);
            Program run = scene.practice().start("run");
            scene.wayToStore().awaitHeld(WORKERS, PATIENCE);
            scene.kill(run);
            scene.settle();
            assertThat(stored(scene, "media/")).isZero();
            return WORKERS + " PUTs held, no object in the store";
        }
    },

    /** A file is in the store, and the program does not know. */
    PUT_DONE("a file is in the store, the program was not told", "proxy holds answers") {
        @Override
        String whyNot(Place place) {
            return IN_PROCESS_STORE.getOrDefault(place, "");
        }

        @Override
        String strike(Scene scene) throws Exception {
            scene.wayToStore().holdAnswers(KillPoint::isPutOfMedia);
            Program run = scene.practice().start("run");
            scene.wayToStore().awaitHeld(WORKERS, PATIENCE);
            scene.kill(run);
            scene.settle();
            try (Archive archive = scene.practice().look()) {
                long rows = archive.number("SELECT count(*) FROM media_object");
                int objects = archive.objects("media/").size();
                assertThat(objects).isGreaterThan((int) rows);
                return objects - rows + " objects more than rows";
            }
        }
    },

    /** All objects of the notes in work are stored, none of their rows. */
    OBJECTS_STORED("files and sidecars are stored, no row is", "trap on UPDATE of worklist") {
        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.before("UPDATE ON worklist", "NEW.state = 'ARCHIVED'"),
                    WORKERS,
                    archive -> {
                        assertThat(archive.number(CAPTURED_AND_CLAIMED)).isZero();
                        assertThat(sidecarsOfClaimed(archive)).isEqualTo(WORKERS);
                        return WORKERS + " sidecars in the store, no rows of their notes";
                    },
                    "run");
        }
    },

    /** All rows of a note are written, and its transaction is about to commit. */
    COMMITTING("the note's transaction commits", "trap in its COMMIT") {
        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.withinCommitOf("UPDATE ON worklist", "OLD.state <> 'ARCHIVED' AND NEW.state = 'ARCHIVED'"),
                    WORKERS,
                    archive -> {
                        assertThat(archive.number(COMMITTING_NOW)).isEqualTo(WORKERS);
                        assertThat(archive.number(CAPTURED_AND_CLAIMED)).isZero();
                        assertThat(archive.number(CLAIMS)).isEqualTo(WORKERS);
                        return WORKERS + " COMMITs wait, " + WORKERS + " claims, no new rows";
                    },
                    "run");
        }
    },

    /** Between the note's rows and the counters of its step. */
    STEP_UPDATE("the note's rows are written, its step's counters are not", "trap on UPDATE of batch_step_execution") {
        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.before("UPDATE ON batch_step_execution", "NEW.write_count > OLD.write_count"),
                    1, // Spring Batch writes one step at a time
                    archive -> {
                        Scene.awaitNumber(archive, SETTLED, WORKERS);
                        assertThat(archive.number(CLAIMS)).isZero();
                        assertThat(archive.number(COUNTED)).isZero();
                        return WORKERS + " notes archived, none counted, none claimed";
                    },
                    "run");
        }
    },

    /** Notes are archived, and the next are about to be claimed. */
    COMMITTED("the note's transaction is committed", "trap on the next claim") {
        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.before("UPDATE ON worklist", "OLD.claim_id IS NULL AND NEW.claim_id IS NOT NULL")
                            .after(WORKERS),
                    WORKERS,
                    archive -> {
                        assertThat(archive.number(SETTLED)).isEqualTo(WORKERS);
                        assertThat(archive.number(CLAIMS)).isZero();
                        assertThat(archive.number(COUNTED)).isEqualTo(WORKERS);
                        return WORKERS + " notes archived and counted, none claimed";
                    },
                    "run");
        }
    },

    /** The work is done, and the job's end is not written. */
    JOB_END("all notes are archived, the job's end is not written", "trap on batch_job_execution") {
        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.before(
                            "UPDATE ON batch_job_execution", "NEW.end_time IS NOT NULL AND NEW.exit_code <> 'CRASHED'"),
                    1,
                    archive -> {
                        assertThat(archive.states())
                                .isEqualTo(Map.of("ARCHIVED", (long) scene.ids().size()));
                        assertThat(archive.executions().getLast()).endsWith("STARTED UNKNOWN");
                        return "all notes archived, the execution is STARTED";
                    },
                    "run");
        }
    },

    /** Spring Batch writes an instance and its execution one after the other. */
    JOB_BEGINS("the job's instance is written, its execution is not", "trap on batch_job_execution") {
        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.before("INSERT ON batch_job_execution", "true"),
                    1,
                    archive -> {
                        assertThat(archive.number("SELECT count(*) FROM batch_job_instance"))
                                .isOne();
                        assertThat(archive.executions()).isEmpty();
                        return "an instance without an execution";
                    },
                    "run");
        }
    },

    /** A restart has marked some steps of the killed run. */
    RECOVERY_STEPS("a restart has marked three steps as crashed", "trap on batch_step_execution") {
        @Override
        void prepare(Scene scene) throws Exception {
            OBJECTS_STORED.strike(scene);
        }

        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.before("UPDATE ON batch_step_execution", "NEW.exit_code = 'CRASHED'")
                            .after(3),
                    1,
                    archive -> {
                        assertThat(archive.number(CRASHED_STEPS)).isEqualTo(3);
                        assertThat(archive.executions().getLast()).endsWith("STARTED UNKNOWN");
                        assertThat(archive.number(CLAIMS)).isEqualTo(WORKERS);
                        return "3 steps CRASHED, the execution STARTED, " + WORKERS + " claims";
                    },
                    "run");
        }
    },

    /** A restart has marked all steps of the killed run, and not the run. */
    RECOVERY_EXECUTION("a restart is about to mark the execution as crashed", "trap on batch_job_execution") {
        @Override
        void prepare(Scene scene) throws Exception {
            OBJECTS_STORED.strike(scene);
        }

        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.before("UPDATE ON batch_job_execution", "NEW.exit_code = 'CRASHED'"),
                    1,
                    archive -> {
                        assertThat(archive.number(CRASHED_STEPS)).isGreaterThan(3);
                        assertThat(archive.executions().getLast()).endsWith("STARTED UNKNOWN");
                        assertThat(archive.number(CLAIMS)).isEqualTo(WORKERS);
                        return "all steps CRASHED, the execution STARTED, " + WORKERS + " claims";
                    },
                    "run");
        }
    },

    /** A restart has marked the killed run, and is about to hand its claims back. */
    RECOVERY_CLAIMS("a restart hands the claims back", "trap on UPDATE of worklist") {
        @Override
        void prepare(Scene scene) throws Exception {
            OBJECTS_STORED.strike(scene);
        }

        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.before("UPDATE ON worklist", "OLD.claim_id IS NOT NULL AND NEW.claim_id IS NULL"),
                    1,
                    archive -> {
                        assertThat(archive.executions().getLast()).endsWith("FAILED CRASHED");
                        assertThat(archive.number(CLAIMS)).isEqualTo(WORKERS);
                        return "the execution is CRASHED, " + WORKERS + " claims";
                    },
                    "run");
        }
    },

    /** 100 ms after it was asked to stop. */
    STOPPING("SIGKILL 100 ms after SIGTERM", "provider holds answers") {
        @Override
        int billingUnknown() {
            return WORKERS;
        }

        @Override
        String strike(Scene scene) throws Exception {
            scene.provider().holdAnswers();
            Program run = scene.practice().start("run");
            scene.provider().awaitHeld(WORKERS, PATIENCE);
            run.terminate();
            assertThat(run.endsWithin(Duration.ofMillis(100))).isFalse();
            run.awaitLog("SIGTERM: finishing work in progress");
            scene.kill(run);
            scene.settle();
            return "asked to stop, " + WORKERS + " calls held by the provider";
        }
    },

    /** A second signal has it hand back what is in flight, and that is not written. */
    HANDING_BACK("a second SIGTERM hands notes back", "trap on UPDATE of worklist") {
        @Override
        int billingUnknown() {
            return WORKERS;
        }

        @Override
        String strike(Scene scene) throws Exception {
            scene.provider().holdAnswers();
            Program run = scene.practice().start("run");
            scene.provider().awaitHeld(WORKERS, PATIENCE);
            try (Archive archive = scene.practice().beside(run)) {
                Trap.before("UPDATE ON worklist", "OLD.claim_id IS NOT NULL AND NEW.claim_id IS NULL")
                        .set(archive);
                run.terminate();
                run.awaitLog("SIGTERM: finishing work in progress");
                run.terminate();
                String seen = scene.killTrapped(run, archive, WORKERS, rows -> {
                    assertThat(rows.number(CLAIMS)).isEqualTo(WORKERS);
                    return WORKERS + " claims being handed back, none is";
                });
                scene.settle();
                return seen;
            }
        }
    },

    /** Half of a list is on the worklist, in a transaction. */
    ENQUEUE("half of a list is written", "trap on INSERT of worklist") {
        @Override
        String strike(Scene scene) throws Exception {
            List<String> all = scene.provider().noteIds(scene.ids().size() + 20);
            String list =
                    scene.practice().file("more.txt", String.join("\n", all)).toString();
            long before;
            try (Archive archive = scene.practice().look()) {
                before = archive.number("SELECT count(*) FROM worklist");
            }
            String seen = scene.killTrapped(
                    Trap.before("INSERT ON worklist", "true").after(all.size() - 10),
                    1,
                    archive -> {
                        assertThat(archive.number("SELECT count(*) FROM worklist"))
                                .isEqualTo(before);
                        return "10 of 20 new rows written, none visible";
                    },
                    "enqueue",
                    list);
            scene.ids().clear();
            scene.ids().addAll(all);
            return seen;
        }

        @Override
        void goOn(Scene scene) {
            assertThat(scene.practice().call("enqueue", scene.list()).with(0).out())
                    .contains("20 new");
        }
    },

    /** The tables of Spring Batch are half made. */
    MIGRATION_BATCH("the first migration is half done", "event trigger on CREATE TABLE") {
        @Override
        int notesBefore() {
            return 0;
        }

        @Override
        String strike(Scene scene) throws Exception {
            return strikeMigration(scene, "batch_step_execution", "1");
        }

        @Override
        void goOn(Scene scene) {
            scene.enqueue(20);
        }
    },

    /** Our own tables are half made. */
    MIGRATION_CATALOG("a later migration, that of the catalog, is half done", "event trigger on CREATE TABLE") {
        @Override
        int notesBefore() {
            return 0;
        }

        @Override
        String strike(Scene scene) throws Exception {
            return strikeMigration(scene, "note_media", "4");
        }

        @Override
        void goOn(Scene scene) {
            scene.enqueue(20);
        }
    },

    /** The embedded database is half made. */
    FIRST_START("the embedded database is half made", "initdb is seen at work") {
        @Override
        int notesBefore() {
            return 0;
        }

        @Override
        String whyNot(Place place) {
            return place == Place.OUTSIDE ? "the program starts no database" : "";
        }

        @Override
        String strike(Scene scene) throws Exception {
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

        @Override
        void goOn(Scene scene) {
            scene.enqueue(20);
            Path data = scene.practice().directory().resolve("data");
            try (Stream<Path> files = Files.list(data)) {
                assertThat(files.map(file -> file.getFileName().toString()))
                        .anyMatch(name -> name.startsWith("postgres.broken-"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    },

    /** Some of the notes are made due again, in a statement. */
    REQUEUE("notes are made due again", "trap on UPDATE of worklist") {
        @Override
        void prepare(Scene scene) {
            scene.runToTheEnd();
        }

        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.before("UPDATE ON worklist", "NEW.state = 'PENDING'").after(3),
                    1,
                    archive -> {
                        assertThat(archive.states()).doesNotContainKey("PENDING");
                        return "3 rows written, none visible";
                    },
                    "requeue",
                    "--state",
                    "ARCHIVED");
        }

        @Override
        void goOn(Scene scene) {
            int calls = scene.provider().calls();
            assertThat(scene.practice()
                            .call("requeue", "--state", "ARCHIVED")
                            .with(0)
                            .out())
                    .contains(scene.ids().size() + " notes are due now");
            scene.runToTheEnd();
            assertThat(scene.provider().calls()).isEqualTo(calls);
        }
    },

    /** Better renditions are in their slots, the objects that they replace are not removed. */
    REPLACED("replaced files are about to be removed", "trap on DELETE of media_object") {
        @Override
        void prepare(Scene scene) {
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

        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.before("DELETE ON media_object", "true"),
                    1,
                    archive -> {
                        assertThat(archive.number("SELECT count(*) FROM note_media WHERE reason = 'DEGRADED'"))
                                .isZero();
                        assertThat(archive.number("SELECT count(*) FROM forgotten_object"))
                                .isPositive();
                        return "no lesser file in a slot, the replaced ones listed and stored";
                    },
                    "run");
        }

        private static Set<String> originals(Scene scene, String note) {
            return Scene.targetsOf(scene.provider(), note).stream()
                    .filter(target -> target.contains("sc=V_ORG"))
                    .collect(Collectors.toSet());
        }
    },

    /** The sidecar of a note with a waived file is stored, its rows are not. */
    WAIVE("the last missing file of a note is waived", "trap in the COMMIT") {
        @Override
        void prepare(Scene scene) {
            String note = scene.provider().noteIds(SandboxNoteKind.SOUND, 1).getFirst();
            scene.ids().add(note);
            scene.practice().call("enqueue", note);
            Set<String> targets = Scene.targetsOf(scene.provider(), note);
            scene.provider().script().media(targets::contains, MediaReply.status(404));
            scene.practice().call("run").with(6);
        }

        @Override
        String strike(Scene scene) throws Exception {
            return scene.killTrapped(
                    Trap.withinCommitOf("UPDATE ON worklist", "NEW.state = 'ARCHIVED'"),
                    1,
                    archive -> {
                        assertThat(archive.states()).containsEntry("POSTPONED", 1L);
                        assertThat(archive.number(MISSING)).isOne();
                        String note = archive.strings("SELECT note_id FROM worklist WHERE state = 'POSTPONED'")
                                .getFirst();
                        assertThat(archive.objects("notes/" + note + "/")).hasSize(1);
                        return "the sidecar is stored, the note is POSTPONED";
                    },
                    waive(scene));
        }

        @Override
        void goOn(Scene scene) {
            scene.practice().call(waive(scene)).with(0);
        }

        private static String[] waive(Scene scene) {
            try (Archive archive = scene.practice().look()) {
                String[] slot = archive.strings(
                                "SELECT concat_ws(' ', note_id, kind, ordinal) FROM note_media WHERE state = 'MISSING'")
                        .getFirst()
                        .split(" ");
                return new String[] {"waive", slot[0], slot[1], slot[2], "--reason", "nobody has it any more"};
            }
        }
    };

    /** How many notes a practice begins with. */
    static final int NOTES = 30;

    private static final int SERVED = 5;
    private static final String EXECUTION = "(SELECT max(job_execution_id) FROM batch_job_execution)";
    private static final String COUNTED =
            "SELECT sum(write_count) FROM batch_step_execution WHERE step_name LIKE '%:w%' AND job_execution_id = "
                    + EXECUTION;
    private static final String CLAIMS = "SELECT count(*) FROM worklist WHERE claimed_by IS NOT NULL";
    private static final String ASKED = "SELECT count(*) FROM api_call WHERE job_execution_id = " + EXECUTION;
    private static final String ANSWERED = ASKED + " AND received_at IS NOT NULL";
    private static final String SETTLED = "SELECT count(*) FROM worklist WHERE settled_by = " + EXECUTION;
    private static final String PAID_AND_CLAIMED =
            "SELECT count(DISTINCT note_id) FROM worklist JOIN api_call USING (note_id) WHERE claimed_by IS NOT NULL AND billed = 'YES'";
    private static final String CAPTURED_AND_CLAIMED =
            "SELECT count(DISTINCT note_id) FROM worklist JOIN note_capture USING (note_id) WHERE claimed_by IS NOT NULL";

    /** The statement is a transaction by itself, and commits without being told to. */
    private static final String ANSWERS_COMMITTING_NOW =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query ILIKE '%UPDATE api_call%' AND datname = current_database()";

    private static final String COMMITTING_NOW =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query ILIKE 'COMMIT' AND datname = current_database()";
    private static final String CRASHED_STEPS =
            "SELECT count(*) FROM batch_step_execution WHERE exit_code = 'CRASHED' AND job_execution_id = " + EXECUTION;
    private static final String MISSING = "SELECT count(*) FROM note_media WHERE state = 'MISSING'";
    private static final Map<Place, String> IN_PROCESS_STORE = Map.of(
            Place.EMBEDDED, "client and store are one process: nothing can stand between, and it dies as a whole");

    private final String moment;
    private final String means;

    KillPoint(String moment, String means) {
        this.moment = moment;
        this.means = means;
    }

    /** What the program is doing then, in words. */
    String moment() {
        return moment;
    }

    /** What holds it there. */
    String means() {
        return means;
    }

    /** Why the moment cannot be met with such servers; empty when it can. */
    String whyNot(Place place) {
        return "";
    }

    /** How many notes are on the worklist before it. */
    int notesBefore() {
        return NOTES;
    }

    /** How many calls may stay without an answer. */
    int billingUnknown() {
        return 0;
    }

    /** Brings the practice to where the moment can be met. */
    void prepare(Scene scene) throws Exception {}

    /** Kills the program then; what was seen that proves it. */
    abstract String strike(Scene scene) throws Exception;

    /** Repeats what an operator would, before the next run. */
    void goOn(Scene scene) {}

    private static boolean isPutOfMedia(String firstLine) {
        return firstLine.startsWith("PUT ") && firstLine.contains("/media/");
    }

    private static int stored(Scene scene, String prefix) throws Exception {
        try (Archive archive = scene.practice().look()) {
            return archive.objects(prefix).size();
        }
    }

    private static int answerFiles(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(directory)) {
            return (int)
                    files.filter(file -> file.toString().endsWith(".answer")).count();
        }
    }

    private static int sidecarsOfClaimed(Archive archive) throws Exception {
        int found = 0;
        for (String note : archive.strings("SELECT note_id FROM worklist WHERE claimed_by IS NOT NULL")) {
            found += archive.objects("notes/" + note + "/").size();
        }
        return found;
    }

    private static String strikeMigration(Scene scene, String table, String version) throws Exception {
        scene.ids().addAll(scene.provider().noteIds(20));
        return scene.killTrapped(
                Trap.whenMade(table),
                1,
                archive -> {
                    assertThat(archive.number(
                                    "SELECT count(*) FROM information_schema.tables WHERE table_name = ?", table))
                            .isZero();
                    assertThat(archive.strings("SELECT version FROM flyway_schema_history"))
                            .doesNotContain(version);
                    return "version " + version + " is not in the history, its table not visible";
                },
                "enqueue",
                scene.list());
    }
}
