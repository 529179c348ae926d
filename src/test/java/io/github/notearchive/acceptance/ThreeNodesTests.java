package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.ScriptableSandbox;
import io.github.notearchive.sandbox.ScriptableSandbox.CallSeen;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Three nodes, each a process, with one database, one store and one account at the provider. */
@ExtendWith(OutsideServers.Running.class)
@Execution(value = ExecutionMode.SAME_THREAD, reason = "each test has three processes")
class ThreeNodesTests {

    private static final List<String> NODES = List.of("one", "two", "three");
    private static final int IN_FLIGHT = NODES.size() * Practice.WORKERS;
    private static final Duration PATIENCE = Duration.ofSeconds(150);

    @Test
    void threeNodesShareTheRateAndClaimTheNotesOfAKilledOne() throws Exception {
        int notes = 150;
        int rate = 40;
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            ScriptableSandbox provider = practice.provider();
            practice.environment().put("ARCHIVE_CALLS_PER_SECOND", String.valueOf(rate));
            List<String> ids = practice.enqueue(notes);
            // after sixty responses the next caller waits, and its node is killed
            Semaphore answers = new Semaphore(60);
            provider.script().answersAll(Reply.note(answer -> when(answers, answer)));
            provider.holdResponses();
            List<Program> nodes = start(practice);
            provider.awaitHeld(IN_FLIGHT, PATIENCE);
            provider.releaseResponses();
            await().atMost(PATIENCE).until(() -> answers.getQueueLength() == IN_FLIGHT);

            try {
                nodes.getFirst().kill();
                JsonNode one = practice.call("status", "--json")
                        .with(0)
                        .json()
                        .at("/nodes")
                        .get(2);
                assertThat(one.at("/node").stringValue()).isEqualTo("one");
                assertThat(one.at("/state").stringValue()).isEqualTo("DIED");
                assertThat(one.at("/claimedNotes").intValue()).isEqualTo(Practice.WORKERS);
                assertThat(archive.states()).containsEntry("ARCHIVED", 60L);
                // five minutes later
                archive.execute(
                        "UPDATE worklist SET claimed_until = now() - interval '1 second' WHERE claimed_by = 'one'");
                Instant resumed = Instant.now();
                answers.release(1_000);
                for (Program node : nodes.subList(1, 3)) {
                    assertThat(practice.end(node).exitCode()).isIn(0, 6);
                }
                assertThat(archive.states())
                        .as("the killed node may have responses, so nothing is bought twice")
                        .isEqualTo(Map.of(
                                "ARCHIVED", (long) notes - Practice.WORKERS, "POSTPONED", (long) Practice.WORKERS));
                assertThat(provider.calls()).isEqualTo(notes);
                assertPace(provider.callsSeen(), resumed, rate);

                practice.end(start(practice, "one")).with(0);

                assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", (long) notes));
                int bought = notes + Practice.WORKERS;
                assertThat(provider.bought())
                        .as("what was in flight at the kill is bought again")
                        .hasSize(bought)
                        .containsAll(ids);
                assertThat(provider.calls()).isEqualTo(bought);
                archive.assertNumber("SELECT count(*) FROM api_call", bought);
                archive.assertNumber("""
                                        SELECT count(*) FROM api_call
                                        WHERE received_at IS NULL AND billed = 'UNKNOWN'
                                        """, Practice.WORKERS);
                archive.assertNumber("SELECT count(*) FROM api_call WHERE billed = 'YES'", notes);
                archive.assertNumber("SELECT count(*) FROM note_capture", notes);
                assertThat(archive.objects("notes/")).hasSize(notes);
                archive.assertNumber(
                        "SELECT count(*) FROM media_object",
                        archive.objects("media/").size());
            } finally {
                answers.release(1_000);
            }
        }
    }

    @Tag("long")
    @Test
    void responsesOfANodeWithoutDatabaseAreNotBoughtByAnotherAndAreUsedLater() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                TcpProxy way = TcpProxy.before(OutsideServers.running().databaseAddress());
                Archive archive = practice.look()) {
            ScriptableSandbox provider = practice.provider();
            List<String> ids = practice.enqueue(20);
            provider.holdResponses();
            Program one = practice.startWith(
                    Map.of(
                            "ARCHIVE_DATA_DIR", data(practice, "one"),
                            "ARCHIVE_DATABASE_URL", practice.databaseUrl(way),
                            "ARCHIVE_OUTAGE_AFTER", "5s"),
                    "run",
                    "--node",
                    "one");
            provider.awaitHeld(Practice.WORKERS, PATIENCE);
            way.down();
            provider.releaseResponses();
            practice.end(one).with(8);
            // five minutes later
            archive.execute("UPDATE worklist SET claimed_until = now() - interval '1 second' WHERE claimed_by = 'one'");

            practice.end(start(practice, "two")).with(6);

            assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 12L, "POSTPONED", (long) Practice.WORKERS));
            assertThat(provider.bought()).containsExactlyInAnyOrderElementsOf(ids);
            archive.assertNumber("SELECT sum(attempts) FROM worklist", 0);

            practice.end(start(practice, "one")).with(0);

            assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 20L));
            assertThat(provider.bought()).containsExactlyInAnyOrderElementsOf(ids);
            Audit.of(practice, archive, ids).isClean(0);
        }
    }

    static Stream<Arguments> absences() {
        Consumer<Practice> leases = practice -> {
            practice.provider().releaseResponses();
            await().atMost(PATIENCE).until(() -> practice.provider().granted() == Practice.WORKERS);
            // five minutes later
            practice.execute(
                    "UPDATE worklist SET claimed_until = now() - interval '1 second' WHERE claimed_by IS NOT NULL");
        };
        return Stream.of(
                Arguments.of("frozen", FaultCauses.frozen(leases)),
                Arguments.of("cut off from the database", FaultCauses.cutOff(leases)));
    }

    /** The leases of the node are ended by the test; {@link FaultMatrixTests} waits until they end. */
    @Tag("long")
    @ParameterizedTest(name = "{0}")
    @MethodSource("absences")
    void aNodeThatContinuesAfterItsLeasesDoesNoHarm(String absence, Fault.Onset onset) throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            List<String> ids = practice.enqueue(20);
            Program node = practice.startRunWithHeldResponses();

            Fault.Repair _ = onset.cause(practice);

            practice.end(node).with(0);
            assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 20L));
            assertThat(practice.provider().bought()).as(absence).containsExactlyInAnyOrderElementsOf(ids);
            archive.assertNumber("SELECT sum(attempts) FROM worklist", 0);
            archive.assertNumber("SELECT count(*) FROM note_capture", 20);
            Audit.of(practice, archive, ids).isClean(0);
        }
    }

    @Tag("long")
    @Test
    void aQuotaThatOneNodeMeetsEndsAllWithoutAnotherCall() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            ScriptableSandbox provider = practice.provider();
            List<String> ids = practice.enqueue(100);
            // a billed response of the day: without one, code 303 only pauses calls after midnight
            practice.call("run", "--limit", "1").with(7);
            // the first due note is claimed by the node that starts first
            String met = ids.stream().sorted().skip(1).findFirst().orElseThrow();
            Semaphore others = new Semaphore(0);
            provider.script().answers(met, Reply.code(303)).answersAll(Reply.note(answer -> when(others, answer)));
            provider.holdResponses();
            List<Program> nodes = start(practice);
            provider.awaitHeld(IN_FLIGHT, PATIENCE);
            try {
                provider.releaseResponses();
                await().atMost(PATIENCE).until(() -> archive.number("SELECT count(*) FROM run_stop") == 1);
            } finally {
                others.release(1_000);
            }
            List<Ended> ends = nodes.stream().map(practice::end).toList();

            assertThat(ends).allSatisfy(end -> end.with(3));
            assertThat(provider.answered(303)).isOne();
            assertThat(provider.calls())
                    .as("the first note and the calls in flight")
                    .isEqualTo(1 + IN_FLIGHT);
            String execution = archive.strings("SELECT job_execution_id::text FROM run_stop")
                    .getFirst();
            String node = archive.strings(
                            "SELECT parameter_value FROM batch_job_execution_params WHERE parameter_name = 'node' AND job_execution_id = "
                                    + execution)
                    .getFirst();
            assertThat(ends.stream()
                            .filter(end -> end.out().contains("met by node " + node + " in execution " + execution)))
                    .as("the two others")
                    .hasSize(2);
            archive.assertNumber("SELECT count(*) FROM api_call", provider.calls());
            archive.assertNumber("SELECT count(*) FROM worklist WHERE claimed_by IS NOT NULL", 0);
            assertThat(archive.states().get("ARCHIVED")).isEqualTo((long) IN_FLIGHT);
            archive.assertNumber("SELECT count(*) FROM source_gate", 1);
        }
    }

    private static List<Program> start(Practice practice) {
        return NODES.stream().map(node -> start(practice, node)).toList();
    }

    private static Program start(Practice practice, String node) {
        return practice.startWith(Map.of("ARCHIVE_DATA_DIR", data(practice, node)), "run", "--node", node);
    }

    private static String data(Practice practice, String node) {
        return practice.directory().resolve("data-" + node).toString();
    }

    /** The answer, when there is a permit for it. */
    private static ObjectNode when(Semaphore permits, ObjectNode answer) {
        permits.acquireUninterruptibly();
        return answer;
    }

    /** However late single calls are: so many take so long. A tenth is for those that are. */
    private static void assertPace(List<CallSeen> calls, Instant since, int rate) {
        List<Instant> order = calls.stream()
                .map(CallSeen::at)
                .filter(since::isBefore)
                .sorted()
                .toList();
        Duration took = Duration.between(order.getFirst(), order.getLast());
        assertThat(order).hasSizeGreaterThan(50);
        assertThat(took.toMillis()).isGreaterThanOrEqualTo((order.size() - 1) * 900L / rate);
    }
}
