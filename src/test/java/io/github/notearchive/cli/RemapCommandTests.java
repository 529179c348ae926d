package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.RemapChanges;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.remap.RemapSummary;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RemapCommandTests {

    @Test
    void dryRunRecommendsARemapOnlyIfSomethingChanges() {
        RemapChanges.Change change = new RemapChanges.Change(1, List.of("66aa00000000000000000001"));

        assertThat(dryRun(Map.of("note.title", change))).contains("next      remap, which writes it");
        assertThat(dryRun(Map.of()))
                .contains("would change\n  nothing", "next      no action required until the next version");
    }

    private static String dryRun(Map<String, RemapChanges.Change> changes) {
        StringWriter out = new StringWriter();
        RemapCommand.print(
                new RemapSummary(
                        ExitCode.COMPLETED,
                        "this is what a remap would change; nothing is written",
                        null,
                        null,
                        false,
                        1,
                        3,
                        3,
                        0L,
                        0,
                        List.of(),
                        changes,
                        List.of(),
                        Duration.ofSeconds(1)),
                true,
                new PrintWriter(out, true));
        return out.toString();
    }
}
