package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.IOUtils;
import org.apache.commons.io.function.Uncheck;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One process of the packaged program, its output in files. */
final class Program {

    /** As it is packaged. */
    static final Path JAR = Path.of("target", "note-archive.jar").toAbsolutePath();

    /** Of the virtual machine, in all tests. */
    static final List<String> OPTIONS = List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    /** Longer than any command takes, also one of low priority on a busy machine, unless a test says otherwise. */
    private static final Duration PATIENCE = Duration.ofMinutes(15);

    private final List<String> command;
    private final Process process;
    private final Path out;
    private final Path err;
    private final long began = System.nanoTime();

    private Program(List<String> command, Process process, Path out, Path err) {
        this.command = command;
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /**
     * Starts it as an image has it, {@link Unpacked unpacked}.
     *
     * @param directory where its output goes, and which is its working directory
     * @param environment all of its environment, but for the search path
     */
    static Program start(Path directory, Map<String, String> environment, String... arguments) {
        return execute(directory, environment, command(arguments));
    }

    /** The same, but behind a command of the shell that changes what a process inherits. */
    static Program startAfter(Path directory, Map<String, String> environment, String shell, String... arguments) {
        List<String> command = new ArrayList<>();
        command.addAll(List.of("sh", "-c", shell + " && exec \"$@\"", "sh"));
        command.addAll(command(arguments));
        return execute(directory, environment, command);
    }

    private static List<String> command(String... arguments) {
        List<String> options = new ArrayList<>(OPTIONS);
        // a cache that does not fit is not reported on standard output
        options.addAll(List.of("-XX:AOTCache=" + Unpacked.CACHE, "-Xlog:aot*=off", "-Xlog:cds*=off"));
        return command(options, Unpacked.JAR, arguments);
    }

    static List<String> command(List<String> options, Path jar, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-jar", jar.toString()));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    /** Starts any command in the same way. */
    static Program execute(Path directory, Map<String, String> environment, List<String> command) {
        try {
            Path out = Files.createTempFile(directory, "out-", ".txt");
            Path err = Files.createTempFile(directory, "err-", ".txt");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().clear();
            builder.environment().put("PATH", System.getenv("PATH"));
            builder.environment().putAll(environment);
            return new Program(command, builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for its end. */
    Ended end() {
        return end(PATIENCE);
    }

    /** Waits for its end, so long at most; a program that is still there then is killed. */
    Ended end(Duration atMost) {
        IOUtils.closeQuietly(input()); // the program may have ended already
        if (!endsWithin(atMost)) {
            kill();
            fail("%s did not end within %s%n%s", command, atMost, ended(-1));
        }
        return ended(process.exitValue());
    }

    private Ended ended(int exitCode) {
        return new Ended(
                command.subList(command.indexOf("-jar") + 1, command.size()),
                exitCode,
                read(out),
                read(err),
                Duration.ofNanos(System.nanoTime() - began));
    }

    /** Its standard input; closed when its end is waited for. */
    OutputStream input() {
        return process.getOutputStream();
    }

    /** Sends SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** Sends a signal, such as HUP of a terminal that is closed. */
    void signal(String name) throws Exception {
        Process kill = new ProcessBuilder("kill", "-" + name, String.valueOf(pid())).start();
        assertThat(kill.waitFor()).isZero();
    }

    /** Sends SIGKILL and waits until it is gone. Nothing that it started is killed. */
    void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** Kills a program that is asserted to run until then. */
    void killRunning() {
        assertThat(isRunning()).as("the program runs when it is killed").isTrue();
        kill();
    }

    /** Whether it ends by itself within this time. */
    boolean endsWithin(Duration time) {
        try {
            return process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !process.isAlive();
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isRunning() {
        return process.isAlive();
    }

    /** Waits until it has written this to standard error. */
    Program awaitLog(String text) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> read(err).contains(text) || !process.isAlive());
        assertThat(read(err)).contains(text);
        return this;
    }

    /** Whether it has written this to standard output. */
    boolean hasPrinted(String text) {
        return printed().contains(text);
    }

    /** What it has written to standard output until now. */
    String printed() {
        return read(out);
    }

    private static String read(Path file) {
        return Uncheck.get(() -> Files.readString(file));
    }

    /** What came of it. */
    record Ended(List<String> arguments, int exitCode, String out, String err, Duration took) {

        /** Asserts its exit code; a failure shows all that it said. */
        Ended with(int expected) {
            assertThat(exitCode).as(this::toString).isEqualTo(expected);
            return this;
        }

        /** Parses standard output as JSON. */
        JsonNode json() {
            return JsonMapper.shared().readTree(out);
        }

        /** Returns standard error without log lines. */
        String message() {
            return String.join(
                    "\n",
                    err.lines()
                            .filter(line -> !line.matches("\\d{4}-\\d\\d-\\d\\dT.*"))
                            .toList());
        }

        @Override
        public String toString() {
            return "%s ended with %d after %s%n--- out%n%s--- err%n%s".formatted(arguments, exitCode, took, out, err);
        }
    }

    /**
     * The packaged program with its libraries apart, as an image has it, and with a cache of its classes, which spares
     * each start more than half of its work. Made once for each jar; a short practice determines the classes.
     */
    static final class Unpacked {

        private static final Path ALL = Path.of("target", "unpacked").toAbsolutePath();
        private static final Path HOME = home();
        private static final Path JAR = HOME.resolve(Program.JAR.getFileName());
        static final Path CACHE = HOME.resolve("classes.aot");

        static {
            if (!Files.exists(CACHE)) {
                Uncheck.run(Unpacked::make);
            }
            assertThat(CACHE).isNotEmptyFile();
        }

        private static Path home() {
            String digest = DigestUtils.sha256Hex(Uncheck.get(() -> Files.readAllBytes(Program.JAR)));
            return ALL.resolve(digest.substring(0, 16) + "-" + Runtime.version());
        }

        private static void make() throws IOException {
            FileSystemUtils.deleteRecursively(ALL);
            Files.createDirectories(ALL);
            java(List.of("-Djarmode=tools"), Program.JAR, "extract", "--destination", HOME.toString());
            Path unfinished = HOME.resolve("classes.aot.new");
            Path practice = HOME.resolve("practice");
            List<String> options = new ArrayList<>(OPTIONS);
            options.add("-XX:AOTCacheOutput=" + unfinished);
            java(options, JAR, "sandbox", "--data-dir", practice.toString(), "--notes", "3");
            FileSystemUtils.deleteRecursively(practice);
            Files.move(unfinished, CACHE);
        }

        private static void java(List<String> options, Path jar, String... arguments) {
            execute(ALL, Map.of(), command(options, jar, arguments)).end().with(0);
        }
    }
}
