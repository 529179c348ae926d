package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.media.format.Samples;
import io.github.notearchive.store.ObjectKey;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;

/** Requests of thumbnails are authenticated, validated and revalidated. */
class ThumbnailRequestsTests {

    private static final String NOTE = "65c000000000000000000001";
    private static final byte[] PICTURE = Samples.bytes("rgb.png");
    private static final String SHA256 = DigestUtils.sha256Hex(PICTURE);
    private static final String PATH = "/thumbnails/" + SHA256 + "?width=320";

    private final ArchiveDatabase database = ArchiveDatabase.emptied();

    @Test
    void aThumbnailIsServedToReadersWhileItsNoteIsNotErased() {
        try (BrowseServer server = BrowseServer.start("thumbnail-requests", Map.of())) {
            store(server);

            HttpResponse<byte[]> thumbnail = server.get(PATH, BodyHandlers.ofByteArray());
            assertThat(thumbnail.statusCode()).isEqualTo(200);
            assertThat(thumbnail.body()).startsWith(0xFF, 0xD8);
            assertThat(header(thumbnail, "content-type")).isEqualTo("image/jpeg");
            assertThat(header(thumbnail, "cache-control")).isEqualTo("no-cache, private");
            assertThat(header(thumbnail, "x-content-type-options")).isEqualTo("nosniff");

            String tag = header(thumbnail, "etag");
            assertThat(server.get(PATH, "If-None-Match", tag).statusCode()).isEqualTo(304);
            assertThat(server.send(server.url().resolve(PATH), BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(401);

            database.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (?, now())", NOTE);
            assertThat(server.get(PATH, "If-None-Match", tag).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void whatIsNoThumbnailIsRefused() {
        try (BrowseServer server = BrowseServer.start("thumbnail-refusals", Map.of())) {
            String unknown = "/thumbnails/" + "0".repeat(64);

            HttpResponse<String> missing = server.get(unknown + "?width=320");
            assertThat(missing.statusCode()).isEqualTo(404);
            assertThat(header(missing, "content-type")).isEqualTo("image/svg+xml");
            for (String path : new String[] {unknown, unknown + "?width=321", unknown + "?width=x"}) {
                assertThat(server.get(path).statusCode()).as(path).isEqualTo(400);
            }
            assertThat(server.get("/thumbnails/..%2fetc?width=320").statusCode())
                    .isBetween(400, 404);
        }
    }

    private void store(BrowseServer server) {
        server.store().putBytes(new ObjectKey("media/" + SHA256), PICTURE, "image/png");
        new FileRow(SHA256, "media/" + SHA256, PICTURE.length, "image/png").insert(NOTE, "IMAGE", 0);
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }
}
