package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** The commands {@code browse} and {@code show}, each in a separate process. */
@Isolated("empties the database")
class BrowseCommandTests {

    private static final String NOTE = "65a000000000000000000001";

    @TempDir
    Path directory;

    @Test
    void linkOpensThePagesUntilASignal() throws Exception {
        ArchiveDatabase.emptied().update("""
                        INSERT INTO worklist (note_id, state, reason, source, enqueued_at)
                        VALUES (?, 'FAILED', 'REJECTED', 'test', now())
                        """, NOTE);
        Path erased = Files.createDirectories(directory.resolve("browse-cache")).resolve("f".repeat(64) + "-320.jpg");
        Files.createFile(erased);
        Process browse = start("browse", "--port", "0");
        try (BufferedReader out = browse.inputReader(StandardCharsets.UTF_8);
                HttpClient http = HttpClient.newHttpClient()) {
            URI link = URI.create(out.readLine());
            Path file = directory.resolve("browse.link");

            assertThat(erased).doesNotExist();
            assertThat(link.toString()).matches("http://127\\.0\\.0\\.1:\\d+/enter\\?token=[0-9a-f]{64}");
            assertThat(enter(http, link).statusCode()).isEqualTo(303);
            assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));

            String shown = end(start("show", NOTE), 0);
            URI page = URI.create(shown.lines()
                    .map(String::strip)
                    .filter(line -> line.startsWith("http"))
                    .findFirst()
                    .orElseThrow());
            HttpResponse<String> entered = enter(http, page);

            assertThat(shown).contains("Note " + NOTE + " is FAILED");
            assertThat(entered.headers().firstValue("Location")).contains("/notes/" + NOTE);
            assertThat(Files.readString(file))
                    .as("a new link")
                    .isNotEqualTo(page.toString().split("&", 2)[0]);

            browse.destroy();
            assertThat(browse.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(browse.exitValue()).isZero();
            assertThat(file).doesNotExist();
            assertThat(end(start("show", NOTE), 0)).contains("run: note-archive browse");
        } finally {
            browse.destroyForcibly();
        }
    }

    @Test
    void addressOfOtherMachinesIsRefused() throws Exception {
        assertThat(end(start("browse", "--port", "0", "--listen", "0.0.0.0"), 2))
                .contains("archive.browse.listen must be a loopback address");
        assertThat(end(start("browse", "--port", "70000"), 2)).contains("--port must be between 0 and 65535");
    }

    @Test
    void archiveIsNotCreated() throws Exception {
        Path none = directory.resolve("none");

        assertThat(end(start("browse", "--port", "0", "--data-dir", none.toString()), 2))
                .contains("There is no archive in " + none);
        assertThat(none).doesNotExist();
    }

    private static HttpResponse<String> enter(HttpClient http, URI link) throws Exception {
        return http.send(
                HttpRequest.newBuilder(link.resolve("/enter"))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(HttpRequest.BodyPublishers.ofString(link.getRawQuery()))
                        .build(),
                BodyHandlers.ofString());
    }

    private Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "io.github.notearchive.NoteArchive"));
        command.addAll(List.of(arguments));
        Map<String, String> settings = BrowseServer.settings("command", Map.of());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("ARCHIVE_") || name.endsWith("DISPLAY"));
        builder.environment()
                .putAll(Map.of(
                        "ARCHIVE_DATA_DIR", directory.toString(),
                        "ARCHIVE_DATABASE_URL", settings.get("spring.datasource.url"),
                        "ARCHIVE_DATABASE_USER", settings.get("spring.datasource.username"),
                        "ARCHIVE_DATABASE_PASSWORD", settings.get("spring.datasource.password"),
                        "ARCHIVE_S3_ENDPOINT", settings.get("archive.store.endpoint"),
                        "ARCHIVE_S3_ACCESS_KEY", settings.get("archive.store.access-key"),
                        "ARCHIVE_S3_SECRET_KEY", settings.get("archive.store.secret-key")));
        return builder.start();
    }

    /** Returns the output of a command that ends with this exit code. */
    private static String end(Process process, int exitCode) throws Exception {
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(out).isEqualTo(exitCode);
        return out;
    }
}
