package io.github.notearchive.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
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

    private static final Duration STRAGGLERS = Duration.ofSeconds(15);
    private static final Duration FAST = Duration.ofSeconds(30);
    private static final Duration IMMEDIATE = Duration.ofSeconds(10);
    private static final Duration KILLED = Duration.ofSeconds(5);

    /** Returns the running process of this cluster; empty if there is none, or if it cannot be verified. */
    static Optional<Postmaster> over(Path cluster) {
        try {
            List<String> lines = Files.readAllLines(cluster.resolve("postmaster.pid"));
            if (lines.isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(new Postmaster(Long.parseLong(lines.getFirst().strip()), cluster))
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
        long deadline = System.nanoTime() + STRAGGLERS.toNanos();
        List<ProcessHandle> stragglers = stragglers(cluster);
        if (!stragglers.isEmpty()) {
            log.warn("Waiting for programs of a killed process over {}: {}", cluster, stragglers);
        }
        while (!stragglers.isEmpty()) {
            if (System.nanoTime() - deadline > 0) {
                stragglers.forEach(ProcessHandle::destroyForcibly);
                return;
            }
            pause(cluster);
            stragglers = stragglers(cluster);
        }
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
        signal("INT");
        if (isGoneWithin(FAST)) {
            return;
        }
        log.warn(
                "PostgreSQL {} over {} did not stop within {} s; it is made to, and the next start recovers it",
                pid,
                cluster,
                FAST.toSeconds());
        signal("QUIT");
        if (isGoneWithin(IMMEDIATE)) {
            return;
        }
        signal("KILL");
        if (!isGoneWithin(KILLED)) {
            throw new DataDirectoryException(
                    "PostgreSQL process %d over %s cannot be stopped; stop it by hand and run this again"
                            .formatted(pid, cluster));
        }
    }

    private void signal(String name) {
        if (!lives()) {
            return;
        }
        try {
            // kill of the shell, since Java sends no SIGINT and some machines lack the program
            Process kill = new ProcessBuilder("/bin/sh", "-c", "kill -%s %d".formatted(name, pid))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!kill.waitFor(5, TimeUnit.SECONDS)) {
                kill.destroyForcibly();
            }
        } catch (IOException e) {
            throw new DataDirectoryException(
                    "PostgreSQL process %d over %s cannot be sent SIG%s; stop it by hand and run this again"
                            .formatted(pid, cluster, name),
                    e);
        } catch (InterruptedException e) {
            throw interrupted(cluster, e);
        }
    }

    private boolean isGoneWithin(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (lives()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            pause(cluster);
        }
        return true;
    }

    private static void pause(Path cluster) {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            throw interrupted(cluster, e);
        }
    }

    private static DataDirectoryException interrupted(Path cluster, InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new DataDirectoryException(
                "PostgreSQL over %s: interrupted while waiting for it to end; the next start sees to it"
                        .formatted(cluster),
                cause);
    }

    private static List<String> commandLine(long pid) {
        Path ofLinux = Path.of("/proc/" + pid + "/cmdline");
        if (Files.isDirectory(Path.of("/proc/self"))) {
            try {
                return List.of(Files.readString(ofLinux).split("\0"));
            } catch (IOException e) {
                return List.of();
            }
        }
        Optional<ProcessHandle.Info> info =
                ProcessHandle.of(pid).filter(ProcessHandle::isAlive).map(ProcessHandle::info);
        if (info.isEmpty() || info.get().command().isEmpty()) {
            return List.of();
        }
        var command = new ArrayList<String>();
        command.add(info.get().command().get());
        info.get().arguments().ifPresent(arguments -> command.addAll(List.of(arguments)));
        return command;
    }
}
