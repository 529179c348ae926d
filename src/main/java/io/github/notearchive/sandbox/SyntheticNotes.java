package io.github.notearchive.sandbox;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Generator of notes in the format of the provider's responses. A note follows from the seed and its id; only
 * {@code requestId} and {@code recordTime} differ from call to call.
 *
 * <p>The resource {@code notes.json} has the constant parts and the words; this class computes what varies.
 */
final class SyntheticNotes {

    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final JsonTemplates TEMPLATES = JsonTemplates.load("notes.json");
    private static final DateTimeFormatter RECORD_TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId.of("Asia/Shanghai"));

    /** 1 June 2025 in Shanghai. */
    private static final long FIRST_SECOND = 1_748_707_200L;

    private static final int YEAR = 365 * 24 * 3600;

    private final SeededRandom random;
    private final SyntheticMedia media;
    private final String mediaOrigin;

    /** @param mediaOrigin scheme, host and port of all media URLs */
    SyntheticNotes(SeededRandom random, SyntheticMedia media, String mediaOrigin) {
        this.random = random;
        this.media = media;
        this.mediaOrigin = mediaOrigin;
    }

    /** Returns the id at an index of the endless sequence of ids; its first eight digits are the creation second. */
    String id(int index) {
        long second = FIRST_SECOND + random.below(YEAR, "second", index);
        return hex(second)
                + random.hex("id", index).substring(8)
                + HexFormat.of().toHexDigits(index);
    }

    SandboxNoteKind kind(String noteId) {
        return SandboxNoteKind.of(random.below(100, "kind", noteId));
    }

    /**
     * Returns the response of the note endpoint with code 0.
     *
     * @param call number of the call about this note
     */
    ObjectNode envelope(String noteId, int call) {
        Map<String, Object> values = values(noteId);
        values.put("note", note(noteId, false));
        return envelope(0, MAPPER.createArrayNode().add(TEMPLATES.fill("wrapper", values)), noteId, call);
    }

    /**
     * Returns the response of the video endpoint with code 0: the note itself and a recommended one; no data for notes
     * without video.
     */
    ObjectNode videoEnvelope(String noteId, int call) {
        ArrayNode data = MAPPER.createArrayNode();
        if (kind(noteId).hasVideo()) {
            String recommended = id(random.below(1_000, "recommended", noteId));
            data.add(note(noteId, true)).add(note(recommended, true));
        }
        return envelope(0, data, noteId, call);
    }

    /** Returns a response with a code and without data. */
    ObjectNode envelope(int code, String noteId, int call) {
        return envelope(code, MAPPER.nullNode(), noteId, call);
    }

    /** Returns the HTTP status that the provider sends with a code; 200 if unknown. */
    static int httpStatus(int code) {
        return TEMPLATES.at("/responses/" + code + "/httpStatus").asInt(200);
    }

    /** Each of the optional fields is present, null or absent in some responses, as in those of the real provider. */
    private ObjectNode envelope(int code, JsonNode data, String noteId, int call) {
        ObjectNode envelope = MAPPER.createObjectNode().put("code", code);
        envelope.set("data", data);
        envelope.put("message", TEMPLATES.at("/responses/" + code + "/message").asString("CODE " + code));
        int variant = random.below(3, "frame", noteId, call);
        Instant time = Instant.ofEpochSecond(secondOf(noteId) + YEAR + call);
        envelope.set("recordTime", MAPPER.valueToTree(variant == 0 ? RECORD_TIME.format(time) : null));
        if (variant < 2) {
            envelope.put("requestId", "sandbox-" + random.hex("request", noteId, call));
        }
        return envelope;
    }

    /** Returns values of all notes: origin of the URLs, id, and author. */
    private Map<String, Object> values(String noteId) {
        Map<String, Object> values = new HashMap<>();
        values.put("origin", mediaOrigin);
        values.put("id", noteId);
        values.put("authorId", personId("author", noteId));
        values.put("author", pick("names", "author", noteId) + random.below(1000, "author number", noteId));
        values.put("redId", 10_000_000 + random.below(90_000_000, "red id", noteId));
        values.put("user", TEMPLATES.fill("user", values));
        return values;
    }

    private ObjectNode note(String noteId, boolean forVideo) {
        SandboxNoteKind kind = kind(noteId);
        boolean isVideo = kind.hasVideo() || kind == SandboxNoteKind.SOUND;
        Map<String, Object> values = values(noteId);
        putText(values, noteId);
        putCounts(values, noteId);
        values.put("isVideo", isVideo);
        values.put("type", isVideo ? "video" : "normal");
        values.put("coverId", fileId(noteId, 0));
        values.put("miniToken", random.hex("share", "mini_program_info", noteId));
        values.put("qqToken", random.hex("share", "qq_mini_program_info", noteId));
        values.put("images", images(noteId, kind));
        if (isVideo) {
            Map<String, Boolean> enabled = Map.of("enabled", random.oneIn(2, "download", noteId));
            values.put("downloadSwitch", TEMPLATES.fill("downloadSwitch", enabled));
            putVoice(values, noteId);
        }
        if (forVideo || kind == SandboxNoteKind.VIDEO_STREAMS) {
            putVideo(values, noteId, forVideo);
        }
        values.put("hasMusic", kind == SandboxNoteKind.MUSIC);
        if (kind == SandboxNoteKind.MUSIC) {
            putMusic(values, noteId);
        }
        values.put("widgets", MAPPER.writeValueAsString(TEMPLATES.fill("widgets", values)));
        return TEMPLATES.fill("note", values);
    }

    private void putText(Map<String, Object> values, String noteId) {
        StringBuilder text = new StringBuilder();
        int sentences = 1 + random.below(6, "sentences", noteId);
        for (int i = 0; i < sentences; i++) {
            text.append(pick("sentences", "sentence", noteId, i)).append(i % 2 == 0 ? "\n" : "");
        }
        ArrayNode mentions = MAPPER.createArrayNode();
        for (int i = 0; i < random.below(3, "mentions", noteId); i++) {
            String name = pick("names", "mention", noteId, i) + i;
            text.append("@").append(name).append(' ');
            mentions.add(TEMPLATES.fill("mention", Map.of("id", personId("mention", noteId, i), "name", name)));
        }
        ArrayNode tags = MAPPER.createArrayNode();
        ArrayNode topics = MAPPER.createArrayNode();
        int topicCount = TEMPLATES.at("/words/topics").size();
        int first = random.below(topicCount, "topic", noteId);
        for (int i = 0; i < random.below(5, "topics", noteId); i++) {
            String name = word("topics", (first + i) % topicCount);
            Map<String, Object> topic = Map.of("origin", mediaOrigin, "id", personId("topic", name), "name", name);
            text.append('#').append(name).append("[话题]# ");
            tags.add(TEMPLATES.fill("tag", topic));
            if (i == 0) {
                topics.add(TEMPLATES.fill("topic", topic));
            }
        }
        values.put("title", random.oneIn(12, "untitled", noteId) ? "" : pick("titles", "title", noteId));
        values.put("place", pick("places", "place", noteId));
        values.put("text", text.toString().strip());
        values.put("mentions", mentions);
        values.put("tags", tags);
        values.put("topics", topics);
    }

    private void putCounts(Map<String, Object> values, String noteId) {
        int likes = (int) Math.pow(10, 5.5 * random.uniform("fame", noteId));
        values.put("likes", likes);
        values.put("collects", likes / (2 + random.below(5, "collected", noteId)));
        values.put("comments", likes / (5 + random.below(20, "comments", noteId)));
        values.put("shares", likes / (8 + random.below(30, "shared", noteId)));
        long published = secondOf(noteId);
        values.put("published", published);
        int delay = 60 + random.below(86_400, "edited after", noteId);
        values.put("edited", random.oneIn(5, "edited", noteId) ? published + delay : 0L);
    }

    private ArrayNode images(String noteId, SandboxNoteKind kind) {
        // few images are frequent, and nine are more frequent than eight or ten
        double draw = random.uniform("images", noteId);
        int drawn = random.oneIn(8, "nine", noteId) ? 9 : 1 + (int) (18 * draw * draw);
        int count = switch (kind) {
            case IMAGES -> drawn;
            case LIVE_PHOTOS, MUSIC -> Math.min(9, drawn);
            case VIDEO_COVER, VIDEO_STREAMS -> 1;
            case SOUND, TEXT -> 0;
        };
        ArrayNode images = MAPPER.createArrayNode();
        for (int i = 0; i < count; i++) {
            boolean moves = i == 0 || random.oneIn(3, "moves", noteId, i);
            images.add(image(noteId, i, moves && kind == SandboxNoteKind.LIVE_PHOTOS));
        }
        return images;
    }

    private ObjectNode image(String noteId, int index, boolean moves) {
        String fileId = word("folders", random.below(20, "prefix", noteId, index)) + fileId(noteId, index);
        // the provider swaps the sides of a rotated image
        boolean wide = random.oneIn(4, "wide", noteId, index);
        Map<String, Object> values = new HashMap<>();
        values.put("origin", mediaOrigin);
        values.put("fileId", fileId);
        values.put("index", index);
        values.put("format", word("formats", random.below(8, "format", noteId, index)));
        // the same for all renditions of a file, with the time of the note
        values.put("signature", "&sign=" + sign(fileId) + "&t=" + hex(secondOf(noteId)) + "&src=A");
        values.put("width", wide ? SampleFile.HEIGHT : SampleFile.WIDTH);
        values.put("height", wide ? SampleFile.WIDTH : SampleFile.HEIGHT);
        if (moves) {
            String name = "01e9" + random.hex("motion", noteId, index);
            values.put("liveId", "livephoto/1040g390" + random.hex("live", noteId, index));
            values.put("motionId", videoId("motion", noteId, index));
            values.put("motionStream", stream("10/66", name, 66, 2021));
            values.put("motion", TEMPLATES.fill("motion", values));
        }
        ObjectNode image = TEMPLATES.fill("image", values);
        return random.oneIn(10, "only small", noteId, index) ? image.put("original", "") : image;
    }

    private String fileId(String noteId, int index) {
        String suffix = HexFormat.of().toHexDigits(index, 4);
        return "1040g008" + random.hex("file", noteId, index) + "sbx" + suffix;
    }

    private void putVideo(Map<String, Object> values, String noteId, boolean withSubtitles) {
        String name = "01e8" + random.hex("video", noteId);
        int seconds = 8 + random.below(90, "seconds", noteId);
        int duration = seconds * 1000 + 120;
        values.put("videoId", Long.parseLong(videoId("video", noteId)));
        values.put("seconds", seconds);
        values.put("roundedSeconds", seconds + 1);
        values.put("h264", stream("110/258", name, 258, duration));
        values.put("h265", stream("110/114", name, 114, duration));
        values.put("fullHd", stream("110/115", name, 115, duration));
        if (withSubtitles) {
            values.put("subtitles", subtitles(noteId));
        }
        values.put("video", TEMPLATES.fill("video", values));
    }

    private ObjectNode stream(String folder, String name, int type, int duration) {
        String path = "/stream/1/" + folder + "/" + name + "_" + type + ".mp4";
        int size = content(path).length;
        Map<String, Object> values = new HashMap<>();
        values.put("origin", mediaOrigin);
        values.put("path", path);
        values.put("size", size);
        values.put("duration", duration);
        values.put("type", type);
        values.put("bitRate", (int) (size * 8000L / duration));
        return TEMPLATES.fill("stream", values).setAll((ObjectNode) TEMPLATES.at("/streamTypes/" + type));
    }

    /** Returns subtitles for one note in two: in Chinese, and for some of them in English too. */
    private ObjectNode subtitles(String noteId) {
        ObjectNode subtitles = MAPPER.createObjectNode();
        if (random.oneIn(2, "subtitles", noteId)) {
            return subtitles;
        }
        for (String language : List.of("source", "zh-CN")) {
            subtitles.putArray(language).add(subtitle(noteId, "zh-CN", "srt"));
        }
        if (random.oneIn(2, "translated", noteId)) {
            subtitles.putArray("en-US").add(subtitle(noteId, "en-US", "vtt"));
        }
        return subtitles;
    }

    private ObjectNode subtitle(String noteId, String language, String extension) {
        String name = "01e7" + random.hex("subtitle", noteId, language);
        String path = "/subtitle/" + language + "/" + name + "." + extension;
        return MAPPER.createObjectNode().put("url", mediaOrigin + path + signature(path));
    }

    private void putVoice(Map<String, Object> values, String noteId) {
        boolean isWav = !random.oneIn(4, "extension", noteId);
        String path = "/audio/1/02e9" + random.hex("sound", noteId) + "_0." + (isWav ? "wav" : "m4a");
        values.put("soundId", longId(1_146_000_000_000_000_000L, "sound id", noteId));
        values.put("soundDuration", 5_000 + random.below(60_000, "voice", noteId));
        values.put("soundUrl", mediaOrigin + path + (isWav ? "" : signature(path)));
        values.put("soundMd5", DigestUtils.md5Hex(content(path)));
        values.put("voice", TEMPLATES.fill("voice", values));
        values.put("widgetSound", TEMPLATES.fill("widgetSound", values));
    }

    private void putMusic(Map<String, Object> values, String noteId) {
        String path = "/music/02f0" + random.hex("music", noteId) + ".mp3";
        values.put("musicId", random.hex("music id", noteId));
        values.put("musicDuration", 30_000 + random.below(60_000, "music length", noteId));
        values.put("musicUrl", mediaOrigin + path + signature(path));
        values.put("music", TEMPLATES.fill("music", values));
    }

    /** Returns an id that does not exist in the app, which was started in 2013: its time is before that. */
    private String personId(Object... words) {
        return "00005a4d" + random.hex("person", List.of(words));
    }

    /** Returns eighteen digits, which no floating-point number represents exactly. */
    private String videoId(Object... words) {
        return longId(137_000_000_000_000_000L, "video id", List.of(words));
    }

    private String longId(long first, Object... words) {
        return String.valueOf(first + Math.floorMod(random.bits(words), 1_000_000_000_000_000L));
    }

    private String signature(String path) {
        return "?sign=" + sign(path) + "&t=" + hex(FIRST_SECOND);
    }

    private String sign(String path) {
        return random.hex("sign", path) + random.hex("sign 2", path);
    }

    private String pick(String list, Object... words) {
        int count = TEMPLATES.at("/words/" + list).size();
        return word(list, random.below(count, "pick", List.of(words)));
    }

    /** Returns a word of a list; an empty text behind its end. */
    private static String word(String list, int index) {
        return TEMPLATES.at("/words/" + list + "/" + index).asString("");
    }

    private byte[] content(String path) {
        return media.find(path).orElseThrow().bytes();
    }

    private static String hex(long second) {
        return HexFormat.of().toHexDigits(second, 8);
    }

    private static long secondOf(String noteId) {
        String digits = noteId.substring(0, Math.min(8, noteId.length()));
        return digits.matches("[0-9a-fA-F]{8}") ? HexFormat.fromHexDigitsToLong(digits) : FIRST_SECOND;
    }
}
