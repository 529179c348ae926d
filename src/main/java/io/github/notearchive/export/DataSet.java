package io.github.notearchive.export;

import static io.github.notearchive.export.ColumnType.BIGINT;
import static io.github.notearchive.export.ColumnType.BOOLEAN;
import static io.github.notearchive.export.ColumnType.INTEGER;
import static io.github.notearchive.export.ColumnType.TEXT;
import static io.github.notearchive.export.ColumnType.TIMESTAMP;

import java.util.List;

/**
 * Which tables and columns an export has. The only place that says so: a column that is added here is in every format,
 * with the description that the database has of it.
 *
 * @param notes a row for each note, as last captured
 * @param captures a row for each paid answer: the counts then
 * @param topics a row for each topic of a note
 * @param mentions a row for each person whom a note names
 * @param comments a row for each comment that an answer happened to carry
 * @param media a row for each file that a note should have
 */
record DataSet(Table notes, Table captures, Table topics, Table mentions, Table comments, Table media) {

    private static final String SELECTED = " JOIN selected s ON s.note_id = ";

    private static final Table TOPICS = new Table(
            "topics",
            "note_topic",
            "note_topic t" + SELECTED + "t.note_id",
            "t.note_id",
            "t.ordinal",
            "",
            List.of(
                    Column.of(Table.KEY, TEXT, "t.note_id", "worklist.note_id"),
                    Column.of("ordinal", INTEGER, "t.ordinal", "note_topic.ordinal")
                            .described("From 0, in the order of the answer."),
                    Column.of("topic_id", TEXT, "t.topic_id", "note_topic.topic_id")
                            .described("The platform's id of the topic."),
                    Column.of("name", TEXT, "t.name", "note_topic.name").described("The topic's name, without #."),
                    Column.of("topic_type", TEXT, "t.topic_type", "note_topic.topic_type")));

    private static final Table MENTIONS = new Table(
            "mentions",
            "note_mention",
            "note_mention p" + SELECTED + "p.note_id",
            "p.note_id",
            "p.ordinal",
            "",
            List.of(
                    Column.of(Table.KEY, TEXT, "p.note_id", "worklist.note_id"),
                    Column.of("ordinal", INTEGER, "p.ordinal", "note_mention.ordinal")
                            .described("From 0, in the order of the answer."),
                    Column.of("user_id", TEXT, "p.user_id", "note_mention.user_id")
                            .described("The platform's user id of the person.")
                            .holding(Content.PERSON_ID),
                    Column.of("nickname", TEXT, "p.nickname", "note_mention.nickname")
                            .described("The person's name as the note has it.")
                            .holding(Content.PERSON)));

    private static final Table COMMENTS = new Table(
            "comments",
            "note_comment",
            "note_comment k" + SELECTED + "k.note_id",
            "k.note_id",
            "k.captured_at, k.ordinal",
            "k.captured_at",
            List.of(
                    Column.of(Table.KEY, TEXT, "k.note_id", "worklist.note_id"),
                    column("captured_at", TIMESTAMP, "k", "note_comment"),
                    column("ordinal", INTEGER, "k", "note_comment"),
                    column("comment_id", TEXT, "k", "note_comment"),
                    column("parent_id", TEXT, "k", "note_comment"),
                    column("author_id", TEXT, "k", "note_comment").holding(Content.PERSON_ID),
                    column("author_nickname", TEXT, "k", "note_comment").holding(Content.PERSON),
                    column("comment_text", TEXT, "k", "note_comment"),
                    column("written_at", TIMESTAMP, "k", "note_comment"),
                    column("place", TEXT, "k", "note_comment").holding(Content.AUTHOR_TRAIT),
                    column("liked_count", BIGINT, "k", "note_comment"),
                    column("reply_count", BIGINT, "k", "note_comment")));

    private static final Table MEDIA = new Table(
            "media",
            "note_media",
            "note_media m" + SELECTED + "m.note_id LEFT JOIN media_object o ON o.sha256 = m.sha256",
            "m.note_id",
            "array_position(ARRAY['IMAGE', 'MOTION', 'AUDIO', 'VIDEO', 'SUBTITLE'], m.kind), m.ordinal",
            "",
            List.of(
                    Column.of(Table.KEY, TEXT, "m.note_id", "worklist.note_id"),
                    Column.of("kind", TEXT, "m.kind", "note_media.kind"),
                    Column.of("ordinal", INTEGER, "m.ordinal", "note_media.ordinal"),
                    Column.of("identity", TEXT, "m.identity", "note_media.identity"),
                    Column.of("state", TEXT, "m.state", "note_media.state"),
                    Column.of("reason", TEXT, "m.reason", "note_media.reason"),
                    Column.of("rendition", TEXT, "m.rendition", "note_media.rendition"),
                    Column.of("width", INTEGER, "m.width", "note_media.width"),
                    Column.of("height", INTEGER, "m.height", "note_media.height"),
                    Column.of("sha256", TEXT, "m.sha256", "media_object.sha256"),
                    Column.of("size_bytes", BIGINT, "o.size_bytes", "media_object.size_bytes")
                            .described("Length of the file in bytes."),
                    Column.of("content_type", TEXT, "o.content_type", "media_object.content_type"),
                    Column.of("object_key", TEXT, "o.object_key", "media_object.object_key")
                            .holding(Content.OBJECT_KEY),
                    Column.derived(
                                    "path",
                                    TEXT,
                                    "o.object_key",
                                    "Where the file lies in this export; null when it has none.")
                            .holding(Content.OBJECT_PATH),
                    Column.derived(
                                    "url",
                                    TEXT,
                                    "o.object_key",
                                    "Where the file can be fetched until the address expires. Whoever has it needs no other credential.")
                            .holding(Content.OBJECT_URL)));

    private static final Table CAPTURES = new Table(
            "captures",
            "note_capture",
            "note_capture c" + SELECTED + "c.note_id LEFT JOIN api_call k ON k.id = c.call_id",
            "c.note_id",
            "c.captured_at",
            "c.captured_at",
            List.of(
                    Column.of(Table.KEY, TEXT, "c.note_id", "worklist.note_id"),
                    Column.of("captured_at", TIMESTAMP, "c.captured_at", "note_capture.captured_at"),
                    Column.of("endpoint", TEXT, "k.endpoint", "api_call.endpoint"),
                    column("title", TEXT, "c", "note_capture"),
                    column("note_text", TEXT, "c", "note_capture"),
                    column("author_id", TEXT, "c", "note_capture").holding(Content.PERSON_ID),
                    column("author_nickname", TEXT, "c", "note_capture").holding(Content.PERSON),
                    count("liked_count", "c", "note_capture"),
                    count("collected_count", "c", "note_capture"),
                    count("comments_count", "c", "note_capture"),
                    count("shared_count", "c", "note_capture"),
                    count("view_count", "c", "note_capture"),
                    Column.of("sidecar_key", TEXT, "c.sidecar_key", "note_capture.sidecar_key")
                            .holding(Content.OBJECT_KEY)));

    private static final Table NOTES = new Table(
            "notes",
            "note",
            "note n"
                    + SELECTED
                    + "n.note_id LEFT JOIN author a ON a.author_id = n.author_id LEFT JOIN worklist w ON w.note_id = n.note_id",
            "n.note_id",
            "",
            "",
            List.of(
                    Column.of(Table.KEY, TEXT, "n.note_id", "worklist.note_id"),
                    Column.derived(
                            "url",
                            TEXT,
                            "'https://www.xiaohongshu.com/explore/' || n.note_id",
                            "The note's page on the platform, which may ask for a login."),
                    Column.of("note_type", TEXT, "n.note_type", "note.note_type"),
                    Column.of("title", TEXT, "n.title", "note.title").described("The title as last captured."),
                    Column.of("note_text", TEXT, "n.note_text", "note.note_text"),
                    Column.of("author_id", TEXT, "n.author_id", "author.author_id")
                            .holding(Content.PERSON_ID),
                    Column.of("author_red_id", TEXT, "a.red_id", "author.red_id")
                            .holding(Content.PERSON),
                    Column.of("author_nickname", TEXT, "a.nickname", "author.nickname")
                            .described("The author's name as last captured.")
                            .holding(Content.PERSON),
                    Column.of("author_avatar_url", TEXT, "a.avatar_url", "author.avatar_url")
                            .holding(Content.PERSON),
                    Column.of("author_verified", BOOLEAN, "a.verified", "author.verified")
                            .holding(Content.AUTHOR_TRAIT),
                    Column.of("author_verified_type", INTEGER, "a.verified_type", "author.verified_type")
                            .described("red_official_verify_type.")
                            .holding(Content.AUTHOR_TRAIT),
                    Column.of("published_at", TIMESTAMP, "n.published_at", "note.published_at")
                            .described("When the note was published."),
                    Column.of("edited_at", TIMESTAMP, "n.edited_at", "note.edited_at"),
                    Column.of("place", TEXT, "n.place", "note.place"),
                    Column.of("language", TEXT, "n.language", "note.language"),
                    Column.of("download_allowed", BOOLEAN, "n.download_allowed", "note.download_allowed"),
                    Column.of("save_disabled", BOOLEAN, "n.save_disabled", "note.save_disabled"),
                    Column.of("watermark_disabled", BOOLEAN, "n.watermark_disabled", "note.watermark_disabled"),
                    Column.of("in_censor", BOOLEAN, "n.in_censor", "note.in_censor")
                            .described("in_censor: the platform is reviewing the note."),
                    Column.of("privacy_type", INTEGER, "n.privacy_type", "note.privacy_type"),
                    column("download_reason", TEXT, "n", "note"),
                    column("weibo_cover_disabled", BOOLEAN, "n", "note"),
                    column("pinned", BOOLEAN, "n", "note"),
                    column("comment_restriction", INTEGER, "n", "note"),
                    column("co_produced", BOOLEAN, "n", "note"),
                    column("cooperation_count", INTEGER, "n", "note"),
                    column("related_goods", BOOLEAN, "n", "note"),
                    column("image_count", INTEGER, "n", "note"),
                    column("cover_width", INTEGER, "n", "note"),
                    column("cover_height", INTEGER, "n", "note"),
                    column("video_duration_ms", BIGINT, "n", "note"),
                    column("has_music", BOOLEAN, "n", "note"),
                    column("sound_id", TEXT, "n", "note"),
                    column("sound_name", TEXT, "n", "note").holding(Content.PERSON),
                    column("sound_creator_id", TEXT, "n", "note").holding(Content.PERSON_ID),
                    column("sound_duration_ms", BIGINT, "n", "note"),
                    column("sound_use_count", BIGINT, "n", "note"),
                    column("music_id", TEXT, "n", "note"),
                    column("music_name", TEXT, "n", "note"),
                    count("liked_count", "n", "note"),
                    count("collected_count", "n", "note"),
                    count("comments_count", "n", "note"),
                    count("shared_count", "n", "note"),
                    count("view_count", "n", "note"),
                    Column.of("first_captured_at", TIMESTAMP, "n.first_captured_at", "note.first_captured_at")
                            .described("When the first paid answer came."),
                    Column.of("last_captured_at", TIMESTAMP, "n.last_captured_at", "note.last_captured_at")
                            .described("When the answer came that this row shows."),
                    Column.of("archived_at", TIMESTAMP, "n.archived_at", "note.archived_at"),
                    Column.of("state", TEXT, "w.state", "worklist.state"),
                    Column.texts("topics", TOPICS, "name", "The names of its topics, in order."),
                    Column.records("mentions", MENTIONS, "Whom it names, as in the table mentions."),
                    Column.records("media", MEDIA, "Its files, as in the table media.")));

    /** A column under the name that it has in the database. */
    private static Column column(String name, ColumnType type, String table, String source) {
        return Column.of(name, type, table + "." + name, source + "." + name);
    }

    private static Column count(String name, String table, String source) {
        return Column.of(name, BIGINT, table + "." + name, source + "." + name)
                .described("As the platform shows it, rounded for large numbers.");
    }

    static DataSet of(AuthorMode authors, MediaMode media) {
        return new DataSet(
                NOTES.of(authors, media),
                CAPTURES.of(authors, media),
                TOPICS.of(authors, media),
                MENTIONS.of(authors, media),
                COMMENTS.of(authors, media),
                MEDIA.of(authors, media));
    }

    /** All of them, in the order of the files. */
    List<Table> tables() {
        return List.of(notes, captures, topics, mentions, comments, media);
    }
}
