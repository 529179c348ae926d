package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Other commands during a run. */
@ExtendWith(OutsideServers.Running.class)
class BesideARunTests {

    @Test
    void secondRunEndsWithFiveAndOtherCommandsWork() throws Exception {
        // other processes join the embedded servers of the run
        try (Practice practice = Practice.begin(Place.EMBEDDED)) {
            ScriptableSandbox provider = practice.provider();
            // equally due notes are claimed in the order of their ids
            String inWork = practice.enqueue(20).stream().sorted().findFirst().orElseThrow();
            String late = provider.noteIds(21).getLast();
            Program run = practice.startRunWithHeldAnswers();

            Program second = practice.start("run");
            Program status = practice.start("status", "--json");
            Ended refused = practice.end(second).with(5);
            JsonNode shown = practice.end(status).with(0).json();
            Program enqueue = practice.start("enqueue", late);
            Program explain = practice.start("explain", inWork);
            Ended added = practice.end(enqueue).with(0);
            Ended explained = practice.end(explain).with(0);

            assertThat(refused.out()).contains("ALREADY_RUNNING (exit 5): another run of node main is active");
            assertThat(provider.calls()).isEqualTo(Practice.WORKERS);
            assertThat(shown.at("/worklist/0/inProgress").intValue()).isEqualTo(Practice.WORKERS);
            assertThat(shown.at("/runs/0/status").stringValue()).isEqualTo("STARTED");
            assertThat(shown.at("/health/inAWord").stringValue())
                    .contains("a run is active, started ")
                    .doesNotContain("has not said");
            assertThat(added.out()).contains(": 1 new");
            assertThat(explained.out())
                    .contains("Note " + inWork + " is PENDING")
                    .contains("in progress on node main");
            try (Archive archive = practice.look()) {
                assertThat(archive.executions()).containsExactly("1 STARTED UNKNOWN");
            }

            provider.releaseAnswers();
            practice.end(run).with(0);
            assertThat(provider.calls()).isEqualTo(21);
            assertThat(provider.bought()).contains(late).doesNotHaveDuplicates();
            try (Archive archive = practice.look()) {
                assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 21L));
                assertThat(archive.executions()).containsExactly("1 COMPLETED COMPLETED");
            }
        }
    }
}
