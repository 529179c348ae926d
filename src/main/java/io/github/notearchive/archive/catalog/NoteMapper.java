package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.NoteDetail.Author;
import io.github.notearchive.archive.catalog.NoteDetail.Comment;
import io.github.notearchive.archive.catalog.NoteDetail.Mention;
import io.github.notearchive.archive.catalog.NoteDetail.NoteColumns;
import io.github.notearchive.archive.catalog.NoteDetail.Topic;
import io.github.notearchive.io.jdbc.PostgresText;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.ResponseJson;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Maps a note object in the app's format to columns. Tolerant: missing, null or unexpected values become null; no input
 * fails. The database comments of the columns name their source fields.
 *
 * <p>Each row records the {@link #VERSION} that mapped it. A change of the mapping has to increase the version, so that
 * {@code remap} finds older rows.
 */
public final class NoteMapper {

    /** Value of {@code mapper_version} in the rows of this mapper. */
    public static final int VERSION = 3;

    /** {@code 689}, {@code "689"}, {@code "1.2万"}, {@code "10万+"}, {@code "3亿"}, {@code "1.2w"}, {@code "3k"}. */
    private static final Pattern COUNT = Pattern.compile("(\\d{1,15})(?:\\.(\\d{1,6}))?\\s*([万亿wWkK]?)\\+?");

    private static final Map<String, BigDecimal> UNITS = Map.of(
            "", BigDecimal.ONE,
            "k", BigDecimal.valueOf(1_000),
            "万", BigDecimal.valueOf(10_000),
            "w", BigDecimal.valueOf(10_000),
            "亿", BigDecimal.valueOf(100_000_000));

    private static final Map<String, Boolean> BOOLEANS = Map.of("true", true, "false", false);

    /** Lower bound of times in milliseconds: as seconds it would be the year 5138. */
    private static final long MILLISECONDS_FROM = 100_000_000_000L;

    /** Limit of indexed values. Real ids have 24 characters, real topics about 20. */
    private static final int MAX_ID_LENGTH = 200;

    private static final int LONGEST_TOPIC = 500;

    private static final long LATEST_SECOND =
            Instant.parse("9999-12-31T00:00:00Z").getEpochSecond();

    private NoteMapper() {}

    /** Maps a note with its author; the whole response may have comments in {@code comment_list} beside the note. */
    static NoteDetail map(NoteCapture capture, JsonNode response) {
        Author author = author(capture.author());
        List<Topic> topics = topics(capture.note());
        return new NoteDetail(
                note(capture.note(), author, topics),
                author,
                topics,
                mentions(capture.note()),
                comments(capture.note(), response));
    }

    private static NoteColumns note(JsonNode note, @Nullable Author author, List<Topic> topics) {
        String title = text(note.path("title"));
        String text = text(note.path("desc"));
        String nickname = author == null ? null : author.nickname();
        String names = topics.stream().map(Topic::name).collect(Collectors.joining(SearchText.SEPARATOR));
        JsonNode download = download(note);
        JsonNode save = note.path("media_save_config");
        JsonNode images = note.path("images_list");
        JsonNode sound = note.path("native_voice_info");
        JsonNode soundAgain = insideText(note.path("widgets_context")).path("note_sound_info");
        JsonNode music = note.path("simple_music_info");
        return new NoteColumns(
                text(note.path("type")),
                title,
                text,
                author == null ? null : author.authorId(),
                time(note.path("time")),
                time(note.path("last_update_time")),
                text(note.path("ip_location")),
                text(note.path("text_language_code")),
                bool(download.path("enable")),
                text(download.path("reason")),
                bool(save.path("disable_save")),
                bool(save.path("disable_watermark")),
                bool(save.path("disable_weibo_cover")),
                bool(note.path("in_censor")),
                integer(note.path("privacy").path("type")),
                bool(note.path("sticky")),
                integer(note.path("comment_prompt_config").path("forbidden_cmt_type")),
                bool(note.path("has_co_produce")),
                length(note.path("cooperate_binds")),
                bool(note.path("has_related_goods")),
                length(images),
                pixels(images.path(0), "width"),
                pixels(images.path(0), "height"),
                videoDuration(note.path("video_info_v2")),
                bool(note.path("has_music")),
                first(id(sound.path("sound_id")), id(soundAgain.path("sound_id"))),
                first(text(sound.path("name")), text(soundAgain.path("name"))),
                id(soundAgain.path("creator")),
                first(count(sound.path("duration")), count(soundAgain.path("duration"))),
                first(count(sound.path("use_count")), count(soundAgain.path("use_count"))),
                first(id(music.path("id")), id(music.path("music_id"))),
                first(text(music.path("name")), text(music.path("title"))),
                count(note.path("liked_count")),
                count(note.path("collected_count")),
                count(note.path("comments_count")),
                count(note.path("shared_count")),
                count(note.path("view_count")),
                SearchText.of(title, nickname, names, text));
    }

    static @Nullable Author author(JsonNode user) {
        String id = first(id(user.path("userid")), id(user.path("id")));
        if (id == null) {
            return null;
        }
        return new Author(
                id,
                text(user.path("red_id")),
                first(text(user.path("nickname")), text(user.path("name"))),
                withoutQuery(first(text(user.path("image")), text(user.path("images")))),
                bool(user.path("red_official_verified")),
                integer(user.path("red_official_verify_type")));
    }

    private static @Nullable String withoutQuery(@Nullable String url) {
        return url == null ? null : url.split("\\?", 2)[0];
    }

    private static List<Topic> topics(JsonNode note) {
        List<Topic> topics = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (String field : List.of("hash_tag", "topics")) {
            for (JsonNode node : elements(note.path(field))) {
                String name = cut(text(node.path("name")));
                String id = id(node.path("id"));
                if (name != null && seen.add(id == null ? "name " + name : id)) {
                    topics.add(new Topic(id, name, text(node.path("type"))));
                }
            }
        }
        return List.copyOf(topics);
    }

    private static List<Mention> mentions(JsonNode note) {
        return elements(note.path("ats")).stream()
                .map(node ->
                        new Mention(first(id(node.path("id")), id(node.path("userid"))), text(node.path("nickname"))))
                .filter(mention -> mention.userId() != null || mention.nickname() != null)
                .toList();
    }

    private static List<Comment> comments(JsonNode note, JsonNode response) {
        JsonNode data = response.path("data");
        Stream<JsonNode> beside = (data.isArray() ? data.valueStream() : Stream.of(data))
                .filter(wrapper -> !elements(wrapper.path("comment_list")).isEmpty()
                        && elements(wrapper.path("note_list")).contains(note));
        return Stream.concat(beside, Stream.of(note))
                .flatMap(wrapper -> elements(wrapper.path("comment_list")).stream())
                .flatMap(NoteMapper::withReplies)
                .toList();
    }

    /** The platform has two levels of comments. */
    private static Stream<Comment> withReplies(JsonNode node) {
        String id = id(node.path("id"));
        return Stream.concat(
                comment(node, null),
                elements(node.path("sub_comments")).stream().flatMap(reply -> comment(reply, id)));
    }

    private static Stream<Comment> comment(JsonNode node, @Nullable String above) {
        JsonNode user = node.path("user").isObject() ? node.path("user") : node.path("user_info");
        Comment comment = new Comment(
                id(node.path("id")),
                first(id(node.path("target_comment").path("id")), above),
                first(first(id(user.path("userid")), id(user.path("user_id"))), id(user.path("id"))),
                text(user.path("red_id")),
                text(user.path("nickname")),
                text(node.path("content")),
                first(time(node.path("time")), time(node.path("create_time"))),
                text(node.path("ip_location")),
                first(count(node.path("like_count")), count(node.path("likes"))),
                first(count(node.path("sub_comment_count")), count(node.path("sub_comments_total"))));
        return Stream.of(comment).filter(each -> each.commentId() != null || each.commentText() != null);
    }

    private static JsonNode download(JsonNode note) {
        return elements(note.path("function_switch")).stream()
                .filter(node -> "video_download".equals(text(node.path("type"))))
                .findFirst()
                .orElse(MissingNode.getInstance());
    }

    /** Parses JSON inside a text; a missing node if it is none. */
    private static JsonNode insideText(JsonNode text) {
        return ResponseJson.read(text.stringValue("")).orElse(MissingNode.getInstance());
    }

    private static @Nullable Integer pixels(JsonNode image, String side) {
        Integer uploaded = integer(image.path("origin_img").path(side));
        Integer pixels = uploaded != null && uploaded > 0 ? uploaded : integer(image.path(side));
        return pixels != null && pixels > 0 ? pixels : null;
    }

    /**
     * Streams use milliseconds, other fields seconds. Durations of codecs may differ slightly; the first by name is
     * used, since the key order varies and {@code jsonb} has its own.
     */
    private static @Nullable Long videoDuration(JsonNode video) {
        JsonNode byCodec = video.path("media").path("stream");
        for (String codec : new TreeSet<>(byCodec.propertyNames())) {
            for (JsonNode stream : elements(byCodec.path(codec))) {
                Long milliseconds = count(stream.path("duration"));
                if (milliseconds != null && milliseconds > 0) {
                    return milliseconds;
                }
            }
        }
        Long seconds = first(
                count(video.path("media").path("video").path("duration")),
                count(video.path("capa").path("duration")));
        return seconds == null || seconds <= 0 || seconds > LATEST_SECOND ? null : seconds * 1000;
    }

    private static @Nullable Integer length(JsonNode list) {
        return list.isArray() ? list.size() : null;
    }

    private static <T> @Nullable T first(@Nullable T preferred, @Nullable T other) {
        return preferred == null ? other : preferred;
    }

    static @Nullable Long count(JsonNode node) {
        if (node.isIntegralNumber()) {
            return node.canConvertToLong() && node.longValue() >= 0 ? node.longValue() : null;
        }
        Matcher matcher = COUNT.matcher(node.isString() ? node.stringValue().strip() : "");
        if (!matcher.matches()) {
            return null;
        }
        String fraction = matcher.group(2) == null ? "0" : matcher.group(2);
        BigDecimal value = new BigDecimal(matcher.group(1) + "." + fraction);
        value = value.multiply(Objects.requireNonNull(UNITS.get(matcher.group(3).toLowerCase(Locale.ROOT))));
        return value.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0 ? value.longValue() : null;
    }

    /** Seconds since 1970, or milliseconds if too large for that; 0 means never. */
    private static @Nullable Instant time(JsonNode node) {
        Long value = count(node);
        if (value == null || value == 0) {
            return null;
        }
        if (value >= MILLISECONDS_FROM) {
            return value / 1000 > LATEST_SECOND ? null : Instant.ofEpochMilli(value);
        }
        return Instant.ofEpochSecond(value);
    }

    private static @Nullable String text(JsonNode node) {
        String value = node.isString() ? node.stringValue() : node.isIntegralNumber() ? node.asString() : "";
        return value.isEmpty() ? null : PostgresText.of(value);
    }

    private static @Nullable String id(JsonNode node) {
        String value = text(node);
        return value == null || value.length() > MAX_ID_LENGTH ? null : value;
    }

    private static @Nullable String cut(@Nullable String topic) {
        if (topic == null || topic.length() <= LONGEST_TOPIC) {
            return topic;
        }
        int end = Character.isHighSurrogate(topic.charAt(LONGEST_TOPIC - 1)) ? 1 : 0;
        return topic.substring(0, LONGEST_TOPIC - end);
    }

    private static @Nullable Boolean bool(JsonNode node) {
        return node.isBoolean()
                ? Boolean.valueOf(node.booleanValue())
                : BOOLEANS.get(node.stringValue("").toLowerCase(Locale.ROOT));
    }

    private static @Nullable Integer integer(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToInt() ? node.intValue() : null;
    }

    private static List<JsonNode> elements(JsonNode array) {
        return array.isArray() ? array.valueStream().toList() : List.of();
    }
}
