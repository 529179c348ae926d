package io.github.notearchive.acceptance;

import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedDatabase;
import io.github.notearchive.embedded.EmbeddedStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Where the program keeps its rows and objects. */
enum Place {

    /** In servers that the program runs itself, over its data directory. */
    EMBEDDED {
        @Override
        Site prepare(Path data) {
            try {
                Files.createDirectories(data);
                Files.createSymbolicLink(
                        data.resolve("postgres-binaries"),
                        OutsideServers.running().programs());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return new Embedded(data);
        }
    },

    /** In servers that somebody else runs. */
    OUTSIDE {
        @Override
        Site prepare(Path data) {
            return new Outside(data, OutsideServers.running());
        }
    };

    /** Makes a place for one test, with no rows and no objects. */
    abstract Site prepare(Path data);

    /** The place of one test. */
    interface Site extends AutoCloseable {

        /** What tells the program of it. */
        Map<String, String> environment();

        /** What must never be printed. */
        List<String> secrets();

        /** Looks into it, beside a program or after it. */
        Archive look();

        /** Whether the servers are there, by this program where it runs its own. */
        boolean isServedBy(Program program);

        /** Stops what a killed program left running, and gives the place up. */
        @Override
        void close();
    }

    private record Embedded(Path data) implements Site {

        @Override
        public Map<String, String> environment() {
            return Map.of("ARCHIVE_DATA_DIR", data.toString());
        }

        @Override
        public List<String> secrets() {
            List<String> secrets = new ArrayList<>();
            try {
                Path password = data.resolve("postgres.password");
                if (Files.exists(password)) {
                    secrets.add(Files.readString(password).strip());
                }
                Path credentials = data.resolve("s3.credentials");
                if (Files.exists(credentials)) {
                    Files.readAllLines(credentials).stream()
                            .filter(line -> !line.startsWith("#"))
                            .map(line -> line.substring(line.indexOf('=') + 1).strip())
                            .filter(value -> value.length() > 30)
                            .forEach(secrets::add);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return secrets;
        }

        @Override
        public Archive look() {
            DataDirectory directory = DataDirectory.open(data);
            EmbeddedDatabase database = EmbeddedDatabase.open(directory);
            return new Archive(
                    database.jdbcUrl(),
                    database.user(),
                    database.password(),
                    () -> {
                        EmbeddedStore store = EmbeddedStore.open(directory);
                        return new Archive.Account(store.endpoint(), store.accessKey(), store.secretKey());
                    },
                    "note-archive",
                    directory::close);
        }

        @Override
        public boolean isServedBy(Program program) {
            try {
                Path facts = data.resolve("servers.properties");
                return Files.exists(facts)
                        && Files.readAllLines(facts).contains("pid=" + program.pid())
                        && Files.readString(facts).contains("postgres.port=");
            } catch (IOException e) {
                return false; // it is being written
            }
        }

        @Override
        public void close() {
            postmaster().ifPresent(Embedded::stop);
        }

        private Optional<ProcessHandle> postmaster() {
            try {
                String first = Files.readAllLines(data.resolve("postgres").resolve("postmaster.pid"))
                        .getFirst();
                return ProcessHandle.of(Long.parseLong(first.strip()))
                        .filter(process -> process.info().command().orElse("").endsWith("postgres"));
            } catch (IOException e) {
                return Optional.empty();
            }
        }

        private static void stop(ProcessHandle postmaster) {
            postmaster.children().forEach(ProcessHandle::destroyForcibly);
            postmaster.destroyForcibly();
            postmaster.onExit().join();
        }
    }

    private static final class Outside implements Site {

        private final Path data;
        private final OutsideServers servers;
        private final String name;
        private final String url;

        Outside(Path data, OutsideServers servers) {
            this.data = data;
            this.servers = servers;
            int number = servers.nextNumber();
            this.name = "night_" + number;
            this.url = servers.createDatabase(name);
        }

        private String bucket() {
            // the database is new with each run of the tests, another store is not
            return name.replace('_', '-') + "-" + ProcessHandle.current().pid();
        }

        @Override
        public Map<String, String> environment() {
            return Map.of(
                    "ARCHIVE_DATA_DIR", data.toString(),
                    "ARCHIVE_DATABASE_URL", url,
                    "ARCHIVE_DATABASE_USER", servers.user(),
                    "ARCHIVE_DATABASE_PASSWORD", servers.password(),
                    "ARCHIVE_S3_ENDPOINT", servers.endpoint().toString(),
                    "ARCHIVE_S3_BUCKET", bucket(),
                    "ARCHIVE_S3_ACCESS_KEY", servers.accessKey(),
                    "ARCHIVE_S3_SECRET_KEY", servers.secretKey());
        }

        @Override
        public List<String> secrets() {
            return List.of(servers.password(), servers.secretKey());
        }

        @Override
        public Archive look() {
            return new Archive(
                    url,
                    servers.user(),
                    servers.password(),
                    () -> new Archive.Account(servers.endpoint(), servers.accessKey(), servers.secretKey()),
                    bucket(),
                    () -> {});
        }

        @Override
        public boolean isServedBy(Program program) {
            return true;
        }

        @Override
        public void close() {
            servers.dropDatabase(name);
        }
    }
}
