package io.github.notearchive.acceptance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.io.function.Uncheck;

/**
 * Table of kills or faults and their results, written to {@code target/matrix} after each line, so that an aborted run
 * leaves its results.
 */
final class Matrix {

    private static final Path DIRECTORY = Path.of("target", "matrix");

    private final Path file;
    private final List<String> lines = new ArrayList<>();
    private final int columns;

    /** A table with this name of its file; its first columns, before those of the audit. */
    Matrix(String name, String... columns) {
        file = DIRECTORY.resolve(name + ".md");
        List<String> all = new ArrayList<>(List.of(columns));
        all.addAll(Audit.KINDS);
        all.add("billing unknown");
        this.columns = all.size();
        lines.add(row(all));
        lines.add("|---".repeat(all.size()) + "|");
    }

    /** Adds a line. */
    synchronized void add(Audit audit, String... cells) {
        List<String> all = new ArrayList<>(List.of(cells));
        audit.counts().forEach(count -> all.add(String.valueOf(count)));
        all.add(String.valueOf(audit.billingUnknown()));
        write(all);
    }

    /** Adds a line of something that cannot be tried. */
    synchronized void addUntried(String... cells) {
        List<String> all = new ArrayList<>(List.of(cells));
        while (all.size() < columns) {
            all.add("–");
        }
        write(all);
    }

    /** Adds a line of text below the table, after its last row. */
    synchronized void note(String text) {
        lines.add("");
        lines.add(text);
        write();
    }

    private void write(List<String> cells) {
        lines.add(row(cells));
        write();
    }

    private void write() {
        Uncheck.run(() -> {
            Files.createDirectories(DIRECTORY);
            Files.write(file, lines);
        });
    }

    private static String row(List<String> cells) {
        return "| " + String.join(" | ", cells) + " |";
    }
}
