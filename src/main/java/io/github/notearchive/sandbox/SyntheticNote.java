package io.github.notearchive.sandbox;

import static java.util.stream.Collectors.joining;

import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Values of a generated note, for its templates.
 *
 * @param origin scheme, host and port of all media URLs
 * @param forVideo whether the video endpoint returns the note, which then has streams and subtitles
 */
record SyntheticNote(SeededRandom random, SyntheticMedia media, String origin, String id, boolean forVideo) {

    SandboxNoteKind kind() {
        return SandboxNoteKind.of(below(100, "kind"));
    }

    boolean isVideo() {
        return kind().hasVideo() || kind() == SandboxNoteKind.SOUND;
    }

    boolean hasStreams() {
        return forVideo || kind() == SandboxNoteKind.VIDEO_STREAMS;
    }

    boolean hasMusic() {
        return kind() == SandboxNoteKind.MUSIC;
    }

    String type() {
        return isVideo() ? "video" : "normal";
    }

    /** Returns the second of the creation, with which an id begins. */
    long second() {
        String digits = id.substring(0, Math.min(8, id.length()));
        return digits.matches("[0-9a-fA-F]{8}") ? HexFormat.fromHexDigitsToLong(digits) : SyntheticNotes.FIRST_SECOND;
    }

    /** Returns the second of the last edit; 0 for most notes. */
    long edited() {
        return oneIn(5, "edited") ? second() + 60 + below(86_400, "edited after") : 0;
    }

    String authorId() {
        return personId("author", id);
    }

    String author() {
        return pick("names", "author") + below(1000, "author number");
    }

    String title() {
        return oneIn(12, "untitled") ? "" : pick("titles", "title");
    }

    /** Returns sentences, then mentions and topics in the notation of the app. */
    String text() {
        String sentences = IntStream.range(0, 1 + below(6, "sentences"))
                .mapToObj(i -> pick("sentences", "sentence", id, i) + (i % 2 == 0 ? "\n" : ""))
                .collect(joining());
        String mentions = mentions().stream().map(name -> "@" + name + " ").collect(joining());
        String topics = topics().stream().map(name -> "#" + name + "[话题]# ").collect(joining());
        return (sentences + mentions + topics).strip();
    }

    List<String> mentions() {
        return IntStream.range(0, below(3, "mentions"))
                .mapToObj(i -> pick("names", "mention", id, i) + i)
                .toList();
    }

    List<String> topics() {
        int count = words("topics");
        int first = below(count, "topic");
        return IntStream.range(0, below(5, "topics"))
                .mapToObj(i -> word("topics", (first + i) % count))
                .toList();
    }

    int likes() {
        return (int) Math.pow(10, 5.5 * random.uniform("fame", id));
    }

    /** Few images are frequent, and nine are more frequent than eight or ten. */
    int imageCount() {
        double draw = random.uniform("images", id);
        int drawn = oneIn(8, "nine") ? 9 : 1 + (int) (18 * draw * draw);
        return switch (kind()) {
            case IMAGES -> drawn;
            case LIVE_PHOTOS, MUSIC -> Math.min(9, drawn);
            case VIDEO_COVER, VIDEO_STREAMS -> 1;
            case SOUND, TEXT -> 0;
        };
    }

    String fileId(int image) {
        return "1040g008" + random.hex("file", id, image) + "sbx"
                + HexFormat.of().toHexDigits(image, 4);
    }

    boolean moves(int image) {
        return kind() == SandboxNoteKind.LIVE_PHOTOS && (image == 0 || random.oneIn(3, "moves", id, image));
    }

    /** Returns the signature that all renditions of a file have, with the time of the note. */
    String signature(String fileId) {
        return "&sign=" + sign(fileId) + "&t=" + HexFormat.of().toHexDigits(second(), 8) + "&src=A";
    }

    /** Returns the languages of the subtitles of one note in two: Chinese, and for some of them English too. */
    List<String> subtitles() {
        if (oneIn(2, "subtitles")) {
            return List.of();
        }
        return oneIn(2, "translated") ? List.of("source", "zh-CN", "en-US") : List.of("source", "zh-CN");
    }

    String subtitleUrl(String key) {
        String language = key.equals("source") ? "zh-CN" : key;
        String name = "01e7" + random.hex("subtitle", id, language);
        return signed("/subtitle/" + language + "/" + name + (language.equals("en-US") ? ".vtt" : ".srt"));
    }

    String soundUrl() {
        return sound().endsWith(".wav") ? origin + sound() : signed(sound());
    }

    String soundMd5() {
        return DigestUtils.md5Hex(content(sound()));
    }

    private String sound() {
        return "/audio/1/02e9" + hex("sound") + (oneIn(4, "extension") ? "_0.m4a" : "_0.wav");
    }

    /** Returns the JSON text that a note contains as a string. */
    String widgets() {
        return SyntheticNotes.render("widgets", this).toString();
    }

    /** Returns an id that does not exist in the app, which was started in 2013: its time is before that. */
    String personId(Object... words) {
        return "00005a4d" + random.hex("person", List.of(words));
    }

    /** Returns eighteen digits, which no floating-point number represents exactly. */
    String videoId(Object... words) {
        return longId(137_000_000_000_000_000L, "video id", List.of(words));
    }

    String longId(long first, Object... words) {
        return String.valueOf(first + Math.floorMod(random.bits(words), 1_000_000_000_000_000L));
    }

    /** Returns the URL of a path with its signature. */
    String signed(String path) {
        return origin + path + "?sign=" + sign(path) + "&t="
                + HexFormat.of().toHexDigits(SyntheticNotes.FIRST_SECOND, 8);
    }

    private String sign(String path) {
        return random.hex("sign", path) + random.hex("sign 2", path);
    }

    byte[] content(String path) {
        return media.find(path).orElseThrow().body();
    }

    int below(int bound, String key) {
        return random.below(bound, key, id);
    }

    boolean oneIn(int n, String key) {
        return random.oneIn(n, key, id);
    }

    String hex(String key) {
        return random.hex(key, id);
    }

    String pick(String list, String key) {
        return pick(list, key, id);
    }

    private String pick(String list, Object... words) {
        return word(list, random.below(words(list), "pick", List.of(words)));
    }

    private static int words(String list) {
        return SyntheticNotes.TEXTS.at("/words/" + list).size();
    }

    /** Returns a word of a list; an empty text behind its end. */
    static String word(String list, int index) {
        return SyntheticNotes.TEXTS.at("/words/" + list + "/" + index).asString("");
    }
}
