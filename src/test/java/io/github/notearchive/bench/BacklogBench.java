package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
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
    private final StringBuilder plans = new StringBuilder();
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
                List<String> seen = big.plansOf(task.getValue());
                seen.stream()
                        .filter(plan -> READ_WHOLE.matcher(plan).find())
                        .forEach(plan -> readWhole.add(column + ", " + task.getKey() + ": " + plan));
                if (notes == LARGEST && tenthsDone > 0) {
                    show(task.getKey(), seen);
                }
            }
            if (tenthsDone == 0) {
                enqueueAMillion(big, column);
            }
            if (notes == 1_000_000 && tenthsDone == 0) {
                claimOnAndOn(big);
            }
        }
    }

    private static double median(BigWorklist big, BigWorklist.Task task) throws Exception {
        BigWorklist.Parts parts = big.timed();
        double[] times = new double[REPEATS];
        for (int i = -2; i < REPEATS; i++) {
            long began = System.nanoTime();
            task.run(parts);
            if (i >= 0) {
                times[i] = (System.nanoTime() - began) / 1e6;
            }
        }
        Arrays.sort(times);
        return times[REPEATS / 2];
    }

    private void show(String task, List<String> seen) {
        plans.append("\n### ").append(task).append("\n\n");
        for (String plan : seen) {
            plans.append("```\n")
                    .append(plan.strip().replaceAll("(?m)^Query Text: +", "").stripTrailing())
                    .append("\n```\n");
        }
    }

    /** And what the server alone needs for the same rows: COPY into a table of the same make. */
    private void enqueueAMillion(BigWorklist big, String column) throws Exception {
        BigWorklist.Parts parts = big.timed();
        big.sql("CHECKPOINT");
        long began = System.nanoTime();
        BacklogTasks.enqueue(parts, 1_000_000);
        double took = (System.nanoTime() - began) / 1e9;
        bulk.append(String.format(Locale.ROOT, "| %s | %.1f | %.1f |%n", column, took, plainCopy(big)));
    }

    private static double plainCopy(BigWorklist big) throws SQLException, IOException {
        try (Connection connection = big.connect();
                Statement sql = connection.createStatement()) {
            String ids = BacklogTasks.ids(1_000_000);
            sql.execute("""
                    BEGIN;
                    ALTER TABLE worklist DISABLE TRIGGER USER;
                    ALTER TABLE worklist ALTER enqueued_at SET DEFAULT now(), ALTER due_at SET DEFAULT now()
                    """);
            long began = System.nanoTime();
            connection
                    .unwrap(org.postgresql.PGConnection.class)
                    .getCopyAPI()
                    .copyIn("COPY worklist (note_id) FROM STDIN", new java.io.StringReader(ids));
            double took = (System.nanoTime() - began) / 1e9;
            sql.execute("ROLLBACK");
            return took;
        }
    }

    /** Nothing is vacuumed, and somebody's transaction keeps every dead row where it is. */
    private void claimOnAndOn(BigWorklist big) throws Exception {
        BigWorklist.Parts parts = big.timed();
        big.sql("ALTER TABLE worklist SET (autovacuum_enabled = false)");
        try (Connection other = big.connect();
                Statement open = other.createStatement()) {
            other.setAutoCommit(false);
            open.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
            open.executeQuery("SELECT count(*) FROM worklist_count").close();
            int slice = CHURN / 10;
            for (int i = 0; i < 10; i++) {
                double[] times = new double[slice];
                for (int j = 0; j < slice; j++) {
                    long began = System.nanoTime();
                    BacklogTasks.claimAndSettle(parts);
                    times[j] = (System.nanoTime() - began) / 1e6;
                }
                Arrays.sort(times);
                churn.append(String.format(
                        Locale.ROOT,
                        "| %,d | %.2f | %.2f |%n",
                        (i + 1) * slice,
                        times[slice / 2],
                        times[slice * 99 / 100]));
            }
        }
    }

    private String page() throws SQLException {
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

                Seconds, once each. Beside it what a bare `COPY` of as many new rows takes, into the same table with the same indexes and
                checks, without triggers: the floor.

                | notes before | `enqueue` of 1,000,000 ids | plain `COPY` |
                |---|--:|--:|
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
        page.append("\n## Plans\n\nOf all statements, at the largest number, nine tenths done.\n");
        page.append(plans);
        return page.toString();
    }
}
