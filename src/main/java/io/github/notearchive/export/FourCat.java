package io.github.notearchive.export;

import java.io.IOException;
import java.io.OutputStream;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes {@code xiaohongshu.ndjson} for the 4CAT data source {@code xiaohongshu}. A line is an item as sent by the
 * browser extension Zeeschuimer: an envelope with the item in {@code data} ({@code Search.import_from_file},
 * backend/lib/search.py). The item has the form of the platform's explore page, as read by
 * {@code SearchRedNote.map_item} (datasources/xiaohongshu/search_rednote.py, commit 1f874be,
 * {@code map_item_from_json_api_explore}):
 *
 * <table>
 *   <caption>Fields that 4CAT reads and their sources</caption>
 *   <tr><th>4CAT</th><th>field of data</th><th>from</th></tr>
 *   <tr><td>id, thread_id, url</td><td>id</td><td>note_id</td></tr>
 *   <tr><td>–</td><td>note_card</td><td>required: otherwise 4CAT does not map the item as a note. A sibling
 *       {@code type} {@code video} would make 4CAT read other fields, so it is not written</td></tr>
 *   <tr><td>title</td><td>note_card.display_title</td><td>title; empty if absent</td></tr>
 *   <tr><td>body, hashtags</td><td>note_card.desc</td><td>note_text; omitted if absent,
 *       which 4CAT shows as missing. 4CAT extracts hashtags from the text</td></tr>
 *   <tr><td>timestamp, unix_timestamp</td><td>note_card.time</td><td>published_at in milliseconds;
 *       omitted if absent</td></tr>
 *   <tr><td>author</td><td>note_card.user.nickname</td><td>author_nickname; the pseudonym if
 *       authors are hashed; empty if they are omitted</td></tr>
 *   <tr><td>author_avatar_url</td><td>note_card.user.avatar</td><td>author_avatar_url</td></tr>
 *   <tr><td>image_urls</td><td>note_card.image_list[].url_default</td><td>presigned URLs of the images;
 *       omitted otherwise</td></tr>
 *   <tr><td>video_url</td><td>note_card.video.media.stream.h264[0].master_url</td><td>presigned URL
 *       of the video; omitted otherwise</td></tr>
 *   <tr><td>likes</td><td>note_card.interact_info.liked_count</td><td>liked_count</td></tr>
 *   <tr><td>collected_from_url</td><td>source_platform_url of the envelope</td><td>the note's
 *       page</td></tr>
 * </table>
 *
 * <p>The other counts are in {@code interact_info} under the names of the platform's pages; 4CAT keeps them in the
 * item.
 */
final class FourCat {

    private static final String FILE = "xiaohongshu.ndjson";
    private static final String PLATFORM = "xiaohongshu.com";

    private final Export export;

    FourCat(Export export) {
        this.export = export;
    }

    /** Writes the items and the manifest. */
    void write() throws IOException, SQLException {
        Table notes = export.data().notes();
        long count = 0;
        try (OutputStream out = export.directory().create(FILE);
                Rows rows = export.snapshot().rows(notes, export.conversion(_ -> null))) {
            for (Row row = rows.next(); row != null; row = rows.next()) {
                TableWriter.JsonLines.write(out, item(row, count++));
            }
        }
        export.rows().put(notes.name(), count);
        new Manifest(export).write("", List.of(new Manifest.TableFile(notes, FILE)));
    }

    private static ObjectNode item(Row note, long index) {
        String page = note.text("url");
        Instant captured = note.time("last_captured_at");
        ObjectNode item = JsonMapper.shared().createObjectNode();
        item.put("nav_index", "0:0:" + index);
        item.put("item_id", note.noteId());
        item.put("timestamp_collected", captured == null ? 0 : captured.toEpochMilli());
        item.put("source_platform", PLATFORM);
        item.put("source_platform_url", page);
        item.put("source_url", page);
        item.put("user_agent", "");
        ObjectNode data = item.putObject("data");
        data.put("id", note.noteId());
        data.put("model_type", "note");
        card(data.putObject("note_card"), note);
        return item;
    }

    private static void card(ObjectNode card, Row note) {
        card.put("note_id", note.noteId());
        card.put("type", note.text("note_type"));
        card.put("display_title", orEmpty(note.text("title")));
        String text = note.text("note_text");
        if (text != null) {
            card.put("desc", text);
        }
        Instant published = note.time("published_at");
        if (published != null) {
            card.put("time", published.toEpochMilli());
        }
        card.put("ip_location", note.text("place"));
        String author = note.text("author_id");
        String nickname = note.text("author_nickname");
        card.putObject("user")
                .put("user_id", orEmpty(author))
                .put("nickname", orEmpty(nickname == null ? author : nickname))
                .put("avatar", orEmpty(note.text("author_avatar_url")));
        card.putObject("interact_info")
                .put("liked_count", note.number("liked_count"))
                .put("collected_count", note.number("collected_count"))
                .put("comment_count", note.number("comments_count"))
                .put("share_count", note.number("shared_count"));
        ArrayNode tags = card.putArray("tag_list");
        note.texts("topics")
                .forEach(topic -> tags.addObject().put("name", topic).put("type", "topic"));
        media(card, note.rows("media"));
    }

    private static void media(ObjectNode card, List<Row> media) {
        List<String> images = urls(media, "IMAGE");
        if (!images.isEmpty()) {
            ArrayNode list = card.putArray("image_list");
            images.forEach(url -> list.addObject().put("url_default", url));
        }
        urls(media, "VIDEO").stream()
                .findFirst()
                .ifPresent(url -> card.putObject("video")
                        .putObject("media")
                        .putObject("stream")
                        .putArray("h264")
                        .addObject()
                        .put("master_url", url));
    }

    private static List<String> urls(List<Row> media, String kind) {
        return media.stream()
                .filter(file -> kind.equals(file.text("kind")))
                .flatMap(file -> Stream.ofNullable(file.text("url")))
                .toList();
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
