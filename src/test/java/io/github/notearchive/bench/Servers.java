package io.github.notearchive.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedDatabase;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.io.IOUtils;
import org.apache.commons.io.function.Uncheck;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.util.FileSystemUtils;

/** PostgreSQL, the provider and the store of a benchmark, each a separate process. They end with this process. */
final class Servers implements AutoCloseable {

    private final Path home;
    private final DataDirectory directory;
    private final EmbeddedDatabase database;
    private final Process provider;
    private final Process sink;
    private final int providerPort;
    private final int sinkPort;

    private Servers() {
        try {
            ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
            home = Files.createTempDirectory("note-archive-bench-");
            // the end of a measurement is the time of a commit
            try (DataDirectory first = DataDirectory.open(home)) {
                jdbc(new EmbeddedDatabase(first), "postgres").execute("ALTER SYSTEM SET track_commit_timestamp = on");
            }
            directory = DataDirectory.open(home);
            database = new EmbeddedDatabase(directory);
            provider = start(Provider.class, postmaster(), "-Xmx1g");
            sink = start(Sink.class, "", "-Xmx256m");
            providerPort = port(provider);
            sinkPort = port(sink);
            Runtime.getRuntime().addShutdownHook(new Thread(this::close));
        } catch (IOException e) {
            throw new IllegalStateException("The servers of the benchmark cannot start", e);
        }
    }

    static Servers start() {
        return new Servers();
    }

    /** Returns the pid of PostgreSQL, which is not a child of this process: the provider stops it. */
    private String postmaster() throws IOException {
        return Files.readAllLines(home.resolve("postgres").resolve("postmaster.pid"))
                .getFirst();
    }

    private static Process start(Class<?> main, String argument, String... options) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Arrays.asList(options));
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of("-cp", classPath(), main.getName()));
        if (!argument.isEmpty()) {
            command.add(argument);
        }
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Returns the class path of this process with absolute paths. */
    private static String classPath() {
        String own = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Stream.of(own.split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static int port(Process server) throws IOException {
        BufferedReader reader = server.inputReader();
        String line = reader.readLine();
        if (line == null) {
            throw new IOException("A server of the benchmark ended at its start");
        }
        return Integer.parseInt(line);
    }

    String provider() {
        return "http://127.0.0.1:" + providerPort;
    }

    String sink() {
        return "http://127.0.0.1:" + sinkPort;
    }

    String user() {
        return database.user();
    }

    String password() {
        return database.password();
    }

    String jdbcUrlOf(String name) {
        return jdbcUrlOf(database, name);
    }

    /** Returns the URL of a database in the syntax of PostgreSQL's C library. */
    String libpqUrlOf(String name) {
        return jdbcUrlOf(name)
                .replaceFirst("\\?.*", "")
                .replaceFirst("jdbc:postgresql://", "postgresql://%s:%s@".formatted(user(), password()));
    }

    private static String jdbcUrlOf(EmbeddedDatabase database, String name) {
        return database.jdbcUrl().replaceFirst("/[^/?]*(\\?|$)", "/" + name + "$1");
    }

    /** Creates a database as a copy of another one. */
    void createDatabase(String name, String template) {
        execute("CREATE DATABASE " + name + " TEMPLATE " + template);
    }

    void dropDatabase(String name) {
        execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }

    /** Writes dirty pages to the disk, so that no measurement pays for an earlier one. */
    void checkpoint() {
        execute("CHECKPOINT");
    }

    private void execute(String sql) {
        jdbc(database, "postgres").execute(sql);
    }

    private static JdbcTemplate jdbc(EmbeddedDatabase database, String name) {
        return new JdbcTemplate(
                new DriverManagerDataSource(jdbcUrlOf(database, name), database.user(), database.password()));
    }

    /** Returns one value from a database. */
    String query(String name, String sql) {
        return String.valueOf(jdbc(database, name).queryForObject(sql, String.class));
    }

    /** Configures the provider; resets its counts. */
    void serve(Work.Kind kind, int notes, String options) {
        get(provider() + "/.bench/work?kind=" + kind + "&notes=" + notes + "&" + options);
    }

    Properties provided() {
        return counts(provider() + "/.bench/counts");
    }

    /** Returns the number of files of the served notes. */
    long files() {
        return Long.parseLong(provided().getProperty("files"));
    }

    /**
     * Empties the store.
     *
     * @param verify whether it computes the digest of each body from now on
     */
    void resetSink(boolean verify) {
        get(sink() + "/.bench/reset?verify=" + verify);
    }

    Properties stored() {
        return counts(sink() + "/.bench/counts");
    }

    /** Returns the number of the provider's files whose digests a verifying store has. */
    long intact() {
        Set<String> stored = get(sink() + "/.bench/digests").lines().collect(Collectors.toSet());
        return get(provider() + "/.bench/digests")
                .lines()
                .filter(stored::contains)
                .distinct()
                .count();
    }

    private Properties counts(String url) {
        Properties counts = new Properties();
        Uncheck.run(() -> counts.load(new StringReader(get(url))));
        return counts;
    }

    String get(String url) {
        return Uncheck.get(() -> IOUtils.toString(URI.create(url), StandardCharsets.UTF_8));
    }

    /**
     * CPU time of the servers in milliseconds.
     *
     * @param database of all processes of PostgreSQL
     * @param others of provider and sink
     */
    record Cpu(double database, double others) {

        Cpu since(Cpu before) {
            return new Cpu(database - before.database, others - before.others);
        }
    }

    /** Returns the CPU time used so far. */
    Cpu cpu() {
        double others = Stream.of(provider, sink)
                .mapToLong(
                        server -> server.info().totalCpuDuration().orElseThrow().toMillis())
                .sum();
        return new Cpu(databaseMillis(), others);
    }

    /** Returns the CPU time of the processes of PostgreSQL, those that have ended included. Linux only. */
    private double databaseMillis() {
        String postmaster = Uncheck.get(this::postmaster);
        return Usage.TICK_MILLIS
                * ProcessHandle.allProcesses()
                        .map(process -> Path.of("/proc", String.valueOf(process.pid())))
                        .mapToLong(process -> ticks(process, postmaster))
                        .sum();
    }

    /** Returns the ticks of a process if it is the postmaster, ended children included, or its child; else 0. */
    private static long ticks(Path process, String postmaster) {
        try {
            String[] fields = Usage.stat(process);
            boolean itself = process.endsWith(postmaster);
            int end = Usage.USER + (itself ? 4 : 2);
            return itself || fields[1].equals(postmaster)
                    ? Arrays.stream(fields, Usage.USER, end)
                            .mapToLong(Long::parseLong)
                            .sum()
                    : 0;
        } catch (IOException e) {
            return 0; // an ended child is counted at the postmaster
        }
    }

    @Override
    public synchronized void close() {
        provider.destroyForcibly();
        sink.destroyForcibly();
        directory.close();
        Uncheck.run(() -> FileSystemUtils.deleteRecursively(home));
    }
}
