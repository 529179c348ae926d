package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.report.PageChecks;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** The report of a finished run. */
@ExtendWith(OutsideServers.Running.class)
class MorningAfterTests {

    @Test
    void runSucceedsWithoutItsReportWhichIsWrittenLater() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            practice.enqueue(3);
            Path data = Files.createDirectories(practice.directory().resolve("data"));
            Path inTheWay = Files.writeString(data.resolve("reports"), "in the way");

            Ended run = practice.call("run", "--summary-json", "-").with(0);

            JsonNode summary = run.json();
            assertThat(summary.path("exit").stringValue()).isEqualTo("COMPLETED");
            assertThat(summary.at("/notes/archived").intValue()).isEqualTo(3);
            assertThat(summary.at("/limits/callsPerSecond").intValue()).isEqualTo(500);
            assertThat(summary.path("report").isNull()).isTrue();
            assertThat(run.err()).contains("COMPLETED (exit 0)", "The report was not written");

            Files.delete(inTheWay);
            String printed = practice.call("report").with(0).out().strip();
            Path report = Path.of(printed.lines().reduce((_, last) -> last).orElseThrow());
            assertThat(report.getParent()).isEqualTo(inTheWay);
            PageChecks.assertSound(Files.readString(report));
            assertThat(report).content().contains("3 notes archived").doesNotContain(practice.secrets());
        }
    }
}
