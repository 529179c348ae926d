package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What is wrong with input or surroundings is told in a line that names it and says what to do, with the right exit
 * code; nothing is bought and nothing is written.
 */
@ExtendWith(OutsideServers.Running.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusalTests {

    private static final String ID = "65fe2a8d0000000012033fa1";
    private static final int AT_ONCE = 3;

    /** To the page of the exit code. */
    private static final String POINTER = "See: note-archive exit-code ";

    private final ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    private Practice practice;
    private final List<Refusal> refusals = new ArrayList<>();
    private final Map<String, Path> summaries = new HashMap<>();

    /** A call that is refused. */
    private record Refusal(String title, int exitCode, List<String> mentions, Future<Ended> ended) {}

    @BeforeAll
    void startAll() throws Exception {
        practice = Practice.begin(Place.OUTSIDE);
        practice.call("enqueue", ID).with(0);
        serversAndSettings();
        arguments();
        lists();
    }

    @AfterAll
    void stop() {
        threads.shutdownNow();
        OutsideServers.running().dropDatabase("of_something_else");
        OutsideServers.running().dropDatabase("of_a_newer_version");
        practice.close();
    }

    private void serversAndSettings() throws Exception {
        OutsideServers servers = OutsideServers.running();
        String nobody = "127.0.0.1:" + closedPort();
        Path file = practice.file("not-a-directory", "text");
        run("no token", 2, Map.of("JUSTONEAPI_TOKEN", ""), "JUSTONEAPI_TOKEN", "sandbox");
        run(
                "an unreachable database",
                8,
                Map.of("ARCHIVE_DATABASE_URL", "jdbc:postgresql://" + nobody + "/archive"),
                nobody,
                "ARCHIVE_DATABASE_URL");
        run(
                "a wrong database password",
                2,
                Map.of("ARCHIVE_DATABASE_PASSWORD", "wrong-database-password-31"),
                "password authentication failed",
                "ARCHIVE_DATABASE_PASSWORD");
        run(
                "a database that does not exist",
                2,
                Map.of("ARCHIVE_DATABASE_URL", servers.urlOf("no_such_database")),
                "no_such_database",
                "ARCHIVE_DATABASE_URL");
        String foreign = servers.createDatabase("of_something_else");
        try (Connection connection = DriverManager.getConnection(foreign, servers.user(), servers.password());
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE orders (id bigint)");
        }
        run(
                "a database of something else",
                2,
                Map.of("ARCHIVE_DATABASE_URL", foreign),
                "holds tables of another program",
                "Name an empty database in ARCHIVE_DATABASE_URL");
        String newer = servers.createDatabase("of_a_newer_version");
        try (Connection connection = DriverManager.getConnection(newer, servers.user(), servers.password());
                Statement statement = connection.createStatement()) {
            practice.end(practice.startWith(Map.of("ARCHIVE_DATABASE_URL", newer), "status"))
                    .with(0);
            statement.execute("""
                    INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, installed_by,
                                                       execution_time, success)
                    VALUES (990, '990', 'of tomorrow', 'SQL', 'V990__of_tomorrow.sql', 'test', 1, true)
                    """);
        }
        run(
                "a database of a newer version",
                2,
                Map.of("ARCHIVE_DATABASE_URL", newer),
                "version 990",
                "this one knows version");
        run(
                "an unreadable database URL",
                2,
                Map.of("ARCHIVE_DATABASE_URL", "postgresql://" + nobody + "/archive"),
                "ARCHIVE_DATABASE_URL",
                "jdbc:postgresql://");
        run(
                "an unreachable store",
                8,
                Map.of("ARCHIVE_S3_ENDPOINT", "http://" + nobody),
                nobody,
                "archive.store.endpoint");
        run(
                "a wrong store secret",
                2,
                Map.of("ARCHIVE_S3_SECRET_KEY", "wrong-store-secret-47"),
                "archive.store.secret-key",
                servers.endpoint().toString());
        run("a missing store secret", 2, Map.of("ARCHIVE_S3_SECRET_KEY", ""), "archive.store.secret-key");
        run(
                "a missing bucket that must not be made",
                2,
                Map.of("ARCHIVE_STORE_CREATEBUCKET", "false", "ARCHIVE_S3_BUCKET", "no-such-bucket"),
                "no-such-bucket",
                "archive.store.create-bucket");
        run(
                "an impossible bucket name",
                2,
                Map.of("ARCHIVE_S3_BUCKET", "No_Bucket"),
                "archive.store.bucket",
                "No_Bucket");
        run("an unreachable provider", 8, Map.of("JUSTONEAPI_BASE_URL", "http://" + nobody), nobody);
        run(
                "a token in clear",
                2,
                Map.of("JUSTONEAPI_BASE_URL", "http://47.117.133.51:30015"),
                "archive.source.base-url",
                "JUSTONEAPI_ALLOW_PLAIN_HTTP");
        run("too many workers", 2, Map.of("ARCHIVE_WORKERS", "100"), "archive.workers", "100");
        run("workers in letters", 2, Map.of("ARCHIVE_WORKERS", "abc"), "archive.workers", "abc");
        run(
                "a time of day without its zero",
                2,
                Map.of("ARCHIVE_STOP_AT", "7:30"),
                "archive.limits.stop-at must be a time of Shanghai",
                "but is \"7:30\" (environment variable ARCHIVE_STOP_AT)");
        run(
                "a size with an unknown unit",
                2,
                Map.of("ARCHIVE_BYTES_PER_NIGHT", "50G"),
                "archive.limits.bytes-per-night \"50G\" (environment variable ARCHIVE_BYTES_PER_NIGHT)",
                "B, KB, MB, GB and TB");
        run(
                "a duration with an unknown unit",
                2,
                Map.of("ARCHIVE_MAX_DURATION", "6x"),
                "archive.limits.max-duration \"6x\" (environment variable ARCHIVE_MAX_DURATION)",
                "ns, us, ms, s, m, h and d");
        run(
                "a gap without its unit",
                2,
                Map.of("ARCHIVE_REFRESH_GAPS", "30"),
                "archive.refresh.gaps \"30\" (environment variable ARCHIVE_REFRESH_GAPS)",
                "has no unit");
        run(
                "an unknown event",
                2,
                Map.of("ARCHIVE_NOTIFY_EVENTS", "fail"),
                "archive.notify.events \"fail\" (environment variable ARCHIVE_NOTIFY_EVENTS)",
                "start, success, attention, failure, overlap");
        run(
                "an unknown format of the log",
                2,
                Map.of("ARCHIVE_LOG_FORMAT", "json"),
                "archive.log.format must be text or ecs",
                "but is \"json\" (environment variable ARCHIVE_LOG_FORMAT)");
        run(
                "a misspelt variable",
                2,
                Map.of("ARCHIVE_CALLS_PER_SECND", "1"),
                "ARCHIVE_CALLS_PER_SECND",
                "did you mean ARCHIVE_CALLS_PER_SECOND?");
        run(
                "a misspelt setting",
                2,
                Map.of("SPRING_APPLICATION_JSON", "{\"archive.source.call-per-night\": 5}"),
                "archive.source.call-per-night",
                "did you mean archive.source.calls-per-night?");
        Path broken = Files.createDirectories(practice.directory().resolve("broken"));
        Files.writeString(broken.resolve("application.yml"), "archive:\n  node: a\n   workers: 3\n");
        run(
                "a file of settings that is no YAML",
                2,
                Map.of("SPRING_CONFIG_ADDITIONAL_LOCATION", "optional:file:" + broken + "/"),
                "line 3, column 11",
                broken.toString());
        run("a node with a blank", 2, Map.of("ARCHIVE_NODE", "a b"), "archive.node", "a b");
        Map<String, String> embedded = Map.of("ARCHIVE_DATABASE_URL", "", "ARCHIVE_S3_ENDPOINT", "");
        run(
                "a data directory that is a file",
                2,
                with(embedded, "ARCHIVE_DATA_DIR", file.toString()),
                file.toString(),
                "it is a file",
                "name another data directory");
        run(
                "a data directory that cannot be made",
                2,
                with(embedded, "ARCHIVE_DATA_DIR", file.resolve("data").toString()),
                file.toString(),
                "cannot be written to",
                "name another data directory");
    }

    private void arguments() {
        refused("an unknown command", 2, List.of("bogus", "--help"), "bogus");
        refused("no command", 2, List.of("say what to do", "run, enqueue"));
        refused("an unknown option", 2, List.of("--bogus", "--help"), "run", "--bogus");
        refused("a limit of none", 2, List.of("--limit", "0"), "run", "--limit", "0");
        refused("a limit in letters", 2, List.of("--limit", "many"), "run", "--limit", "many");
        refused("an unreadable duration", 2, List.of("soon", "90m"), "run", "--max-duration=soon");
        refused("a missing argument", 2, List.of("INPUT", "--help"), "enqueue");
        refused("a note that is not named", 2, List.of("NOTE_ID", "--help"), "explain");
        refused("a malformed id to explain", 2, List.of("xyz", "24"), "explain", "xyz");
        refused("a malformed id to requeue", 2, List.of("xyz", "24"), "requeue", "xyz");
        refused("a malformed id to waive", 2, List.of("xyz", "24"), "waive", "xyz", "IMAGE", "0", "--reason", "gone");
        refused("a waiver without a reason", 2, List.of("--reason"), "waive", ID, "IMAGE", "0");
        refused("an unknown kind of file", 2, List.of("FILM", "IMAGE"), "waive", ID, "FILM", "0", "--reason", "gone");
        refused("an unknown state", 2, List.of("LOST", "FAILED"), "requeue", "--state", "LOST");
        refused("nothing to requeue", 2, List.of("--state"), "requeue");
        String unknown = "0".repeat(24);
        refused("an unknown note to explain", 2, List.of(unknown, "enqueue"), "explain", unknown);
        refused("an unknown note to requeue", 6, List.of(unknown, "not on the worklist"), "requeue", unknown);
        refused("an unknown note to waive", 2, List.of(unknown), "waive", unknown, "IMAGE", "0", "--reason", "gone");
        refused(
                "a file of a note that was never asked",
                2,
                List.of(ID, "IMAGE"),
                "waive",
                ID,
                "IMAGE",
                "0",
                "--reason",
                "gone");
    }

    private void lists() throws IOException {
        Path directory = practice.directory();
        byte[] noise = new byte[50_000];
        RandomGenerator.of("L64X128MixRandom").nextBytes(noise);
        Path binary = Files.write(directory.resolve("picture.jpg"), noise);
        Path nulls = Files.write(directory.resolve("nulls.bin"), new byte[50_000]);
        Path csv = practice.file("broken.csv", "note_id,title\n" + idOf(2) + ",\"never closed\n" + idOf(3));
        Path plain = practice.file("columns.csv", "a,b\n1," + idOf(4) + "\n");
        String missing = directory.resolve("no-such-file.txt").toString();
        refused("a list that is not there", 2, List.of(missing), "enqueue", missing);
        refused("a directory for a list", 2, List.of(directory.toString()), "enqueue", directory.toString());
        refused("a picture for a list", 2, List.of("picture.jpg"), "enqueue", binary.toString());
        refused("zeros for a list", 2, List.of("nulls.bin"), "enqueue", nulls.toString());
        refused("malformed CSV", 2, List.of("broken.csv", "quote", "line 2"), "enqueue", csv.toString());
        refused(
                "a column that is not there",
                2,
                List.of("id_of_note", "a, b"),
                "enqueue",
                plain.toString(),
                "--column",
                "id_of_note");
        refused("a column far to the right", 2, List.of("9"), "enqueue", plain.toString(), "--column", "9");
        refused("a priority too high", 2, List.of("--priority", "9", "11"), "enqueue", idOf(5), "--priority", "11");
    }

    private static String idOf(int number) {
        return "65fe2a8d%016x".formatted(number);
    }

    private static Map<String, String> with(Map<String, String> more, String name, String value) {
        Map<String, String> all = new HashMap<>(more);
        all.put(name, value);
        return all;
    }

    private static int closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void run(String title, int exitCode, Map<String, String> environment, String... mentions) {
        Path summary = practice.directory().resolve("summary-" + refusals.size() + ".json");
        summaries.put(title, summary);
        // several are started at once, and of one node only one may run
        Map<String, String> own = with(Map.of(), "ARCHIVE_NODE", "refused-" + refusals.size());
        own.putAll(environment);
        refuse(title, exitCode, own, List.of(mentions), "run", "--summary-json", summary.toString());
    }

    private void refused(String title, int exitCode, List<String> mentions, String... arguments) {
        refuse(title, exitCode, Map.of(), mentions, arguments);
    }

    private void refuse(
            String title, int exitCode, Map<String, String> environment, List<String> mentions, String... arguments) {
        Future<Ended> ended = threads.submit(() -> practice.end(practice.startWith(environment, arguments)));
        refusals.add(new Refusal(title, exitCode, mentions, ended));
    }

    @TestFactory
    Stream<DynamicTest> isRefusedInWords() {
        return refusals.stream().map(refusal -> DynamicTest.dynamicTest(refusal.title(), () -> assertRefused(refusal)));
    }

    private void assertRefused(Refusal refusal) throws Exception {
        Ended ended = refusal.ended().get().with(refusal.exitCode());

        // a run that reaches its checks tells its end where a run does
        String told = ended.message() + ended.out();
        assertThat(told).as(ended::toString).contains(refusal.mentions());
        assertThat(told.lines().filter(line -> !line.startsWith(POINTER)).count())
                .as(ended::toString)
                .isLessThanOrEqualTo(4);
        assertThat(ended.err())
                .as(ended::toString)
                .doesNotContain("\tat ", "Exception in", "Caused by", "unexpected error", "ERROR");
        Path summary = summaries.get(refusal.title());
        if (summary != null) {
            JsonNode json = JsonMapper.shared().readTree(summary.toFile());
            assertThat(json.path("exitCode").intValue()).isEqualTo(refusal.exitCode());
            assertThat(json.path("reason").stringValue() + json.path("next").stringValue())
                    .isNotBlank();
            assertThat(json.path("execution").isNull()).isTrue();
        }
    }

    @Test
    void badLinesAreNamedWithTheirReasonsAndTheGoodOnesAreTaken() throws Exception {
        String bad = String.join(
                "\n",
                idOf(11),
                "hello",
                "https://xhslink.com/a/b1c2",
                idOf(12) + " " + idOf(13),
                "",
                "# a comment",
                idOf(14),
                "65fe2a8d00000000120",
                "https://www.xiaohongshu.com/user/profile/5ff0e6410000000001008400");

        try (Practice own = Practice.begin(Place.OUTSIDE)) {
            Ended ended =
                    own.call("enqueue", own.file("list.txt", bad).toString()).with(6);

            assertThat(ended.out()).contains("2 new, 0 already known, 0 duplicates, 5 rejected");
            assertThat(ended.message()
                            .lines()
                            .filter(line -> !line.startsWith(POINTER))
                            .toList())
                    .hasSize(5)
                    .satisfiesExactly(
                            line -> assertThat(line).contains("2", "hello", "neither a note id"),
                            line -> assertThat(line).contains("3", "xhslink", "short link"),
                            line -> assertThat(line).contains("4", "names 2 notes"),
                            line -> assertThat(line).contains("8", "65fe2a8d00000000120"),
                            line -> assertThat(line).contains("9", "user/profile"));
            try (Archive archive = own.look()) {
                assertThat(archive.strings("SELECT note_id FROM worklist ORDER BY 1"))
                        .containsExactly(idOf(11), idOf(14));
            }
        }
    }

    @Test
    void nothingOfAllThisWasBoughtOrWritten() throws Exception {
        for (Refusal refusal : refusals) {
            refusal.ended().get();
        }

        ScriptableSandbox provider = practice.provider();
        assertThat(provider.calls()).isZero();
        try (Archive archive = practice.look()) {
            assertThat(archive.strings("SELECT note_id || ' ' || state FROM worklist"))
                    .containsExactly(ID + " PENDING");
            assertThat(archive.executions()).isEmpty();
            assertThat(archive.number("SELECT count(*) FROM api_call")).isZero();
        }
        String[] data = practice.directory().resolve("data").toFile().list();
        assertThat(data == null ? new String[0] : data)
                .as("nothing embedded was started; runs that were refused are in a report")
                .isSubsetOf("reports");
    }
}
