package io.github.notearchive.sandbox;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
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

    private static final List<String> NAMES = TEMPLATES.words("names");
    private static final List<String> PLACES = TEMPLATES.words("places");
    private static final List<String> TOPICS = TEMPLATES.words("topics");
    private static final List<String> TITLES = TEMPLATES.words("titles");
    private static final List<String> SENTENCES = TEMPLATES.words("sentences");
    private static final List<String> FORMATS = TEMPLATES.words("formats");

    private final SeededRandom random;
    private final SyntheticMedia media;
    private final String mediaOrigin;

    /**
     * Creates a generator.
     *
     * @param mediaOrigin scheme, host and port of all media URLs
     */
    SyntheticNotes(SeededRandom random, SyntheticMedia media, String mediaOrigin) {
        this.random = random;
        this.media = media;
        this.mediaOrigin = mediaOrigin;
    }

    /** Returns the id at an index of the endless sequence of ids; its first eight digits are the creation second. */
    String id(int index) {
        long second = FIRST_SECOND + random.below(YEAR, "second", index);
        return HexFormat.of().toHexDigits(second, 8)
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
        ArrayNode data = MAPPER.createArrayNode();
        data.add(TEMPLATES.fill("wrapper", Map.of("user", user(noteId), "note", note(noteId))));
        return envelope(0, data, noteId, call);
    }

    /**
     * Returns the response of the video endpoint with code 0: the note itself and a recommended one; no data for notes
     * without video.
     */
    ObjectNode videoEnvelope(String noteId, int call) {
        ArrayNode data = MAPPER.createArrayNode();
        if (kind(noteId).hasVideo()) {
            data.add(noteWithVideo(noteId));
            data.add(noteWithVideo(id(random.below(1_000, "recommended", noteId))));
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

    private ObjectNode note(String noteId) {
        SandboxNoteKind kind = kind(noteId);
        boolean isVideo = kind.hasVideo() || kind == SandboxNoteKind.SOUND;
        Map<String, Object> values = new HashMap<>();
        values.put("id", noteId);
        values.put("type", isVideo ? "video" : "normal");
        values.put("user", user(noteId));
        values.put("author", authorName(noteId));
        putText(values, noteId);
        putCounts(values, noteId);
        values.put("images", images(noteId, kind));
        values.put("page", mediaOrigin + "/discovery/item/" + noteId + "?xsec_source=app_share");
        values.put("thumbnail", mediaOrigin + "/" + fileId(noteId, 0) + "?imageView2/2/w/360/format/jpg/q/75");
        values.put("miniToken", "SANDBOX" + random.hex("share", "mini_program_info", noteId) + "=");
        values.put("qqToken", "SANDBOX" + random.hex("share", "qq_mini_program_info", noteId) + "=");
        boolean enabled = random.oneIn(2, "download", noteId);
        values.put(
                "switches",
                isVideo ? List.of(TEMPLATES.fill("downloadSwitch", Map.of("enabled", enabled))) : List.of());
        ObjectNode note = TEMPLATES.fill("note", values);
        switch (kind) {
            case IMAGES, LIVE_PHOTOS, TEXT -> {}
            case VIDEO_COVER, SOUND -> addVoice(note, noteId);
            case VIDEO_STREAMS -> {
                addVoice(note, noteId);
                note.set("video_info_v2", video(noteId));
            }
            case MUSIC -> addMusic(note, noteId);
        }
        note.put("widgets_context", MAPPER.writeValueAsString(widgets(note, noteId, isVideo)));
        return note;
    }

    private void putText(Map<String, Object> values, String noteId) {
        StringBuilder text = new StringBuilder();
        int sentences = 1 + random.below(6, "sentences", noteId);
        for (int i = 0; i < sentences; i++) {
            text.append(pick(SENTENCES, "sentence", noteId, i)).append(i % 2 == 0 ? "\n" : "");
        }
        ArrayNode mentions = MAPPER.createArrayNode();
        for (int i = 0; i < random.below(3, "mentions", noteId); i++) {
            String name = pick(NAMES, "mention", noteId, i) + i;
            text.append("@").append(name).append(' ');
            mentions.add(TEMPLATES.fill("mention", Map.of("id", personId("mention", noteId, i), "name", name)));
        }
        ArrayNode tags = MAPPER.createArrayNode();
        ArrayNode topics = MAPPER.createArrayNode();
        int first = random.below(TOPICS.size(), "topic", noteId);
        for (int i = 0; i < random.below(5, "topics", noteId); i++) {
            String name = TOPICS.get((first + i) % TOPICS.size());
            String id = personId("topic", name);
            text.append('#').append(name).append("[话题]# ");
            tags.add(TEMPLATES.fill("tag", Map.of("id", id, "name", name)));
            if (i == 0) {
                String image = mediaOrigin + "/topic/" + id + "@r_120w_120h.jpg";
                topics.add(TEMPLATES.fill("topic", Map.of("id", id, "name", name, "image", image)));
            }
        }
        values.put("title", random.oneIn(12, "untitled", noteId) ? "" : pick(TITLES, "title", noteId));
        values.put("place", pick(PLACES, "place", noteId));
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
            ObjectNode image = image(noteId, i);
            if (kind == SandboxNoteKind.LIVE_PHOTOS && (i == 0 || random.oneIn(3, "moves", noteId, i))) {
                addMotion(image, noteId, i);
            }
            images.add(image);
        }
        return images;
    }

    private ObjectNode image(String noteId, int index) {
        String folder = switch (random.below(20, "prefix", noteId, index)) {
            case 0 -> "notes_pre_post/";
            case 1 -> "notes_uhdr/";
            case 2 -> "spectrum/";
            default -> "";
        };
        String fileId = folder + fileId(noteId, index);
        String format = FORMATS.get(random.below(FORMATS.size(), "format", noteId, index));
        // the provider swaps the sides of a rotated image
        boolean wide = random.oneIn(4, "wide", noteId, index);
        String originalQuery = "imageView2/2/w/5000/h/5000/format/" + format + "/q/56&redImage/frame/0&ap=1&sc=V_ORG";
        return TEMPLATES.fill(
                "image",
                Map.of(
                        "fileId",
                        fileId,
                        "index",
                        index,
                        "width",
                        wide ? ImageFiles.HEIGHT : ImageFiles.WIDTH,
                        "height",
                        wide ? ImageFiles.WIDTH : ImageFiles.HEIGHT,
                        "original",
                        random.oneIn(10, "only small", noteId, index) ? "" : imageUrl(fileId, originalQuery, noteId),
                        "url",
                        preview(fileId, 576, format, 58, noteId),
                        "low",
                        preview(fileId, 360, format, 75, noteId),
                        "medium",
                        preview(fileId, 576, format, 75, noteId),
                        "high",
                        preview(fileId, 1440, format, 75, noteId)));
    }

    /** Contains a bar, which a URI has to escape, as the URLs of the real provider do. */
    private String preview(String fileId, int width, String format, int quality, String noteId) {
        String rendition = "imageView2/2/w/" + width + "/format/" + format + "/q/" + quality;
        return imageUrl(fileId, rendition + "|imageMogr2/strip&redImage/frame/0/enhance/4&ap=1&sc=V_PRV", noteId);
    }

    /** The signature is the same for all renditions of a file; its time is the creation of the note. */
    private String imageUrl(String fileId, String query, String noteId) {
        String issued = HexFormat.of().toHexDigits(secondOf(noteId), 8);
        return mediaOrigin + "/" + fileId + "?" + query + "&sign=" + sign(fileId) + "&t=" + issued + "&src=A";
    }

    private String fileId(String noteId, int index) {
        return "1040g008"
                + random.hex("file", noteId, index)
                + "sbx"
                + HexFormat.of().toHexDigits(index, 4);
    }

    private void addMotion(ObjectNode image, String noteId, int index) {
        String name = "01e9" + random.hex("motion", noteId, index);
        String videoId = videoId("motion", noteId, index);
        image.put("live_photo_file_id", "livephoto/1040g390" + random.hex("live", noteId, index));
        ObjectNode stream = stream("10/66", name, 66, 2021);
        image.set("live_photo", TEMPLATES.fill("motion", Map.of("videoId", videoId, "stream", stream)));
    }

    private ObjectNode noteWithVideo(String noteId) {
        ObjectNode note = note(noteId);
        ObjectNode video = video(noteId);
        ((ObjectNode) video.at("/media/video")).set("subtitles", subtitles(noteId));
        return note.set("video_info_v2", video);
    }

    private ObjectNode video(String noteId) {
        String name = "01e8" + random.hex("video", noteId);
        int seconds = 8 + random.below(90, "seconds", noteId);
        int duration = seconds * 1000 + 120;
        return TEMPLATES.fill(
                "video",
                Map.of(
                        "videoId", Long.parseLong(videoId("video", noteId)),
                        "seconds", seconds,
                        "roundedSeconds", seconds + 1,
                        "h264", stream("110/258", name, 258, duration),
                        "h265", stream("110/114", name, 114, duration),
                        "fullHd", stream("110/115", name, 115, duration)));
    }

    private ObjectNode stream(String folder, String name, int type, int duration) {
        String path = "/stream/1/" + folder + "/" + name + "_" + type + ".mp4";
        int size = content(path).length;
        ObjectNode stream = TEMPLATES.fill(
                "stream",
                Map.of(
                        "url",
                        mediaOrigin + path,
                        "backup1",
                        mediaOrigin + "/backup/1" + path,
                        "backup2",
                        mediaOrigin + "/backup/2" + path,
                        "size",
                        size,
                        "duration",
                        duration,
                        "type",
                        type,
                        "bitRate",
                        (int) (size * 8000L / duration)));
        return stream.setAll((ObjectNode) TEMPLATES.at("/streamTypes/" + type));
    }

    /** Returns subtitles for one note in two: in Chinese, and for some of them in English too. */
    private ObjectNode subtitles(String noteId) {
        ObjectNode subtitles = MAPPER.createObjectNode();
        if (random.oneIn(2, "subtitles", noteId)) {
            return subtitles;
        }
        ObjectNode chinese = subtitle(noteId, "zh-CN", "srt");
        subtitles.putArray("source").add(chinese);
        subtitles.putArray("zh-CN").add(chinese.deepCopy());
        if (random.oneIn(2, "translated", noteId)) {
            subtitles.putArray("en-US").add(subtitle(noteId, "en-US", "vtt"));
        }
        return subtitles;
    }

    private ObjectNode subtitle(String noteId, String language, String extension) {
        String name = "01e7" + random.hex("subtitle", noteId, language);
        return MAPPER.createObjectNode().put("url", signed("/subtitle/" + language + "/" + name + "." + extension));
    }

    private void addVoice(ObjectNode note, String noteId) {
        String extension = random.oneIn(4, "extension", noteId) ? "m4a" : "wav";
        String path = "/audio/1/02e9" + random.hex("sound", noteId) + "_0." + extension;
        ObjectNode voice = TEMPLATES.fill(
                "sound",
                Map.of(
                        "id", longId(1_146_000_000_000_000_000L, "sound id", noteId),
                        "author", authorName(noteId),
                        "duration", 5_000 + random.below(60_000, "voice", noteId),
                        "url", extension.equals("wav") ? mediaOrigin + path : signed(path),
                        "avatar", avatar(noteId)));
        voice.put("md5sum", DigestUtils.md5Hex(content(path))).put("optimize_exp_in_use_count", 0);
        note.set("native_voice_info", voice);
    }

    private void addMusic(ObjectNode note, String noteId) {
        Map<String, Object> values = Map.of(
                "id", random.hex("music id", noteId),
                "duration", 30_000 + random.below(60_000, "music length", noteId),
                "url", signed("/music/02f0" + random.hex("music", noteId) + ".mp3"));
        note.put("has_music", true).set("simple_music_info", TEMPLATES.fill("music", values));
    }

    /** Returns the object that the app has as a JSON text in the note; it repeats the sound of the note. */
    private ObjectNode widgets(ObjectNode note, String noteId, boolean isVideo) {
        String authorId = personId("author", noteId);
        ObjectNode widgets = TEMPLATES.fill(
                "widgets",
                Map.of(
                        "video",
                        isVideo,
                        "sound",
                        note.has("native_voice_info"),
                        "authorId",
                        authorId,
                        "author",
                        authorName(noteId)));
        if (note.get("native_voice_info") instanceof ObjectNode voice) {
            ObjectNode sound = voice.deepCopy();
            sound.remove(List.of("md5sum", "optimize_exp_in_use_count"));
            widgets.set("note_sound_info", sound.put("creator", authorId));
        }
        return widgets;
    }

    private ObjectNode user(String noteId) {
        return TEMPLATES.fill(
                "user",
                Map.of(
                        "id", personId("author", noteId),
                        "name", authorName(noteId),
                        "avatar", avatar(noteId),
                        "redId", "9" + (10_000_000 + random.below(90_000_000, "red id", noteId))));
    }

    private String avatar(String noteId) {
        return mediaOrigin + "/avatar/" + personId("author", noteId) + "?imageView2/2/w/120/format/jpg";
    }

    private String authorName(String noteId) {
        return pick(NAMES, "author", noteId) + random.below(1000, "author number", noteId);
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

    private String signed(String path) {
        return mediaOrigin + path + "?sign=" + sign(path) + "&t="
                + HexFormat.of().toHexDigits(FIRST_SECOND, 8);
    }

    private String sign(String path) {
        return random.hex("sign", path) + random.hex("sign 2", path);
    }

    private String pick(List<String> list, Object... words) {
        return list.get(random.below(list.size(), "pick", List.of(words)));
    }

    private byte[] content(String path) {
        return media.find(path).orElseThrow().bytes();
    }

    private static long secondOf(String noteId) {
        boolean isHex =
                noteId.length() >= 8 && IntStream.range(0, 8).allMatch(i -> HexFormat.isHexDigit(noteId.charAt(i)));
        return isHex ? HexFormat.fromHexDigitsToLong(noteId, 0, 8) : FIRST_SECOND;
    }
}
