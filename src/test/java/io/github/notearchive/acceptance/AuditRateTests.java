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
import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** How fast, and in how much memory, a hundred thousand small objects are audited. */
@Tag("matrix")
@ExtendWith(OutsideServers.Running.class)
class AuditRateTests {

    /** {@code -Dmatrix.objects} names another number. */
    private static final int OBJECTS = Integer.getInteger("matrix.objects", 100_000);

    private static final int SIZE = 4096;

    @Test
    void aHundredThousandObjectsAreAudited() throws Exception {
        try (Practice practice = Practice.begin(Place.EMBEDDED)) {
            practice.enqueue(1);
            practice.call("run").with(0);
            Path bucket = practice.directory().resolve("data").resolve("s3").resolve("note-archive");
            for (int i = 1; i <= OBJECTS; i++) {
                plant(bucket, i);
            }
            long stored;
            try (Archive archive = practice.look()) {
                archive.execute("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
                        SELECT sha, 'media/' || left(sha, 2) || '/' || sha || '.jpg', %d, 'image/jpeg', now(), now()
                        FROM (SELECT encode(sha256(convert_to(repeat(md5(i::text), %d), 'UTF8')), 'hex') AS sha
                              FROM generate_series(1, %d) i) AS objects
                        """.formatted(SIZE, SIZE / 32, OBJECTS));
                archive.execute("ANALYZE media_object");
                stored = archive.number("SELECT count(*) FROM media_object");
            }

            Program audit = practice.start("verify", "--json");
            long peak = 0;
            while (!audit.endsWithin(Duration.ofMillis(200))) {
                peak = Math.max(peak, LargeFileTests.residentKilobytes(audit.pid()));
            }
            Ended ended = practice.end(audit).with(0);

            JsonNode summary = JsonMapper.builder().build().readTree(ended.out());
            assertThat(summary.path("files").longValue()).isEqualTo(stored);
            assertThat(summary.path("listed").longValue()).isGreaterThanOrEqualTo(stored);
            assertThat(summary.path("filesLeft").longValue()).isZero();
            double seconds = Duration.parse(summary.path("took").stringValue()).toMillis() / 1000.0;
            report(summary, seconds, peak);
        }
    }

    private static void report(JsonNode summary, double seconds, long peak) throws IOException {
        long files = summary.path("files").longValue();
        Path report = Path.of("target", "matrix", "verify.md");
        Files.createDirectories(report.getParent());
        Files.writeString(
                report,
                "| objects | bytes each | heap | took | objects/s | MB/s | peak resident, store included |%n|---|---|---|---|---|---|---|%n| %d | %d | 256 MB | %.0f s | %.0f | %.1f | %d MB |%n"
                        .formatted(
                                files,
                                SIZE,
                                seconds,
                                files / seconds,
                                summary.path("bytes").longValue() / seconds / 1e6,
                                peak >> 10));
    }

    /** As the embedded server keeps an object that was put. */
    private static void plant(Path bucket, int number) throws Exception {
        MessageDigest md5 = MessageDigest.getInstance("MD5");
        byte[] bytes = HexFormat.of()
                .formatHex(md5.digest(String.valueOf(number).getBytes(US_ASCII)))
                .repeat(SIZE / 32)
                .getBytes(US_ASCII);
        String sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        Path file = bucket.resolve("media").resolve(sha256.substring(0, 2)).resolve(sha256 + ".jpg");
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        UserDefinedFileAttributeView attributes = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
        attributes.write("user.content-md5", ByteBuffer.wrap(md5.digest(bytes)));
        attributes.write("user.content-type", ByteBuffer.wrap("image/jpeg".getBytes(US_ASCII)));
    }
}
