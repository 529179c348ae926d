package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What a run and the commands ask of a worklist of 10,000, 1,000,000 and 5,000,000 notes, none of them done and nine
 * tenths done: {@code ./mvnw test -Pbench -Dtest=BacklogBench}. Each through the classes that do it, over real tables
 * of a real server. {@code -Dbench.rows=1000000} leaves the largest out, {@code -Dbench.churn=200000} makes the series
 * of claims longer.
 */
class BacklogBench {

    private static final int LARGEST = Integer.getInteger("bench.rows", 5_000_000);
    private static final int CHURN = Integer.getInteger("bench.churn", 50_000);
    private static final int REPEATS = 9;
    private static final Pattern READ_WHOLE = Pattern.compile(BigWorklist.READ_WHOLE, Pattern.MULTILINE);
    private static final Path PAGE = Path.of("target", "bench", "backlog.md");

    private final Map<String, Map<String, Double>> medians = new LinkedHashMap<>();
    private final List<String> columns = new ArrayList<>();
    private final List<String> readWhole = new ArrayList<>();
    private final StringBuilder bulk = new StringBuilder();
    private final StringBuilder churn = new StringBuilder();

    @Test
    void whatIsAskedCostsTheSameHoweverManyNotesThereAre() throws Exception {
        for (int tenthsDone : new int[] {0, 9}) {
            for (int notes : new int[] {10_000, 1_000_000, 5_000_000}) {
                if (notes <= LARGEST) {
                    measure(notes, tenthsDone);
                    Files.createDirectories(PAGE.getParent());
                    Files.writeString(PAGE, page());
                }
            }
        }

        assertThat(readWhole).as("tables that are read from end to end").isEmpty();
    }

    private void measure(int notes, int tenthsDone) throws Exception {
        String column = String.format(Locale.ROOT, "%,d%s", notes, tenthsDone == 0 ? "" : ", 90 % done");
        columns.add(column);
        try (BigWorklist big = new BigWorklist(notes, tenthsDone, 5)) {
            for (Map.Entry<String, BigWorklist.Task> task : BacklogTasks.all().entrySet()) {
                medians.computeIfAbsent(task.getKey(), _ -> new LinkedHashMap<>())
                        .put(column, median(big, task.getValue()));
            }
            for (Map.Entry<String, BigWorklist.Task> task : BacklogTasks.all().entrySet()) {
                big.plansOf(task.getValue()).stream()
                        .filter(plan -> READ_WHOLE.matcher(plan).find())
                        .forEach(plan -> readWhole.add(column + ", " + task.getKey() + ": " + plan));
            }
            if (tenthsDone == 0) {
                big.beside().execute("CHECKPOINT");
                double seconds = millis(() -> BacklogTasks.enqueue(big.timed(), 1_000_000)) / 1000;
                bulk.append(String.format(Locale.ROOT, "| %s | %.1f |%n", column, seconds));
            }
            if (notes == 1_000_000 && tenthsDone == 0) {
                claimWithoutVacuum(big);
            }
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    private static double millis(Work work) throws Exception {
        long began = System.nanoTime();
        work.run();
        return (System.nanoTime() - began) / 1e6;
    }

    private static double median(BigWorklist big, BigWorklist.Task task) throws Exception {
        BigWorklist.Parts parts = big.timed();
        double[] times = new double[REPEATS];
        for (int i = -2; i < REPEATS; i++) {
            times[Math.max(i, 0)] = millis(() -> task.run(parts));
        }
        Arrays.sort(times);
        return times[REPEATS / 2];
    }

    /** Nothing is vacuumed, and a transaction of another session keeps every dead row where it is. */
    private void claimWithoutVacuum(BigWorklist big) throws Exception {
        BigWorklist.Parts parts = big.timed();
        big.beside().execute("ALTER TABLE worklist SET (autovacuum_enabled = false)");
        try (Connection other = big.beside().getDataSource().getConnection();
                Statement open = other.createStatement()) {
            open.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM worklist_count");
            int slice = CHURN / 10;
            for (int i = 1; i <= 10; i++) {
                double[] times = new double[slice];
                for (int j = 0; j < slice; j++) {
                    times[j] = millis(() -> BacklogTasks.claimAndSettle(parts));
                }
                Arrays.sort(times);
                churn.append("| %,d | %.2f | %.2f |%n".formatted(i * slice, times[slice / 2], times[slice * 99 / 100]));
            }
        }
    }

    private String page() {
        StringBuilder page =
                new StringBuilder("""
                        # A worklist of millions

                        Made by `BacklogBench` (`./mvnw test -Pbench -Dtest=BacklogBench`) on %d cores, with the embedded PostgreSQL as the program
                        sets it up, but that no commit waits for the disk (`synchronous_commit = off`). Milliseconds, the median of %d after two more,
                        through the classes that runs and commands use. In brackets: times the figure of 10,000 notes. Where notes are
                        done, every fifth of them has its call, its answer and a file.

                        """.formatted(Runtime.getRuntime().availableProcessors(), REPEATS));
        page.append("| ms | ").append(String.join(" | ", columns)).append(" |\n|---|");
        page.append("--:|".repeat(columns.size())).append('\n');
        medians.forEach((task, byColumn) -> {
            page.append("| ").append(task);
            Map<String, Double> bases = new TreeMap<>();
            byColumn.forEach((column, median) -> {
                double base = bases.computeIfAbsent(column.contains("%") ? "done" : "new", _ -> median);
                page.append(String.format(Locale.ROOT, " | %.2f (%.1f)", median, median / base));
            });
            page.append(" |\n");
        });
        page.append("""

                ## A million ids

                Seconds, once each.

                | notes before | `enqueue` of 1,000,000 ids |
                |---|--:|
                """);
        page.append(bulk);
        page.append("""

                ## Claims without a vacuum

                Claim and settlement of one note after the other out of a million, in milliseconds, while autovacuum is off and another
                session's transaction is open since the beginning, so that no dead row goes away.

                | notes | median | 99 of 100 below |
                |--:|--:|--:|
                """);
        page.append(churn);
        return page.toString();
    }
}
