package io.github.notearchive.embedded;

import io.github.notearchive.io.time.Deadline;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Data directory whose servers run in the process of the directory. Thread-safe. */
final class SharedDirectory extends DataDirectory {

    /** Longer than PostgreSQL may take to recover. */
    private static final Duration PATIENCE = Duration.ofMinutes(15);

    /** Longer than a server that listens may take to answer. */
    private static final Duration ANSWER_PATIENCE = Duration.ofSeconds(30);

    private static final int STARTS = 3;

    private DirectoryUsers.@Nullable UserFile entry;
    private @Nullable Process process;
    private int requests;

    SharedDirectory(Path path) {
        super(path);
    }

    /** Requests a server and waits for it, at most as long as it may take to start. */
    @Override
    int run(String name, IntPredicate isOurs, Supplier<Started> start) {
        String request = request(name);
        Deadline started = Deadline.in(PATIENCE);
        Deadline answer = Deadline.in(ANSWER_PATIENCE);
        for (int starts = 0; ; ) {
            Properties facts = facts();
            String port = facts.getProperty(name + ".port", "");
            if (port.matches("\\d{1,5}") && isOurs.test(Integer.parseInt(port))) {
                return Integer.parseInt(port);
            }
            String failure = facts.getProperty(request);
            if (failure != null) {
                throw new DataDirectoryException(failure, null, failure.contains(NO_SPACE));
            }
            if (isFull(path())) {
                throw DataDirectoryException.diskFull(path(), NO_SPACE + "; free some and run again", null);
            }
            String pid = facts.getProperty("pid", "unknown");
            if (port.isEmpty()) {
                answer = Deadline.in(ANSWER_PATIENCE);
            }
            if (answer.isOver()) {
                throw failed(
                        ("its %s server (pid %s) does not answer here on 127.0.0.1:%s; end what uses the directory, "
                                        + "also on other machines")
                                .formatted(name, pid, port));
            }
            if (started.isOver()) {
                throw failed(
                        ("the process of its servers (pid %s) has not started the %s server within %d min; kill that "
                                        + "process")
                                .formatted(pid, name, PATIENCE.toMinutes()));
            }
            if (!hasProcess()) {
                if (starts++ == STARTS) {
                    throw failed("the process of its servers ends at once; correct what its log names");
                }
                startProcess();
            }
            pause("Data directory " + path() + ": interrupted while waiting for its servers");
        }
    }

    private DataDirectoryException failed(String problem) {
        return DataDirectoryException.of(
                path(),
                "%s and run this again, or name another data directory; used%s; see %s"
                        .formatted(problem, describe(users.alive()), path().resolve(ServersProcess.LOG)),
                null);
    }

    /** Registers this process as a user, and returns the key of the answer. */
    private synchronized String request(String name) {
        try {
            if (entry == null) {
                entry = users.enter();
            }
            String request = name + " " + ++requests;
            entry.append(request);
            return entry.name() + " " + request;
        } catch (IOException e) {
            throw notWritable(path(), e);
        }
    }

    private synchronized boolean hasProcess() {
        return (process != null && process.isAlive()) || OwnDirectory.isOwned(path());
    }

    private synchronized void startProcess() {
        try {
            Path log = path().resolve(ServersProcess.LOG);
            EmbeddedDatabase.prepareLog(log);
            ProcessBuilder builder = new ProcessBuilder(command())
                    .directory(path().toFile())
                    .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            // it outlives this process and needs none of its secrets
            builder.environment().keySet().removeIf(name -> name.matches("(ARCHIVE|JUSTONEAPI|SPRING)_.*"));
            process = builder.start();
        } catch (IOException e) {
            throw notWritable(path(), e);
        }
    }

    /** Returns the command of the process: this Java and program, in a separate session, which no terminal signals. */
    private List<String> command() {
        List<String> command = new ArrayList<>();
        Stream.of("/usr/bin/setsid", "/bin/setsid")
                .filter(program -> Files.isExecutable(Path.of(program)))
                .findFirst()
                .ifPresent(command::add);
        List<String> entries = Pattern.compile(File.pathSeparator)
                .splitAsStream(System.getProperty("java.class.path"))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .toList();
        String classPath = String.join(File.pathSeparator, entries);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ServersProcess.OPTIONS);
        Path cache = Path.of(entries.getFirst().replaceFirst("(\\.jar)?$", ".aot"));
        if (Files.isReadable(cache)) {
            command.add("-XX:AOTCache=" + cache);
        }
        // the nested jars of a jar that is not unpacked need its own loader
        boolean isNested = !ClassLoader.getSystemClassLoader().equals(getClass().getClassLoader());
        command.addAll(isNested ? List.of("-jar", classPath) : List.of("-cp", classPath, ServersProcess.MAIN));
        command.addAll(List.of(ServersProcess.COMMAND, path().toString()));
        return command;
    }

    /**
     * Leaves the directory. The last user waits until the servers have stopped, so that the directory can be copied and
     * a container can end.
     */
    @Override
    public synchronized void close() {
        DirectoryUsers.UserFile left = entry;
        if (left == null) {
            return;
        }
        entry = null;
        boolean interrupted = Thread.interrupted();
        try {
            left.remove();
            Deadline deadline = Deadline.in(STOP_PATIENCE);
            while (users.alive().isEmpty() && OwnDirectory.isOwned(path()) && !deadline.isOver()) {
                pause("Data directory " + path() + ": interrupted while its servers stop");
            }
        } catch (IOException e) {
            throw notWritable(path(), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
