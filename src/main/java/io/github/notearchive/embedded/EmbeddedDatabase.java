package io.github.notearchive.embedded;

import io.github.notearchive.io.files.AtomicFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.apache.commons.io.file.PathUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL server of the data directory, run by its owner.
 *
 * <p>It listens on 127.0.0.1 only, on another port at each start, and requires a password (SCRAM), which is stored in
 * {@code postgres.password}, readable by its owner only. Commits are durable.
 *
 * <p>A cluster is complete if it has a mark, which is set when its server responds for the first time. A cluster
 * without the mark is the remainder of a killed process; PostgreSQL cannot start from it.
 */
public final class EmbeddedDatabase {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);

    static final String NAME = "postgres";

    private static final String USER = "postgres";

    /** Long, since recovery after a crash reads up to a gigabyte of log. */
    private static final Duration START_PATIENCE = Duration.ofMinutes(5);

    private static final Duration PROGRAM_PATIENCE = START_PATIENCE.plusMinutes(5);
    private static final int ATTEMPTS = 3;
    private static final String NO_SPACE = DataDirectory.NO_SPACE;

    /** Parameters of a connection that proves the password without sending it, and soon fails otherwise. */
    private static final String PROBE = "?requireAuth=scram-sha-256&sslmode=disable&gssEncMode=disable"
            + "&connectTimeout=2&loginTimeout=5&socketTimeout=5";

    private static final long LONGEST_LOG = 4 << 20;

    private final Path home;
    private final Path data;
    private final Path serverLog;
    private final PrivateFile passwordFile;
    private final PrivateFile mark;
    private final int port;

    /**
     * Starts the server unless it runs. The first start unpacks the program and creates the cluster, which takes about
     * ten seconds; a later one takes about one second, and longer for recovery after a crash. Closing the directory of
     * its owner stops it; clients are disconnected. This takes about 0.1 s, 45 s at most.
     *
     * @throws DataDirectoryException if it does not start; no process is left running
     */
    public EmbeddedDatabase(DataDirectory directory) {
        home = directory.path();
        data = home.resolve("postgres");
        serverLog = home.resolve("postgres.log");
        passwordFile = new PrivateFile(home.resolve("postgres.password"));
        mark = new PrivateFile(data.resolve("note-archive.whole"));
        port = directory.run(NAME, this::answersOn, () -> new DataDirectory.Started(start(), this::stop));
    }

    public String jdbcUrl() {
        return jdbcUrl(port);
    }

    private static String jdbcUrl(int port) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
    }

    public String user() {
        return USER;
    }

    public String password() {
        try {
            String password = passwordFile.read();
            if (password.isEmpty()) {
                throw new IOException("it is missing; put it back, from a copy of the directory");
            }
            return password;
        } catch (IOException e) {
            throw DataDirectoryException.of(home, "its postgres.password cannot be read, " + e.getMessage(), e);
        }
    }

    private void stop() {
        Postmaster.over(data).ifPresent(Postmaster::stop);
    }

    /**
     * Starts the server after removing the remainders of a killed process, and returns its port. This process owns the
     * directory.
     */
    private int start() {
        if (DataDirectory.isFull(home)) {
            throw failed(NO_SPACE, null);
        }
        Postmaster.awaitStragglers(data);
        Postmaster.over(data).ifPresent(orphan -> {
            log.warn(
                    "PostgreSQL {} over {} was left running by a killed process; it is stopped now, its rows stay",
                    orphan.pid(),
                    orphan.cluster());
            orphan.stop();
        });
        try {
            prepareLog(serverLog);
            PostgresPrograms programs = PostgresPrograms.unpack(home);
            boolean isWhole = Files.exists(mark.path());
            if (!isWhole) {
                moveBrokenAside();
                create(programs);
            }
            String _ = password();
            int port = startOnFreePort(programs);
            try {
                if (!isWhole) {
                    mark.write("made whole at " + Clock.systemUTC().instant() + "\n");
                }
                programs.markWhole();
                return port;
            } catch (IOException e) {
                stop();
                throw e;
            }
        } catch (IOException e) {
            throw failed(e.toString(), e);
        }
    }

    /** Moves an incomplete cluster aside. Deletes nothing. */
    private void moveBrokenAside() throws IOException {
        if (!Files.exists(data) || PathUtils.isEmpty(data)) {
            return;
        }
        Path aside = home.resolve("postgres.broken-" + Clock.systemUTC().millis());
        Files.move(data, aside);
        log.warn(
                "Database {} is incomplete (its creation was interrupted); moved to {}, creating a new one",
                data,
                aside);
    }

    /**
     * Creates the cluster, with a collation that is independent of the C library of the machine, and its password if
     * there is none. It is random, so iterations of its hash would protect nothing and delay each connection.
     */
    private void create(PostgresPrograms programs) throws IOException {
        if (passwordFile.read().isEmpty()) {
            passwordFile.write(PrivateFile.random(24) + "\n");
        }
        Attempt initdb = run(programs.command(
                "initdb",
                "-D", // a separate argument, by which Postmaster recognizes the program
                data.toString(),
                "--username=" + USER,
                "--pwfile=" + passwordFile.path(),
                "--auth=scram-sha-256",
                "--set=scram_iterations=1",
                "--encoding=UTF-8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8"));
        if (!initdb.succeeded) {
            throw failed(initdb.complaint(), null);
        }
    }

    private int startOnFreePort(PostgresPrograms programs) throws IOException {
        for (int attempt = 1; ; attempt++) {
            int port = freePort();
            // sockets are not needed, and their path is limited to 107 characters
            String settings = "-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
                    + " -c max_connections=100 -c timezone=UTC"
                    + " -c scram_iterations=4096"; // for passwords that an operator chooses
            Attempt start = run(programs.command(
                    "pg_ctl",
                    "start",
                    "--timeout=" + START_PATIENCE.toSeconds(),
                    "--options=" + settings,
                    "-D", // a separate argument, by which Postmaster recognizes the program
                    data.toString()));
            if (start.succeeded && answersOn(port)) {
                return port;
            }
            stop();
            if (attempt == ATTEMPTS || !start.output.contains("could not bind")) {
                String reason = start.complaint();
                throw failed(reason.isEmpty() ? "it does not answer on port " + port : reason, null);
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
    private Attempt run(List<String> command) throws IOException {
        int start = (int) Files.size(serverLog);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(serverLog.toFile()))
                .start();
        try {
            process.getOutputStream().close();
            boolean succeeded = process.waitFor(PROGRAM_PATIENCE) && process.exitValue() == 0;
            byte[] bytes = Files.readAllBytes(serverLog);
            return new Attempt(succeeded, new String(bytes, start, bytes.length - start, StandardCharsets.UTF_8));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("interrupted", e);
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

    static void prepareLog(Path file) throws IOException {
        if (Files.exists(file) && Files.size(file) > LONGEST_LOG) {
            Files.move(file, file.resolveSibling(file.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
        }
        if (!Files.exists(file)) {
            Files.createFile(file, AtomicFile.OWNER_ONLY);
        }
    }

    private DataDirectoryException failed(String reason, @Nullable Throwable cause) {
        if (DataDirectory.isFull(home) || reason.contains(NO_SPACE)) {
            return DataDirectoryException.diskFull(
                    home,
                    "PostgreSQL does not start, " + NO_SPACE + "; free some and run again, nothing is lost",
                    cause);
        }
        String advice = reason.contains("unshare")
                ? "run this as another user, or allow root user namespaces (unshare -U), or set a database of your own"
                : "see " + serverLog + ", or set a database of your own";
        return DataDirectoryException.of(home, "PostgreSQL does not start, " + reason + "; " + advice, cause);
    }

    /**
     * Returns whether the server on this port is that of the cluster. Both sides prove that they have the password
     * without sending it.
     */
    private boolean answersOn(int port) {
        try (Connection connection = DriverManager.getConnection(jdbcUrl(port) + PROBE, USER, password());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW data_directory")) {
            return row.next() && Path.of(row.getString(1)).toRealPath().equals(data.toRealPath());
        } catch (SQLException | IOException | InvalidPathException | DataDirectoryException e) {
            log.debug("What listens on 127.0.0.1:{} is not the server over {}", port, data, e);
            return false;
        }
    }
}
