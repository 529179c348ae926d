package io.github.notearchive.note;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Derives the media slots of a response from its media, not from its {@code type}.
 *
 * <p>The fields are those of the published samples of the provider. Values of another shape are ignored. An image or
 * motion with a name but without URL is a slot, so that the missing file is visible. An audio block without URL is
 * common and means that there is no audio.
 */
public final class MediaSlots {

    /** Reason of a missing video: this endpoint does not deliver videos. */
    public static final String NOT_OFFERED_BY_V1 = "NOT_OFFERED_BY_V1";

    /** Reason of a missing video: the endpoint for videos did not deliver one. */
    public static final String NOT_OFFERED_BY_V6 = "NOT_OFFERED_BY_V6";

    /** Valid name of a language, such as {@code zh-CN}. */
    private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z0-9_-]{1,20}");

    private final JsonNode note;
    private final StreamPreference preference;
    private final List<MediaSlot> slots = new ArrayList<>();

    private MediaSlots(JsonNode note, StreamPreference preference) {
        this.note = note;
        this.preference = preference;
    }

    /**
     * Returns the slots of a response in its order: each image followed by its motion, then the video with its
     * subtitles, then audio.
     */
    public static List<MediaSlot> of(NoteCapture capture, StreamPreference preference) {
        return of(capture, null, preference);
    }

    /**
     * Returns the slots of a response, with video and subtitles from a second response.
     *
     * @param video response of {@link Endpoint#VIDEO}; null if absent
     */
    public static List<MediaSlot> of(NoteCapture capture, @Nullable NoteCapture video, StreamPreference preference) {
        MediaSlots expected = new MediaSlots(capture.note(), preference);
        expected.addImages();
        if (video == null) {
            expected.addVideo();
        } else {
            MediaSlots bought = new MediaSlots(video.note(), preference);
            bought.addBoughtVideo();
            expected.slots.addAll(bought.slots);
        }
        expected.addAudio();
        return List.copyOf(expected.slots);
    }

    /**
     * Returns whether a response is of type {@code video} without a URL of its video, so that {@link Endpoint#VIDEO}
     * may deliver it.
     */
    public static boolean lacksVideo(NoteCapture capture) {
        MediaSlots expected = new MediaSlots(capture.note(), StreamPreference.DEFAULT);
        return expected.isVideoNote()
                && !expected.isSoundOnly()
                && expected.streams(expected.videoMedia().path("stream"), null).isEmpty();
    }

    private void addImages() {
        int ordinal = 0;
        for (JsonNode image : elements(note.path("images_list"))) {
            if (!image.isObject()) {
                continue;
            }
            addImage(image, ordinal);
            addMotion(image, ordinal);
            ordinal++;
        }
    }

    private void addImage(JsonNode image, int ordinal) {
        Candidates candidates = new Candidates();
        Integer width = dimension(image, "width");
        Integer height = dimension(image, "height");
        JsonNode levels = image.path("url_multi_level");
        candidates.add("url_8k", image.path("url_8k"), null, width, height, null);
        candidates.add("original", image.path("original"), null, width, height, null);
        candidates.add("url_size_large", image.path("url_size_large"), null, null, null, null);
        candidates.add("url_multi_level.high", levels.path("high"), null, null, null, null);
        candidates.add("url", image.path("url"), null, null, null, null);
        candidates.add("url_multi_level.medium", levels.path("medium"), null, null, null, null);
        candidates.add("url_multi_level.low", levels.path("low"), null, null, null, null);
        slots.add(slot(MediaKind.IMAGE, ordinal, first(image, "fileid", "trace_id"), candidates, null));
    }

    private void addMotion(JsonNode image, int ordinal) {
        JsonNode media = image.path("live_photo").path("media");
        Optional<String> identity = first(image, "live_photo_file_id").or(() -> first(media, "video_id"));
        Candidates candidates = streams(media.path("stream"), null);
        if (identity.isPresent() || !candidates.isEmpty()) {
            slots.add(slot(MediaKind.MOTION, ordinal, identity, candidates, null));
        }
    }

    private void addVideo() {
        if (!addVideoSlot() && isVideoNote() && !isSoundOnly()) {
            slots.add(new MediaSlot(MediaKind.VIDEO, 0, "", List.of(), NOT_OFFERED_BY_V1));
        }
    }

    private void addBoughtVideo() {
        if (!addVideoSlot()) {
            slots.add(new MediaSlot(MediaKind.VIDEO, 0, "", List.of(), NOT_OFFERED_BY_V6));
        }
    }

    /** Adds the video and its subtitles; returns false if the response has no video. */
    private boolean addVideoSlot() {
        JsonNode media = videoMedia();
        Candidates candidates =
                streams(media.path("stream"), md5(media.path("video").path("md5")));
        Optional<String> identity = first(media, "video_id");
        if (identity.isEmpty() && candidates.isEmpty()) {
            return false;
        }
        slots.add(slot(MediaKind.VIDEO, 0, identity, candidates, null));
        addSubtitles(media.path("video").path("subtitles"));
        return true;
    }

    private JsonNode videoMedia() {
        return note.path("video_info_v2").path("media");
    }

    private boolean isVideoNote() {
        return "video".equals(note.path("type").stringValue(""));
    }

    /**
     * Adds a slot for each language, sorted by name, since the order of keys varies between responses. {@code source}
     * usually repeats one of the languages with another signature. A language with an invalid name is named by its
     * position, as {@code #0}.
     */
    private void addSubtitles(JsonNode byLanguage) {
        Set<String> known = new HashSet<>();
        int ordinal = 0;
        List<String> languages = new ArrayList<>(byLanguage.propertyNames());
        languages.sort(Comparator.comparing((String language) -> language.equals("source"))
                .thenComparing(Comparator.naturalOrder()));
        for (int place = 0; place < languages.size(); place++) {
            String key = languages.get(place);
            String language = LANGUAGE.matcher(key).matches() ? key : "#" + place;
            int number = 0;
            for (JsonNode subtitle : elements(byLanguage.path(key))) {
                String name = number++ == 0 ? language : language + "[" + (number - 1) + "]";
                Candidates candidates = new Candidates();
                candidates.add("subtitles." + name, subtitle.path("url"), null, null, null, null);
                if (candidates.isEmpty()
                        || !known.add(candidates.list().getFirst().place())) {
                    continue;
                }
                // a language is not a source file id: many notes share it
                slots.add(new MediaSlot(MediaKind.SUBTITLE, ordinal++, name, candidates.list(), false, null));
            }
        }
    }

    /** A post of original sound has type {@code video}, but neither cover nor video. */
    private boolean isSoundOnly() {
        return elements(note.path("images_list")).isEmpty()
                && !text(note.path("native_voice_info").path("url")).isEmpty();
    }

    private void addAudio() {
        List<JsonNode> sounds =
                List.of(note.path("native_voice_info"), soundWithinText(), note.path("simple_music_info"));
        List<MediaSlot> audio = new ArrayList<>();
        for (JsonNode sound : sounds) {
            if (text(sound.path("url")).isEmpty()) {
                continue;
            }
            Candidates candidates = new Candidates();
            candidates.add("url", sound.path("url"), null, null, null, md5(sound.path("md5sum")));
            MediaSlot slot =
                    slot(MediaKind.AUDIO, audio.size(), first(sound, "sound_id", "music_id", "id"), candidates, null);
            if (audio.stream().noneMatch(other -> isSameSound(other, slot))) {
                audio.add(slot);
            }
        }
        slots.addAll(audio);
    }

    /**
     * Returns whether two slots have the same source file id or the same URL. Equal last path segments, as of
     * {@code voice/0.wav} and {@code music/0.wav}, do not suffice.
     */
    private static boolean isSameSound(MediaSlot a, MediaSlot b) {
        return (a.named() && b.named() && a.identity().equals(b.identity()))
                || a.candidates()
                        .getFirst()
                        .place()
                        .equals(b.candidates().getFirst().place());
    }

    /** Returns the audio block of the JSON text within the JSON. */
    private JsonNode soundWithinText() {
        String text = text(note.path("widgets_context"));
        return AnswerJson.read(text)
                .map(widgets -> widgets.path("note_sound_info"))
                .orElse(MissingNode.getInstance());
    }

    /**
     * Returns the URLs of all streams in the order of preference: of each stream the master, then the backups.
     *
     * @param md5 MD5 of the video; that of a stream takes precedence
     */
    private Candidates streams(JsonNode byCodec, @Nullable String md5) {
        record Stream(String name, JsonNode node, StreamPreference.Offer offer) {}
        List<Stream> streams = new ArrayList<>();
        for (String codec : StreamPreference.ALL) {
            int number = 0;
            for (JsonNode node : elements(byCodec.path(codec))) {
                String name = number == 0 ? codec : codec + "[" + number + "]";
                streams.add(new Stream(name, node, offer(codec, node)));
                number++;
            }
        }
        streams.sort(Comparator.comparing(Stream::offer, preference.order()));
        Candidates candidates = new Candidates();
        for (Stream stream : streams) {
            JsonNode node = stream.node();
            Long size = stream.offer().size() > 0 ? stream.offer().size() : null;
            Integer width = dimension(node, "width");
            Integer height = dimension(node, "height");
            String own = md5(node.path("md5"));
            String promised = own == null ? md5 : own;
            candidates.add(stream.name() + "/master_url", node.path("master_url"), size, width, height, promised);
            int backup = 0;
            for (JsonNode url : elements(node.path("backup_urls"))) {
                candidates.add(stream.name() + "/backup_urls[" + backup++ + "]", url, size, width, height, promised);
            }
        }
        return candidates;
    }

    private static StreamPreference.Offer offer(String codec, JsonNode node) {
        Integer width = dimension(node, "width");
        Integer height = dimension(node, "height");
        JsonNode size = node.path("size");
        return new StreamPreference.Offer(
                codec,
                width == null ? 0 : width,
                height == null ? 0 : height,
                size.canConvertToLong() ? Math.max(0, size.longValue()) : 0);
    }

    private static MediaSlot slot(
            MediaKind kind,
            int ordinal,
            Optional<String> identity,
            Candidates candidates,
            @Nullable String notOffered) {
        List<MediaCandidate> list = candidates.list();
        String name = identity.orElseGet(
                () -> list.isEmpty() ? "" : pathOf(list.getFirst().url()));
        return new MediaSlot(kind, ordinal, name, list, identity.isPresent(), notOffered);
    }

    /** Returns the last path segment without processing parameters; the folders before it vary between responses. */
    private static String pathOf(String url) {
        String path = url.replaceFirst("[?#!].*", "");
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** Returns the first of these fields that is not a placeholder. */
    private static Optional<String> first(JsonNode node, String... fields) {
        for (String field : fields) {
            JsonNode value = node.path(field);
            String text = value.isNumber() ? value.asString() : text(value);
            if (!SourceName.isPlaceholder(text)) {
                return Optional.of(text);
            }
        }
        return Optional.empty();
    }

    private static @Nullable Integer dimension(JsonNode node, String field) {
        JsonNode value = node.path(field);
        return value.canConvertToInt() && value.isIntegralNumber() && value.intValue() > 0 ? value.intValue() : null;
    }

    private static @Nullable String md5(JsonNode node) {
        String md5 = text(node);
        return md5.matches("[0-9a-fA-F]{32}") ? md5 : null;
    }

    private static String text(JsonNode node) {
        return node.isString() ? node.stringValue().strip() : "";
    }

    private static List<JsonNode> elements(JsonNode array) {
        return array.isArray() ? array.valueStream().toList() : List.of();
    }

    /** Distinct URLs in order. */
    private static final class Candidates {

        private final Map<String, MediaCandidate> byUrl = new LinkedHashMap<>();

        void add(
                String rendition,
                JsonNode url,
                @Nullable Long size,
                @Nullable Integer width,
                @Nullable Integer height,
                @Nullable String md5) {
            String address = text(url);
            if (!address.isEmpty()) {
                byUrl.putIfAbsent(address, new MediaCandidate(address, rendition, size, width, height, md5));
            }
        }

        boolean isEmpty() {
            return byUrl.isEmpty();
        }

        List<MediaCandidate> list() {
            return List.copyOf(byUrl.values());
        }
    }
}
