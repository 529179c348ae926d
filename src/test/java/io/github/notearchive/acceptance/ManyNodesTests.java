package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.CallSeen;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxProvider;
import io.github.notearchive.sandbox.SandboxSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Three nodes, each a process, with one database, one store and one account at the provider. */
@ExtendWith(OutsideServers.Running.class)
class ManyNodesTests {

    private static final List<String> NODES = List.of("one", "two", "three");
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @Test
    void threeNodesKeepOnePaceAndTakeOverWhatAKilledOneHeld() throws Exception {
        int notes = 150;
        int rate = 40;
        SandboxSettings settings =
                SandboxSettings.defaults()
                        .withLatency(Duration.ofMillis(150), 0.5)
                        // as an account that is allowed a little more than the nodes are told
                        .withCallsPerSecond(rate + rate / 4);
        try (Practice practice = Practice.begin(Place.OUTSIDE, settings)) {
            SandboxProvider provider = practice.provider();
            practice.environment().put("ARCHIVE_CALLS_PER_SECOND", String.valueOf(rate));
            List<String> ids = practice.enqueue(notes);
            List<Program> nodes = start(practice);

            Program killed = nodes.getFirst();
            try (Archive archive = practice.look()) {
                await().atMost(PATIENCE)
                        .until(() -> provider.calls() >= 30 && settledBy(archive) == NODES.size());
                killed.kill();
                long held = archive.number("SELECT count(*) FROM worklist WHERE claimed_by = 'one'");
                assertThat(held).isBetween(1L, (long) Practice.WORKERS);
                JsonNode one = status(practice).at("/nodes").valueStream()
                        .filter(node -> node.at("/node").stringValue().equals("one")).findFirst().orElseThrow();
                assertThat(one.at("/state").stringValue()).isEqualTo("DIED");
                assertThat(one.at("/notesInHand").longValue()).isEqualTo(held);
                // five minutes later
                archive.execute("UPDATE worklist SET claimed_until = now() - interval '1 second' WHERE claimed_by = 'one'");
                for (Program node : nodes.subList(1, 3)) {
                    practice.end(node).with(0);
                }

                assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", (long) notes));
                assertThat(archive.number("SELECT count(*) FROM api_call")).isEqualTo(provider.calls());
                long unknown = archive.number("SELECT count(*) FROM api_call WHERE received_at IS NULL");
                assertThat(unknown).as("in flight at the kill").isBetween(0L, (long) Practice.WORKERS);
                // bought twice is what was in flight at the kill and nothing else
                assertThat(provider.bought()).containsAll(ids);
                assertThat((long) provider.bought().size()).isBetween((long) notes, notes + unknown);
                assertThat(archive.number("SELECT count(*) FROM api_call WHERE billed = 'YES'")).isEqualTo(notes);
                assertThat(archive.number("SELECT count(*) FROM note_capture")).isEqualTo(notes);
                assertThat(archive.objects("notes/")).hasSize(notes);
                assertThat(archive.number("SELECT count(*) FROM media_object"))
                        .isEqualTo(archive.objects("media/").size());
            }
            assertThat(provider.answered(302)).isZero();
            assertPace(provider.callsSeen(), rate);
        }
    }

    @Test
    void aQuotaThatOneNodeMeetsEndsAllWithoutAnotherCall() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            SandboxProvider provider = practice.provider();
            List<String> ids = practice.enqueue(100);
            // the first in line is asked about by whichever node is there first
            String met = ids.stream().sorted().findFirst().orElseThrow();
            CountDownLatch others = new CountDownLatch(1);
            provider.script()
                    .answers(met, Reply.code(303))
                    .answersAll(
                            Reply.note(
                                    answer -> {
                                        awaitUnchecked(others);
                                        return answer;
                                    }));
            provider.holdAnswers();
            List<Program> nodes = start(practice);
            int inFlight = NODES.size() * Practice.WORKERS;
            provider.awaitHeld(inFlight, PATIENCE);
            try (Archive archive = practice.look()) {
                provider.releaseAnswers();
                await().atMost(PATIENCE)
                        .until(() -> archive.number("SELECT count(*) FROM run_stop") == 1);
            } finally {
                others.countDown();
            }
            List<Ended> ends = nodes.stream().map(practice::end).toList();

            assertThat(ends).allSatisfy(end -> end.with(3));
            assertThat(provider.answered(303)).isOne();
            assertThat(provider.calls()).as("none but those in flight").isEqualTo(inFlight);
            try (Archive archive = practice.look()) {
                String execution = archive.strings("SELECT job_execution_id::text FROM run_stop").getFirst();
                String node = archive.strings("SELECT parameter_value FROM batch_job_execution_params WHERE parameter_name = 'node' AND job_execution_id = " + execution).getFirst();
                assertThat(ends.stream().filter(end -> end.out().contains("met by node " + node + " in execution " + execution)))
                        .as("the two others")
                        .hasSize(2);
                assertThat(archive.number("SELECT count(*) FROM api_call")).isEqualTo(provider.calls());
                assertThat(archive.number("SELECT count(*) FROM worklist WHERE claimed_by IS NOT NULL")).isZero();
                assertThat(archive.states().get("ARCHIVED")).isEqualTo(inFlight - 1L);
                assertThat(archive.number("SELECT count(*) FROM source_gate")).isOne();
            }
        }
    }

    private static List<Program> start(Practice practice) {
        List<Program> nodes = new ArrayList<>();
        for (String node : NODES) {
            nodes.add(
                    practice.startWith(
                            Map.of("ARCHIVE_DATA_DIR", practice.directory().resolve("data-" + node).toString()),
                            "run",
                            "--node",
                            node));
        }
        return nodes;
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static long settledBy(Archive archive) {
        return archive.number("SELECT count(DISTINCT settled_by) FROM worklist WHERE settled_by IS NOT NULL");
    }

    private static JsonNode status(Practice practice) {
        return JsonMapper.builder().build().readTree(practice.call("status", "--json").with(0).out());
    }

    /** However late single calls are: so many take so long. A tenth is for those that are. */
    private static void assertPace(List<CallSeen> calls, int rate) {
        List<Instant> order = calls.stream().map(CallSeen::at).sorted().toList();
        Duration took = Duration.between(order.getFirst(), order.getLast());
        assertThat(took.toMillis()).isGreaterThanOrEqualTo((calls.size() - 1) * 900L / rate);
    }
}
