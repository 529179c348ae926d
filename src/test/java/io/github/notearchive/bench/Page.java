package io.github.notearchive.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What a benchmark found, as Markdown in {@code target/bench/nights}, with lines for the history beside it. Written
 * anew after each section, so that what was measured survives what fails later.
 */
final class Page {

    private static final Path FOLDER = Path.of("target", "bench", "nights");

    private final String name;
    private final StringBuilder text = new StringBuilder();
    private final String history;

    /**
     * Begins a page.
     *
     * @param bench the class that makes it
     * @param name of the file, without its ending
     */
    Page(Class<?> bench, String name, String title, Servers servers) {
        this.name = name;
        this.history = LocalDate.now(ZoneOffset.UTC) + "," + commit() + "," + name + ",";
        text.append("""
                # %s

                Made by `%s` (`./mvnw -Pbench verify -Dit.test=%s`) on %s, commit %s.

                %s
                """.formatted(
                        title,
                        bench.getSimpleName(),
                        bench.getSimpleName(),
                        LocalDate.now(ZoneOffset.UTC),
                        commit(),
                        machine(servers)));
        try {
            Files.createDirectories(FOLDER);
            Files.deleteIfExists(historyFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Page heading(String heading) {
        text.append("\n## ").append(heading).append('\n');
        return this;
    }

    Page paragraph(String words) {
        text.append('\n').append(words.strip()).append('\n');
        return this;
    }

    /** Begins a table; the first column is text, all others are figures. */
    Page table(String... columns) {
        text.append("\n| ").append(String.join(" | ", columns)).append(" |\n|---|");
        text.append("--:|".repeat(columns.length - 1)).append('\n');
        return this;
    }

    Page row(String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
        return this;
    }

    /** Keeps a figure for the history. */
    Page remember(String figure, Spread spread) {
        write(
                historyFile(),
                history + figure + "," + spread.cells() + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
        return this;
    }

    /** Writes what there is so far, and shows it. */
    void write() {
        write(
                FOLDER.resolve(name + ".md"),
                text.toString(),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING);
    }

    @Override
    public String toString() {
        return text.toString();
    }

    private Path historyFile() {
        return FOLDER.resolve(name + ".history.csv");
    }

    private static void write(Path file, String text, StandardOpenOption... how) {
        try {
            Files.writeString(file, text, how);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String machine(Servers servers) {
        return "%d cores (%s), %s of memory, %s %s; JDK %s; PostgreSQL %s."
                .formatted(
                        Runtime.getRuntime().availableProcessors(),
                        line("/proc/cpuinfo", "model name").orElse(System.getProperty("os.arch")),
                        line("/proc/meminfo", "MemTotal").map(Page::gigabytes).orElse("an unknown amount"),
                        System.getProperty("os.name"),
                        System.getProperty("os.version"),
                        Runtime.version(),
                        servers.ask("postgres", "SHOW server_version"));
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

    private static String commit() {
        return git("rev-parse", "--short=10", "HEAD")
                .map(hash -> git("status", "--porcelain", "--untracked-files=no")
                        .map(changes -> changes.isEmpty() ? hash : hash + "+")
                        .orElse(hash))
                .orElse("unknown");
    }

    private static Optional<String> git(String... arguments) {
        try {
            String[] command = new String[arguments.length + 1];
            command[0] = "git";
            System.arraycopy(arguments, 0, command, 1, arguments.length);
            Process process = new ProcessBuilder(List.copyOf(Arrays.asList(command)))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? Optional.of(said.strip()) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
