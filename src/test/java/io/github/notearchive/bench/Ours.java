package io.github.notearchive.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.springframework.util.FileSystemUtils;

/** The program that is measured: how it is started, and what a night of it came to. */
final class Ours {

    private static final Duration PATIENCE = Duration.ofMinutes(15);
    private static final String TEMPLATE = "bench_template_";

    private final Servers servers;
    private final List<String> launch;
    private final List<String> options;
    private int number;

    /**
     * Makes one.
     *
     * @param program a jar, or a class path with {@code :} in it
     * @param options of the virtual machine, beside those of the launcher
     */
    Ours(Servers servers, String program, List<String> options) {
        this.servers = servers;
        this.options = List.copyOf(options);
        this.launch =
                program.endsWith(".jar") && !program.contains(":")
                        ? List.of("-jar", Path.of(program).toAbsolutePath().toString())
                        : List.of("-cp", program, "io.github.notearchive.NoteArchive");
    }

    /**
     * A night as it was seen from outside.
     *
     * @param notes archived
     * @param seconds from the first call to the last commit
     * @param cpuMillis used by the program in that time
     * @param peakMegabytes the most that was resident
     * @param startSeconds from the start of the process to the first call
     * @param startCpuSeconds used until then
     * @param endSeconds from the last commit to the end of the process
     * @param totalCpuSeconds used in all
     * @param spoolMegabytes the most that was seen below the data directory
     */
    record Run(
            int notes,
            int exitCode,
            double seconds,
            double cpuMillis,
            double peakMegabytes,
            double startSeconds,
            double startCpuSeconds,
            double endSeconds,
            double totalCpuSeconds,
            double spoolMegabytes,
            Properties provided,
            Properties stored) {

        double notesPerSecond() {
            return notes / seconds;
        }

        double cpuMillisPerNote() {
            return cpuMillis / notes;
        }
    }

    /** The command with these arguments. The options are those of {@code bin/note-archive}. */
    List<String> command(List<String> moreOptions, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:+UseSerialGC");
        command.add("--sun-misc-unsafe-memory-access=allow");
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-XX:+CrashOnOutOfMemoryError");
        command.add("-XX:-CreateCoredumpOnCrash");
        command.addAll(options);
        command.addAll(moreOptions);
        command.addAll(launch);
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    /**
     * Archives so many notes into a database of its own, whose schema and worklist are there.
     *
     * @param more settings, as environment variables
     */
    Run night(
            Work.Kind kind,
            int notes,
            String service,
            boolean verify,
            List<String> moreOptions,
            Map<String, String> more) {
        String template = TEMPLATE + notes;
        if (servers.ask(
                        "postgres",
                        "SELECT count(*) FROM pg_database WHERE datname = '" + template + "'")
                .equals("0")) {
            enqueue(template, notes);
        }
        String database = "bench_" + ++number;
        servers.createDatabase(database, template);
        servers.serve(kind, notes, service);
        servers.resetSink(verify, false);
        servers.checkpoint();
        Path directory = temporary();
        try {
            return measure(directory, database, notes, moreOptions, more);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            servers.dropDatabase(database);
            delete(directory);
        }
    }

    private Run measure(
            Path directory,
            String database,
            int notes,
            List<String> moreOptions,
            Map<String, String> more)
            throws IOException, InterruptedException {
        Path out = directory.resolve("out.txt");
        Path err = directory.resolve("err.txt");
        ProcessBuilder builder =
                new ProcessBuilder(command(moreOptions, "run"))
                        .directory(directory.toFile())
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile());
        environment(builder.environment(), directory, database);
        builder.environment().putAll(more);
        long began = Micros.now();
        Process process = builder.start();
        double spool = 0;
        try (Usage usage = Usage.of(process.pid(), 20)) {
            process.getOutputStream().close();
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (!process.waitFor(250, TimeUnit.MILLISECONDS)) {
                spool = Math.max(spool, sizeOf(directory) / 1e6);
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException(
                            "The program did not end: " + Files.readString(err));
                }
            }
            long ended = Micros.now();
            usage.close();
            Properties provided = servers.provided();
            Properties stored = servers.stored();
            int archived =
                    Integer.parseInt(
                            servers.ask(
                                    database,
                                    "SELECT count(*) FROM worklist WHERE state = 'ARCHIVED'"));
            if (archived < notes) {
                System.err.println(
                        archived
                                + " of "
                                + notes
                                + " notes archived, exit code "
                                + process.exitValue()
                                + "\n"
                                + Files.readString(out)
                                + Files.readString(err)
                                        .lines()
                                        .limit(30)
                                        .collect(java.util.stream.Collectors.joining("\n")));
            }
            if (archived == 0) {
                throw new IllegalStateException("No note was archived");
            }
            long first = Long.parseLong(provided.getProperty("firstCall"));
            long last =
                    Long.parseLong(
                            servers.ask(
                                    database,
                                    """
                                    SELECT (extract(epoch FROM max(pg_xact_commit_timestamp(xmin))) * 1000000)::bigint
                                    FROM worklist WHERE state = 'ARCHIVED'
                                    """));
            return new Run(
                    archived,
                    process.exitValue(),
                    (last - first) / 1e6,
                    usage.cpuMillis(last) - usage.cpuMillis(first),
                    usage.peakMegabytes(),
                    (first - began) / 1e6,
                    usage.cpuMillis(first) / 1000,
                    (ended - last) / 1e6,
                    usage.cpuMillis() / 1000,
                    spool,
                    provided,
                    stored);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Makes the database that all others are copies of. */
    private void enqueue(String database, int notes) {
        servers.createDatabase(database, "template1");
        Path directory = temporary();
        try {
            Path ids = Files.write(directory.resolve("ids.txt"), Work.ids(notes));
            ProcessBuilder builder =
                    new ProcessBuilder(command(List.of(), "enqueue", ids.toString()))
                            .directory(directory.toFile())
                            .redirectErrorStream(true);
            environment(builder.environment(), directory, database);
            Process process = builder.start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0) {
                throw new IllegalStateException("enqueue failed: " + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            delete(directory);
        }
    }

    private void environment(Map<String, String> environment, Path directory, String database) {
        environment
                .keySet()
                .removeIf(name -> !name.equals("PATH") && !name.startsWith("ARCHIVE_"));
        Map<String, String> own = new LinkedHashMap<>();
        own.put("JUSTONEAPI_TOKEN", "bench-token-0123456789");
        own.put("JUSTONEAPI_BASE_URL", servers.provider());
        own.put("ARCHIVE_MEDIA_HOSTS", servers.mediaHost());
        own.put("ARCHIVE_CALLS_PER_SECOND", "1000");
        own.put("ARCHIVE_DATABASE_URL", servers.urlOf(database));
        own.put("ARCHIVE_DATABASE_USER", servers.user());
        own.put("ARCHIVE_DATABASE_PASSWORD", servers.password());
        own.put("ARCHIVE_S3_ENDPOINT", servers.sink());
        own.put("ARCHIVE_S3_ACCESS_KEY", "bench-access");
        own.put("ARCHIVE_S3_SECRET_KEY", "bench-secret-0123456789");
        own.put("ARCHIVE_DATA_DIR", directory.resolve("data").toString());
        own.forEach(environment::putIfAbsent);
    }

    private static Path temporary() {
        try {
            return Files.createTempDirectory("note-archive-bench-run-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long sizeOf(Path directory) {
        try (var files = Files.walk(directory)) {
            return files.mapToLong(
                            file -> {
                                try {
                                    return Files.isRegularFile(file) ? Files.size(file) : 0;
                                } catch (IOException e) {
                                    return 0;
                                }
                            })
                    .sum();
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
    }

    private static void delete(Path directory) {
        try {
            FileSystemUtils.deleteRecursively(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
