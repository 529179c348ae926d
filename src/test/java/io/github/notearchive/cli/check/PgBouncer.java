package io.github.notearchive.cli.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.notearchive.ArchiveDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A PgBouncer in session mode before a database of the tests, with its default settings otherwise. A test that needs it
 * is skipped where the program is not installed (Debian: {@code pgbouncer}); {@code .ci/run} installs it.
 */
final class PgBouncer implements AutoCloseable {

    private static final List<Path> PLACES = List.of(Path.of("/usr/sbin/pgbouncer"), Path.of("/usr/bin/pgbouncer"));

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Process process;
    private final int port;
    private final String database;

    private PgBouncer(Process process, int port, String database) {
        this.process = process;
        this.port = port;
        this.database = database;
    }

    static PgBouncer before(ArchiveDatabase server, String database, Path directory)
            throws IOException, InterruptedException {
        Path program = PLACES.stream().filter(Files::isExecutable).findFirst().orElse(null);
        assumeTrue(program != null, "pgbouncer is not installed");
        int port = freePort();
        Path log = Files.createDirectories(directory).resolve("pgbouncer.log");
        Path settings = Files.writeString(directory.resolve("pgbouncer.ini"), """
                        [databases]
                        * = host=127.0.0.1 port=%s user=%s password=%s

                        [pgbouncer]
                        pool_mode = session
                        listen_addr = 127.0.0.1
                        listen_port = %d
                        unix_socket_dir =
                        auth_type = any
                        """.formatted(
                        server.jdbcUrl().replaceAll(".*:(\\d+)/.*", "$1"), server.user(), server.password(), port));
        PgBouncer bouncer = new PgBouncer(
                new ProcessBuilder(command(String.valueOf(program), settings))
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start(),
                port,
                database);
        bouncer.awaitStart(log);
        return bouncer;
    }

    /** It does not run as root; with another user it gives root's rights up before it listens. */
    private static List<String> command(String program, Path settings) {
        List<String> command = new ArrayList<>(List.of(program));
        if (System.getProperty("user.name").equals("root")) {
            command.addAll(List.of("-u", "nobody"));
        }
        command.add(settings.toString());
        return command;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void awaitStart(Path log) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!isListening()) {
            assertThat(process.isAlive() && System.nanoTime() < end)
                    .as(Files.readString(log))
                    .isTrue();
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private boolean isListening() {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    String jdbcUrl() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }
}
