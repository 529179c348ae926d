package io.github.notearchive.export;

import static io.github.notearchive.export.Column.Content.AUTHOR_TRAIT;
import static io.github.notearchive.export.Column.Content.OBJECT_KEY;
import static io.github.notearchive.export.Column.Content.OBJECT_PATH;
import static io.github.notearchive.export.Column.Content.OBJECT_URL;
import static io.github.notearchive.export.Column.Content.PERSON;
import static io.github.notearchive.export.Column.Content.PERSON_ID;
import static io.github.notearchive.export.Column.Content.PLAIN;
import static io.github.notearchive.export.Column.Type.BIGINT;
import static io.github.notearchive.export.Column.Type.BOOLEAN;
import static io.github.notearchive.export.Column.Type.INTEGER;
import static io.github.notearchive.export.Column.Type.RECORD_LIST;
import static io.github.notearchive.export.Column.Type.TEXT;
import static io.github.notearchive.export.Column.Type.TEXT_LIST;
import static io.github.notearchive.export.Column.Type.TIMESTAMP;

import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.MediaMode;
import java.util.List;

/**
 * Tables and columns of an export. This is their only definition: every format and the manifest are derived from it.
 *
 * @param tables all tables, in the order in which they are exported
 */
record DataSet(List<Table> tables) {

    private static final Table TOPICS = Table.of("topics", "note_topic", "", "note_topic.ordinal")
            .with(INTEGER, "ordinal")
            .with(TEXT, "topic_id", "name", "topic_type");

    private static final Table MENTIONS = Table.of("mentions", "note_mention", "", "note_mention.ordinal")
            .with(INTEGER, "ordinal")
            .with(TEXT, PERSON_ID, "user_id")
            .with(TEXT, PERSON, "nickname");

    private static final Table COMMENTS = Table.of(
                    "comments", "note_comment", "", "note_comment.captured_at", "note_comment.ordinal")
            .with(TIMESTAMP, "captured_at")
            .with(INTEGER, "ordinal")
            .with(TEXT, "comment_id", "parent_id")
            .with(TEXT, PERSON_ID, "author_id")
            .with(TEXT, PERSON, "author_nickname")
            .with(TEXT, "comment_text")
            .with(TIMESTAMP, "written_at")
            .with(TEXT, AUTHOR_TRAIT, "place")
            .with(BIGINT, "liked_count", "reply_count");

    private static final Table MEDIA = Table.of(
                    "media",
                    "note_media",
                    "LEFT JOIN media_object USING (sha256)",
                    "array_position(ARRAY['IMAGE', 'MOTION', 'AUDIO', 'VIDEO', 'SUBTITLE'], note_media.kind)",
                    "note_media.ordinal")
            .with(TEXT, "kind")
            .with(INTEGER, "ordinal")
            .with(TEXT, "identity", "state", "reason", "rendition")
            .with(INTEGER, "width", "height")
            .with(TEXT, PLAIN, "sha256", "media_object.sha256", null)
            .with(BIGINT, PLAIN, "size_bytes", "media_object.size_bytes", null)
            .with(TEXT, PLAIN, "content_type", "media_object.content_type", null)
            .with(TEXT, OBJECT_KEY, "object_key", "media_object.object_key", null)
            .with(
                    TEXT,
                    OBJECT_PATH,
                    "path",
                    "media_object.object_key",
                    "Path of the file in this export; null if it has none.")
            .with(
                    TEXT,
                    OBJECT_URL,
                    "url",
                    "media_object.object_key",
                    "Presigned URL of the file, which expires. It grants access without other credentials.");

    private static final Table CAPTURES = Table.of(
                    "captures",
                    "note_capture",
                    "LEFT JOIN api_call ON api_call.id = note_capture.call_id",
                    "note_capture.captured_at")
            .with(TIMESTAMP, "captured_at")
            .with(TEXT, PLAIN, "endpoint", "api_call.endpoint", null)
            .with(TEXT, "title", "note_text")
            .with(TEXT, PERSON_ID, "author_id")
            .with(TEXT, PERSON, "author_nickname")
            .with(BIGINT, "liked_count", "collected_count", "comments_count", "shared_count", "view_count")
            .with(TEXT, OBJECT_KEY, "sidecar_key");

    private static final Table NOTES = Table.of(
                    "notes", "note", "LEFT JOIN author USING (author_id) LEFT JOIN worklist USING (note_id)")
            .with(
                    TEXT,
                    PLAIN,
                    "url",
                    "'https://www.xiaohongshu.com/explore/' || note.note_id",
                    "Page of the note on the platform, which may require a login.")
            .with(TEXT, "note_type", "title", "note_text")
            .with(TEXT, PERSON_ID, "author_id", "author.author_id", null)
            .with(TEXT, PERSON, "author_red_id", "author.red_id", null)
            .with(TEXT, PERSON, "author_nickname", "author.nickname", null)
            .with(TEXT, PERSON, "author_avatar_url", "author.avatar_url", null)
            .with(BOOLEAN, AUTHOR_TRAIT, "author_verified", "author.verified", null)
            .with(INTEGER, AUTHOR_TRAIT, "author_verified_type", "author.verified_type", null)
            .with(TIMESTAMP, "published_at", "edited_at")
            .with(TEXT, "place", "language")
            .with(BOOLEAN, "download_allowed", "save_disabled", "watermark_disabled", "in_censor")
            .with(INTEGER, "privacy_type")
            .with(TEXT, "download_reason")
            .with(BOOLEAN, "weibo_cover_disabled", "pinned")
            .with(INTEGER, "comment_restriction")
            .with(BOOLEAN, "co_produced")
            .with(INTEGER, "cooperation_count")
            .with(BOOLEAN, "related_goods")
            .with(INTEGER, "image_count", "cover_width", "cover_height")
            .with(BIGINT, "video_duration_ms")
            .with(BOOLEAN, "has_music")
            .with(TEXT, "sound_id")
            .with(TEXT, PERSON, "sound_name")
            .with(TEXT, PERSON_ID, "sound_creator_id")
            .with(BIGINT, "sound_duration_ms", "sound_use_count")
            .with(TEXT, "music_id", "music_name")
            .with(BIGINT, "liked_count", "collected_count", "comments_count", "shared_count", "view_count")
            .with(TIMESTAMP, "first_captured_at", "last_captured_at", "archived_at")
            .with(TEXT, PLAIN, "state", "worklist.state", null)
            .with(
                    TEXT_LIST,
                    "topics",
                    Table.of("topics", "note_topic", "", "note_topic.ordinal").with(TEXT, "name"),
                    "Names of the topics, in order.")
            .with(RECORD_LIST, "mentions", MENTIONS, "Persons that the note mentions, as in the table mentions.")
            .with(RECORD_LIST, "media", MEDIA, "Files of the note, as in the table media.");

    private static final List<Table> ALL = List.of(NOTES, CAPTURES, TOPICS, MENTIONS, COMMENTS, MEDIA);

    /** Returns the tables without the columns that an export with these modes omits. */
    static DataSet of(AuthorMode authors, MediaMode media) {
        return new DataSet(ALL.stream().map(table -> table.of(authors, media)).toList());
    }

    /** Returns the table with one row per note, as last captured. */
    Table notes() {
        return tables.get(0);
    }

    /** Returns the table with one row per paid response, with the counts at that time. */
    Table captures() {
        return tables.get(1);
    }
}
