package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Nobody who looks or works in the wrong place is shown an empty archive as if it were theirs. */
@ExtendWith(OutsideServers.Running.class)
class WhichArchiveTests {

    private static final String SECRET = "s3cret-7c20";

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "status",
                "plan",
                "report",
                "search word",
                "explain 65fe2a8d0000000012033fa1",
                "export --format csv out",
                "requeue --state FAILED",
                "waive 65fe2a8d0000000012033fa1 IMAGE 0 --reason gone",
                "verify",
                "remap",
                "forget 65fe2a8d0000000012033fa1 --reason asked"
            })
    void whoLooksOrWorksOnAnArchiveMakesNone(String line) throws Exception {
        Path here = directory.toRealPath();

        Ended ended = Program.start(here, Map.of(), line.split(" ")).end().with(2);

        assertThat(ended.message())
                .contains(
                        here.resolve("data") + ", which does not exist; nothing was made",
                        "ARCHIVE_DATA_DIR",
                        "ARCHIVE_DATABASE_URL");
        assertThat(here.resolve("data")).doesNotExist();
        assertThat(here.resolve("out")).doesNotExist();
    }

    @Test
    void aDirectoryOfSomethingElseIsNoArchive() throws Exception {
        Path data = Files.createDirectory(directory.toRealPath().resolve("data"));
        Files.writeString(data.resolve("measurements.txt"), "1 2 3");

        Ended ended =
                Program.start(directory.toRealPath(), Map.of(), "status").end().with(2);

        assertThat(ended.message()).contains(data + " holds no archive; nothing was made");
        assertThat(data.toFile().list()).containsExactly("measurements.txt");
    }

    @Test
    void checkSaysThatTheArchiveIsNewAndThatCredentialsAreNotUsed() {
        try (Practice practice = Practice.begin(Place.EMBEDDED)) {
            practice.environment().put("ARCHIVE_DATABASE_USER", "note_archive");
            practice.environment().put("ARCHIVE_DATABASE_PASSWORD", SECRET);
            practice.environment().put("ARCHIVE_S3_ACCESS_KEY", "archive");
            practice.environment().put("ARCHIVE_S3_SECRET_KEY", SECRET);
            Path data = practice.directory().resolve("data");

            Ended first = practice.call("check").with(0);
            Ended second = practice.call("check").with(0);
            Ended run = practice.call("run").with(0);
            Ended status = practice.call("status").with(0);

            assertThat(first.out())
                    .containsPattern("(?m)^warning +settings .*not ARCHIVE_DATABASE_URL")
                    .contains("not ARCHIVE_S3_ENDPOINT", "a new, empty archive in " + data)
                    .doesNotContain(SECRET);
            assertThat(second.out()).doesNotContain("a new, empty archive");
            assertThat(run.err())
                    .contains("not ARCHIVE_DATABASE_URL", "not ARCHIVE_S3_ENDPOINT")
                    .doesNotContain(SECRET);
            assertThat(status.out())
                    .startsWith("Archive: database embedded in "
                            + data
                            + ", store embedded in "
                            + data
                            + " (bucket note-archive)\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"run", "enqueue ids.txt"})
    void whoBeginsANewArchiveIsTold(String line) throws Exception {
        try (Practice practice = Practice.begin(Place.EMBEDDED)) {
            Files.writeString(practice.directory().resolve("ids.txt"), "65fe2a8d0000000012033fa1\n");
            String told = "There is no archive in " + practice.directory().resolve("data") + " yet";

            Ended first = practice.call(line.split(" ")).with(0);
            Ended second = practice.call(line.split(" ")).with(0);

            assertThat(first.err()).contains(told);
            assertThat(second.err()).doesNotContain(told);
        }
    }

    @Test
    void statusNamesTheServersAndARunSaysThatNothingWasEnqueued() {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            Map<String, String> environment = practice.environment();
            String url = String.valueOf(environment.get("ARCHIVE_DATABASE_URL"));
            environment.put("ARCHIVE_DATABASE_URL", url + "?options=-cwork_mem=8MB");

            Ended run = practice.call("run").with(0);
            List<String> status = practice.call("status").with(0).out().lines().toList();
            JsonNode json = JsonMapper.shared()
                    .readTree(practice.call("status", "--json").with(0).out());

            assertThat(run.out())
                    .contains("COMPLETED (exit 0): the worklist is empty; fill it with: note-archive enqueue FILE");
            assertThat(status.getFirst())
                    .isEqualTo("Archive: database %s, store %s (bucket %s)"
                            .formatted(
                                    url, environment.get("ARCHIVE_S3_ENDPOINT"), environment.get("ARCHIVE_S3_BUCKET")));
            assertThat(json.at("/archive/database").stringValue()).isEqualTo(url);
            assertThat(practice.provider().calls()).isZero();
        }
    }
}
