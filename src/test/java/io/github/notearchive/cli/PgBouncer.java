package io.github.notearchive.cli;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.io.TcpProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A PgBouncer in session mode before a database of the tests, with its default settings otherwise. A test that needs it
 * is skipped where the program is not installed (Debian: {@code pgbouncer}); {@code .ci/run} installs it.
 */
record PgBouncer(Process process, String jdbcUrl) implements AutoCloseable {

    private static final List<Path> PLACES = List.of(Path.of("/usr/sbin/pgbouncer"), Path.of("/usr/bin/pgbouncer"));

    static PgBouncer before(ArchiveDatabase server, String database, Path directory) throws IOException {
        Path program = PLACES.stream().filter(Files::isExecutable).findFirst().orElse(null);
        assumeTrue(program != null, "pgbouncer is not installed");
        int port = TcpProxy.closedPort();
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
        List<String> command = new ArrayList<>(List.of(String.valueOf(program), settings.toString()));
        if (System.getProperty("user.name").equals("root")) {
            // it does not run as root, but drops root's rights before it listens
            command.addAll(1, List.of("-u", "daemon"));
        }
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        await(log.toString())
                .pollInterval(Duration.ofMillis(5))
                .ignoreExceptions()
                .untilAsserted(() -> new Socket(InetAddress.getLoopbackAddress(), port).close());
        return new PgBouncer(process, "jdbc:postgresql://127.0.0.1:" + port + "/" + database);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }
}
