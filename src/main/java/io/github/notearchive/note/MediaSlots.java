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
 * Which files an answer promises: decided by the media that stand in it, not by its {@code type}.
 *
 * <p>The fields are those of the provider's published samples. Whatever has another shape is passed over, never guessed
 * at; a picture or motion that is named without any address is still a slot, so that the gap shows. A sound block
 * without an address is common, and means that there is no sound.
 */
public final class MediaSlots {

    /** Why a video note has no video here: this version of the endpoint does not deliver it. */
    public static final String NOT_OFFERED_BY_V1 = "NOT_OFFERED_BY_V1";

    /** Why a video note has no video although it was asked for by the version that delivers it. */
    public static final String NOT_OFFERED_BY_V6 = "NOT_OFFERED_BY_V6";

    /** The name of a language that is kept as it is, such as {@code zh-CN}. */
    private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z0-9_-]{1,20}");

    private final JsonNode note;
    private final StreamPreference preference;
    private final List<MediaSlot> slots = new ArrayList<>();

    private MediaSlots(JsonNode note, StreamPreference preference) {
        this.note = note;
        this.preference = preference;
    }

    /**
     * The slots of an answer, in its order: each picture with its motion behind it, then the video with its subtitles,
     * then sound.
     */
    public static List<MediaSlot> of(NoteCapture capture, StreamPreference preference) {
        return of(capture, null, preference);
    }

    /**
     * The same where another answer was bought for the video: that one's video and subtitles stand in the place of the
     * first one's, and nothing else of it counts.
     *
     * @param video the answer that was bought for the video; null when there is none
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
     * Whether an answer is about a note of type {@code video} and has no address of its video, so that another version
     * of the endpoint may be asked for it.
     */
    public static boolean lacksVideo(NoteCapture capture) {
        MediaSlots expected = new MediaSlots(capture.note(), StreamPreference.DEFAULT);
        return expected.isVideoNote()
                && !expected.isSoundOnly()
                && expected.streams(expected.film().path("stream"), null).isEmpty();
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
        if (!addFilm() && isVideoNote() && !isSoundOnly()) {
            slots.add(new MediaSlot(MediaKind.VIDEO, 0, "", List.of(), NOT_OFFERED_BY_V1));
        }
    }

    private void addBoughtVideo() {
        if (!addFilm()) {
            slots.add(new MediaSlot(MediaKind.VIDEO, 0, "", List.of(), NOT_OFFERED_BY_V6));
        }
    }

    /** The video and its subtitles; false when the answer has no sign of a video. */
    private boolean addFilm() {
        JsonNode media = film();
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

    private JsonNode film() {
        return note.path("video_info_v2").path("media");
    }

    private boolean isVideoNote() {
        return "video".equals(note.path("type").stringValue(""));
    }

    /**
     * One slot for each language, by name, since the order of keys varies from answer to answer. {@code source} is
     * mostly one of the languages once more, at the same address but for its signature. A language whose name is longer
     * than 20 characters, or has others in it than letters, digits, {@code _} and {@code -} of ASCII, goes by its
     * number in that order, from 0, as {@code #0}.
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
                // a language is no name of a file: thousands of notes have subtitles in it
                slots.add(new MediaSlot(MediaKind.SUBTITLE, ordinal++, name, candidates.list(), false, null));
            }
        }
    }

    /** An original-sound post is typed {@code video} too, but has neither a cover nor a video. */
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
     * Whether two places of an answer have one sound: the same name of the source's, or the same address. That two
     * addresses end alike, as {@code voice/0.wav} and {@code music/0.wav} do, says nothing.
     */
    private static boolean isSameSound(MediaSlot a, MediaSlot b) {
        return (a.named() && b.named() && a.identity().equals(b.identity()))
                || a.candidates()
                        .getFirst()
                        .place()
                        .equals(b.candidates().getFirst().place());
    }

    /** The note's sound stands a second time in a JSON text within the JSON. */
    private JsonNode soundWithinText() {
        String text = text(note.path("widgets_context"));
        return AnswerJson.read(text)
                .map(widgets -> widgets.path("note_sound_info"))
                .orElse(MissingNode.getInstance());
    }

    /**
     * All streams of all codecs, as the preference orders them: of each the master, then every backup that is not the
     * master once more.
     *
     * @param md5 what the answer calls the MD5 of the film; a stream's own counts more
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

    /**
     * The last part of an address's path, without what it asks to be made of the file: the folders before it change
     * from answer to answer.
     */
    private static String pathOf(String url) {
        String path = url.replaceFirst("[?#!].*", "");
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** The first of these fields that has a name, not something in the place of one. */
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

    /** Addresses in order, each once. */
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
