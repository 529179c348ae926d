package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** That nothing of a run, and neither status nor plan, reads a table as a whole. */
@Isolated("hears the logs of the whole JVM")
class BacklogPlansTests {

    private static final Pattern READ_WHOLE = Pattern.compile(BigWorklist.READ_WHOLE, Pattern.MULTILINE);

    @Test
    void nothingReadsTheWorklistLedgerOrMediaFromEndToEnd() throws Exception {
        List<String> whole = new ArrayList<>();
        List<String> silent = new ArrayList<>();
        try (BigWorklist big = new BigWorklist(60_000, 9, 2)) {
            for (Map.Entry<String, BigWorklist.Task> task : BacklogTasks.all().entrySet()) {
                List<String> plans = big.plansOf(task.getValue());
                if (plans.isEmpty()) {
                    silent.add(task.getKey());
                }
                plans.stream()
                        .filter(plan -> READ_WHOLE.matcher(plan).find())
                        .forEach(plan -> whole.add(task.getKey() + ":" + plan));
            }
        }

        assertThat(silent).as("tasks that showed no plan").isEmpty();
        assertThat(whole).isEmpty();
    }
}
