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
import static io.github.notearchive.export.Column.Type.TEXT;
import static io.github.notearchive.export.Column.Type.TIMESTAMP;

import java.util.List;

/**
 * Tables and columns of an export. This is their only definition: every format and the manifest are derived from it.
 *
 * @param notes one row per note, as last captured
 * @param captures one row per paid response, with the counts at that time
 * @param topics one row per topic of a note
 * @param mentions one row per person that a note mentions
 * @param comments one row per comment that a response contained
 * @param media one row per file that a note should have
 */
record DataSet(Table notes, Table captures, Table topics, Table mentions, Table comments, Table media) {

    private static final Table TOPICS = new Table.Builder("topics", "note_topic", "t")
            .orderBy("t.ordinal")
            .columns(INTEGER, "ordinal")
            .columns(TEXT, "topic_id", "name", "topic_type")
            .build();

    private static final Table MENTIONS = new Table.Builder("mentions", "note_mention", "p")
            .orderBy("p.ordinal")
            .columns(INTEGER, "ordinal")
            .column("user_id", TEXT, PERSON_ID)
            .column("nickname", TEXT, PERSON)
            .build();

    private static final Table COMMENTS = new Table.Builder("comments", "note_comment", "k")
            .orderBy("k.captured_at, k.ordinal")
            .capturedAt("k.captured_at")
            .columns(TIMESTAMP, "captured_at")
            .columns(INTEGER, "ordinal")
            .columns(TEXT, "comment_id", "parent_id")
            .column("author_id", TEXT, PERSON_ID)
            .column("author_nickname", TEXT, PERSON)
            .columns(TEXT, "comment_text")
            .columns(TIMESTAMP, "written_at")
            .column("place", TEXT, AUTHOR_TRAIT)
            .columns(BIGINT, "liked_count", "reply_count")
            .build();

    private static final Table MEDIA = new Table.Builder("media", "note_media", "m")
            .leftJoin("media_object", "o", "o.sha256 = m.sha256")
            .orderBy("array_position(ARRAY['IMAGE', 'MOTION', 'AUDIO', 'VIDEO', 'SUBTITLE'], m.kind), m.ordinal")
            .columns(TEXT, "kind")
            .columns(INTEGER, "ordinal")
            .columns(TEXT, "identity", "state", "reason", "rendition")
            .columns(INTEGER, "width", "height")
            .column("sha256", TEXT, PLAIN, "m.sha256", "media_object.sha256")
            .column("size_bytes", BIGINT, PLAIN, "o.size_bytes")
            .column("content_type", TEXT, PLAIN, "o.content_type")
            .column("object_key", TEXT, OBJECT_KEY, "o.object_key")
            .derived("path", OBJECT_PATH, "o.object_key", "Path of the file in this export; null if it has none.")
            .derived(
                    "url",
                    OBJECT_URL,
                    "o.object_key",
                    "Presigned URL of the file, which expires. It grants access without other credentials.")
            .build();

    private static final Table CAPTURES = new Table.Builder("captures", "note_capture", "c")
            .leftJoin("api_call", "k", "k.id = c.call_id")
            .orderBy("c.captured_at")
            .capturedAt("c.captured_at")
            .columns(TIMESTAMP, "captured_at")
            .column("endpoint", TEXT, PLAIN, "k.endpoint")
            .columns(TEXT, "title", "note_text")
            .column("author_id", TEXT, PERSON_ID)
            .column("author_nickname", TEXT, PERSON)
            .columns(BIGINT, "liked_count", "collected_count", "comments_count", "shared_count", "view_count")
            .column("sidecar_key", TEXT, OBJECT_KEY)
            .build();

    private static final Table NOTES = new Table.Builder("notes", "note", "n")
            .leftJoin("author", "a", "a.author_id = n.author_id")
            .leftJoin("worklist", "w", "w.note_id = n.note_id")
            .derived(
                    "url",
                    PLAIN,
                    "'https://www.xiaohongshu.com/explore/' || n.note_id",
                    "Page of the note on the platform, which may require a login.")
            .columns(TEXT, "note_type", "title", "note_text")
            .column("author_id", TEXT, PERSON_ID, "n.author_id", "author.author_id")
            .column("author_red_id", TEXT, PERSON, "a.red_id")
            .column("author_nickname", TEXT, PERSON, "a.nickname")
            .column("author_avatar_url", TEXT, PERSON, "a.avatar_url")
            .column("author_verified", BOOLEAN, AUTHOR_TRAIT, "a.verified")
            .column("author_verified_type", INTEGER, AUTHOR_TRAIT, "a.verified_type")
            .columns(TIMESTAMP, "published_at", "edited_at")
            .columns(TEXT, "place", "language")
            .columns(BOOLEAN, "download_allowed", "save_disabled", "watermark_disabled", "in_censor")
            .columns(INTEGER, "privacy_type")
            .columns(TEXT, "download_reason")
            .columns(BOOLEAN, "weibo_cover_disabled", "pinned")
            .columns(INTEGER, "comment_restriction")
            .columns(BOOLEAN, "co_produced")
            .columns(INTEGER, "cooperation_count")
            .columns(BOOLEAN, "related_goods")
            .columns(INTEGER, "image_count", "cover_width", "cover_height")
            .columns(BIGINT, "video_duration_ms")
            .columns(BOOLEAN, "has_music")
            .columns(TEXT, "sound_id")
            .column("sound_name", TEXT, PERSON)
            .column("sound_creator_id", TEXT, PERSON_ID)
            .columns(BIGINT, "sound_duration_ms", "sound_use_count")
            .columns(TEXT, "music_id", "music_name")
            .columns(BIGINT, "liked_count", "collected_count", "comments_count", "shared_count", "view_count")
            .columns(TIMESTAMP, "first_captured_at", "last_captured_at", "archived_at")
            .column("state", TEXT, PLAIN, "w.state")
            .texts("topics", TOPICS, "name", "Names of the topics, in order.")
            .records("mentions", MENTIONS, "Persons that the note mentions, as in the table mentions.")
            .records("media", MEDIA, "Files of the note, as in the table media.")
            .build();

    /** Returns the tables without the columns that an export with these modes omits. */
    static DataSet of(AuthorMode authors, MediaMode media) {
        return new DataSet(
                NOTES.of(authors, media),
                CAPTURES.of(authors, media),
                TOPICS.of(authors, media),
                MENTIONS.of(authors, media),
                COMMENTS.of(authors, media),
                MEDIA.of(authors, media));
    }

    /** Returns all tables in the order in which they are exported. */
    List<Table> tables() {
        return List.of(notes, captures, topics, mentions, comments, media);
    }
}
