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
 * The PostgreSQL main process over one cluster directory, whoever started it.
 *
 * <p>The pid file alone proves nothing, for it outlives a killed server and its number is given to others. A process
 * counts when its command line says that it is a postgres over this directory.
 */
record Postmaster(long pid, Path cluster) {

    private static final Logger log = LoggerFactory.getLogger(Postmaster.class);

    private static final Duration STRAGGLERS = Duration.ofSeconds(15);
    private static final Duration FAST = Duration.ofSeconds(30);
    private static final Duration IMMEDIATE = Duration.ofSeconds(10);
    private static final Duration KILLED = Duration.ofSeconds(5);

    /** The one that runs over this cluster now; empty when none does, or it cannot be verified. */
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
     * Waits for the programs that make or start a cluster and outlive the process that called them. Left alone, an
     * initdb would go on writing below a directory that was moved away under it, and a pg_ctl would bring up a server
     * after nobody had been found. Those that take long are killed.
     */
    static void awaitStragglers(Path cluster) {
        long deadline = System.nanoTime() + STRAGGLERS.toNanos();
        List<ProcessHandle> stragglers = stragglers(cluster);
        if (!stragglers.isEmpty()) {
            log.warn("Waiting for what a killed process began over {}: {}", cluster, stragglers);
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

    /** Does it run? A zombie, which a container's first process may never reap, does not. */
    boolean lives() {
        List<String> command = commandLine(pid);
        return !command.isEmpty() && command.getFirst().endsWith("postgres") && command.contains(cluster.toString());
    }

    /**
     * Stops it: clients are cut off, committed rows stay. Waits at most 45 s, with ever ruder requests, from each of
     * which the next start recovers.
     *
     * @throws DataDirectoryException when it still runs after all of them
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
            // a shell's own kill, since Java sends no SIGINT and not every machine has the program
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
