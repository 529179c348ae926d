package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.SmallArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;

/** HEIF pictures are decoded in the reader's browser by the recorded decoder, which only the worker may run. */
class HeifInBrowserTests {

    private static final Path DECODER = Path.of("src/main/resources/io/github/notearchive/browse/libheif");

    private static final String HEIC = SmallArchive.sha256(SmallArchive.bytes("tiles.heic"));

    @Test
    void theDecoderIsTheOneWhoseChecksumsAreRecorded() throws IOException {
        List<String> checksums = Files.readAllLines(DECODER.resolve("README.md")).stream()
                .filter(line -> line.matches("[0-9a-f]{64}  .*"))
                .toList();

        assertThat(checksums)
                .hasSize(3)
                .allSatisfy(line -> assertThat(
                                DigestUtils.sha256Hex(Files.readAllBytes(DECODER.resolve(line.substring(66)))))
                        .isEqualTo(line.substring(0, 64)));
    }

    @Test
    void aBrowserDecodesHeicPicturesInAWorkerWithinThePolicyOfThePage() throws IOException {
        try (BrowseServer server = BrowseServer.start("heif-in-browser", Map.of());
                SmallArchive archive = SmallArchive.whole(server.store());
                Browser browser = new Browser(server.url(), server.cookie())) {
            putFirst(archive);
            browser.show(1400, false, true);
            browser.open("/");

            browser.await("document.querySelector('img[data-heif]').naturalWidth > 0");

            assertThat(browser.complaints()).isEmpty();
            assertThat(server.get("/").headers().firstValue("Content-Security-Policy"))
                    .hasValueSatisfying(policy -> assertThat(policy).doesNotContain("wasm"));
        }
    }

    @Test
    void withACommandPagesShowThumbnailsAndHaveNoDecoder() throws IOException {
        Map<String, String> command = Map.of("archive.browse.heif-command", "heif-dec {input} {output}");
        try (BrowseServer server = BrowseServer.start("heif-command", command);
                SmallArchive archive = SmallArchive.whole(server.store())) {
            putFirst(archive);

            assertThat(server.get("/").body()).contains("/thumbnails/" + HEIC).doesNotContain("data-heif", "heif.js");
            assertThat(server.get("/thumbnails/" + HEIC + "?width=640").statusCode())
                    .isEqualTo(200);
        }
    }

    /** Makes a note whose only picture is a HEIC file the first one of the wall. */
    private static void putFirst(SmallArchive archive) {
        archive.database()
                .update("DELETE FROM note_media WHERE note_id = ? AND sha256 <> ?", SmallArchive.PICTURES, HEIC);
        archive.database()
                .update("UPDATE note SET published_at = '2030-01-01' WHERE note_id = ?", SmallArchive.PICTURES);
    }
}
