package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** That nothing of a run, and neither status nor plan, reads a table as a whole. */
@Isolated("hears the logs of the whole JVM")
class BacklogPlansTests {

    @Test
    void nothingReadsTheWorklistLedgerOrMediaFromEndToEnd() throws Exception {
        try (BigWorklist big = new BigWorklist(60_000, 9, 2)) {
            assertThat(BacklogTasks.plansThatReadATable(big)).isEmpty();
        }
    }
}
