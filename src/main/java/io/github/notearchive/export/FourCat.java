package io.github.notearchive.export;

import io.github.notearchive.store.ObjectKey;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code xiaohongshu.ndjson}, as 4CAT's data source {@code xiaohongshu} imports it. A line is what the browser
 * extension Zeeschuimer sends for an item: an envelope with the item in {@code data} ({@code Search.import_from_file},
 * backend/lib/search.py), where the item is one of the platform's explore pages, as {@code SearchRedNote.map_item}
 * reads it (datasources/xiaohongshu/search_rednote.py, commit 1f874be, {@code map_item_from_json_api_explore}):
 *
 * <table>
 *   <caption>What 4CAT reads, and what it is made of</caption>
 *   <tr><th>4CAT</th><th>field of data</th><th>from</th></tr>
 *   <tr><td>id, thread_id, url</td><td>id</td><td>note_id</td></tr>
 *   <tr><td>–</td><td>note_card</td><td>must be there: else it is no note to 4CAT. A {@code type}
 *       {@code video} beside it would make 4CAT look outside of it, so none is written</td></tr>
 *   <tr><td>title</td><td>note_card.display_title</td><td>title; empty when there is none</td></tr>
 *   <tr><td>body, hashtags</td><td>note_card.desc</td><td>note_text; left out when there is none,
 *       which 4CAT shows as missing. Hashtags are taken from the text</td></tr>
 *   <tr><td>timestamp, unix_timestamp</td><td>note_card.time</td><td>published_at in milliseconds;
 *       left out when there is none</td></tr>
 *   <tr><td>author</td><td>note_card.user.nickname</td><td>author_nickname; the pseudonym when
 *       people are hashed; empty when they are left out</td></tr>
 *   <tr><td>author_avatar_url</td><td>note_card.user.avatar</td><td>author_avatar_url</td></tr>
 *   <tr><td>image_urls</td><td>note_card.image_list[].url_default</td><td>presigned addresses of the
 *       pictures; left out else</td></tr>
 *   <tr><td>video_url</td><td>note_card.video.media.stream.h264[0].master_url</td><td>the presigned
 *       address of the video; left out else</td></tr>
 *   <tr><td>likes</td><td>note_card.interact_info.liked_count</td><td>liked_count</td></tr>
 *   <tr><td>collected_from_url</td><td>source_platform_url of the envelope</td><td>the note's
 *       page</td></tr>
 * </table>
 *
 * <p>The other counts stand in {@code interact_info} under the names that the platform's pages give them; 4CAT keeps
 * them in the item.
 */
final class FourCat {

    static final String FILE = "xiaohongshu.ndjson";

    private static final String PLATFORM = "xiaohongshu.com";
    private static final JsonMapper MAPPER =
            new JsonMapper(JsonFactory.builder().rootValueSeparator("\n").build());

    private final Export export;

    FourCat(Export export) {
        this.export = export;
    }

    void write() throws IOException, SQLException {
        Table notes = export.data().notes();
        Values values = new Values(
                export::pseudonym,
                key -> export.store()
                        .presign(new ObjectKey(key), export.options().presignFor())
                        .toString(),
                _ -> null);
        long count = 0;
        try (OutputStream out = export.draft().create(FILE);
                Rows rows = export.snapshot().rows(notes, values);
                JsonGenerator json = MAPPER.createGenerator(out)) {
            for (Row row = rows.next(); row != null; row = rows.next()) {
                item(json, row, count);
                count++;
            }
            if (count > 0) {
                json.writeRaw('\n');
            }
        }
        export.counted(notes.name(), count);
    }

    private static void item(JsonGenerator json, Row note, long index) {
        String page = note.text("url");
        Instant captured = note.time("last_captured_at");
        json.writeStartObject();
        json.writeStringProperty("nav_index", "0:0:" + index);
        json.writeStringProperty("item_id", note.noteId());
        json.writeNumberProperty("timestamp_collected", captured == null ? 0 : captured.toEpochMilli());
        json.writeStringProperty("source_platform", PLATFORM);
        json.writeStringProperty("source_platform_url", page);
        json.writeStringProperty("source_url", page);
        json.writeStringProperty("user_agent", "");
        json.writeObjectPropertyStart("data");
        json.writeStringProperty("id", note.noteId());
        json.writeStringProperty("model_type", "note");
        json.writeObjectPropertyStart("note_card");
        card(json, note);
        json.writeEndObject();
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void card(JsonGenerator json, Row note) {
        json.writeStringProperty("note_id", note.noteId());
        json.writeStringProperty("type", note.text("note_type"));
        json.writeStringProperty("display_title", orEmpty(note.text("title")));
        String text = note.text("note_text");
        if (text != null) {
            json.writeStringProperty("desc", text);
        }
        Instant published = note.time("published_at");
        if (published != null) {
            json.writeNumberProperty("time", published.toEpochMilli());
        }
        json.writeStringProperty("ip_location", note.text("place"));
        user(json, note);
        counts(json, note);
        json.writeArrayPropertyStart("tag_list");
        for (String topic : note.texts("topics")) {
            json.writeStartObject();
            json.writeStringProperty("name", topic);
            json.writeStringProperty("type", "topic");
            json.writeEndObject();
        }
        json.writeEndArray();
        media(json, note.rows("media"));
    }

    private static void user(JsonGenerator json, Row note) {
        String id = note.text("author_id");
        String nickname = note.text("author_nickname");
        json.writeObjectPropertyStart("user");
        json.writeStringProperty("user_id", orEmpty(id));
        json.writeStringProperty("nickname", orEmpty(nickname == null ? id : nickname));
        json.writeStringProperty("avatar", orEmpty(note.text("author_avatar_url")));
        json.writeEndObject();
    }

    private static void counts(JsonGenerator json, Row note) {
        json.writeObjectPropertyStart("interact_info");
        count(json, "liked_count", note.number("liked_count"));
        count(json, "collected_count", note.number("collected_count"));
        count(json, "comment_count", note.number("comments_count"));
        count(json, "share_count", note.number("shared_count"));
        json.writeEndObject();
    }

    private static void count(JsonGenerator json, String name, @Nullable Long count) {
        if (count == null) {
            json.writeNullProperty(name);
        } else {
            json.writeNumberProperty(name, count);
        }
    }

    private static void media(JsonGenerator json, List<Row> media) {
        List<Row> pictures =
                media.stream().filter(file -> isFetchable(file, "IMAGE")).toList();
        if (!pictures.isEmpty()) {
            json.writeArrayPropertyStart("image_list");
            for (Row picture : pictures) {
                json.writeStartObject();
                json.writeStringProperty("url_default", picture.text("url"));
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        for (Row file : media) {
            if (isFetchable(file, "VIDEO")) {
                video(json, String.valueOf(file.text("url")));
                break;
            }
        }
    }

    private static boolean isFetchable(Row file, String kind) {
        return kind.equals(file.text("kind")) && file.text("url") != null;
    }

    private static void video(JsonGenerator json, String url) {
        json.writeObjectPropertyStart("video");
        json.writeObjectPropertyStart("media");
        json.writeObjectPropertyStart("stream");
        json.writeArrayPropertyStart("h264");
        json.writeStartObject();
        json.writeStringProperty("master_url", url);
        json.writeEndObject();
        json.writeEndArray();
        json.writeEndObject();
        json.writeEndObject();
        json.writeEndObject();
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
