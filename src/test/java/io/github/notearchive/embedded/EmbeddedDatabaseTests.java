package io.github.notearchive.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

@ResourceLock("own servers")
@Execution(ExecutionMode.CONCURRENT) // the class, not its methods
class EmbeddedDatabaseTests {

    /** Its unpacked programs serve the other directories of these tests, too. */
    @TempDir
    static Path first;

    static DataDirectory firstDirectory;
    static EmbeddedDatabase firstDatabase;

    @TempDir
    Path home;

    @BeforeAll
    static void openTheFirst() {
        firstDirectory = DataDirectory.open(first);
        firstDatabase = new EmbeddedDatabase(firstDirectory);
    }

    @AfterAll
    static void closeTheFirst() {
        firstDirectory.close();
    }

    private EmbeddedDatabase database;

    /** Opens the directory of the test with its database, and returns the directory. */
    private DataDirectory open() throws IOException {
        lendPrograms();
        DataDirectory directory = DataDirectory.open(home);
        database = new EmbeddedDatabase(directory);
        return directory;
    }

    @Test
    void closeStopsTheDatabaseThoughTheThreadIsInterruptedAndItsRowsSurvive() throws Exception {
        DataDirectory directory = open();
        jdbc(database).execute("CREATE TABLE kept AS SELECT 42 AS id");
        Thread.currentThread().interrupt();

        directory.close();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(Postmaster.over(home.resolve("postgres"))).isEmpty();
        assertThat(home.resolve("servers.properties")).doesNotExist();
        assertThatThrownBy(() -> ask(database, "SELECT 1")).isInstanceOf(DataAccessException.class);
        directory.close();

        // the number belongs to a process that is no server of ours, this one
        Files.writeString(
                home.resolve("postgres/postmaster.pid"),
                ProcessHandle.current().pid() + "\n" + home.resolve("postgres") + "\n");
        try (var _ = open()) {
            assertThat(ask(database, "SELECT id FROM kept")).containsExactly("42");
        }
    }

    @Test
    void fullDiskIsReportedAtOnce() throws Exception {
        Path small = Files.createDirectory(home.resolve("small"));
        assumeTrue(
                exitCode("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", small.toString()) == 0,
                "a file system can be mounted");
        try (DataDirectory directory = DataDirectory.open(small)) {
            assertThatThrownBy(() -> new EmbeddedDatabase(directory))
                    .isInstanceOfSatisfying(
                            DataDirectoryException.class,
                            e -> assertThat(e.isDiskFull()).as(e.getMessage()).isTrue())
                    .hasMessageContaining("No space left on device");
        } finally {
            assertThat(exitCode("umount", small.toString())).isZero();
        }
    }

    private static int exitCode(String... command) throws Exception {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    @ParameterizedTest
    @CsvSource({
        "SHOW fsync, on",
        "SHOW synchronous_commit, on",
        "SHOW full_page_writes, on",
        "SHOW data_checksums, on",
        "SHOW max_connections, 100",
        "SHOW listen_addresses, 127.0.0.1",
        "SHOW unix_socket_directories, ''",
        "SHOW server_encoding, UTF8",
        "SELECT upper('café 笔记'), CAFÉ 笔记"
    })
    void commitsAreDurableTheServerIsLocalAndTextsAreUnicode(String query, String result) {
        assertThat(ask(firstDatabase, query)).containsExactly(result);
    }

    @Test
    void wrongPasswordIsRefused() {
        assertThatThrownBy(() -> DriverManager.getConnection(firstDatabase.jdbcUrl(), firstDatabase.user(), "guess"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("password authentication failed");
    }

    @ParameterizedTest
    @CsvSource({
        "postgres, rwx------",
        "postgres-binaries, rwx------",
        "postgres.password, rw-------",
        "postgres.log, rw-------",
        "servers.properties, rw-------",
        "lock, rw-------"
    })
    void filesArePrivate(String name, String permissions) throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(first.resolve(name))))
                .isEqualTo(permissions);
    }

    @Test
    void orphanedServerOfAKilledProcessIsStoppedAndItsRowsRemain() throws Exception {
        lendPrograms();
        long orphan;
        try (var child = ChildProcess.withDatabase(home, "CREATE TABLE kept AS SELECT 42 AS id")) {
            child.ready();
            child.kill();
            orphan = Postmaster.over(home.resolve("postgres")).orElseThrow().pid();
        }

        try (var _ = open()) {
            assertThat(ask(database, "SELECT id FROM kept")).containsExactly("42");
            assertThat(Postmaster.over(home.resolve("postgres")).orElseThrow().pid())
                    .isNotEqualTo(orphan);
        }
    }

    @Test
    void halfMadeClusterIsMovedAsideAndKept() throws Exception {
        Files.createDirectories(home.resolve("postgres/base"));
        Files.writeString(home.resolve("postgres/postgresql.conf"), "# killed in initdb\n");

        try (var _ = open()) {
            assertThat(ask(database, "SELECT 1")).containsExactly("1");
        }

        try (Stream<Path> entries = Files.list(home)) {
            assertThat(entries.filter(path -> path.getFileName().toString().contains(".broken-")))
                    .singleElement()
                    .satisfies(aside ->
                            assertThat(aside.resolve("postgresql.conf")).hasContent("# killed in initdb"));
        }
    }

    @Tag("long")
    @Test
    void processKilledWhileItMakesTheClusterIsNoObstacle() throws Exception {
        lendPrograms();
        try (var child = ChildProcess.withDatabase(home, "SELECT 1")) {
            await().pollInterval(Duration.ofMillis(5))
                    .until(() -> Files.exists(home.resolve("postgres/postgresql.conf")));
            List<ProcessHandle> programs =
                    ProcessHandle.allProcesses().filter(this::isInitdb).toList();
            assertThat(programs).isNotEmpty();
            child.kill();
            Postmaster.awaitStragglers(home.resolve("postgres"));
            assertThat(programs).as("which would write to the next cluster").noneMatch(this::isInitdb);
        }

        try (var _ = open()) {
            assertThat(ask(database, "SELECT 1")).containsExactly("1");
        }
    }

    @Tag("long")
    @Test
    void truncatedProgramIsUnpackedAgain() throws Exception {
        Path program;
        try (Stream<Path> files = Files.walk(first.resolve("postgres-binaries"))) {
            program = files.filter(path -> path.endsWith("bin/postgres"))
                    .findFirst()
                    .orElseThrow();
        }
        Path truncated = home.resolve(first.relativize(program));
        Files.createDirectories(truncated.getParent());
        Files.createFile(truncated);
        Files.createFile(truncated.getParent().resolveSibling(".exists"));

        try (var child = ChildProcess.withDatabase(home, "SELECT 1")) {
            child.ready();
        }

        assertThat(Files.size(truncated)).isEqualTo(Files.size(program));
    }

    @Test
    void startFailureAndLostPasswordAreReportedAndTheClusterIsUnchanged() throws Exception {
        open().close();
        Files.writeString(home.resolve("postgres/PG_VERSION"), "11\n");
        long began = System.nanoTime();

        try (DataDirectory directory = DataDirectory.open(home)) {
            assertThatThrownBy(() -> new EmbeddedDatabase(directory))
                    .isInstanceOf(DataDirectoryException.class)
                    .hasMessageContaining("PostgreSQL does not start")
                    .hasMessageContaining("database files are incompatible with server");

            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(15));
            Files.writeString(home.resolve("postgres/PG_VERSION"), "18\n");
            assertThat(ask(new EmbeddedDatabase(directory), "SELECT 1")).containsExactly("1");
        }

        Files.delete(home.resolve("postgres.password"));
        try (DataDirectory directory = DataDirectory.open(home)) {
            assertThatThrownBy(() -> new EmbeddedDatabase(directory))
                    .isInstanceOf(DataDirectoryException.class)
                    .hasMessageContaining("postgres.password");
        }
        assertThat(home.resolve("postgres/note-archive.whole")).exists();
    }

    private boolean isInitdb(ProcessHandle process) {
        String command = process.info().commandLine().orElse("");
        return command.contains("/initdb ") && command.contains(home.toString());
    }

    /** Spares the directory the unpacking, which takes seconds. */
    private void lendPrograms() throws IOException {
        Path programs = home.resolve("postgres-binaries");
        if (!Files.exists(programs)) {
            Files.createSymbolicLink(programs, first.resolve("postgres-binaries"));
        }
    }

    private static List<String> ask(EmbeddedDatabase database, String sql) {
        return jdbc(database).queryForList(sql, String.class);
    }

    private static JdbcTemplate jdbc(EmbeddedDatabase database) {
        return new JdbcTemplate(new DriverManagerDataSource(database.jdbcUrl(), database.user(), database.password()));
    }
}
