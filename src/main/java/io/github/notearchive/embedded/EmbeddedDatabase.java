package io.github.notearchive.embedded;

import io.github.notearchive.io.AtomicFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL server of the data directory, run by this process or by the owner of the directory.
 *
 * <p>It listens on 127.0.0.1 only, on another port at each start, and requires a password (SCRAM), which is stored in
 * {@code postgres.password}, readable by its owner only. Commits are durable.
 */
public final class EmbeddedDatabase {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);

    /** Long, since recovery after a crash reads up to a gigabyte of log. */
    private static final Duration START_PATIENCE = Duration.ofMinutes(5);

    private static final Duration PROGRAM_PATIENCE = START_PATIENCE.plusMinutes(5);
    private static final int ATTEMPTS = 3;
    private static final String NO_SPACE = "No space left on device";

    /** Space for lock file, log and statistics; the first segment of the log has 16 MB. */
    private static final long LEAST_SPACE = 1 << 20;

    private static final long LONGEST_LOG = 4 << 20;

    private final PostgresCluster cluster;
    private final DataDirectory.Running server;

    private EmbeddedDatabase(PostgresCluster cluster, DataDirectory.Running server) {
        this.cluster = cluster;
        this.server = server;
    }

    /**
     * Starts the server or joins the running one. The first start unpacks the program and creates the cluster, which
     * takes about ten seconds; a later one takes about one second, and longer for recovery after a crash. Joining waits
     * up to 30 s for the server of the owner. Closing the directory stops a server that was started here; clients are
     * disconnected. This takes about 0.1 s, 45 s at most.
     *
     * @throws DataDirectoryException if it does not start, or the owner runs none; no process is left running
     */
    public static EmbeddedDatabase open(DataDirectory directory) {
        var cluster = new PostgresCluster(directory.path());
        return new EmbeddedDatabase(
                cluster,
                directory.run(
                        "postgres",
                        cluster::answersOn,
                        () -> new DataDirectory.Started(start(cluster), () -> stop(cluster))));
    }

    public String jdbcUrl() {
        return PostgresCluster.jdbcUrl(server.port());
    }

    public String user() {
        return PostgresCluster.USER;
    }

    public String password() {
        return cluster.password();
    }

    /** Returns whether the server was running already. */
    public boolean joined() {
        return server.joined();
    }

    private static void stop(PostgresCluster cluster) {
        Postmaster.over(cluster.data()).ifPresent(Postmaster::stop);
    }

    /**
     * Starts the server after removing the remainders of a killed process, and returns its port. The caller owns the
     * directory.
     */
    private static int start(PostgresCluster cluster) {
        if (isFull(cluster)) {
            throw failed(cluster, NO_SPACE, null);
        }
        Postmaster.awaitStragglers(cluster.data());
        Postmaster.over(cluster.data()).ifPresent(orphan -> {
            log.warn(
                    "PostgreSQL {} over {} was left running by a killed process; it is stopped now, its rows stay",
                    orphan.pid(),
                    orphan.cluster());
            orphan.stop();
        });
        try {
            cluster.moveBrokenAside();
            cluster.preparePassword();
            prepareLog(cluster.serverLog());
            PostgresPrograms programs = PostgresPrograms.unpack(cluster.home());
            if (!cluster.isWhole()) {
                create(cluster, programs);
            }
            int port = startOnFreePort(cluster, programs);
            try {
                cluster.markWhole();
                programs.markWhole();
                return port;
            } catch (IOException e) {
                stop(cluster);
                throw e;
            }
        } catch (IOException e) {
            throw failed(cluster, e.toString(), e);
        }
    }

    /** Creates the cluster, with a collation that is independent of the C library of the machine. */
    private static void create(PostgresCluster cluster, PostgresPrograms programs) throws IOException {
        Attempt initdb = run(
                cluster,
                programs.command(
                        "initdb",
                        "-D", // a separate argument, by which Postmaster recognizes the program
                        cluster.data().toString(),
                        "--username=" + PostgresCluster.USER,
                        "--pwfile=" + cluster.passwordFile(),
                        "--auth=scram-sha-256",
                        "--encoding=UTF-8",
                        "--locale=C",
                        "--locale-provider=builtin",
                        "--builtin-locale=C.UTF-8"));
        if (!initdb.succeeded) {
            throw failed(cluster, initdb.complaint(), null);
        }
    }

    private static int startOnFreePort(PostgresCluster cluster, PostgresPrograms programs) throws IOException {
        String patience = String.valueOf(START_PATIENCE.toSeconds());
        for (int attempt = 1; ; attempt++) {
            int port = freePort();
            // sockets are not needed, and their path is limited to 107 characters
            String settings = "-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
                    + " -c fsync=on -c synchronous_commit=on -c max_connections=100 -c timezone=UTC";
            Attempt start = run(
                    cluster,
                    programs.command(
                            "pg_ctl",
                            "start",
                            "-w",
                            "-t",
                            patience,
                            "-D",
                            cluster.data().toString(),
                            "-o",
                            settings));
            if (start.succeeded && cluster.answersOn(port)) {
                return port;
            }
            stop(cluster);
            if (attempt == ATTEMPTS || !start.output.contains("could not bind")) {
                String reason = start.complaint();
                throw failed(cluster, reason.isEmpty() ? "it does not answer on port " + port : reason, null);
            }
            // another process took the port between its choice and its use
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Runs a program with its output, and that of the server that it starts, appended to the log of the server. */
    private static Attempt run(PostgresCluster cluster, List<String> command) throws IOException {
        Path output = cluster.serverLog();
        int start = (int) Files.size(output);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                .start();
        try {
            process.getOutputStream().close();
            boolean succeeded = process.waitFor(PROGRAM_PATIENCE) && process.exitValue() == 0;
            byte[] bytes = Files.readAllBytes(output);
            return new Attempt(succeeded, new String(bytes, start, bytes.length - start, StandardCharsets.UTF_8));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(cluster, "interrupted", e);
        } finally {
            if (process.isAlive()) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        }
    }

    private record Attempt(boolean succeeded, String output) {

        /** Returns the last line with an error, or the last line. */
        String complaint() {
            List<String> lines = output.strip().lines().map(String::strip).toList();
            return lines.reversed().stream()
                    .filter(line -> line.matches(".*(FATAL|PANIC|error):.*"))
                    .findFirst()
                    .orElse(lines.isEmpty() ? "" : lines.getLast());
        }
    }

    private static void prepareLog(Path file) throws IOException {
        if (Files.exists(file) && Files.size(file) > LONGEST_LOG) {
            Files.move(file, file.resolveSibling(file.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
        }
        if (!Files.exists(file)) {
            Files.createFile(file, AtomicFile.OWNER_ONLY);
        }
    }

    private static boolean isFull(PostgresCluster cluster) {
        try {
            return Files.getFileStore(cluster.home()).getUsableSpace() < LEAST_SPACE;
        } catch (IOException e) {
            return false; // the start reports the error
        }
    }

    private static DataDirectoryException failed(PostgresCluster cluster, String reason, @Nullable Throwable cause) {
        if (isFull(cluster) || reason.contains(NO_SPACE)) {
            return DataDirectoryException.diskFull(
                    cluster.home(),
                    "PostgreSQL does not start, " + NO_SPACE + "; free some and run again, nothing is lost",
                    cause);
        }
        String advice = reason.contains("unshare")
                ? "run this as another user, or allow root user namespaces (unshare -U), or set a database of your own"
                : "see " + cluster.serverLog() + ", or set a database of your own";
        return DataDirectoryException.of(cluster.home(), "PostgreSQL does not start, " + reason + "; " + advice, cause);
    }
}
