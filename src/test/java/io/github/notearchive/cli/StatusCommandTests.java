package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.report.Health.LastRun;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StatusCommandTests {

    private static final Instant TIME = Instant.parse("2026-11-25T16:10:00Z");

    @Test
    void statusWithoutRunsNamesTheFirstCommand() {
        assertThat(runs(null)).contains("none; start one with: note-archive run");
    }

    @Test
    void statusWithoutRunsNamesARefusedRun() {
        LastRun refused = new LastRun("main", null, TIME, TIME, 8, "UPSTREAM_UNAVAILABLE");

        assertThat(runs(refused))
                .contains("exit code 8 UPSTREAM_UNAVAILABLE was refused before it started")
                .doesNotContain("start one");
    }

    private static String runs(@Nullable LastRun newest) {
        StringWriter out = new StringWriter();
        StatusCommand.print(List.of(), newest, new PrintWriter(out, true));
        return out.toString();
    }
}
