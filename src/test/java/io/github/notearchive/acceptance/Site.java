package io.github.notearchive.acceptance;

import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedDatabase;
import io.github.notearchive.embedded.EmbeddedStore;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.commons.io.function.Uncheck;
import org.jspecify.annotations.Nullable;

/**
 * Data directory, database and bucket of one test.
 *
 * @param database name of the database at the outside servers; null for embedded ones
 */
record Site(Path data, @Nullable String database) implements AutoCloseable {

    /**
     * Creates a site without notes and objects.
     *
     * @param isEmpty whether the program has never been started with it, so that it has no schema either
     */
    static Site create(Place place, Path data, boolean isEmpty) {
        OutsideServers servers = OutsideServers.running();
        Site site = new Site(data, place == Place.EMBEDDED ? null : servers.nextName());
        if (site.database == null) {
            if (isEmpty) {
                servers.lendPrograms(data);
            } else {
                servers.copyEmbeddedTemplate(data);
            }
        } else if (isEmpty) {
            servers.createDatabase(site.database);
        } else {
            servers.copyDatabase(servers.template(), site.database);
        }
        return site;
    }

    private String bucket() {
        // a named store may have buckets of earlier runs
        return database == null
                ? "note-archive"
                : database.replace('_', '-') + "-" + ProcessHandle.current().pid();
    }

    /** Environment variables that direct the program here. */
    Map<String, String> environment() {
        if (database == null) {
            return Map.of("ARCHIVE_DATA_DIR", data.toString());
        }
        OutsideServers servers = OutsideServers.running();
        return Map.of(
                "ARCHIVE_DATA_DIR", data.toString(),
                "ARCHIVE_DATABASE_URL", servers.urlOf(database),
                "ARCHIVE_DATABASE_USER", servers.user(),
                "ARCHIVE_DATABASE_PASSWORD", servers.password(),
                "ARCHIVE_S3_ENDPOINT", servers.store().endpoint().toString(),
                "ARCHIVE_S3_BUCKET", bucket(),
                "ARCHIVE_S3_ACCESS_KEY", servers.store().accessKey(),
                "ARCHIVE_S3_SECRET_KEY", servers.store().secretKey());
    }

    /** Secrets that must not be printed. */
    List<String> secrets() {
        if (database != null) {
            OutsideServers servers = OutsideServers.running();
            return List.of(servers.password(), servers.store().secretKey());
        }
        List<String> secrets = new ArrayList<>();
        for (String name : List.of("postgres.password", "s3.credentials")) {
            try (Stream<String> lines = Files.lines(data.resolve(name))) {
                lines.filter(line -> !line.startsWith("#"))
                        .map(line -> line.substring(line.indexOf('=') + 1).strip())
                        .filter(value -> value.length() > 30)
                        .forEach(secrets::add);
            } catch (IOException e) {
                // the program has not been started yet
            }
        }
        return secrets;
    }

    /** Opens a connection beside a program or after it. */
    Archive look() {
        if (database != null) {
            OutsideServers servers = OutsideServers.running();
            String url = servers.urlOf(database);
            return new Archive(url, servers.user(), servers.password(), servers::store, bucket(), () -> {});
        }
        DataDirectory directory = DataDirectory.share(data);
        EmbeddedDatabase server = new EmbeddedDatabase(directory);
        return new Archive(
                server.jdbcUrl(),
                server.user(),
                server.password(),
                () -> Archive.Account.of(new EmbeddedStore(directory, false)),
                bucket(),
                directory::close);
    }

    /** Returns whether the database accepts connections, the embedded one those of this program. */
    boolean isServedBy(Program program) {
        String[] users = data.resolve("users").toFile().list();
        return database != null
                || users != null
                        && Stream.of(users).anyMatch(user -> user.startsWith(program.pid() + "-"))
                        && facts().containsKey("postgres.port");
    }

    /** What the process of the embedded servers has published. */
    Properties facts() {
        Properties facts = new Properties();
        try (Reader file = Files.newBufferedReader(data.resolve("servers.properties"))) {
            facts.load(file);
        } catch (IOException e) {
            // there is none
        }
        return facts;
    }

    /** Sends SIGKILL to the process of the embedded servers. */
    void killServers() {
        ProcessHandle servers =
                ProcessHandle.of(Long.parseLong(facts().getProperty("pid"))).orElseThrow();
        servers.destroyForcibly();
        servers.onExit().join();
    }

    /**
     * Waits until the embedded servers of killed programs have stopped, and stops one that killed servers left running;
     * drops an outside database.
     */
    @Override
    public void close() {
        if (database != null) {
            OutsideServers.running().dropDatabase(database);
            return;
        }
        DataDirectory.open(data).close();
        Path pid = data.resolve("postgres").resolve("postmaster.pid");
        if (!Files.exists(pid)) {
            return;
        }
        String number = Uncheck.get(() -> Files.readAllLines(pid)).getFirst();
        ProcessHandle.of(Long.parseLong(number.strip()))
                .filter(process -> process.info().command().orElse("").endsWith("postgres"))
                .ifPresent(postmaster -> {
                    postmaster.children().forEach(ProcessHandle::destroyForcibly);
                    postmaster.destroyForcibly();
                    postmaster.onExit().join();
                });
    }
}
