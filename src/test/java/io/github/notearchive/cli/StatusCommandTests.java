package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.stats.CallTotals.Bill;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.NightReport.Run;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class StatusCommandTests {

    private static final Instant TIME = Instant.parse("2026-11-25T16:10:00Z");

    @Test
    void statusWithoutRunsNamesTheFirstCommand() {
        assertThat(StatusCommand.ifNoRun(null)).contains("none; start one with: note-archive run");
    }

    @Test
    void statusWithoutRunsNamesARefusedRun() {
        Run refused =
                new Run("main", null, Night.of(TIME), TIME, TIME, 8, "UPSTREAM_UNAVAILABLE", null, Bill.NONE, null);

        assertThat(StatusCommand.ifNoRun(refused))
                .contains("exit code 8 UPSTREAM_UNAVAILABLE was refused before it started")
                .doesNotContain("start one");
    }
}
