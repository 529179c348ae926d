package io.github.notearchive.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.springframework.util.FileSystemUtils;

/** The program under measurement, started once per night. */
final class MeasuredProgram {

    /** Number of repetitions of each measurement. */
    static final int RUNS = Integer.getInteger("bench.runs", 5);

    static final List<String> OPTIONS =
            List.of(System.getProperty("bench.java-options", "-Xmx256m").split(" "));
    static final Duration PATIENCE = Duration.ofMinutes(15);
    private static final String TEMPLATE = "bench_template_";

    private final Servers servers;
    private final String program;
    private final List<String> options;
    private int number;

    /**
     * @param program a launcher
     * @param options options of the virtual machine, beside those of the launcher
     */
    private MeasuredProgram(Servers servers, String program, List<String> options) {
        this.servers = servers;
        this.program = program;
        this.options = List.copyOf(options);
    }

    /** Returns the program that {@code -Dbench.program} names, with the given options of its virtual machine. */
    static MeasuredProgram of(Servers servers, List<String> options) {
        return new MeasuredProgram(servers, program(), options);
    }

    /** Returns the same program with the options that {@code -Dbench.java-options} names. */
    static MeasuredProgram configured(Servers servers) {
        return of(servers, OPTIONS);
    }

    /** Returns {@code -Dbench.program}, else the packaged program, unpacked and prepared as in the image. */
    private static String program() {
        String named = System.getProperty("bench.program");
        if (named != null) {
            return named;
        }
        Path home = Path.of("target", "bench", "distribution").toAbsolutePath();
        try {
            FileSystemUtils.deleteRecursively(home);
            call(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Djarmode=tools",
                    "-jar",
                    Path.of("target", "note-archive.jar").toString(),
                    "extract",
                    "--destination",
                    home.toString());
            Path launcher = home.resolve("bin").resolve("note-archive");
            Path prepare = home.resolve("bin").resolve("note-archive-prepare");
            Files.createDirectories(launcher.getParent());
            Files.copy(Path.of("bin", "note-archive"), launcher);
            Files.copy(Path.of("bin", "note-archive-prepare"), prepare);
            FileSystemUtils.copyRecursively(Path.of("config"), home.resolve("config"));
            call(prepare.toString());
            return launcher.toString();
        } catch (IOException e) {
            throw new UncheckedIOException("The packaged program is missing; run ./mvnw package", e);
        }
    }

    private static void call(String... command) throws IOException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        if (process.onExit().join().exitValue() != 0) {
            throw new IOException(String.join(" ", command) + " ends with " + process.exitValue());
        }
    }

    /** Prepares a process of the program. */
    ProcessBuilder process(Path directory, Map<String, String> settings, String... arguments) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> !name.equals("PATH") && !name.startsWith("ARCHIVE_"));
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("HOME", directory.toString());
        environment.put("JAVA_OPTS", String.join(" ", options));
        environment.putAll(settings);
        return builder;
    }

    /**
     * Archives notes into a fresh database with schema and worklist.
     *
     * @param service options of the provider, as in {@link Provider}
     * @param verify whether the store checks all bytes
     * @param more settings, as environment variables
     */
    Measurement night(Work.Kind kind, int notes, String service, boolean verify, Map<String, String> more) {
        String database = "bench_" + ++number;
        prepare(database, notes);
        servers.serve(kind, notes, service);
        servers.resetSink(verify);
        servers.checkpoint();
        try {
            return inDirectory(directory -> {
                Map<String, String> settings = settings(directory, database);
                settings.putAll(more);
                return measure(directory, database, notes, settings);
            });
        } finally {
            servers.dropDatabase(database);
        }
    }

    /** Creates a database with schema and worklist. */
    void prepare(String database, int notes) {
        String template = TEMPLATE + notes;
        if (servers.query("postgres", "SELECT count(*) FROM pg_database WHERE datname = '" + template + "'")
                .equals("0")) {
            enqueue(template, notes);
        }
        servers.createDatabase(database, template);
    }

    private Measurement measure(Path directory, String database, int notes, Map<String, String> settings)
            throws IOException, InterruptedException {
        Path output = directory.resolve("output.txt");
        ProcessBuilder builder =
                process(directory, settings, "run").redirectErrorStream(true).redirectOutput(output.toFile());
        Servers.Cpu before = servers.cpu();
        long started = Usage.micros();
        Process process = builder.start();
        double spool = 0;
        try (Usage usage = Usage.of(process.pid(), 50)) {
            process.getOutputStream().close();
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (!process.waitFor(250, TimeUnit.MILLISECONDS)) {
                spool = Math.max(spool, sizeOf(directory) / 1e6);
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("The program did not end: " + Files.readString(output));
                }
            }
            long ended = Usage.micros();
            usage.close();
            Servers.Cpu used = servers.cpu().since(before);
            int archived =
                    Integer.parseInt(servers.query(database, "SELECT count(*) FROM worklist WHERE state = 'ARCHIVED'"));
            if (archived < notes) {
                System.err.printf(
                        "%d of %d notes archived, exit code %d%n%s%n",
                        archived,
                        notes,
                        process.exitValue(),
                        Files.readString(output).lines().limit(30).collect(Collectors.joining("\n")));
            }
            Properties provided = servers.provided();
            long first = Long.parseLong(provided.getProperty("firstCall"));
            long last = Long.parseLong(servers.query(database, """
                                    SELECT (extract(epoch FROM max(pg_xact_commit_timestamp(xmin))) * 1000000)::bigint
                                    FROM worklist WHERE state = 'ARCHIVED'
                                    """));
            return new Measurement(
                    archived,
                    process.exitValue(),
                    (first - started) / 1e6,
                    (last - first) / 1e6,
                    (ended - last) / 1e6,
                    usage.cpuMillis(first),
                    usage.cpuMillis(last) - usage.cpuMillis(first),
                    used,
                    usage.peakMegabytes(),
                    spool,
                    provided,
                    servers.stored());
        } finally {
            process.destroyForcibly();
        }
    }

    /** Creates the database that nights of this size copy. */
    private void enqueue(String database, int notes) {
        servers.createDatabase(database, "template1");
        inDirectory(directory -> {
            Path ids = Files.write(directory.resolve("ids.txt"), Work.ids(notes));
            Process process = process(directory, settings(directory, database), "enqueue", ids.toString())
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0) {
                throw new IllegalStateException("enqueue failed: " + output);
            }
            return ids;
        });
    }

    Map<String, String> settings(Path directory, String database) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("JUSTONEAPI_TOKEN", "bench-token-0123456789");
        settings.put("JUSTONEAPI_BASE_URL", servers.provider());
        settings.put("ARCHIVE_MEDIA_HOSTS", servers.provider().substring("http://".length()));
        settings.put("ARCHIVE_CALLS_PER_SECOND", "1000");
        settings.put("ARCHIVE_DATABASE_URL", servers.jdbcUrlOf(database));
        settings.put("ARCHIVE_DATABASE_USER", servers.user());
        settings.put("ARCHIVE_DATABASE_PASSWORD", servers.password());
        settings.put("ARCHIVE_S3_ENDPOINT", servers.sink());
        settings.put("ARCHIVE_S3_ACCESS_KEY", "bench-access");
        settings.put("ARCHIVE_S3_SECRET_KEY", "bench-secret-0123456789");
        settings.put("ARCHIVE_DATA_DIR", directory.resolve("data").toString());
        settings.keySet().removeIf(System.getenv()::containsKey);
        return settings;
    }

    @FunctionalInterface
    interface DirectoryWork<T> {
        T in(Path directory) throws IOException, InterruptedException;
    }

    /** Does something in a temporary directory and deletes the directory. */
    static <T> T inDirectory(DirectoryWork<T> work) {
        try {
            Path directory = Files.createTempDirectory("note-archive-bench-run-");
            try {
                return work.in(directory);
            } finally {
                FileSystemUtils.deleteRecursively(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Returns the bytes of all files; files that disappear meanwhile do not count. */
    private static long sizeOf(Path directory) {
        try (var files = Files.walk(directory)) {
            return files.mapToLong(
                            file -> file.toFile().isFile() ? file.toFile().length() : 0)
                    .sum();
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
    }
}
