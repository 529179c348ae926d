package io.github.notearchive.sandbox;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Responses of the sandbox with other media, and the heads of video files of any length, for benchmarks that serve
 * their own files.
 */
public final class SampleParts {

    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final SyntheticNotes notes;
    private final ObjectNode image;
    private final ObjectNode voice;
    private final ObjectNode video;

    public SampleParts(long seed, String origin) {
        SeededRandom random = new SeededRandom(seed);
        notes = new SyntheticNotes(random, new SyntheticMedia(random, 0, 256, false), origin, () -> 1);
        image = (ObjectNode) note(first(SandboxNoteKind.IMAGES)).at("/images_list/0");
        ObjectNode film = note(first(SandboxNoteKind.VIDEO_STREAMS));
        voice = (ObjectNode) film.required("native_voice_info");
        video = (ObjectNode) film.required("video_info_v2");
    }

    private String first(SandboxNoteKind kind) {
        return Stream.iterate(0, index -> index + 1)
                .map(notes::id)
                .filter(id -> notes.kind(id) == kind)
                .findFirst()
                .orElseThrow();
    }

    private ObjectNode note(String id) {
        return (ObjectNode) notes.envelope(id, 1).at("/data/0/note_list/0");
    }

    public String id(int index) {
        return notes.id(index);
    }

    /** A file in a response; width and height are 0 for sound. */
    public record Part(String name, String url, long size, int width, int height, String md5) {}

    /** Returns the response about a note with these files only. */
    public byte[] answer(String noteId, List<Part> images, List<Part> voices, List<Part> videos) {
        ObjectNode envelope = notes.envelope(noteId, 1);
        ObjectNode note = (ObjectNode) envelope.at("/data/0/note_list/0");
        note.remove(List.of("native_voice_info", "video_info_v2", "simple_music_info"));
        note.put("type", videos.isEmpty() ? "normal" : "video");
        ObjectNode widgets =
                (ObjectNode) MAPPER.readTree(note.required("widgets_context").asString());
        widgets.remove("note_sound_info");
        note.put("widgets_context", MAPPER.writeValueAsString(widgets));
        ArrayNode list = note.putArray("images_list");
        for (Part part : images) {
            list.add(image(part, list.size()));
        }
        for (Part part : voices) {
            ObjectNode sound = voice.deepCopy().put("url", part.url()).put("md5sum", part.md5());
            note.set("native_voice_info", sound.put("sound_id", part.name()));
        }
        for (Part part : videos) {
            note.set("video_info_v2", video(part));
        }
        return MAPPER.writeValueAsBytes(envelope);
    }

    /** The renditions of an image have other names; only the original is served. */
    private ObjectNode image(Part part, int index) {
        ObjectNode each = (ObjectNode) MAPPER.readTree(
                image.toString().replace(image.required("fileid").asString(), part.name()));
        each.put("original", part.url()).put("index", index);
        each.put("width", part.width()).put("height", part.height());
        ((ObjectNode) each.required("origin_img")).put("width", part.width()).put("height", part.height());
        return each;
    }

    /** The benchmarks do not depend on the choice among several streams. */
    private ObjectNode video(Part part) {
        ObjectNode each = video.deepCopy();
        ObjectNode media = (ObjectNode) each.required("media");
        media.put("video_id", part.name());
        ObjectNode streams = (ObjectNode) media.required("stream");
        ObjectNode stream = (ObjectNode) streams.at("/h265/0");
        stream.put("master_url", part.url()).put("size", part.size());
        stream.put("width", part.width()).put("height", part.height());
        stream.putArray("backup_urls");
        streams.putArray("h264");
        streams.putArray("h265").add(stream);
        return each;
    }

    /** Returns the start of a video of 720 by 1280 pixels and of this size; the rest may be anything. */
    public static byte[] mp4Head(long size) {
        return head(SampleFile.MP4_720_1280.sample(), size);
    }

    /** Returns the start of a sound file of this size; the rest may be anything. */
    public static byte[] m4aHead(long size) {
        return head(SampleFile.M4A.sample(), size);
    }

    /** Appends the header of a box up to the size. */
    private static byte[] head(byte[] sample, long size) {
        return ByteBuffer.allocate(sample.length + 8)
                .put(sample)
                .putInt((int) (size - sample.length))
                .put("free".getBytes(StandardCharsets.US_ASCII))
                .array();
    }
}
