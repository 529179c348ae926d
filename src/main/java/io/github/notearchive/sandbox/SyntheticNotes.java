package io.github.notearchive.sandbox;

import static java.util.stream.Collectors.joining;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import io.github.notearchive.io.text.JsonOutput;
import java.awt.Dimension;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Generator of notes in the format of the provider's responses. A note follows from the seed, its id and the day; only
 * {@code requestId} and {@code recordTime} differ from call to call.
 *
 * <p>The templates in {@code src/main/jte-text/sandbox} are the format of a note, {@link SyntheticNote} has the values
 * that several of them use.
 *
 * @param mediaOrigin scheme, host and port of all media URLs
 * @param day number of the current day, from 1; with another one notes have other counts, and some other words
 */
record SyntheticNotes(SeededRandom random, SyntheticMedia media, String mediaOrigin, IntSupplier day) {

    /** Words of the notes, and status and message of each code of the provider. */
    private static final JsonNode TEXTS = read("notes.json");

    private static final TemplateEngine TEMPLATES = TemplateEngine.createPrecompiled(
            null, ContentType.Plain, SyntheticNotes.class.getClassLoader(), "io.github.notearchive");

    /** Reader of rendered templates, whose lists have a comma after the last element. */
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(JsonReadFeature.ALLOW_TRAILING_COMMA).build();

    private static final DateTimeFormatter RECORD_TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId.of("Asia/Shanghai"));

    /** 1 June 2025 in Shanghai. */
    private static final long FIRST_SECOND = 1_748_707_200L;

    private static final int YEAR = 365 * 24 * 3600;

    private static JsonNode read(String resource) {
        try (InputStream in = SyntheticNotes.class.getResourceAsStream(resource)) {
            return JsonMapper.shared().readTree(Objects.requireNonNull(in));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read the resource " + resource, e);
        }
    }

    /** Returns the id at an index of the endless sequence of ids; its first eight digits are the creation second. */
    String id(int index) {
        long second = FIRST_SECOND + random.below(YEAR, "second", index);
        return HexFormat.of().toHexDigits(second, 8)
                + random.hex("id", index).substring(8)
                + HexFormat.of().toHexDigits(index);
    }

    SandboxNoteKind kind(String noteId) {
        return note(noteId, false).kind();
    }

    private SyntheticNote note(String noteId, boolean forVideo) {
        return new SyntheticNote(random, media, mediaOrigin, noteId, forVideo, day.getAsInt());
    }

    /**
     * Returns the response of the note endpoint with code 0.
     *
     * @param call number of the call about this note
     */
    ObjectNode envelope(String noteId, int call) {
        return envelope(0, MAPPER.createArrayNode().add(render("wrapper", note(noteId, false))), noteId, call);
    }

    /**
     * Returns the response of the video endpoint with code 0: the note itself and a recommended one; no data for notes
     * without video.
     */
    ObjectNode videoEnvelope(String noteId, int call) {
        ArrayNode data = MAPPER.createArrayNode();
        if (kind(noteId).hasVideo()) {
            String recommended = id(random.below(1_000, "recommended", noteId));
            data.add(render("note", note(noteId, true))).add(render("note", note(recommended, true)));
        }
        return envelope(0, data, noteId, call);
    }

    /** Returns a response with a code and without data. */
    ObjectNode envelope(int code, String noteId, int call) {
        return envelope(code, MAPPER.nullNode(), noteId, call);
    }

    /** Returns the HTTP status that the provider sends with a code; 200 if unknown. */
    static int httpStatus(int code) {
        return TEXTS.at("/responses/" + code + "/httpStatus").asInt(200);
    }

    /** Each of the optional fields is present, null or absent in some responses, as in those of the real provider. */
    private ObjectNode envelope(int code, JsonNode data, String noteId, int call) {
        ObjectNode envelope = MAPPER.createObjectNode().put("code", code);
        envelope.set("data", data);
        envelope.put("message", TEXTS.at("/responses/" + code + "/message").asString("CODE " + code));
        int variant = random.below(3, "frame", noteId, call);
        Instant time = Instant.ofEpochSecond(note(noteId, false).second() + YEAR + call);
        envelope.put("recordTime", variant == 0 ? RECORD_TIME.format(time) : null);
        if (variant < 2) {
            envelope.put("requestId", "sandbox-" + random.hex("request", noteId, call));
        }
        return envelope;
    }

    static JsonNode render(String template, SyntheticNote note) {
        JsonOutput json = new JsonOutput();
        TEMPLATES.render("sandbox/" + template + ".jte", note, json);
        return MAPPER.readTree(json.toString());
    }

    /** Returns a word of a list; an empty text behind its end. */
    static String word(String list, int index) {
        return TEXTS.at("/words/" + list + "/" + index).asString("");
    }

    /**
     * Values of a generated note, for the templates.
     *
     * @param origin scheme, host and port of all media URLs
     * @param forVideo whether the video endpoint returns the note, which then has streams and subtitles
     */
    record SyntheticNote(
            SeededRandom random, SyntheticMedia media, String origin, String id, boolean forVideo, int day) {

        private static final int AUTHORS = 12;

        SandboxNoteKind kind() {
            return lacksAFile() ? SandboxNoteKind.IMAGES : SandboxNoteKind.of(below(100, "kind"));
        }

        private boolean lacksAFile() {
            return media.alive() && NoteStory.of(id) == NoteStory.LACKS_A_FILE;
        }

        private boolean isEdited() {
            return media.alive() && day >= NoteStory.CHANGES_FROM && NoteStory.of(id) == NoteStory.IS_EDITED;
        }

        boolean isVideo() {
            return kind().hasVideo() || kind() == SandboxNoteKind.SOUND;
        }

        /** Returns the second of the creation, with which an id begins. */
        long second() {
            String digits = id.substring(0, Math.min(8, id.length()));
            return digits.matches("[0-9a-fA-F]{8}") ? HexFormat.fromHexDigitsToLong(digits) : FIRST_SECOND;
        }

        String authorId() {
            return personId("author", writer());
        }

        String author() {
            return media.alive()
                    ? word("authors", below(AUTHORS, "writer"))
                    : pick("names", "author") + below(1000, "author number");
        }

        /** Returns what the author follows from: few of them have written all notes of a living practice. */
        private Object writer() {
            return media.alive() ? below(AUTHORS, "writer") : id;
        }

        int redId() {
            return 10_000_000 + random.below(90_000_000, "red id", writer());
        }

        String title() {
            return oneIn(12, "untitled")
                    ? ""
                    : pick(media.alive() ? "livingTitles" : "titles", "title") + (isEdited() ? "（已更新）" : "");
        }

        /** Returns sentences, then mentions and topics in the notation of the app. */
        String text() {
            String sentences = IntStream.range(0, 1 + below(6, "sentences"))
                    .mapToObj(i -> pick(media.alive() ? "livingSentences" : "sentences", "sentence", id, i)
                            + (i % 2 == 0 ? "\n" : ""))
                    .collect(joining());
            String mentions = mentions().stream().map(name -> "@" + name + " ").collect(joining());
            String topics = topics().stream().map(name -> "#" + name + "[话题]# ").collect(joining());
            String addition = isEdited() ? word("additions", below(words("additions"), "addition")) + "\n" : "";
            return (sentences + addition + mentions + topics).strip();
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
            double growth = media.alive() ? 0.3 * Math.pow(random.uniform("growth", id), 3) : 0;
            double likes = Math.pow(10, 5.5 * random.uniform("fame", id));
            return (int) (likes * (1 + growth * (1 - Math.pow(0.6, day - 1))));
        }

        /** Returns the second of the last edit; 0 without one. */
        long editedAt() {
            return oneIn(5, "edited") || isEdited() ? second() + 60 + below(86_400, "edited after") : 0;
        }

        /** Few images are frequent, and nine are more frequent than eight or ten. */
        int imageCount() {
            double draw = random.uniform("images", id);
            int count = Math.min(kind().mostImages, oneIn(8, "nine") ? 9 : 1 + (int) (18 * draw * draw));
            return lacksAFile() ? Math.max(3, count) : count;
        }

        Dimension size(int image) {
            return media.size(fileId(image));
        }

        /** Returns the format of an image; that of a drawn one is JPEG or PNG. */
        String format(int image) {
            int draw = random.below(8, "format", id, image);
            return media.alive() ? draw == 0 ? "png" : "jpg" : word("formats", draw);
        }

        String fileId(int image) {
            boolean isAbsent = lacksAFile() && image == 1;
            return "1040g008" + random.hex("file", id, image) + (isAbsent ? SyntheticMedia.ABSENT : "sbx")
                    + HexFormat.of().toHexDigits(image, 4);
        }

        /** Returns an id that does not exist in the app, which was started in 2013: its time is before that. */
        String personId(Object... words) {
            return "00005a4d" + random.hex("person", List.of(words));
        }

        /** Returns eighteen digits or more, which no floating-point number represents exactly. */
        String longId(long first, Object... words) {
            return String.valueOf(first + Math.floorMod(random.bits(words), 1_000_000_000_000_000L));
        }

        /** Returns the URL of a path with its signature. */
        String signed(String path) {
            return origin + path + "?sign=" + sign(path) + "&t="
                    + HexFormat.of().toHexDigits(FIRST_SECOND, 8);
        }

        String sign(String path) {
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
            return TEXTS.at("/words/" + list).size();
        }
    }
}
