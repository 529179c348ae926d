package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Statements of a run and of commands over a worklist of 10,000, 1,000,000 and 5,000,000 notes, none of them done and
 * nine tenths done: {@code ./mvnw test -Pbench -Dtest=BacklogBench}. {@code -Dbench.rows=1000000} leaves the largest
 * out, {@code -Dbench.churn=200000} makes the series of claims longer.
 */
class BacklogBench {

    private static final int LARGEST = Integer.getInteger("bench.rows", 5_000_000);
    private static final int CHURN = Integer.getInteger("bench.churn", 50_000);
    private static final int REPEATS = 9;

    private final List<String> columns = new ArrayList<>(List.of("ms"));
    private final Map<String, List<String>> rows = new LinkedHashMap<>();
    private final Map<String, Double> bases = new HashMap<>();
    private final List<String> readWhole = new ArrayList<>();
    private final List<String[]> bulk = new ArrayList<>();
    private final List<String[]> churn = new ArrayList<>();

    @Test
    void statementsCostTheSameForAnyNumberOfNotes() throws Exception {
        for (int tenthsDone : new int[] {0, 9}) {
            for (int notes : new int[] {10_000, 1_000_000, 5_000_000}) {
                if (notes <= LARGEST) {
                    measure(notes, tenthsDone);
                }
            }
        }

        write();
        assertThat(readWhole).as("tables that are read from end to end").isEmpty();
    }

    private void measure(int notes, int tenthsDone) throws Exception {
        String column = String.format(Locale.ROOT, "%,d%s", notes, tenthsDone == 0 ? "" : ", 90 % done");
        columns.add(column);
        try (BigWorklist big = new BigWorklist(notes, tenthsDone, 5)) {
            BigWorklist.Parts parts = big.timed();
            for (Map.Entry<String, BigWorklist.Task> task :
                    BacklogPlansTests.all().entrySet()) {
                millis(2, parts, task.getValue());
                double median = millis(REPEATS, parts, task.getValue()).median();
                double base = bases.computeIfAbsent(task.getKey() + tenthsDone, _ -> median);
                rows.computeIfAbsent(task.getKey(), _ -> new ArrayList<>(List.of(task.getKey())))
                        .add("%.2f (%.1f)".formatted(median, median / base));
            }
            BacklogPlansTests.plansThatReadATable(big).forEach(plan -> readWhole.add(column + ", " + plan));
            if (tenthsDone == 0) {
                big.beside().execute("CHECKPOINT");
                Spread enqueue = millis(1, parts, each -> BacklogPlansTests.enqueue(each, 1_000_000));
                bulk.add(new String[] {column, "%.1f".formatted(enqueue.median() / 1000)});
            }
            if (notes == 1_000_000 && tenthsDone == 0) {
                claimWithoutVacuum(big);
            }
        }
    }

    private static Spread millis(int repeats, BigWorklist.Parts parts, BigWorklist.Task task) throws Exception {
        Spread times = new Spread();
        for (int i = 0; i < repeats; i++) {
            long began = System.nanoTime();
            task.run(parts);
            times.add((System.nanoTime() - began) / 1e6);
        }
        return times;
    }

    /** Nothing is vacuumed, and a transaction of another session keeps every dead row where it is. */
    private void claimWithoutVacuum(BigWorklist big) throws Exception {
        big.beside().execute("ALTER TABLE worklist SET (autovacuum_enabled = false)");
        try (Connection other = big.beside().getDataSource().getConnection();
                Statement open = other.createStatement()) {
            open.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM worklist_count");
            for (int i = 1; i <= 10; i++) {
                Spread times = millis(CHURN / 10, big.timed(), BacklogPlansTests::claimAndSettle);
                churn.add(new String[] {"%,d".formatted(i * CHURN / 10), times.text(2)});
            }
        }
    }

    private void write() {
        Page page = new Page(BacklogBench.class, "backlog", "A worklist of millions", "embedded");
        page.paragraph("""
                No commit waits for the disk (`synchronous_commit = off`). Milliseconds, the median of %d after two more, through the classes that runs and commands use.
                In brackets: factor to the figure of 10,000 notes. Of archived notes every fifth has its call, its response and a file.
                """.formatted(REPEATS));
        page.table(columns.toArray(String[]::new));
        rows.values().forEach(cells -> page.row(cells.toArray(String[]::new)));
        page.heading("A million ids").paragraph("Seconds, once each.");
        page.table("notes before", "`enqueue` of 1,000,000 ids");
        bulk.forEach(page::row);
        page.heading("Claims without a vacuum").paragraph("""
                Claim and settlement of consecutive notes out of a million, in milliseconds, with autovacuum off and a transaction of another session open from the beginning, so
                that no dead row is removed.
                """);
        page.table("notes", "median (minimum..maximum)");
        churn.forEach(page::row);
        page.write();
    }
}
