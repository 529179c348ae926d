package io.github.notearchive.acceptance;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Time and memory of large audits, exports and remaps; tables in {@code target/matrix}. */
@Tag("matrix")
@ExtendWith(OutsideServers.Running.class)
class CapacityTests {

    /** {@code -Dmatrix.size} sets another number of objects, notes and captures. */
    private static final int SIZE = Integer.getInteger("matrix.size", 100_000);

    private static final int OBJECT_BYTES = 4096;
    private static final String EXPORT_HEAP = "64m";

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

    /** A finished command with its peak of resident memory. */
    private record Measured(Ended ended, long peakMegabytes) {

        double seconds() {
            return ended.took().toMillis() / 1000.0;
        }

        static Measured of(Practice practice, String... arguments) throws IOException {
            Program program = practice.start(arguments);
            Path status = Path.of("/proc", String.valueOf(program.pid()), "status");
            long peak = 0;
            while (!program.endsWithin(Duration.ofMillis(100))) {
                if (Files.exists(status)) {
                    peak = Files.readAllLines(status).stream()
                            .filter(line -> line.startsWith("VmHWM:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .reduce(peak, Math::max);
                }
            }
            return new Measured(practice.end(program).with(0), peak >> 10);
        }
    }

    @Test
    void manySmallObjectsAreAudited() throws Exception {
        try (Practice practice = Practice.begin(Place.EMBEDDED)) {
            practice.enqueue(1);
            practice.call("run").with(0);
            Path bucket = practice.directory().resolve("data/s3/note-archive");
            for (int i = 1; i <= SIZE; i++) {
                storeObject(bucket, i);
            }
            long stored;
            try (Archive archive = practice.look()) {
                archive.execute("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
                        SELECT sha, 'media/' || left(sha, 2) || '/' || sha || '.jpg', %d, 'image/jpeg', now(), now()
                        FROM (SELECT encode(sha256(convert_to(repeat(md5(i::text), %d), 'UTF8')), 'hex') AS sha
                              FROM generate_series(1, %d) i) AS objects
                        """.formatted(OBJECT_BYTES, OBJECT_BYTES / 32, SIZE));
                archive.execute("ANALYZE media_object");
                stored = archive.number("SELECT count(*) FROM media_object");
            }

            Measured audit = Measured.of(practice, "verify", "--json");

            JsonNode summary = audit.ended().json();
            assertThat(summary.path("files").longValue()).isEqualTo(stored);
            assertThat(summary.path("listed").longValue()).isGreaterThanOrEqualTo(stored);
            assertThat(summary.path("filesLeft").longValue()).isZero();
            report(
                    "verify.md",
                    "objects | bytes each | heap | took | objects/s | peak resident, store included",
                    "%d | %d | 256 MB | %.0f s | %.0f | %d MB"
                            .formatted(
                                    stored,
                                    OBJECT_BYTES,
                                    audit.seconds(),
                                    stored / audit.seconds(),
                                    audit.peakMegabytes()));
        }
    }

    /** Writes a file as the embedded server stores an object. */
    private static void storeObject(Path bucket, int number) throws Exception {
        MessageDigest md5 = MessageDigest.getInstance("MD5");
        String text = HexFormat.of().formatHex(md5.digest(String.valueOf(number).getBytes(US_ASCII)));
        byte[] bytes = text.repeat(OBJECT_BYTES / 32).getBytes(US_ASCII);
        String sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        Path file = bucket.resolve("media").resolve(sha256.substring(0, 2)).resolve(sha256 + ".jpg");
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        UserDefinedFileAttributeView attributes = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
        attributes.write("user.content-md5", ByteBuffer.wrap(md5.digest(bytes)));
        attributes.write("user.content-type", ByteBuffer.wrap("image/jpeg".getBytes(US_ASCII)));
    }

    @Test
    void manyNotesAreExportedInASmallHeap() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            try (Archive archive = practice.look()) {
                archive.execute(FILL.formatted(SIZE));
                archive.execute("ANALYZE");
            }
            Map<String, String> environment = new HashMap<>(practice.environment());
            environment.put("_JAVA_OPTIONS", "-Xmx" + EXPORT_HEAP);
            for (String format : new String[] {"jsonl", "csv", "parquet", "4cat"}) {
                Path target = practice.directory().resolve(format);
                String[] export = {"export", "--format", format, "--media", "none", target.toString()};
                Program program = Program.startPackaged(practice.directory(), environment, export);
                Ended ended = practice.end(program, Duration.ofMinutes(20)).with(0);

                assertThat(ended.out()).containsPattern("notes +" + SIZE);
                double seconds = ended.took().toMillis() / 1000.0;
                report(
                        "export.md",
                        "format | notes | heap | took, start included | notes/s | size",
                        "%s | %d | %s | %.0f s | %.0f | %d MB"
                                .formatted(
                                        format,
                                        SIZE,
                                        EXPORT_HEAP,
                                        seconds,
                                        SIZE / seconds,
                                        FileUtils.sizeOfDirectory(target.toFile()) / 1_000_000));
            }
            assertThat(count(practice.directory().resolve("parquet/captures.parquet")))
                    .isEqualTo(3L * SIZE);
            assertThat(count(practice.directory().resolve("csv/topics.csv"))).isEqualTo(5L * SIZE);
            assertThat(count(practice.directory().resolve("jsonl/media.jsonl"))).isEqualTo(4L * SIZE);
        }
    }

    private static long count(Path file) {
        return Archive.countInFile(file.toString().endsWith("jsonl") ? "read_json('" + file + "')" : "'" + file + "'");
    }

    @Test
    void manyResponsesAreRemapped() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            practice.enqueue(60);
            practice.call("run");
            StoredCaptures.addNotes(archive, SIZE);
            long stored = archive.number("SELECT count(*) FROM note_capture");
            archive.execute("UPDATE note SET title = 'spoilt', mapper_version = 1");
            archive.execute("UPDATE note_capture SET title = 'spoilt', mapper_version = 1");
            archive.execute("DELETE FROM note_topic");
            archive.execute("VACUUM ANALYZE note, note_capture");

            remap(practice, stored, "rows of an older version", "remap", "--json");
            remap(practice, stored, "again, nothing differs", "remap", "--json", "--all");
            remap(practice, stored, "again, as a dry run", "remap", "--json", "--all", "--dry-run");

            archive.assertNumber("SELECT count(*) FROM note WHERE title = 'spoilt'", 0);
            archive.assertNumber("SELECT count(*) FROM note_capture WHERE mapper_version = 1", 0);
        }
    }

    private static void remap(Practice practice, long stored, String name, String... command) throws IOException {
        Measured remap = Measured.of(practice, command);

        assertThat(remap.ended().json().path("answers").longValue()).isEqualTo(stored);
        report(
                "remap.md",
                "remap | responses | took, start included | responses/s | peak resident",
                "%s | %d | %.0f s | %.0f | %d MB"
                        .formatted(name, stored, remap.seconds(), stored / remap.seconds(), remap.peakMegabytes()));
    }

    private static synchronized void report(String name, String head, String row) throws IOException {
        Path file = Path.of("target", "matrix", name);
        Files.createDirectories(file.getParent());
        String rule = "---|".repeat(head.split("\\|").length);
        String before = Files.exists(file) ? Files.readString(file) : "| %s |%n|%s%n".formatted(head, rule);
        Files.writeString(file, before + "| %s |%n".formatted(row));
    }
}
