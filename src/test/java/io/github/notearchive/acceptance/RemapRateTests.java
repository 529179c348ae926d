package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** How fast, and in how much memory, a hundred thousand stored answers are mapped anew. */
@Tag("matrix")
@ExtendWith(OutsideServers.Running.class)
class RemapRateTests {

    /** {@code -Dmatrix.captures} names another number. */
    private static final int CAPTURES = Integer.getInteger("matrix.captures", 100_000);

    @Test
    void aHundredThousandAnswersAreMappedAnew() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            practice.enqueue(60);
            practice.call("run");
            StoredCaptures.addNotes(archive, CAPTURES);
            long stored = archive.number("SELECT count(*) FROM note_capture");
            long bytes = archive.number(
                    "SELECT avg(length(response::text))::bigint FROM (SELECT response FROM note_capture LIMIT 1000) a");
            archive.execute("UPDATE note SET title = 'spoilt', mapper_version = 1");
            archive.execute("UPDATE note_capture SET title = 'spoilt', mapper_version = 1");
            archive.execute("DELETE FROM note_topic");
            archive.execute("VACUUM ANALYZE note, note_capture");

            String written = remap(practice, stored, "version 1 over rows of an older one");
            String compared = remap(practice, stored, "again, nothing differs", "--all");
            String dry = remap(practice, stored, "again, as a dry run", "--all", "--dry-run");

            assertThat(archive.number("SELECT count(*) FROM note WHERE title = 'spoilt'"))
                    .isZero();
            assertThat(archive.number("SELECT count(*) FROM note_capture WHERE mapper_version = 1"))
                    .isZero();
            report(bytes, written + compared + dry);
        }
    }

    private static String remap(Practice practice, long stored, String what, String... options) throws Exception {
        String[] arguments = new String[options.length + 2];
        arguments[0] = "remap";
        arguments[1] = "--json";
        System.arraycopy(options, 0, arguments, 2, options.length);
        Program remap = practice.start(arguments);
        long peak = 0;
        while (!remap.endsWithin(Duration.ofMillis(200))) {
            peak = Math.max(peak, LargeFileTests.residentKilobytes(remap.pid()));
        }
        Ended ended = practice.end(remap).with(0);
        JsonNode summary = JsonMapper.builder().build().readTree(ended.out());
        assertThat(summary.path("answers").longValue()).isEqualTo(stored);
        double seconds = Duration.parse(summary.path("took").stringValue()).toMillis() / 1000.0;
        return "| %s | %d | %.0f s | %.0f | %d MB |%n".formatted(what, stored, seconds, stored / seconds, peak >> 10);
    }

    private static void report(long bytes, String rows) throws IOException {
        Path report = Path.of("target", "matrix", "remap.md");
        Files.createDirectories(report.getParent());
        Files.writeString(
                report,
                "Answers of %d bytes, heap 256 MB, PostgreSQL on the same machine.%n%n| remap | answers | took | answers/s | peak resident |%n|---|---|---|---|---|%n%s"
                        .formatted(bytes, rows));
    }
}
