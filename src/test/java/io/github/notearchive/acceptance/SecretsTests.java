package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.Reply;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * No credential is written anywhere, however much is logged. That ordinary output holds none is
 * asserted with each process of all these tests.
 */
@ExtendWith(OutsideServers.Running.class)
class SecretsTests {

    @ParameterizedTest(name = "on {0} servers")
    @EnumSource
    void notEvenATraceOfABadNightHoldsASecret(Place place) {
        try (Practice practice = Practice.begin(place)) {
            List<String> ids = practice.enqueue(6);
            practice.provider().script().always(ids.get(0), Reply.code(301));
            practice.provider()
                    .script()
                    .always(ids.get(1), Reply.raw(502, "text/html", new byte[] {60}));
            practice.provider().script().always(ids.get(2), Reply.reset());
            practice.provider().script().always(ids.get(3), Reply.code(400));

            Program night =
                    practice.startWith(
                            Map.of(
                                    "JAVA_TOOL_OPTIONS",
                                    "-Dlogging.level.root=trace -Dlogging.level.org.apache.hc=trace"
                                            + " -Dlogging.level.org.apache.hc.client5.http.wire=trace"
                                            + " -Dlogging.level.okhttp3=trace -Dlogging.level.org.gaul=trace"),
                            "run");
            Ended ended = practice.end(night).with(6);

            assertThat(ended.err()).contains("TRACE", "DEBUG");
            try (Archive archive = practice.look()) {
                List<String> tables =
                        archive.strings(
                                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'");
                assertThat(tables).contains("batch_job_execution", "api_call", "worklist");
                for (String table : tables) {
                    assertThat(archive.dump(table)).as(table).doesNotContain(practice.secrets());
                }
                assertThat(
                                archive.number(
                                        "SELECT count(*) FROM api_call WHERE message IS NOT NULL"))
                        .isPositive();
            }
        }
    }
}
