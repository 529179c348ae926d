package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Commands that start no server: settings with their origins, errors of standard output. */
class WithoutArchiveTests {

    private static final String SECRET = "s3cret-5b1f";

    @TempDir
    Path directory;

    @Test
    void validSettingsAreShownWithTheirOriginAndWithoutSecrets() throws IOException {
        String url = "jdbc:postgresql://127.0.0.1:9/x?user=me&password=" + SECRET;
        Map<String, String> environment = new HashMap<>();
        for (String secret : List.of("JUSTONEAPI_TOKEN", "ARCHIVE_S3_ACCESS_KEY", "ARCHIVE_S3_SECRET_KEY")) {
            environment.put(secret, SECRET);
        }
        environment.put("ARCHIVE_DATABASE_URL", url);
        environment.put("ARCHIVE_S3_ENDPOINT", "http://127.0.0.1:9");
        environment.put("ARCHIVE_CALLS_PER_SECOND", "7");
        environment.put("ARCHIVE_HOSTNAME", "");
        environment.put("JAVA_TOOL_OPTIONS", "-Darchive.node=east");

        Ended ended = show(environment, "--json").with(0);

        assertThat(ended.out() + ended.err()).doesNotContain(SECRET);
        JsonNode shown = JsonMapper.shared().readTree(ended.out());
        assertThat(shown.get("usable").asBoolean()).isTrue();
        assertThat(of(shown, "archive.source.calls-per-second").get("origin").asString())
                .isEqualTo("environment variable ARCHIVE_CALLS_PER_SECOND");
        assertThat(of(shown, "archive.source.calls-per-second").get("value").asString())
                .isEqualTo("7");
        assertThat(of(shown, "archive.node").get("origin").asString()).isEqualTo("option -Darchive.node of java");
        assertThat(of(shown, "archive.workers").get("origin").asString()).isEqualTo("default");
        assertThat(of(shown, "archive.source.token").get("value").asString()).isEqualTo("********");
        assertThat(directory.resolve("data")).doesNotExist();
    }

    @Test
    void secretsAreReadFromTheFilesOfADirectory() throws IOException {
        Path secrets = Files.createDirectories(directory.resolve("secrets"));
        Files.writeString(secrets.resolve("JUSTONEAPI_TOKEN"), "secret-token\n");
        Files.writeString(secrets.resolve("archive.store.secret-key"), "secret-key");
        Map<String, String> environment = Map.of("SPRING_CONFIG_IMPORT", "configtree:" + secrets + "/");

        Ended usable = show(environment, "--changed").with(0);

        assertThat(usable.out().lines().map(line -> line.replaceAll(" {2,}", "  ")))
                .containsExactly(
                        "archive.source.token  ********  secrets/JUSTONEAPI_TOKEN:1",
                        "archive.store.secret-key  ********  secrets/archive.store.secret-key:1");

        Files.writeString(secrets.resolve("ARCHIVE_DATABASE_PASWORD"), "secret-password");

        assertThat(show(environment, "--changed").with(2).out())
                .contains("! ARCHIVE_DATABASE_PASWORD is no setting (secrets/ARCHIVE_DATABASE_PASWORD:1)")
                .doesNotContain("secret-token", "secret-password", " secret-key");

        Ended missing = show(Map.of("SPRING_CONFIG_IMPORT", "configtree:" + directory + "/none/"), "--changed")
                .with(2);
        assertThat(missing.message()).contains("Settings cannot be found", "/none");
        assertThat(missing.err()).doesNotContain("ERROR", "\tat ");
    }

    private Ended show(Map<String, String> environment, String option) throws IOException {
        return Program.start(directory.toRealPath(), environment, "config", "show", option)
                .end();
    }

    private static JsonNode of(JsonNode shown, String name) {
        return shown.get("settings")
                .valueStream()
                .filter(setting -> setting.get("name").asString().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void fullDiskEndsWithAnError() {
        // limits a file to 512 bytes
        Ended ended = Program.startAfter(directory, Map.of(), "ulimit -f 1", "exit-code")
                .end()
                .with(1);

        assertThat(ended.message()).contains("standard output cannot be written");
    }

    @Test
    void closedPipeIsNoError() {
        Ended ended = Program.startAfter(
                        directory,
                        Map.of(),
                        "exec 3>&1 && (\"$@\" exit-code; echo ended with $? >&3) | head -1",
                        "--version")
                .end()
                .with(0);

        assertThat(ended.message()).doesNotContain("standard output");
    }
}
