package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How fast a hundred thousand notes are exported, in a heap that could not hold them. */
@Tag("matrix")
@ExtendWith(OutsideServers.Running.class)
class ExportRateTests {

    /** {@code -Dmatrix.notes} names another number. */
    private static final int NOTES = Integer.getInteger("matrix.notes", 100_000);

    private static final String HEAP = "64m";

    /** For each note 2 KB of text, three captures, five topics and four files. */
    private static final String FILL = """
            INSERT INTO author (author_id, nickname, updated_at)
            SELECT lpad(i::text, 24, 'a'), '作者' || i, now() FROM generate_series(0, 999) i;
            INSERT INTO note (note_id, note_type, title, note_text, author_id, published_at, liked_count, first_captured_at,
                              last_captured_at)
            SELECT lpad(i::text, 24, '0'), 'normal', '标题' || i, repeat(md5(i::text) || '清晨', 50),
                   lpad((i %% 1000)::text, 24, 'a'), timestamptz '2026-01-01' + i * interval '1 min', i, now(), now()
            FROM generate_series(1, %1$d) i;
            INSERT INTO api_call (note_id, endpoint, sent_at, received_at)
            SELECT lpad(i::text, 24, '0'), 'note-detail/v1', now(), timestamptz '2026-03-01' + k * interval '1 day'
            FROM generate_series(1, %1$d) i, generate_series(1, 3) k;
            INSERT INTO note_capture (note_id, captured_at, call_id, liked_count, response)
            SELECT note_id, received_at, id, id, '{}' FROM api_call;
            INSERT INTO note_topic (note_id, ordinal, name)
            SELECT lpad(i::text, 24, '0'), k, '话题' || k FROM generate_series(1, %1$d) i, generate_series(0, 4) k;
            INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at)
            SELECT sha, 'media/' || left(sha, 2) || '/' || sha || '.jpg', 1, 'image/jpeg', now()
            FROM (SELECT encode(sha256(convert_to(i::text, 'UTF8')), 'hex') AS sha FROM generate_series(1, 100) i) AS objects;
            INSERT INTO note_media (note_id, kind, ordinal, identity, state, sha256, captured_at, updated_at)
            SELECT lpad(i::text, 24, '0'), 'IMAGE', k, 'file', 'STORED',
                   encode(sha256(convert_to((1 + (i + k) %% 100)::text, 'UTF8')), 'hex'), now(), now()
            FROM generate_series(1, %1$d) i, generate_series(0, 3) k;
            """;

    @Test
    void aHundredThousandNotesAreExportedInASmallHeap() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            practice.call("status").with(0);
            try (Archive archive = practice.look()) {
                archive.execute(FILL.formatted(NOTES));
                archive.execute("ANALYZE");
            }
            StringBuilder table = new StringBuilder(
                    "| format | notes | heap | took, start included | notes/s | size |%n|---|---|---|---|---|---|%n"
                            .formatted());
            for (String format : new String[] {"jsonl", "csv", "parquet", "4cat"}) {
                Path target = practice.directory().resolve(format);
                Map<String, String> environment = new HashMap<>(practice.environment());
                environment.put("_JAVA_OPTIONS", "-Xmx" + HEAP);
                Ended ended = practice.end(
                                Program.startPackaged(
                                        practice.directory(),
                                        environment,
                                        "export",
                                        "--format",
                                        format,
                                        "--media",
                                        "none",
                                        target.toString()),
                                Duration.ofMinutes(20))
                        .with(0);

                assertThat(ended.out()).containsPattern("notes +" + NOTES);
                double seconds = ended.took().toMillis() / 1000.0;
                table.append("| %s | %d | %s | %.0f s | %.0f | %d MB |%n"
                        .formatted(format, NOTES, HEAP, seconds, NOTES / seconds, size(target) / 1_000_000));
            }
            assertThat(count(practice.directory().resolve("parquet/captures.parquet")))
                    .isEqualTo(3L * NOTES);
            assertThat(count(practice.directory().resolve("csv/topics.csv"))).isEqualTo(5L * NOTES);
            assertThat(count(practice.directory().resolve("jsonl/media.jsonl"))).isEqualTo(4L * NOTES);
            Path report = Path.of("target", "matrix", "export.md");
            Files.createDirectories(report.getParent());
            Files.writeString(report, table);
        }
    }

    private static long count(Path file) throws Exception {
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement();
                ResultSet result = statement.executeQuery(
                        file.toString().endsWith("jsonl")
                                ? "SELECT count(*) FROM read_json('" + file + "')"
                                : "SELECT count(*) FROM '" + file + "'")) {
            result.next();
            return result.getLong(1);
        }
    }

    private static long size(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(ExportRateTests::length)
                    .sum();
        }
    }

    private static long length(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
