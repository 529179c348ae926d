package io.github.notearchive.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Invented notes in the shape of the provider's answers. A note follows from the seed and its id; only
 * {@code requestId} and {@code recordTime} differ from ask to ask.
 *
 * <p>What does not vary from note to note comes from {@code note.json} beside this class.
 */
final class SyntheticNotes {

    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final ObjectNode TEMPLATE = template();
    private static final ZoneId SHANGHAI = ZoneId.of("Asia/Shanghai");
    private static final DateTimeFormatter RECORD_TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(SHANGHAI);

    /** 1 June 2025 in Shanghai. */
    private static final long FIRST_SECOND = 1_748_707_200L;

    private static final int YEAR = 365 * 24 * 3600;

    private static final List<String> NAMES = List.of("练习青禾", "演示小鹿", "样例橘子", "沙盒云朵", "试写阿梨", "虚构山茶", "排练豆包", "假想海盐");
    private static final List<String> PLACES = List.of("浙江", "上海", "四川", "广东", "云南", "北京", "福建", "湖北");
    private static final List<String> TOPICS = List.of("周末去哪儿", "手冲咖啡", "阳台种花", "城市漫步", "家常菜", "胶片日常", "读书笔记", "雨天的声音");
    private static final List<String> TITLES =
            List.of("今天的云像一床被子", "给阳台换了新土", "一个人也要好好吃饭🍚", "路过一家旧书店", "下雨天的三件小事", "第一次自己烤面包");
    private static final List<String> SENTENCES = List.of(
            "这是一篇为练习而写的笔记，里面的人和事都是编出来的。",
            "早上出门的时候风很轻，树影落在墙上。",
            "步骤其实很简单，难的是第一步👣",
            "记录一下，省得以后忘记。",
            "店里只有两张桌子，老板放着很老的歌。",
            "如果你也喜欢，下次一起去吧！",
            "光线好的时候，随手拍都好看📷",
            "温度：18°C；湿度：刚刚好～");

    private final Chance chance;
    private final SyntheticMedia media;
    private final String mediaOrigin;

    SyntheticNotes(Chance chance, SyntheticMedia media, String mediaOrigin) {
        this.chance = chance;
        this.media = media;
        this.mediaOrigin = mediaOrigin;
    }

    /** The id at a place in the endless list of ids. */
    String id(int index) {
        return HexFormat.of().toHexDigits(secondAt(index), 8)
                + chance.hex("id", index).substring(8)
                + HexFormat.of().toHexDigits(index);
    }

    SandboxNoteKind kind(String noteId) {
        int draw = chance.below(100, "kind", noteId);
        if (draw < 45) {
            return SandboxNoteKind.IMAGES;
        } else if (draw < 60) {
            return SandboxNoteKind.LIVE_PHOTOS;
        } else if (draw < 80) {
            return SandboxNoteKind.VIDEO_COVER;
        } else if (draw < 85) {
            return SandboxNoteKind.VIDEO_STREAMS;
        } else if (draw < 89) {
            return SandboxNoteKind.SOUND;
        } else if (draw < 95) {
            return SandboxNoteKind.MUSIC;
        }
        return SandboxNoteKind.TEXT;
    }

    /** The answer with the note in it. */
    ObjectNode envelope(String noteId, int ask) {
        ObjectNode envelope = MAPPER.createObjectNode().put("code", 0);
        ObjectNode wrapper = envelope.putArray("data").addObject();
        wrapper.set("user", user(noteId));
        wrapper.putArray("note_list").add(note(noteId));
        wrapper.putArray("comment_list");
        wrapper.put("track_id", "").put("model_type", "note");
        addFrame(envelope, noteId, ask, "SUCCESS");
        return envelope;
    }

    /**
     * The answer to a request for a note's video: the note itself without a list around it, and a recommended one
     * beside it. Of notes that are no videos it knows nothing.
     */
    ObjectNode videoEnvelope(String noteId, int ask) {
        ObjectNode envelope = MAPPER.createObjectNode().put("code", 0);
        ArrayNode data = envelope.putArray("data");
        boolean hasVideo = switch (kind(noteId)) {
            case VIDEO_COVER, VIDEO_STREAMS -> true;
            case IMAGES, LIVE_PHOTOS, SOUND, MUSIC, TEXT -> false;
        };
        if (hasVideo) {
            data.add(noteWithVideo(noteId));
            data.add(noteWithVideo(id(chance.below(1_000, "recommended", noteId))));
        }
        addFrame(envelope, noteId, ask, "SUCCESS");
        return envelope;
    }

    private ObjectNode noteWithVideo(String noteId) {
        ObjectNode note = note(noteId);
        addVideo(note, noteId);
        addSubtitles((ObjectNode) note.at("/video_info_v2/media/video"), noteId);
        return note;
    }

    /** One note in two has them: in the language of the film, and perhaps in another one. */
    private void addSubtitles(ObjectNode video, String noteId) {
        ObjectNode subtitles = video.putObject("subtitles");
        if (chance.below(2, "subtitles", noteId) == 0) {
            return;
        }
        ObjectNode chinese = subtitle(noteId, "zh-CN", "srt");
        subtitles.putArray("source").add(chinese);
        subtitles.putArray("zh-CN").add(chinese.deepCopy());
        if (chance.below(2, "translated", noteId) == 0) {
            subtitles.putArray("en-US").add(subtitle(noteId, "en-US", "vtt"));
        }
    }

    private ObjectNode subtitle(String noteId, String language, String extension) {
        String name = "01e7" + chance.hex("subtitle", noteId, language);
        String path = "/subtitle/" + language + "/" + name + "." + extension;
        return MAPPER.createObjectNode().put("url", mediaOrigin + path + signature(path));
    }

    /** The answer with a code and nothing else. */
    ObjectNode refusal(int code, String noteId, int ask) {
        ObjectNode envelope = MAPPER.createObjectNode().put("code", code).putNull("data");
        String message = switch (code) {
            case 100 -> "TOKEN INVALID/UNACTIVATE";
            case 201 -> "NO CONTENT AVAILABLE";
            case 301 -> "COLLECT FAILED, SEND REQUEST AGAIN";
            case 302 -> "RATE LIMIT EXCEEDED";
            case 303 -> "DAILY QUOTA EXCEEDED";
            case 400 -> "PARAMETER ERROR";
            case 404 -> "RESOURCE NOT FOUND";
            case 500 -> "INTERNAL SERVER ERROR";
            case 503 -> "TEMPORARILY UNAVAILABLE";
            case 600 -> "PERMISSION DENIED";
            case 601 -> "BALANCE EXHAUSTED";
            case 602 -> "TOKEN SPEND LIMIT REACHED";
            default -> "CODE " + code;
        };
        addFrame(envelope, noteId, ask, message);
        return envelope;
    }

    /** What stands beside the data: of its optional parts some are there, some null, some absent. */
    private void addFrame(ObjectNode envelope, String noteId, int ask, String message) {
        envelope.put("message", message);
        long second = secondOf(noteId) + YEAR + ask;
        switch (chance.below(3, "frame", noteId, ask)) {
            case 0 -> {
                envelope.put("recordTime", RECORD_TIME.format(Instant.ofEpochSecond(second)));
                envelope.put("requestId", requestId(noteId, ask));
            }
            case 1 -> envelope.putNull("recordTime").put("requestId", requestId(noteId, ask));
            default -> envelope.putNull("recordTime");
        }
    }

    private String requestId(String noteId, int ask) {
        return "sandbox-" + chance.hex("request", noteId, ask);
    }

    private ObjectNode note(String noteId) {
        SandboxNoteKind kind = kind(noteId);
        ObjectNode note = TEMPLATE.deepCopy();
        boolean video = switch (kind) {
            case VIDEO_COVER, VIDEO_STREAMS, SOUND -> true;
            case IMAGES, LIVE_PHOTOS, MUSIC, TEXT -> false;
        };
        note.put("id", noteId).put("type", video ? "video" : "normal");
        note.set("user", user(noteId));
        addWords(note, noteId);
        addCounts(note, noteId);
        addMedia(note, noteId, kind);
        addShares(note, noteId, video);
        if (video) {
            note.putArray("function_switch")
                    .addObject()
                    .put("type", "video_download")
                    .put("enable", chance.below(2, "download", noteId) == 0)
                    .put("reason", "");
        }
        return note;
    }

    private void addWords(ObjectNode note, String noteId) {
        boolean untitled = chance.below(12, "untitled", noteId) == 0;
        note.put("title", untitled ? "" : pick(TITLES, "title", noteId));
        note.put("ip_location", pick(PLACES, "place", noteId));
        StringBuilder text = new StringBuilder();
        int sentences = 1 + chance.below(6, "sentences", noteId);
        for (int i = 0; i < sentences; i++) {
            text.append(pick(SENTENCES, "sentence", noteId, i)).append(i % 2 == 0 ? "\n" : "");
        }

        ArrayNode mentions = note.putArray("ats");
        for (int i = 0; i < chance.below(3, "mentions", noteId); i++) {
            String name = pick(NAMES, "mention", noteId, i) + i;
            text.append("@").append(name).append(' ');
            ObjectNode mention = mentions.addObject();
            mention.put("id", personId("mention", noteId, i)).put("name", name);
            mention.put("nickname", name).put("followed", false).put("track_duration", 0);
            mention.put("red_official_verified", false).put("red_official_verify_type", 0);
            mention.put("show_red_official_verify_icon", false)
                    .putObject("level")
                    .put("image", "");
        }

        ArrayNode tags = note.putArray("hash_tag");
        ArrayNode topics = note.putArray("topics");
        int first = chance.below(TOPICS.size(), "topic", noteId);
        for (int i = 0; i < chance.below(5, "topics", noteId); i++) {
            String name = TOPICS.get((first + i) % TOPICS.size());
            String id = personId("topic", name);
            text.append('#').append(name).append("[话题]# ");
            ObjectNode tag = tags.addObject().put("id", id).put("name", name).put("type", "topic");
            tag.put("link", "xhsdiscover://rn/sns-discover/topic/normal?id=" + id);
            tag.put("record_count", 0).put("record_unit", "").put("record_emoji", "");
            tag.put("current_score", 0).put("bizId", "").put("tag_hint", "");
            if (i == 0) {
                ObjectNode topic = topics.addObject().put("id", id).put("name", name);
                topic.put("image", mediaOrigin + "/topic/" + id + "@r_120w_120h.jpg");
                topic.put("link", "xhsdiscover://topic/v2/" + id);
                topic.put("business_type", 0).put("style", 0).put("discuss_num", 0);
                topic.put("activity_online", false);
            }
        }
        note.put("desc", text.toString().strip());
    }

    private void addCounts(ObjectNode note, String noteId) {
        double fame = chance.share("fame", noteId);
        int likes = (int) Math.pow(10, fame * 5.5);
        note.put("liked_count", likes);
        note.put("collected_count", likes / (2 + chance.below(5, "collected", noteId)));
        note.put("comments_count", likes / (5 + chance.below(20, "comments", noteId)));
        note.put("shared_count", likes / (8 + chance.below(30, "shared", noteId)));
        long published = secondOf(noteId);
        note.put("time", published);
        boolean edited = chance.below(5, "edited", noteId) == 0;
        int delay = 60 + chance.below(86_400, "edited after", noteId);
        note.put("last_update_time", edited ? published + delay : 0L);
    }

    private void addMedia(ObjectNode note, String noteId, SandboxNoteKind kind) {
        ArrayNode images = note.putArray("images_list");
        switch (kind) {
            case IMAGES -> addImages(images, noteId, imageCount(noteId));
            case LIVE_PHOTOS -> {
                addImages(images, noteId, Math.min(9, imageCount(noteId)));
                for (int i = 0; i < images.size(); i++) {
                    if (i == 0 || chance.below(3, "moves", noteId, i) == 0) {
                        addMotion((ObjectNode) images.get(i), noteId, i);
                    }
                }
            }
            case VIDEO_COVER -> {
                addImages(images, noteId, 1);
                addVoice(note, noteId);
            }
            case VIDEO_STREAMS -> {
                addImages(images, noteId, 1);
                addVoice(note, noteId);
                addVideo(note, noteId);
            }
            case SOUND -> addVoice(note, noteId);
            case MUSIC -> {
                addImages(images, noteId, Math.min(9, imageCount(noteId)));
                addMusic(note, noteId);
            }
            case TEXT -> {}
        }
        addWidgets(note, noteId);
    }

    /** One to 18; few are common, and nine is more common than its neighbours. */
    private int imageCount(String noteId) {
        double draw = chance.share("images", noteId);
        return chance.below(8, "nine", noteId) == 0 ? 9 : 1 + (int) (18 * draw * draw);
    }

    private void addImages(ArrayNode images, String noteId, int count) {
        for (int i = 0; i < count; i++) {
            images.add(image(noteId, i));
        }
    }

    private ObjectNode image(String noteId, int index) {
        String prefix = switch (chance.below(20, "prefix", noteId, index)) {
            case 0 -> "notes_pre_post/";
            case 1 -> "notes_uhdr/";
            case 2 -> "spectrum/";
            default -> "";
        };
        String fileId = prefix + fileId(noteId, index);
        String format = List.of("heif", "heif", "heif", "webp", "webp", "jpg", "jpg", "png")
                .get(chance.below(8, "format", noteId, index));
        boolean onlySmall = chance.below(10, "only small", noteId, index) == 0;
        boolean wide = chance.below(4, "wide", noteId, index) == 0;
        // a picture that was turned has its sides the other way round in the answer
        int width = wide ? Pictures.HEIGHT : Pictures.WIDTH;
        int height = wide ? Pictures.WIDTH : Pictures.HEIGHT;

        ObjectNode image = MAPPER.createObjectNode();
        image.put("original", onlySmall ? "" : original(fileId, format, noteId));
        image.put("longitude", 0).put("latitude", 0).put("scale_to_large", 4);
        image.put("url", preview(fileId, 576, format, 58, noteId));
        image.put("width", width).put("index", index).put("trace_id", fileId);
        image.put("text_intention", 0).put("fileid", fileId);
        image.putObject("url_multi_level")
                .put("low", preview(fileId, 360, format, 75, noteId))
                .put("medium", preview(fileId, 576, format, 75, noteId))
                .put("high", preview(fileId, 1440, format, 75, noteId));
        image.put("need_load_original_image", true);
        image.putObject("origin_img").put("height", height).put("size", 0).put("width", width);
        image.put("height", height);
        return image;
    }

    private String original(String fileId, String format, String noteId) {
        String rendition = "?imageView2/2/w/5000/h/5000/format/" + format + "/q/56";
        String query = rendition + "&redImage/frame/0&ap=1&sc=V_ORG";
        return mediaOrigin + "/" + fileId + query + imageSignature(fileId, noteId);
    }

    /** With a bar in it that no URI may have unescaped, as the provider sends it. */
    private String preview(String fileId, int width, String format, int quality, String noteId) {
        String rendition = "?imageView2/2/w/" + width + "/format/" + format + "/q/" + quality;
        String query = rendition + "|imageMogr2/strip&redImage/frame/0/enhance/4&ap=1&sc=V_PRV";
        return mediaOrigin + "/" + fileId + query + imageSignature(fileId, noteId);
    }

    /** The same for all renditions of a file; the time is when the address was issued. */
    private String imageSignature(String fileId, String noteId) {
        String issued = HexFormat.of().toHexDigits(secondOf(noteId), 8);
        return "&sign=" + sign(fileId) + "&t=" + issued + "&src=A";
    }

    private String fileId(String noteId, int index) {
        String place = HexFormat.of().toHexDigits(index, 4);
        return "1040g008" + chance.hex("file", noteId, index) + "sbx" + place;
    }

    private void addMotion(ObjectNode image, String noteId, int index) {
        String name = "01e9" + chance.hex("motion", noteId, index);
        image.put("live_photo_file_id", "livephoto/1040g390" + chance.hex("live", noteId, index));
        ObjectNode streams = image.putObject("live_photo")
                .putObject("media")
                .put("video_id", videoId("motion", noteId, index))
                .putObject("stream");
        streams.putArray("h264");
        addStream(streams.putArray("h265"), "10/66", name, 66, "hevc", 1080, 1440, 2021, "HD");
        streams.putArray("h266");
        streams.putArray("av1");
    }

    private void addVideo(ObjectNode note, String noteId) {
        String name = "01e8" + chance.hex("video", noteId);
        int seconds = 8 + chance.below(90, "seconds", noteId);
        int duration = seconds * 1000 + 120;
        ObjectNode video = note.putObject("video_info_v2");
        video.putObject("capa").put("duration", seconds);
        ObjectNode content = video.putObject("media");
        content.put("video_id", Long.parseLong(videoId("video", noteId)));
        content.putObject("video").put("md5", "").put("duration", seconds + 1);
        ObjectNode streams = content.putObject("stream");
        ArrayNode h264 = streams.putArray("h264");
        addStream(h264, "110/258", name, 258, "h264", 720, 1280, duration, "HD");
        ArrayNode h265 = streams.putArray("h265");
        addStream(h265, "110/114", name, 114, "hevc", 720, 1280, duration, "HD");
        addStream(h265, "110/115", name, 115, "hevc", 1080, 1920, duration, "FHD");
        streams.putArray("h266");
        streams.putArray("av1");
    }

    private void addStream(
            ArrayNode streams,
            String folder,
            String name,
            int type,
            String codec,
            int width,
            int height,
            int duration,
            String quality) {
        String path = "/stream/1/" + folder + "/" + name + "_" + type + ".mp4";
        int size = bytes(path).length;
        ObjectNode stream = streams.addObject().put("master_url", mediaOrigin + path);
        stream.putArray("backup_urls")
                .add(mediaOrigin + path)
                .add(mediaOrigin + "/backup/1" + path)
                .add(mediaOrigin + "/backup/2" + path);
        stream.put("width", width).put("height", height).put("size", size);
        stream.put("duration", duration).put("format", "mp4").put("stream_type", type);
        stream.put("video_codec", codec).put("audio_codec", "aac").put("fps", 30);
        stream.put("avg_bitrate", (int) (size * 8000L / duration)).put("quality_type", quality);
        stream.put("default_stream", type == 258 ? 0 : 1).put("hdr_type", 0).put("weight", 62);
    }

    private void addVoice(ObjectNode note, String noteId) {
        String extension = chance.below(4, "extension", noteId) == 0 ? "m4a" : "wav";
        String path = "/audio/1/02e9" + chance.hex("sound", noteId) + "_0." + extension;
        ObjectNode voice = note.putObject("native_voice_info");
        addSoundFields(voice, noteId, path);
        voice.put("md5sum", DigestUtils.md5Hex(bytes(path))).put("optimize_exp_in_use_count", 0);
    }

    private void addSoundFields(ObjectNode sound, String noteId, String path) {
        String author = authorName(noteId);
        sound.put("sound_id", soundId(noteId)).put("name", author + "的原声");
        sound.put("desc", "@" + author + "创作的原声").put("subtitle", author + "的原声");
        sound.put("duration", 5_000 + chance.below(60_000, "voice", noteId));
        sound.put("url", mediaOrigin + path + (path.endsWith(".wav") ? "" : signature(path)));
        sound.put("sound_bg_music_type", 3).put("use_count", 1);
        sound.put("cover", avatar(noteId));
    }

    private void addMusic(ObjectNode note, String noteId) {
        String path = "/music/02f0" + chance.hex("music", noteId) + ".mp3";
        note.put("has_music", true);
        note.putObject("simple_music_info")
                .put("music_id", chance.hex("music id", noteId))
                .put("name", "练习曲")
                .put("author", "沙盒乐队")
                .put("duration", 30_000 + chance.below(60_000, "music length", noteId))
                .put("url", mediaOrigin + path + signature(path));
    }

    /** JSON in a string in JSON, with the sound once more, as the app has it. */
    private void addWidgets(ObjectNode note, String noteId) {
        ObjectNode widgets = MAPPER.createObjectNode();
        widgets.put("video", note.path("type").asString().equals("video"));
        widgets.put("origin_video_key", "");
        widgets.putObject("flags").put("sound_track", note.has("native_voice_info"));
        widgets.put("author_id", personId("author", noteId));
        widgets.put("author_name", authorName(noteId));
        if (note.get("native_voice_info") instanceof ObjectNode voice) {
            ObjectNode sound = voice.deepCopy();
            sound.remove(List.of("md5sum", "optimize_exp_in_use_count"));
            sound.put("creator", personId("author", noteId));
            widgets.set("note_sound_info", sound);
        }
        widgets.put("q_task_id", "").put("video_rec_bar_info", "");
        note.put("widgets_context", MAPPER.writeValueAsString(widgets));
    }

    private void addShares(ObjectNode note, String noteId, boolean video) {
        String type = video ? "video" : "normal";
        String page = mediaOrigin + "/discovery/item/" + noteId + "?xsec_source=app_share";
        String thumb = mediaOrigin + "/" + fileId(noteId, 0) + "?imageView2/2/w/360/format/jpg/q/75";
        String text = note.path("desc").asString();
        ObjectNode share = (ObjectNode) Objects.requireNonNull(note.get("share_info"));
        share.put("link", page + "&type=" + type + "&author_share=1");
        share.put("title", note.path("title").asString()).put("content", text);
        share.put("image", thumb).put("wechat_share_desc", "@" + authorName(noteId) + " 的笔记");
        for (String program : List.of("mini_program_info", "qq_mini_program_info")) {
            String title = "@" + authorName(noteId) + " 发了一篇笔记,快点来看吧!";
            String token = "SANDBOX" + chance.hex("share", program, noteId) + "=";
            note.putObject(program)
                    .put("user_name", "gh_000000000000")
                    .put(
                            "path",
                            "pages/main/note/index?xsec_source=app_share&id=%s&type=%s&xsec_token=%s"
                                    .formatted(noteId, type, token))
                    .put("title", title)
                    .put("share_title", title)
                    .put("desc", text)
                    .put("webpage_url", page)
                    .put("thumb", thumb);
        }
    }

    private ObjectNode user(String noteId) {
        String id = personId("author", noteId);
        String name = authorName(noteId);
        ObjectNode user = MAPPER.createObjectNode().put("id", id).put("userid", id);
        user.put("name", name).put("nickname", name).put("image", avatar(noteId));
        user.put("red_id", "9" + (10_000_000 + chance.below(90_000_000, "red id", noteId)));
        user.put("followed", false).put("fstatus", "none").put("track_duration", 0);
        user.put("red_official_verified", false).put("red_official_verify_type", 0);
        user.put("show_red_official_verify_icon", false).putObject("level").put("image", "");
        return user;
    }

    private String avatar(String noteId) {
        return mediaOrigin + "/avatar/" + personId("author", noteId) + "?imageView2/2/w/120/format/jpg";
    }

    private String authorName(String noteId) {
        return pick(NAMES, "author", noteId) + chance.below(1000, "author number", noteId);
    }

    /** An id that no one has: persons and topics made before 2013 do not exist in the app. */
    private String personId(Object... words) {
        return "00005a4d" + chance.hex("person", List.of(words));
    }

    /** Eighteen digits, which no floating-point number holds exactly. */
    private String videoId(Object... words) {
        long drawn = Math.floorMod(chance.bits("video id", List.of(words)), 1_000_000_000_000_000L);
        return String.valueOf(137_000_000_000_000_000L + drawn);
    }

    private String soundId(String noteId) {
        long drawn = Math.floorMod(chance.bits("sound id", noteId), 1_000_000_000_000_000L);
        return String.valueOf(1_146_000_000_000_000_000L + drawn);
    }

    private String signature(String path) {
        return "?sign=" + sign(path) + "&t=" + HexFormat.of().toHexDigits(FIRST_SECOND, 8);
    }

    private String sign(String path) {
        return chance.hex("sign", path) + chance.hex("sign 2", path);
    }

    private String pick(List<String> from, Object... words) {
        return from.get(chance.below(from.size(), "pick", List.of(words)));
    }

    private byte[] bytes(String path) {
        return media.find(path).orElseThrow().bytes();
    }

    private long secondAt(int index) {
        return FIRST_SECOND + chance.below(YEAR, "second", index);
    }

    /** The first eight digits of an id are the second in which the note was made. */
    private static long secondOf(String noteId) {
        boolean usable = noteId.length() >= 8 && IntStream.range(0, 8).allMatch(i -> isHex(noteId.charAt(i)));
        return usable ? Long.parseLong(noteId.substring(0, 8), 16) : FIRST_SECOND;
    }

    private static boolean isHex(char digit) {
        return Character.digit(digit, 16) >= 0 && digit < 128;
    }

    private static ObjectNode template() {
        try (InputStream in = SyntheticNotes.class.getResourceAsStream("note.json")) {
            return (ObjectNode) MAPPER.readTree(Objects.requireNonNull(in).readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("The sandbox's note.json cannot be read", e);
        }
    }
}
