package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.report.PageChecks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the operator looks at when the night is over. */
@ExtendWith(OutsideServers.Running.class)
class MorningAfterTests {

    @Test
    void nightWhoseReportCannotBeWrittenIsAsGoodAsAnyAndIsToldLater() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            List<String> ids = practice.enqueue(3);
            Path data = Files.createDirectories(practice.directory().resolve("data"));
            Path inTheWay = Files.writeString(data.resolve("reports"), "in the way");

            Ended run = practice.call("run", "--summary-json", "-").with(0);

            JsonNode summary = JsonMapper.shared().readTree(run.out());
            assertThat(summary.path("exit").stringValue()).isEqualTo("COMPLETED");
            assertThat(summary.at("/notes/archived").intValue()).isEqualTo(3);
            assertThat(summary.at("/limits/callsPerSecond").intValue()).isEqualTo(500);
            assertThat(summary.path("report").isNull()).isTrue();
            assertThat(run.err()).contains("COMPLETED (exit 0)", "The report was not written");

            Files.delete(inTheWay);
            String told = practice.call("report").with(0).out().strip();
            Path report = Path.of(told.lines().reduce((_, last) -> last).orElseThrow());
            assertThat(report.getParent()).isEqualTo(inTheWay);
            PageChecks.assertSound(Files.readString(report));
            assertThat(report).content().contains("3 notes archived").doesNotContain(practice.secrets());

            JsonNode status = JsonMapper.shared()
                    .readTree(practice.call("status", "--json", "--fail-on", "ATTENTION")
                            .with(0)
                            .out());
            assertThat(status.at("/health/level").stringValue()).isEqualTo("HEALTHY");
            JsonNode story = JsonMapper.shared()
                    .readTree(practice.call("explain", "--json", ids.getFirst())
                            .with(0)
                            .out());
            assertThat(story.path("state").stringValue()).isEqualTo("ARCHIVED");
            assertThat(story.at("/story/0/kind").stringValue()).isEqualTo("QUEUED");
        }
    }
}
