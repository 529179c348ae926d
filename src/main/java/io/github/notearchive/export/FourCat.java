package io.github.notearchive.export;

import io.github.notearchive.export.ExportOptions.TableFormat;
import io.github.notearchive.export.Exporter.Export;
import io.github.notearchive.export.TableFiles.TableWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes {@code xiaohongshu.ndjson} for the 4CAT data source {@code xiaohongshu}. A line is an item as sent by the
 * browser extension Zeeschuimer: an envelope with the item in {@code data} ({@code Search.import_from_file},
 * backend/lib/search.py). The item has the form of the platform's explore page, as read by
 * {@code SearchRedNote.map_item} (datasources/xiaohongshu/search_rednote.py, commit 1f874be,
 * {@code map_item_from_json_api_explore}).
 *
 * <p>4CAT maps an item with {@code note_card} as a note; a sibling {@code type} {@code video} would make it read other
 * fields. It requires title, author and {@code liked_count}, shows an absent {@code desc} or {@code time} as missing,
 * extracts hashtags from the text, and keeps the other counts, which have the names of the platform's pages. Files are
 * presigned URLs or omitted.
 */
record FourCat(Export export) {

    private static final String FILE = "xiaohongshu.ndjson";

    void write() throws IOException {
        Table notes = export.notes();
        try (OutputStream out = export.directory().create(FILE)) {
            TableWriter items = TableWriter.jsonLines(out);
            export.forEachRow(notes, _ -> null, row -> items.write(item(row)));
        }
        Map<Table, List<String>> files = new LinkedHashMap<>(Map.of(notes, List.of(FILE)));
        if (export.since() != null) {
            files.put(export.removed(), new TableFiles(export, TableFormat.JSONL, "").write(export.removed()));
        }
        new Manifest(export).write("", files);
    }

    private ObjectNode item(JsonNode note) {
        long index = export.rows().getOrDefault(export.notes().name(), 0L);
        ObjectNode item = JsonMapper.shared().createObjectNode();
        item.put("nav_index", "0:0:" + index);
        item.set("item_id", note.path(Table.KEY));
        item.put("timestamp_collected", milliseconds(note, "last_captured_at").orElse(0L));
        item.put("source_platform", "xiaohongshu.com");
        item.set("source_platform_url", note.path("url"));
        item.set("source_url", note.path("url"));
        item.put("user_agent", "");
        ObjectNode data = item.putObject("data");
        data.set("id", note.path(Table.KEY));
        data.put("model_type", "note");
        card(data.putObject("note_card"), note);
        return item;
    }

    private static void card(ObjectNode card, JsonNode note) {
        card.set("note_id", note.path(Table.KEY));
        card.set("type", note.path("note_type"));
        card.put("display_title", note.path("title").stringValue(""));
        note.path("note_text").stringValueOpt().ifPresent(text -> card.put("desc", text));
        milliseconds(note, "published_at").ifPresent(time -> card.put("time", time));
        card.set("ip_location", note.path("place"));
        String author = note.path("author_id").stringValue("");
        card.putObject("user")
                .put("user_id", author)
                .put("nickname", note.path("author_nickname").stringValue(author))
                .put("avatar", note.path("author_avatar_url").stringValue(""));
        card.putObject("interact_info")
                .set("liked_count", note.path("liked_count"))
                .set("collected_count", note.path("collected_count"))
                .set("comment_count", note.path("comments_count"))
                .set("share_count", note.path("shared_count"));
        ArrayNode tags = card.putArray("tag_list");
        note.path("topics")
                .forEach(topic ->
                        tags.addObject().put("name", topic.stringValue()).put("type", "topic"));
        urls(note, "IMAGE")
                .forEach(url -> card.withArray("image_list").addObject().put("url_default", url));
        urls(note, "VIDEO")
                .limit(1)
                .forEach(url -> card.withObject("/video/media/stream")
                        .withArray("h264")
                        .addObject()
                        .put("master_url", url));
    }

    private static Optional<Long> milliseconds(JsonNode note, String column) {
        return note.path(column)
                .stringValueOpt()
                .map(time -> Instant.parse(time).toEpochMilli());
    }

    private static Stream<String> urls(JsonNode note, String kind) {
        return note.path("media")
                .valueStream()
                .filter(file -> file.path("kind").stringValue().equals(kind))
                .flatMap(file -> file.path("url").stringValueOpt().stream());
    }
}
