package io.github.notearchive.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Items have the fields that 4CAT reads; {@link FourCat} names their source. */
class FourCatTests extends ExportScenario {

    @Test
    void eachNoteIsAnItemThatIsMappedAsOneOfTheExplorePage() throws Exception {
        List<JsonNode> items = export(MediaMode.NONE, AuthorMode.KEEP);

        assertThat(items).hasSize(4).allSatisfy(item -> {
            assertThat(item.path("source_platform").stringValue()).isEqualTo("xiaohongshu.com");
            assertThat(item.path("source_platform_url").stringValue())
                    .startsWith("https://www.xiaohongshu.com/explore/");
            JsonNode data = item.path("data");
            // any of these would send 4CAT another way than note_card
            assertThat(data.propertyNames()).contains("note_card").doesNotContain("note", "type", "_zs-origin");
            assertThat(data.path("id").stringValue())
                    .isEqualTo(item.path("item_id").stringValue());
            JsonNode card = data.path("note_card");
            // read without asking whether they are there
            assertThat(card.at("/user/nickname").isString()).isTrue();
            assertThat(card.at("/user/avatar").isString()).isTrue();
            assertThat(card.at("/interact_info").has("liked_count")).isTrue();
            assertThat(card.path("display_title").isString()).isTrue();
            // an empty list is left out: else the first of none would be read
            assertThat(card.propertyNames()).doesNotContain("image_list", "cover", "video");
        });
        JsonNode hostile = items.getFirst().at("/data/note_card");
        assertThat(hostile.path("display_title").stringValue()).isEqualTo(HOSTILE_TITLE);
        assertThat(hostile.path("desc").stringValue()).isEqualTo(HOSTILE_TEXT);
        assertThat(hostile.path("time").longValue()).isEqualTo(1770696804123L);
        assertThat(hostile.at("/user/nickname").stringValue()).isEqualTo("松间<b>");
        assertThat(hostile.at("/interact_info/liked_count").longValue()).isEqualTo(9007199254740993L);
        assertThat(hostile.at("/tag_list/0/name").stringValue()).isEqualTo("国风");
        JsonNode bare = items.getLast().at("/data/note_card");
        assertThat(bare.has("desc")).isFalse();
        assertThat(bare.has("time")).isFalse();
        assertThat(bare.at("/interact_info/liked_count").isNull()).isTrue();
    }

    @Test
    void presignedUrlsOfPicturesAndVideosNeedNoAuthentication() throws Exception {
        List<JsonNode> items = export(MediaMode.PRESIGNED, AuthorMode.OMIT);

        JsonNode pictures = items.getFirst().at("/data/note_card/image_list");
        assertThat(pictures).hasSize(2);
        assertThat(fetch(pictures.at("/0/url_default").stringValue())).isEqualTo(bytes("baseline.jpg"));
        assertThat(fetch(items.get(2)
                        .at("/data/note_card/video/media/stream/h264/0/master_url")
                        .stringValue()))
                .isEqualTo(bytes("film.mp4"));
        assertThat(items.getFirst().at("/data/note_card/user/nickname").stringValue())
                .isEmpty();
    }

    private List<JsonNode> export(MediaMode media, AuthorMode authors) throws Exception {
        export(options(ExportFormat.FOURCAT, target, Selection.all(), media, authors));
        return lines(target.resolve("xiaohongshu.ndjson"));
    }

    private static byte[] fetch(String url) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<byte[]> response = client.send(
                    HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofByteArray());
            assertThat(response.statusCode()).isEqualTo(200);
            return response.body();
        }
    }
}
