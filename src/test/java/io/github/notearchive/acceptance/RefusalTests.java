package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.io.TcpProxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Errors of input and environment: a message of at most four lines, the documented exit code, no call, no write. The
 * messages of single settings, arguments and lists are tested with their classes.
 */
@ExtendWith(OutsideServers.Running.class)
class RefusalTests {

    private static final String ID = "65fe2a8d0000000012033fa1";

    /** Reference to the page of the exit code. */
    private static final String POINTER = "Help: note-archive exit-code ";

    private static final AtomicInteger NODES = new AtomicInteger();
    private static Practice practice;

    /** Values of the placeholders. */
    private static Map<String, String> values;

    @BeforeAll
    static void begin() throws Exception {
        practice = Practice.begin(Place.OUTSIDE);
        practice.enqueue(List.of(ID));
        values = values();
    }

    private static Map<String, String> values() throws Exception {
        OutsideServers servers = OutsideServers.running();
        String foreign = servers.createDatabase("of_another_program");
        servers.execute(foreign, "CREATE TABLE orders (id bigint)");
        servers.copyDatabase(servers.template(), "of_a_newer_version");
        String newer = servers.urlOf("of_a_newer_version");
        servers.execute(newer, """
                INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, installed_by,
                                                   execution_time, success)
                VALUES (990, '990', 'of tomorrow', 'SQL', 'V990__of_tomorrow.sql', 'test', 1, true)
                """);
        Path broken = Files.createDirectories(practice.directory().resolve("broken"));
        Files.writeString(broken.resolve("application.yml"), "archive:\n  node: a\n   workers: 3\n");
        Map<String, String> values = new LinkedHashMap<>();
        values.put("closed", "127.0.0.1:" + TcpProxy.closedPort());
        values.put("missing", servers.urlOf("no_such_database"));
        values.put("foreign", foreign);
        values.put("newer", newer);
        values.put("store", practice.environment().get("ARCHIVE_S3_ENDPOINT"));
        values.put("broken", broken.toString());
        values.put("file", practice.file("not-a-directory", "text").toString());
        values.put("id", ID);
        values.put("unknown", "0".repeat(24));
        return values;
    }

    @AfterAll
    static void nothingIsBoughtOrWritten() {
        try (Practice ended = practice;
                Archive archive = ended.look()) {
            assertThat(practice.provider().calls()).isZero();
            assertThat(archive.strings("SELECT note_id || ' ' || state FROM worklist"))
                    .containsExactly(ID + " PENDING");
            assertThat(archive.executions()).isEmpty();
            archive.assertNumber("SELECT count(*) FROM api_call", 0);
            String[] data = practice.directory().resolve("data").toFile().list();
            assertThat(data == null ? new String[0] : data)
                    .as("no embedded server was started; refused runs have a report")
                    .isSubsetOf("reports");
        } finally {
            OutsideServers.running().dropDatabase("of_another_program");
            OutsideServers.running().dropDatabase("of_a_newer_version");
        }
    }

    /** Title ¦ exit code ¦ variables ¦ command; {@code run} if empty ¦ parts of the message. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '¦', textBlock = """
            no token                      ¦ 2 ¦ JUSTONEAPI_TOKEN=                                       ¦ ¦ JUSTONEAPI_TOKEN; sandbox
            unreachable database          ¦ 8 ¦ ARCHIVE_DATABASE_URL=jdbc:postgresql://{closed}/archive ¦ ¦ {closed}; ARCHIVE_DATABASE_URL
            wrong database password       ¦ 2 ¦ ARCHIVE_DATABASE_PASSWORD=wrong-database-password-31    ¦ ¦ password authentication failed; ARCHIVE_DATABASE_PASSWORD
            missing database              ¦ 2 ¦ ARCHIVE_DATABASE_URL={missing}                          ¦ ¦ no_such_database; ARCHIVE_DATABASE_URL
            database of another program   ¦ 2 ¦ ARCHIVE_DATABASE_URL={foreign}                          ¦ ¦ holds tables of another program; Name an empty database in ARCHIVE_DATABASE_URL
            database of a newer version   ¦ 2 ¦ ARCHIVE_DATABASE_URL={newer}                            ¦ ¦ version 990; newer version
            invalid database URL          ¦ 2 ¦ ARCHIVE_DATABASE_URL=postgresql://{closed}/archive      ¦ ¦ ARCHIVE_DATABASE_URL; jdbc:postgresql://
            unreachable store             ¦ 8 ¦ ARCHIVE_S3_ENDPOINT=http://{closed}                     ¦ ¦ {closed}; archive.store.endpoint
            wrong store secret            ¦ 2 ¦ ARCHIVE_S3_SECRET_KEY=wrong-store-secret-47             ¦ ¦ archive.store.secret-key; {store}
            missing bucket, not created   ¦ 2 ¦ ARCHIVE_STORE_CREATEBUCKET=false ARCHIVE_S3_BUCKET=no-such-bucket ¦ ¦ no-such-bucket; archive.store.create-bucket
            unreachable provider          ¦ 8 ¦ JUSTONEAPI_BASE_URL=http://{closed}                     ¦ ¦ {closed}
            token over plain HTTP         ¦ 2 ¦ JUSTONEAPI_BASE_URL=http://47.117.133.51:30015          ¦ ¦ archive.source.base-url; JUSTONEAPI_ALLOW_PLAIN_HTTP
            setting out of range          ¦ 2 ¦ ARCHIVE_WORKERS=100                                     ¦ ¦ archive.workers; 100
            unknown log format            ¦ 2 ¦ ARCHIVE_LOG_FORMAT=json                                 ¦ ¦ archive.log.format must be text or ecs; but is "json"
            mistyped variable             ¦ 2 ¦ ARCHIVE_CALLS_PER_SECND=1                               ¦ ¦ ARCHIVE_CALLS_PER_SECND is no setting
            settings file that is no YAML ¦ 2 ¦ SPRING_CONFIG_ADDITIONAL_LOCATION=optional:file:{broken}/ ¦ ¦ line 3, column 11; {broken}
            data directory that is a file ¦ 2 ¦ ARCHIVE_DATABASE_URL= ARCHIVE_S3_ENDPOINT= ARCHIVE_DATA_DIR={file} ¦ ¦ {file}; it is a file; name another data directory
            unknown note to explain       ¦ 2 ¦ ¦ explain {unknown}                         ¦ {unknown}; enqueue
            unknown note to requeue       ¦ 6 ¦ ¦ requeue {unknown}                         ¦ {unknown}; not on the worklist
            unknown note to waive         ¦ 2 ¦ ¦ waive {unknown} IMAGE 0 --reason gone     ¦ {unknown}
            unknown file to waive         ¦ 2 ¦ ¦ waive {id} IMAGE 0 --reason gone          ¦ {id}; IMAGE
            missing list                  ¦ 2 ¦ ¦ enqueue {file}-missing                    ¦ {file}-missing
            """)
    void refusalNamesTheCauseAndTheRemedy(
            String title, int exitCode, @Nullable String variables, @Nullable String command, String message)
            throws Exception {
        String node = "refused-" + NODES.incrementAndGet();
        Path summary = practice.directory().resolve(node + ".json");
        // several run at a time, and only one run per node may be active
        Map<String, String> environment = new HashMap<>(Map.of("ARCHIVE_NODE", node));
        for (String variable : words(variables, " ")) {
            environment.put(variable.split("=", 2)[0], variable.split("=", 2)[1]);
        }
        List<String> arguments =
                command == null ? List.of("run", "--summary-json", summary.toString()) : words(command, " +");

        Ended ended = practice.end(practice.startWith(environment, arguments.toArray(String[]::new)))
                .with(exitCode);

        // a run that reaches its checks writes its result to standard output
        String text = ended.message() + ended.out();
        assertThat(text).as(ended::toString).contains(words(message, "; "));
        assertThat(text.lines().filter(line -> !line.startsWith(POINTER)).count())
                .as(ended::toString)
                .isLessThanOrEqualTo(4);
        assertThat(ended.err())
                .as(ended::toString)
                .doesNotContain("\tat ", "Exception in", "Caused by", "unexpected error", "ERROR");
        if (command == null) {
            JsonNode json = JsonMapper.shared().readTree(summary.toFile());
            assertThat(json.path("exitCode").intValue()).isEqualTo(exitCode);
            assertThat(json.path("reason").stringValue() + json.path("next").stringValue())
                    .isNotBlank();
            assertThat(json.path("execution").isNull()).isTrue();
        }
    }

    /** Returns the words of a cell with the values of their placeholders. */
    private static List<String> words(@Nullable String cell, String separator) {
        if (cell == null) {
            return List.of();
        }
        String text = cell;
        for (Map.Entry<String, String> value : values.entrySet()) {
            text = text.replace("{" + value.getKey() + "}", value.getValue());
        }
        return List.of(text.split(separator));
    }
}
