package io.github.notearchive.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;
import org.apache.commons.io.function.Uncheck;

/**
 * Markdown page with the results of a benchmark, and lines for the history, in {@code target/bench/nights}. Replaced
 * after each section, so that a later failure loses no results.
 */
final class Page {

    private static final Path FOLDER = Path.of("target", "bench", "nights");

    private final String name;
    private final StringBuilder text = new StringBuilder();
    private final String history;

    /**
     * @param bench the benchmark
     * @param name name of the file without extension
     */
    Page(Class<?> bench, String name, String title, Servers servers) {
        this(bench, name, title, servers.query("postgres", "SHOW server_version"));
    }

    Page(Class<?> bench, String name, String title, String postgresVersion) {
        this.name = name;
        this.history = LocalDate.now(ZoneOffset.UTC) + "," + commit() + "," + name + ",";
        text.append("""
                # %1$s

                Made by `%2$s` (`./mvnw -Pbench verify -Dit.test=%2$s`) on %3$s, commit %4$s.

                %5$s
                """.formatted(
                title, bench.getSimpleName(), LocalDate.now(ZoneOffset.UTC), commit(), machine(postgresVersion)));
        Uncheck.run(() -> {
            Files.createDirectories(FOLDER);
            Files.deleteIfExists(historyFile());
        });
    }

    Page heading(String heading) {
        text.append("\n## ").append(heading).append('\n');
        return this;
    }

    Page paragraph(String words) {
        text.append('\n').append(words.strip()).append('\n');
        return this;
    }

    /** Starts a table; the first column is text, the others are numbers. */
    Page table(String... columns) {
        text.append("\n| ").append(String.join(" | ", columns)).append(" |\n|---|");
        text.append("--:|".repeat(columns.length - 1)).append('\n');
        return this;
    }

    Page row(String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
        return this;
    }

    /** Adds a line to the history. */
    Page remember(String figure, Spread spread) {
        write(historyFile(), history + figure + "," + spread.cells() + "\n", StandardOpenOption.APPEND);
        return this;
    }

    /** Writes the page as it is so far. */
    void write() {
        write(FOLDER.resolve(name + ".md"), text.toString(), StandardOpenOption.TRUNCATE_EXISTING);
    }

    @Override
    public String toString() {
        return text.toString();
    }

    private Path historyFile() {
        return FOLDER.resolve(name + ".history.csv");
    }

    private static void write(Path file, String text, StandardOpenOption how) {
        Uncheck.run(() -> Files.writeString(file, text, StandardOpenOption.CREATE, how));
    }

    private static String machine(String postgresVersion) {
        return "%d cores (%s), %s of memory, %s %s; JDK %s; PostgreSQL %s."
                .formatted(
                        Runtime.getRuntime().availableProcessors(),
                        line("/proc/cpuinfo", "model name").orElse(System.getProperty("os.arch")),
                        line("/proc/meminfo", "MemTotal").map(Page::gigabytes).orElse("an unknown amount"),
                        System.getProperty("os.name"),
                        System.getProperty("os.version"),
                        Runtime.version(),
                        postgresVersion);
    }

    private static String gigabytes(String kilobytes) {
        return Math.round(Long.parseLong(kilobytes.replaceAll("\\D", "")) / 1024.0 / 1024) + " GB";
    }

    private static Optional<String> line(String file, String key) {
        try {
            return Files.readAllLines(Path.of(file)).stream()
                    .filter(line -> line.startsWith(key))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Returns the commit, with {@code +} after it if there are uncommitted changes. */
    private static String commit() {
        try {
            Process git = new ProcessBuilder("git", "describe", "--always", "--exclude=*", "--abbrev=10", "--dirty=+")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "unknown";
        }
    }
}
