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
import java.util.stream.Collectors;
import org.springframework.util.FileSystemUtils;

/** The program that is measured: how it is started, and what a night of it came to. */
final class Ours {

    private static final Duration PATIENCE = Duration.ofMinutes(15);
    private static final String TEMPLATE = "bench_template_";

    private final Servers servers;
    private final String program;
    private final List<String> options;
    private int number;

    /**
     * Makes one.
     *
     * @param program a launcher, a jar, or a class path with {@code :} in it
     * @param options of the virtual machine, beside those of the launcher
     */
    Ours(Servers servers, String program, List<String> options) {
        this.servers = servers;
        this.program = program;
        this.options = List.copyOf(options);
    }

    /** The one that {@link BenchSettings} names. */
    static Ours program(Servers servers) {
        return new Ours(servers, BenchSettings.program(), BenchSettings.javaOptions());
    }

    /**
     * A night of it.
     *
     * @param startSeconds from the start of the process to the first call
     * @param startCpuSeconds used until then
     * @param endSeconds from the last commit to the end of the process
     * @param totalCpuSeconds used in all
     * @param besideMillis used by the servers, from the start of the process to its end
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
            Servers.Cpu besideMillis,
            double spoolMegabytes,
            Properties provided,
            Properties stored)
            implements Measured {

        @Override
        public String line() {
            return Measured.super.line()
                    + ", start %.2f s and %.2f CPU s, end %.2f s".formatted(startSeconds, startCpuSeconds, endSeconds);
        }
    }

    /**
     * A process of it that is about to start. A launcher is asked; without one the options are those of the launcher.
     */
    ProcessBuilder process(Path directory, List<String> moreOptions, Map<String, String> more, String... arguments) {
        List<String> all = new ArrayList<>(options);
        all.addAll(moreOptions);
        List<String> command = new ArrayList<>();
        if (program.contains(":") || program.endsWith(".jar")) {
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(List.of(
                    "-XX:+UseSerialGC",
                    "-XX:MaxInlineLevel=3",
                    "-XX:MaxInlineSize=20",
                    "-XX:FreqInlineSize=50",
                    "-XX:InlineSmallCode=300",
                    "-XX:CompileThresholdScaling=2",
                    "--sun-misc-unsafe-memory-access=allow",
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+CrashOnOutOfMemoryError",
                    "-XX:-CreateCoredumpOnCrash"));
            command.addAll(all);
            command.addAll(
                    program.contains(":")
                            ? List.of("-cp", program, "io.github.notearchive.NoteArchive")
                            : List.of("-jar", Path.of(program).toAbsolutePath().toString()));
        } else {
            command.add(program);
        }
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> !name.equals("PATH") && !name.startsWith("ARCHIVE_"));
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("HOME", directory.toString());
        environment.put("JAVA_OPTS", String.join(" ", all));
        environment.putAll(more);
        return builder;
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
        if (servers.ask("postgres", "SELECT count(*) FROM pg_database WHERE datname = '" + template + "'")
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

    private Run measure(Path directory, String database, int notes, List<String> moreOptions, Map<String, String> more)
            throws IOException, InterruptedException {
        Path out = directory.resolve("out.txt");
        Path err = directory.resolve("err.txt");
        Map<String, String> settings = settings(directory, database);
        settings.putAll(more);
        ProcessBuilder builder = process(directory, moreOptions, settings, "run")
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        Servers.Cpu before = servers.cpu();
        long began = Micros.now();
        Process process = builder.start();
        double spool = 0;
        try (Usage usage = Usage.of(process.pid(), 50)) {
            process.getOutputStream().close();
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (!process.waitFor(250, TimeUnit.MILLISECONDS)) {
                spool = Math.max(spool, sizeOf(directory) / 1e6);
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("The program did not end: " + Files.readString(err));
                }
            }
            long ended = Micros.now();
            usage.close();
            Servers.Cpu beside = servers.cpu().since(before);
            Properties provided = servers.provided();
            Properties stored = servers.stored();
            int archived =
                    Integer.parseInt(servers.ask(database, "SELECT count(*) FROM worklist WHERE state = 'ARCHIVED'"));
            if (archived < notes) {
                System.err.println(archived
                        + " of "
                        + notes
                        + " notes archived, exit code "
                        + process.exitValue()
                        + "\n"
                        + Files.readString(out)
                        + Files.readString(err).lines().limit(30).collect(Collectors.joining("\n")));
            }
            if (archived == 0) {
                throw new IllegalStateException("No note was archived");
            }
            long first = Long.parseLong(provided.getProperty("firstCall"));
            long last = Long.parseLong(servers.ask(database, """
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
                    beside,
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
            ProcessBuilder builder = process(
                            directory, List.of(), settings(directory, database), "enqueue", ids.toString())
                    .redirectErrorStream(true);
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

    private Map<String, String> settings(Path directory, String database) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("JUSTONEAPI_TOKEN", "bench-token-0123456789");
        settings.put("JUSTONEAPI_BASE_URL", servers.provider());
        settings.put("ARCHIVE_MEDIA_HOSTS", servers.mediaHost());
        settings.put("ARCHIVE_CALLS_PER_SECOND", "1000");
        settings.put("ARCHIVE_DATABASE_URL", servers.urlOf(database));
        settings.put("ARCHIVE_DATABASE_USER", servers.user());
        settings.put("ARCHIVE_DATABASE_PASSWORD", servers.password());
        settings.put("ARCHIVE_S3_ENDPOINT", servers.sink());
        settings.put("ARCHIVE_S3_ACCESS_KEY", "bench-access");
        settings.put("ARCHIVE_S3_SECRET_KEY", "bench-secret-0123456789");
        settings.put("ARCHIVE_DATA_DIR", directory.resolve("data").toString());
        settings.keySet().removeIf(System.getenv()::containsKey);
        return settings;
    }

    static Path temporary() {
        try {
            return Files.createTempDirectory("note-archive-bench-run-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long sizeOf(Path directory) {
        try (var files = Files.walk(directory)) {
            return files.mapToLong(file -> {
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

    static void delete(Path directory) {
        try {
            FileSystemUtils.deleteRecursively(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
