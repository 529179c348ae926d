package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.util.FileSystemUtils;

/**
 * Compares help texts, JSON documents and the schema with the files in {@code src/test/resources/golden}.
 *
 * <p>The system property {@code golden.update=true} writes the files instead. Metrics, settings, the fields of the run
 * summary and the progress line have tests of their own: {@code MetricsTests}, {@code SettingsFileTests},
 * {@code SummaryJsonTests}, {@code RunReporterTests}.
 */
@Isolated("sets system properties")
@ExtendWith(RestoredProperties.class)
class GoldenMasterTests {

    private static final Path GOLDEN = Path.of("src", "test", "resources", "golden");

    private static final boolean UPDATE = Boolean.getBoolean("golden.update");

    /** Patterns of variable values and their replacements, applied in this order. */
    private static final List<Map.Entry<String, String>> VARIABLE = List.of(
            Map.entry("\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z|\\d{8}T\\d{6}\\.\\d{3}Z", "TIME"),
            Map.entry("\\d{4}-\\d\\d-\\d\\d( \\d\\d:\\d\\d(:\\d\\d)?)?", "TIME"),
            Map.entry("\"PT[\\dHMS.]+\"", "\"DURATION\""),
            Map.entry("after \\d+ ms", "after N ms"),
            Map.entry("in (\\d+\\.\\d s|\\d+ min( \\d+ s)?|\\d+ h \\d+ min)", "in DURATION"),
            Map.entry("ended [^\"\n]* with", "ended AGE with"),
            Map.entry("127\\.0\\.0\\.1:\\d+", "HOST:PORT"),
            Map.entry("sandbox-[0-9a-f]{16}", "REQUEST"),
            Map.entry("golden_\\d+", "DATABASE"),
            Map.entry("sha256 [0-9a-f]{64}", "sha256 DIGEST"),
            Map.entry("note-archive/[0-9a-f-]{36}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]{44}", "KEY"),
            Map.entry("\\d+(?=\\.tlog-proof)|(?<=\"position\" : |, entry )\\d+", "N"),
            Map.entry("(?<=root |\"root\" : \")[0-9a-f]{64}", "ROOT"),
            Map.entry("PostgreSQL [\\d.]+", "PostgreSQL VERSION"),
            Map.entry("[\\d.]+ [KMGT]?B free", "SIZE free"),
            Map.entry("\"[^\"]*, \\d+ processors?, [^\"]*\"", "\"JAVA\""),
            Map.entry("(?<=\\S) {2,}", "  "),
            // the JDK of the tests may be one that the check warns about
            Map.entry("(?m)^(ok|warning)  java  .*", "ok  java  JAVA"),
            Map.entry("; warnings: java$|(?<=; warnings: )java, ", ""),
            Map.entry("(\"name\" : \"java\",\\s+\"result\" : \")WARNING", "$1OK"),
            Map.entry("\\d\\d:\\d\\d:\\d\\d", "TIME"),
            Map.entry("TIME  \\d+  (?=\\d00)", "TIME  MS  "),
            Map.entry(", \\d+\\.\\d s\n", ", DURATION\n"),
            Map.entry("\\d+ a second", "N a second"),
            Map.entry("\\d+ objects/s, \\S+ \\S+/s", "N objects/s, SIZE/s"),
            Map.entry("files, \\S+ \\S+, and|sidecars? \\([^)]*\\)", "SIZE"),
            Map.entry("(\"[a-zA-Z]*(Seconds|durationMs|sidecarBytes|bytes|bytesStored)\" : )[\\d.E-]+", "$1NUMBER"));

    /** Commands with the files of their results, in the order in which they are executed. */
    private static final String DOCUMENTS = """
            json/plan.json: plan --json
            text/plan.txt: plan
            json/run.json: run --summary-json -
            json/status.json: status --json
            json/explain.json: explain --json FIRST
            json/prove.json: prove --json FIRST --to target
            json/explain-failed.json: explain --json LAST
            json/search.json: search --json --limit 1 旧书店
            json/list.json: list --json 旧书店 state:archived
            json/verify.json: verify --json
            json/remap.json: remap --dry-run --json
            json/forget.json: forget --dry-run --json FIRST
            json/check.json: check --json
            json/config.json: config show --json --changed
            text/status.txt: status
            text/status-verbose.txt: status --verbose
            text/explain.txt: explain FIRST
            text/prove.txt: prove FIRST --to target
            text/explain-failed.txt: explain LAST
            text/search.txt: search 旧书店
            text/list.txt: list --limit 3 -- -旧书店
            text/verify.txt: verify
            text/verify-self-test.txt: verify --self-test
            text/remap.txt: remap --all
            text/forget.txt: forget --dry-run FIRST
            text/check.txt: check
            text/config.txt: config show --changed
            text/run.txt: run
            text/export.txt: export --format csv --media none EXPORT
            """;

    /** The same with prices, a limit of the cost and an order by value. */
    private static final String COSTS = """
            text/plan-cost.txt: plan
            json/plan-cost.json: plan --json
            text/status-cost.txt: status
            text/status-cost-verbose.txt: status --verbose
            text/run-cost.txt: run
            """;

    @TempDir
    Path home;

    static List<String> helpOfCommands() {
        return Stream.concat(
                        Stream.of("", "config show"),
                        NoteArchiveCommand.commandLine().getSubcommands().keySet().stream()
                                .filter(command -> !command.equals("help")))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("helpOfCommands")
    void helpIsUnchanged(String command) throws IOException {
        String help = execute(0, (command + " --help").strip().split(" "));

        assertUnchanged("help/" + (command.isEmpty() ? "note-archive" : command.replace(' ', '-')) + ".txt", help);
    }

    @Test
    void documentsAndTextsAreUnchanged() throws IOException, SQLException {
        ArchiveDatabase server = ArchiveDatabase.running();
        String database = "golden_" + System.nanoTime();
        server.jdbc().sql("CREATE DATABASE " + database).update();
        try (ScriptableSandbox provider = ScriptableSandbox.start(ScriptableSandbox.DEFAULTS);
                DataDirectory directory = DataDirectory.open(home.resolve("store"))) {
            EmbeddedStore store = new EmbeddedStore(directory, false);
            Map<String, String> settings = Map.ofEntries(
                    Map.entry("archive.data-dir", home.resolve("data").toString()),
                    Map.entry("archive.node", "golden"),
                    Map.entry("archive.workers", "1"),
                    Map.entry("archive.source.token", provider.token()),
                    Map.entry("archive.source.base-url", provider.baseUrl().toString()),
                    Map.entry("archive.source.calls-per-second", "500"),
                    Map.entry("archive.media.allowed-hosts", provider.mediaHost()),
                    // below the free space of any machine, so that check does not warn
                    Map.entry("archive.media.max-file-size", "1GB"),
                    Map.entry("archive.media.max-spool-size", "1GB"),
                    Map.entry("archive.store.endpoint", store.endpoint().toString()),
                    Map.entry("archive.store.access-key", store.accessKey()),
                    Map.entry("archive.store.secret-key", store.secretKey()),
                    Map.entry("archive.store.bucket", "golden"),
                    Map.entry("archive.store.create-bucket", "true"),
                    Map.entry("archive.media.preview", "none"),
                    Map.entry(
                            "spring.datasource.url",
                            server.jdbcUrl().replaceFirst("/[^/?]*(\\?|$)", "/" + database + "$1")),
                    Map.entry("spring.datasource.username", server.user()),
                    Map.entry("spring.datasource.password", server.password()));
            settings.forEach(System::setProperty);
            List<String> notes = provider.noteIds(3);
            provider.script().answers(notes.getLast(), Reply.code(400));
            execute(0, "enqueue", notes.get(0), notes.get(1), notes.get(2));
            String commands = DOCUMENTS
                    .replace("FIRST", notes.getFirst())
                    .replace("LAST", notes.getLast())
                    .replace("EXPORT", home.resolve("export").toString());
            assertUnchanged(commands, notes);
            assertRepairs(home.resolve("store/s3/golden"));
            Map.of(
                            "archive.source.price.note", "0.15",
                            "archive.source.cost-per-night", "10",
                            "archive.refresh.order", "value")
                    .forEach(System::setProperty);
            execute(0, "requeue", notes.getLast());
            provider.script().clear();
            try (Connection connection = DriverManager.getConnection(
                    settings.get("spring.datasource.url"), server.user(), server.password())) {
                connection.createStatement().execute("""
                        UPDATE worklist SET refresh_night = '2026-01-01', refresh_value = 4 WHERE state = 'ARCHIVED';
                        UPDATE note SET published_at = last_captured_at - interval '10 days';
                        UPDATE api_call c SET duration_ms = 1000, received_at = w.settled_at - interval '3 seconds'
                        FROM worklist w WHERE w.note_id = c.note_id
                        """);
            }
            assertUnchanged(COSTS, notes);
        } finally {
            server.jdbc().sql("DROP DATABASE " + database + " WITH (FORCE)").update();
        }
    }

    private void assertUnchanged(String commands, List<String> notes) throws IOException {
        for (String line : commands.lines().toList()) {
            String[] document = line.split(": ");
            String text = execute(document[0].equals("json/run.json") ? 6 : 0, document[1].split(" "));
            assertUnchanged(document[0], withoutVariables(text, notes));
        }
    }

    @Test
    void problemsOfSettingsAreUnchanged() throws IOException {
        System.setProperty("archive.source.base-url", "${NOT_SET}");
        System.setProperty("archive.video.max-height", "-1");

        String text = execute(2, "config", "show", "--changed");
        assertThat(execute(2, "config")).isEqualTo(execute(2, "config", "show"));

        assertUnchanged("text/config-problems.txt", withoutVariables(text, List.of()));
    }

    /** One option writes missing sidecars again, and only the other one deletes orphans. */
    private static void assertRepairs(Path bucket) throws IOException {
        Path orphan = Files.createDirectories(bucket.resolve("media/00")).resolve("0".repeat(64) + ".jpg");
        Files.writeString(orphan, "orphan");
        Files.setLastModifiedTime(orphan, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        boolean _ = FileSystemUtils.deleteRecursively(bucket.resolve("notes"));

        assertThat(execute(6, "verify", "--repair", "--json")).contains("\"sidecarsRewritten\" : 2");
        assertThat(orphan).exists();
        execute(0, "verify", "--delete-orphans");
        assertThat(orphan).doesNotExist();
    }

    @Test
    void schemaIsUnchanged() throws IOException {
        String schema =
                ArchiveDatabase.running()
                        .jdbc()
                        .sql(Files.readString(GOLDEN.resolve("schema.sql")))
                        .query(String.class)
                        .stream()
                        .collect(Collectors.joining("\n", "", "\n"));

        assertUnchanged("schema.txt", schema);
    }

    private String withoutVariables(String text, List<String> notes) {
        String result = text.replace(home.toString(), "HOME");
        for (String note : notes) {
            result = result.replace(note, "NOTE-" + notes.indexOf(note));
        }
        for (Map.Entry<String, String> variable : VARIABLE) {
            result = result.replaceAll(variable.getKey(), variable.getValue());
        }
        return result;
    }

    private static String execute(int exitCode, String... arguments) {
        ExecutedCommand command = ExecutedCommand.of(arguments);
        assertThat(command.exitCode())
                .as(() -> String.join(" ", arguments) + ": " + command.err())
                .isEqualTo(exitCode);
        return command.out();
    }

    private static void assertUnchanged(String name, String actual) throws IOException {
        Path file = GOLDEN.resolve(name);
        if (UPDATE) {
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            Files.writeString(file, actual);
        }
        assertThat(actual).as(name).isEqualTo(Files.readString(file));
    }
}
