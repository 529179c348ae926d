package io.github.notearchive.acceptance;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Large audits, exports and remaps end in bounded memory; their time and memory are printed. */
@Tag("matrix")
@ExtendWith(OutsideServers.Running.class)
class CapacityTests {

    /** {@code -Dmatrix.size} sets another number of objects, notes and captures. */
    private static final int SIZE = Integer.getInteger("matrix.size", 100_000);

    private static final int OBJECT_BYTES = 4096;

    /** Runs a command; prints its time, rate and peak of resident memory. */
    private static Ended measure(Practice practice, long items, String... arguments) throws IOException {
        Program program = practice.start(arguments);
        Path status = Path.of("/proc", String.valueOf(program.pid()), "status");
        String peak = "";
        while (!program.endsWithin(Duration.ofMillis(100))) {
            if (Files.exists(status)) {
                peak = Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmHWM:"))
                        .findFirst()
                        .orElse(peak);
            }
        }
        Ended ended = practice.end(program).with(0);
        System.out.printf(
                "%s: %d items in %s, %.0f/s, %s%n",
                ended.arguments(),
                items,
                ended.took(),
                1000.0 * items / ended.took().toMillis(),
                peak);
        return ended;
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
                              FROM generate_series(1, %d) i) AS objects;
                        ANALYZE media_object
                        """.formatted(OBJECT_BYTES, OBJECT_BYTES / 32, SIZE));
                stored = archive.number("SELECT count(*) FROM media_object");
            }

            JsonNode summary = measure(practice, stored, "verify", "--json").json();

            assertThat(summary.path("files").longValue()).isEqualTo(stored);
            assertThat(summary.path("listed").longValue()).isGreaterThanOrEqualTo(stored);
            assertThat(summary.path("filesLeft").longValue()).isZero();
        }
    }

    /** Writes a file as the embedded server stores an object. */
    private static void storeObject(Path bucket, int number) throws IOException {
        byte[] bytes = DigestUtils.md5Hex(String.valueOf(number))
                .repeat(OBJECT_BYTES / 32)
                .getBytes(US_ASCII);
        String sha256 = DigestUtils.sha256Hex(bytes);
        Path file = bucket.resolve("media").resolve(sha256.substring(0, 2)).resolve(sha256 + ".jpg");
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        UserDefinedFileAttributeView attributes = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
        attributes.write("user.content-md5", ByteBuffer.wrap(DigestUtils.md5(bytes)));
        attributes.write("user.content-type", ByteBuffer.wrap("image/jpeg".getBytes(US_ASCII)));
    }

    @Test
    void manyNotesAreExportedInASmallHeap() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            try (Archive archive = practice.look()) {
                String script = Files.readString(Path.of("src", "test", "sql", "capacity.sql"));
                archive.execute(script.replace(":notes", String.valueOf(SIZE)));
                archive.execute("ANALYZE");
            }
            practice.environment().put("_JAVA_OPTIONS", "-Xmx64m");
            Path home = practice.directory();

            for (String format : List.of("jsonl", "csv", "parquet", "4cat")) {
                String command = "export --media none --format " + format + " " + home.resolve(format);
                assertThat(measure(practice, SIZE, command.split(" ")).out())
                        .containsPattern("notes +%,d".formatted(SIZE));
            }

            assertThat(Archive.countInFile("'%s/parquet/captures.parquet'".formatted(home)))
                    .isEqualTo(3L * SIZE);
            assertThat(Archive.countInFile("'%s/csv/topics.csv'".formatted(home)))
                    .isEqualTo(5L * SIZE);
            assertThat(Archive.countInFile("read_json('%s/jsonl/media.jsonl')".formatted(home)))
                    .isEqualTo(4L * SIZE);
        }
    }

    @Test
    void manyResponsesAreRemapped() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            String note = practice.enqueue(1).getFirst();
            practice.call("run").with(0);
            archive.execute(InterruptedCommandsTests.OLDER_CAPTURES.formatted(SIZE, note));
            long stored = archive.number("SELECT count(*) FROM note_capture");
            archive.execute("""
                    UPDATE note SET title = 'spoilt', mapper_version = 1;
                    UPDATE note_capture SET title = 'spoilt', mapper_version = 1;
                    DELETE FROM note_topic
                    """);
            archive.execute("VACUUM ANALYZE note, note_capture");

            for (String options : List.of("", " --all", " --all --dry-run")) {
                String[] command = ("remap --json" + options).split(" ");
                assertThat(measure(practice, stored, command)
                                .json()
                                .path("answers")
                                .longValue())
                        .isEqualTo(stored);
            }

            archive.assertNumber("SELECT count(*) FROM note WHERE title = 'spoilt'", 0);
            archive.assertNumber("SELECT count(*) FROM note_capture WHERE mapper_version = 1", 0);
        }
    }
}
