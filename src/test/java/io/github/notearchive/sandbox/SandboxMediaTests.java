package io.github.notearchive.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.sandbox.SandboxSettings.Fault;
import java.io.ByteArrayInputStream;
import java.net.http.HttpResponse;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Generated files are those that the notes describe. That they are whole is proved by each night that stores them. */
class SandboxMediaTests {

    private static final String IMAGE = "/1040g008aaaa?imageView2/2/w/5000/format/%s/q/56&sign=1";

    private final ScriptableSandbox provider = ScriptableSandbox.start(SandboxSettings.defaults());
    private final Client client = new Client(provider.baseUrl(), provider.token());

    @AfterEach
    void close() {
        client.close();
        provider.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"jpg", "png", "webp", "heif"})
    void filesHaveAboutTheRequestedSizeAndCommonOnesAreReadable(String format) throws Exception {
        try (ScriptableSandbox large = ScriptableSandbox.start(SandboxSettings.defaults(), "token", 1_000_000)) {
            byte[] file = large.mediaBytes(IMAGE.formatted(format));

            assertThat(file).hasSizeBetween(500_000, 1_600_000);
            if (format.equals("jpg") || format.equals("png")) {
                assertThat(ImageIO.read(new ByteArrayInputStream(file)).getWidth())
                        .isEqualTo(96);
            }
        }
    }

    @Test
    void everyUrlOfANoteServesTheDescribedBytes() throws Exception {
        for (String id : provider.noteIds(60)) {
            JsonNode note = SyntheticNotesTests.note(provider, id);
            for (JsonNode stream : note.findValues("h265")) {
                for (JsonNode item : stream) {
                    String master = item.path("master_url").asString();
                    HttpResponse<byte[]> backup =
                            client.get(item.at("/backup_urls/2").asString());

                    assertThat(backup.body()).isEqualTo(client.get(master).body());
                    assertThat(backup.body()).hasSize(item.path("size").asInt());
                }
            }
            for (JsonNode image : note.path("images_list")) {
                for (String key : List.of("original", "url")) {
                    String url = image.path(key).asString();
                    assertThat(url.isEmpty() || client.get(url).statusCode() == 200)
                            .isTrue();
                }
            }
            if (note.has("native_voice_info")) {
                byte[] sound =
                        client.get(note.at("/native_voice_info/url").asString()).body();

                assertThat(DigestUtils.md5Hex(sound))
                        .isEqualTo(note.at("/native_voice_info/md5sum").asString());
            }
        }
    }

    @Test
    void deadFileIsDeadAtAllUrls() throws Exception {
        try (ScriptableSandbox half =
                ScriptableSandbox.start(SandboxSettings.defaults().with(Fault.DEAD_MEDIA, 0.5))) {
            int dead = 0;
            for (int i = 0; i < 40; i++) {
                String origin = "http://" + half.mediaHost();
                String path = "/stream/1/x" + i + "_66.mp4";
                int master = client.get(origin + path).statusCode();
                int backup = client.get(origin + "/backup/1" + path).statusCode();

                assertThat(backup).isEqualTo(master).isIn(200, 403, 404);
                dead += master == 200 ? 0 : 1;
            }
            assertThat(dead).isBetween(8, 32);
        }
    }
}
