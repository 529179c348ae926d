package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.store.ObjectKey;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes of stored files. */
@Isolated("sets system properties")
class MediaTests {

    private static final String UNKNOWN = "f".repeat(64);

    private static final String NOTE = "65a000000000000000000001";
    private static final byte[] BYTES = "0123456789".getBytes(StandardCharsets.UTF_8);

    private static final ArchiveDatabase DATABASE = ArchiveDatabase.running();
    private static BrowseServer server;
    private static int ordinal;

    @BeforeAll
    static void start() {
        ArchiveDatabase.emptied();
        server = BrowseServer.start("media", Map.of());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void fileIsServedAsItIs() {
        String sha256 = stored("image/jpeg", "jpg", BYTES);

        HttpResponse<byte[]> response = server.get("/media/" + sha256, BodyHandlers.ofByteArray());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo(bytes("jpg"));
        assertThat(header(response, "Content-Type")).isEqualTo("image/jpeg");
        assertThat(header(response, "ETag")).isEqualTo("\"" + sha256 + "\"");
        assertThat(header(response, "Content-Security-Policy")).isEqualTo("default-src 'none'; sandbox");
        assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(header(response, "Cache-Control")).contains("private").doesNotContain("no-store");
        assertThat(header(response, "Content-Disposition")).startsWith("inline");
        assertThat(header(server.get("/media/" + sha256 + "?download"), "Content-Disposition"))
                .startsWith("attachment; filename=\"");
        HttpResponse<String> cached = server.get("/media/" + sha256, "If-None-Match", "\"" + sha256 + "\"");
        assertThat(cached.statusCode()).isEqualTo(304);
        assertThat(cached.body()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "text/html, application/octet-stream",
        "image/svg+xml, application/octet-stream",
        "application/x-subrip, application/octet-stream",
        "text/vtt, text/vtt",
        "video/mp4, video/mp4"
    })
    void onlyMediaAreShown(String stored, String served) {
        HttpResponse<String> response = server.get("/media/" + stored(stored, stored.replaceAll("\\W", ""), BYTES));

        assertThat(header(response, "Content-Type").replaceFirst(";.*", "")).isEqualTo(served);
        assertThat(header(response, "Content-Disposition"))
                .startsWith(served.equals("application/octet-stream") ? "attachment" : "inline");
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=2-4, 206, 234, bytes 2-4/13",
        "bytes=0-0, 206, 0, bytes 0-0/13",
        "bytes=9-, 206, 9mov, bytes 9-12/13",
        "bytes=-3, 206, mov, bytes 10-12/13",
        "bytes=8-99, 206, 89mov, bytes 8-12/13",
        "'bytes=0-1,3-4', 200, 0123456789mov,",
        "bytes=13-, 416, , bytes */13",
        "bytes=5-2, 416, , bytes */13",
        "bits=0-1, 416, , bytes */13"
    })
    void rangeIsServed(String range, int status, String body, String contentRange) {
        String sha256 = stored("video/quicktime", "mov", BYTES);

        HttpResponse<String> response = server.get("/media/" + sha256, "Range", range);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.body()).isEqualTo(body == null ? "" : body);
        assertThat(response.headers().firstValue("Content-Range").orElse(null)).isEqualTo(contentRange);
    }

    @Test
    void rangeOfAnotherVersionIsTheWholeFile() {
        String sha256 = stored("audio/mpeg", "mp3", BYTES);

        assertThat(server.get("/media/" + sha256, "Range", "bytes=0-1", "If-Range", "\"other\"")
                        .statusCode())
                .isEqualTo(200);
        assertThat(server.get("/media/" + sha256, "Range", "bytes=0-1", "If-Range", "\"" + sha256 + "\"")
                        .statusCode())
                .isEqualTo(206);
    }

    @Test
    void fileOfErasedNotesIsUnknown() {
        String sha256 = stored("image/png", "png", BYTES);
        assertThat(server.get("/media/" + sha256).statusCode()).isEqualTo(200);

        DATABASE.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (?, now())", NOTE);
        try {
            assertThat(server.get("/media/" + sha256).statusCode()).isEqualTo(404);
            assertThat(server.get("/media/" + sha256, "If-None-Match", "\"" + sha256 + "\"")
                            .statusCode())
                    .isEqualTo(404);
        } finally {
            DATABASE.update("DELETE FROM forgotten_note");
        }
        assertThat(server.get("/media/" + UNKNOWN).statusCode()).isEqualTo(404);
    }

    @Test
    void missingObjectIsNotFound() {
        String sha256 = stored("image/gif", "gif", BYTES);
        server.store().remove("media/" + sha256 + ".gif");

        assertThat(server.get("/media/" + sha256).statusCode()).isEqualTo(404);
    }

    @Test
    void seekReadsAMegabyteAtMost() {
        byte[] film = new byte[8 << 20];
        Arrays.fill(film, (byte) 7);
        String sha256 = stored("video/mp4", "film", film);

        HttpResponse<byte[]> seek =
                server.get("/media/" + sha256, BodyHandlers.ofByteArray(), "Range", "bytes=4000000-");
        HttpResponse<byte[]> download =
                server.get("/media/" + sha256 + "?download", BodyHandlers.ofByteArray(), "Range", "bytes=4000000-");

        assertThat(seek.body()).hasSize(1 << 20);
        assertThat(header(seek, "Content-Range")).isEqualTo("bytes 4000000-5048575/" + (film.length + 4));
        assertThat(download.body()).hasSize(film.length + 4 - 4_000_000);
    }

    /** Stores a file of this content and ending in a slot of the note. */
    private static String stored(String type, String ending, byte[] content) {
        byte[] bytes = Arrays.copyOf(content, content.length + ending.length());
        System.arraycopy(ending.getBytes(StandardCharsets.UTF_8), 0, bytes, content.length, ending.length());
        String sha256 = DigestUtils.sha256Hex(bytes);
        String key = "media/" + sha256 + "." + ending;
        server.store().putBytes(new ObjectKey(key), bytes, type);
        new FileRow(sha256, key, bytes.length, type).insert(NOTE, "IMAGE", ordinal++);
        return sha256;
    }

    private static byte[] bytes(String ending) {
        return ("0123456789" + ending).getBytes(StandardCharsets.UTF_8);
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }
}
