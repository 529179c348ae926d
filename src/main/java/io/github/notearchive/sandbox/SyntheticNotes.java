package io.github.notearchive.sandbox;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Objects;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Generator of notes in the format of the provider's responses. A note follows from the seed and its id; only
 * {@code requestId} and {@code recordTime} differ from call to call.
 *
 * <p>The templates in {@code src/main/jte-text/sandbox} are the format of a note, {@link SyntheticNote} has the values
 * that vary.
 *
 * @param mediaOrigin scheme, host and port of all media URLs
 */
record SyntheticNotes(SeededRandom random, SyntheticMedia media, String mediaOrigin) {

    /** Words of the notes, and status and message of each code of the provider. */
    static final JsonNode TEXTS = read("notes.json");

    private static final TemplateEngine TEMPLATES = TemplateEngine.createPrecompiled(
            null, ContentType.Plain, SyntheticNotes.class.getClassLoader(), "io.github.notearchive");

    /** Reader of rendered templates, whose lists have a comma after the last element. */
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(JsonReadFeature.ALLOW_TRAILING_COMMA).build();

    private static final DateTimeFormatter RECORD_TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId.of("Asia/Shanghai"));

    /** 1 June 2025 in Shanghai. */
    static final long FIRST_SECOND = 1_748_707_200L;

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
        return new SyntheticNote(random, media, mediaOrigin, noteId, forVideo);
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

    /** Renders a template as JSON. Values are escaped for use within quotes. */
    static JsonNode render(String template, SyntheticNote note) {
        StringOutput json = new StringOutput() {

            @Override
            public void writeUserContent(String value) {
                writeContent(new String(JsonStringEncoder.getInstance().quoteAsCharArray(value)));
            }
        };
        TEMPLATES.render("sandbox/" + template + ".jte", note, json);
        return MAPPER.readTree(json.toString());
    }
}
