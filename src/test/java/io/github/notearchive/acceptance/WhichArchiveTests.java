package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.SandboxSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Commands report which archive they use, and do not show a new, empty one as an existing one. */
@ExtendWith(OutsideServers.Running.class)
class WhichArchiveTests {

    private static final String SECRET = "s3cret-7c20";

    @Test
    void checkReportsANewArchiveAndUnusedCredentials() {
        try (Practice practice = Practice.beginEmpty(Place.EMBEDDED, SandboxSettings.defaults())) {
            practice.environment().put("ARCHIVE_DATABASE_USER", "note_archive");
            practice.environment().put("ARCHIVE_DATABASE_PASSWORD", SECRET);
            practice.environment().put("ARCHIVE_S3_ACCESS_KEY", "archive");
            practice.environment().put("ARCHIVE_S3_SECRET_KEY", SECRET);
            Path data = practice.directory().resolve("data");

            Ended first = practice.call("check").with(0);
            Ended run = practice.call("run").with(0);
            Ended status = practice.call("status").with(0);

            assertThat(first.out())
                    .containsPattern("(?m)^warning +settings .*not ARCHIVE_DATABASE_URL")
                    .contains("not ARCHIVE_S3_ENDPOINT", "a new, empty archive in " + data)
                    .doesNotContain(SECRET);
            assertThat(run.err())
                    .contains("not ARCHIVE_DATABASE_URL", "not ARCHIVE_S3_ENDPOINT")
                    .doesNotContain("There is no archive", SECRET);
            assertThat(status.out())
                    .startsWith("Archive: database embedded in "
                            + data
                            + ", store embedded in "
                            + data
                            + " (bucket note-archive)\n");
        }
    }

    @Test
    void statusNamesTheServersAndARunReportsAnEmptyWorklist() {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            Map<String, String> environment = practice.environment();
            String url = String.valueOf(environment.get("ARCHIVE_DATABASE_URL"));
            environment.put("ARCHIVE_DATABASE_URL", url + "?options=-cwork_mem=8MB");

            Ended run = practice.call("run").with(0);
            List<String> status = practice.call("status").with(0).out().lines().toList();
            JsonNode json = practice.call("status", "--json").with(0).json();

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
