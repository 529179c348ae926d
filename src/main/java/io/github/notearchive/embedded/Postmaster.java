package io.github.notearchive.embedded;

import io.github.notearchive.io.time.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Main process of PostgreSQL for one cluster directory, started by any process.
 *
 * <p>The pid file alone is no proof, since it remains after a kill and pids are reused. A process is accepted if its
 * command line is a postgres for this directory.
 */
record Postmaster(long pid, Path cluster) {

    private static final Logger log = LoggerFactory.getLogger(Postmaster.class);

    private static final String INTERRUPTED =
            "PostgreSQL over %s: interrupted while waiting for it to end; the next start sees to it";
    private static final Duration PAUSE = Duration.ofMillis(50);
    private static final Duration STRAGGLERS = Duration.ofSeconds(15);
    private static final Duration FAST = Duration.ofSeconds(30);
    private static final Duration IMMEDIATE = Duration.ofSeconds(10);
    private static final Duration KILLED = Duration.ofSeconds(5);

    /** Returns the running process of this cluster; empty if there is none, or if it cannot be verified. */
    static Optional<Postmaster> over(Path cluster) {
        try {
            List<String> lines = Files.readAllLines(cluster.resolve("postmaster.pid"));
            return lines.stream()
                    .findFirst()
                    .map(line -> new Postmaster(Long.parseLong(line.strip()), cluster))
                    .filter(Postmaster::lives);
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /**
     * Waits for programs that create or start a cluster and outlive their caller, and kills slow ones. Otherwise an
     * initdb would keep writing to a moved directory, and a pg_ctl would start a server after the check.
     */
    static void awaitStragglers(Path cluster) {
        List<ProcessHandle> stragglers = stragglers(cluster);
        if (stragglers.isEmpty()) {
            return;
        }
        log.warn("Waiting for programs of a killed process over {}: {}", cluster, stragglers);
        if (!holdsWithin(STRAGGLERS, cluster, () -> stragglers(cluster).isEmpty())) {
            stragglers(cluster).forEach(ProcessHandle::destroyForcibly);
        }
    }

    private static boolean holdsWithin(Duration limit, Path cluster, BooleanSupplier condition) {
        Deadline deadline = Deadline.in(limit);
        while (!condition.getAsBoolean()) {
            if (deadline.isOver()) {
                return false;
            }
            DataDirectory.pause(PAUSE, INTERRUPTED.formatted(cluster));
        }
        return true;
    }

    private static List<ProcessHandle> stragglers(Path cluster) {
        return ProcessHandle.allProcesses()
                .filter(process -> {
                    List<String> command = commandLine(process.pid());
                    return command.contains(cluster.toString())
                            && (command.getFirst().endsWith("/initdb")
                                    || command.getFirst().endsWith("/pg_ctl"));
                })
                .toList();
    }

    /** Returns whether the process runs. A zombie, which the first process of a container may never reap, does not. */
    boolean lives() {
        List<String> command = commandLine(pid);
        return !command.isEmpty() && command.getFirst().endsWith("postgres") && command.contains(cluster.toString());
    }

    /**
     * Stops the process; clients are disconnected. Escalates from SIGINT to SIGQUIT and SIGKILL within 45 s; the next
     * start recovers from each.
     *
     * @throws DataDirectoryException if it still runs afterwards
     */
    void stop() {
        if (endsAfter("INT", FAST)) {
            return;
        }
        log.warn(
                "PostgreSQL {} over {} did not stop within {} s; it is made to, and the next start recovers it",
                pid,
                cluster,
                FAST.toSeconds());
        if (!endsAfter("QUIT", IMMEDIATE) && !endsAfter("KILL", KILLED)) {
            throw new DataDirectoryException(
                    "PostgreSQL process %d over %s cannot be stopped; stop it by hand and run this again"
                            .formatted(pid, cluster),
                    null);
        }
    }

    /** Sends a signal and returns whether the process ends within the limit. */
    private boolean endsAfter(String signal, Duration limit) {
        if (!lives()) {
            return true;
        }
        try {
            // kill of the shell, since Java sends no SIGINT and some machines lack the program
            Process kill = new ProcessBuilder("/bin/sh", "-c", "kill -%s %d".formatted(signal, pid))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!kill.waitFor(5, TimeUnit.SECONDS)) {
                kill.destroyForcibly();
            }
        } catch (IOException e) {
            throw new DataDirectoryException(
                    "PostgreSQL process %d over %s cannot be sent SIG%s; stop it by hand and run this again"
                            .formatted(pid, cluster, signal),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DataDirectoryException(INTERRUPTED.formatted(cluster), e);
        }
        return holdsWithin(limit, cluster, () -> !lives());
    }

    /** Returns the command line of a running process; empty for others. */
    private static List<String> commandLine(long pid) {
        if (Files.isDirectory(Path.of("/proc/self"))) {
            try {
                return List.of(
                        Files.readString(Path.of("/proc/" + pid + "/cmdline")).split("\0"));
            } catch (IOException e) {
                return List.of();
            }
        }
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).map(ProcessHandle::info).stream()
                .flatMap(info -> Stream.concat(
                        info.command().stream(), Stream.of(info.arguments().orElse(new String[0]))))
                .toList();
    }
}
