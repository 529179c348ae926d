package io.github.notearchive.catalog;

import io.github.notearchive.catalog.NoteDetail.Author;
import io.github.notearchive.catalog.NoteDetail.Counts;
import io.github.notearchive.catalog.NoteDetail.Mention;
import io.github.notearchive.catalog.NoteDetail.Topic;
import io.github.notearchive.note.NoteCapture;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads a note object of the app's shape into columns. Tolerant: what is missing, null or of
 * another type is null; no input makes it fail.
 */
final class NoteMapper {

    /**
     * {@code 689}, {@code "689"}, {@code "1.2万"}, {@code "10万+"}, {@code "3亿"}, {@code "1.2w"},
     * {@code "3k"}.
     */
    private static final Pattern COUNT =
            Pattern.compile("(\\d{1,15})(?:\\.(\\d{1,6}))?\\s*([万亿wWkK]?)\\+?");

    /** From here on a number of a time field means milliseconds: seconds would be the year 5138. */
    private static final long MILLISECONDS_FROM = 100_000_000_000L;

    /** What is indexed must fit an index. Real ids have 24 characters, real topics some 20. */
    private static final int LONGEST_ID = 200;

    private static final int LONGEST_TOPIC = 500;

    private static final long LATEST_SECOND =
            Instant.parse("9999-12-31T00:00:00Z").getEpochSecond();

    private NoteMapper() {}

    static NoteDetail map(NoteCapture capture) {
        JsonNode note = capture.note();
        JsonNode save = note.path("media_save_config");
        return new NoteDetail(
                text(note.path("type")),
                text(note.path("title")),
                text(note.path("desc")),
                author(capture.author()),
                time(note.path("time")),
                time(note.path("last_update_time")),
                text(note.path("ip_location")),
                text(note.path("text_language_code")),
                downloadAllowed(note),
                bool(save.path("disable_save")),
                bool(save.path("disable_watermark")),
                bool(note.path("in_censor")),
                integer(note.path("privacy").path("type")),
                new Counts(
                        count(note.path("liked_count")),
                        count(note.path("collected_count")),
                        count(note.path("comments_count")),
                        count(note.path("shared_count")),
                        count(note.path("view_count"))),
                topics(note),
                mentions(note));
    }

    private static @Nullable Author author(JsonNode user) {
        String id = id(user.path("userid"));
        if (id == null) {
            id = id(user.path("id"));
        }
        if (id == null) {
            return null;
        }
        String nickname = text(user.path("nickname"));
        String image = text(user.path("image"));
        return new Author(
                id,
                text(user.path("red_id")),
                nickname == null ? text(user.path("name")) : nickname,
                withoutQuery(image == null ? text(user.path("images")) : image),
                bool(user.path("red_official_verified")),
                integer(user.path("red_official_verify_type")));
    }

    private static @Nullable String withoutQuery(@Nullable String url) {
        return url == null || url.indexOf('?') < 0 ? url : url.substring(0, url.indexOf('?'));
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
        List<Mention> mentions = new ArrayList<>();
        for (JsonNode node : elements(note.path("ats"))) {
            String userId = id(node.path("id"));
            String nickname = text(node.path("nickname"));
            if (userId != null || nickname != null) {
                mentions.add(
                        new Mention(userId == null ? id(node.path("userid")) : userId, nickname));
            }
        }
        return List.copyOf(mentions);
    }

    private static @Nullable Boolean downloadAllowed(JsonNode note) {
        for (JsonNode node : elements(note.path("function_switch"))) {
            if ("video_download".equals(text(node.path("type")))) {
                return bool(node.path("enable"));
            }
        }
        return null;
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
        value = value.multiply(unit(matcher.group(3)));
        return value.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0 ? value.longValue() : null;
    }

    private static BigDecimal unit(String suffix) {
        return BigDecimal.valueOf(
                switch (suffix.toLowerCase(Locale.ROOT)) {
                    case "k" -> 1_000;
                    case "万", "w" -> 10_000;
                    case "亿" -> 100_000_000;
                    default -> 1;
                });
    }

    /** Seconds since 1970, or milliseconds when it is too large for that; 0 means never. */
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
        String value =
                node.isString()
                        ? node.stringValue()
                        : node.isIntegralNumber() ? node.asString() : "";
        return value.isEmpty() ? null : StorableText.of(value);
    }

    private static @Nullable String id(JsonNode node) {
        String value = text(node);
        return value == null || value.length() > LONGEST_ID ? null : value;
    }

    private static @Nullable String cut(@Nullable String topic) {
        if (topic == null || topic.length() <= LONGEST_TOPIC) {
            return topic;
        }
        int end = Character.isHighSurrogate(topic.charAt(LONGEST_TOPIC - 1)) ? 1 : 0;
        return topic.substring(0, LONGEST_TOPIC - end);
    }

    private static @Nullable Boolean bool(JsonNode node) {
        if (node.isBoolean()) {
            return node.booleanValue();
        }
        return switch (node.isString() ? node.stringValue().toLowerCase(Locale.ROOT) : "") {
            case "true" -> true;
            case "false" -> false;
            default -> null;
        };
    }

    private static @Nullable Integer integer(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToInt() ? node.intValue() : null;
    }

    private static List<JsonNode> elements(JsonNode array) {
        return array.isArray() ? array.valueStream().toList() : List.of();
    }
}
