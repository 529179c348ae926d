package io.github.notearchive.note;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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

    /** URLs of an image, from the largest to the smallest. The first two have the dimensions of the image. */
    private static final List<String> IMAGE_RENDITIONS = List.of(
            "url_8k",
            "original",
            "url_size_large",
            "url_multi_level.high",
            "url",
            "url_multi_level.medium",
            "url_multi_level.low");

    private static final int RENDITIONS_OF_FULL_SIZE = 2;

    /** URLs of a preview, best first. */
    private static final List<String> PREVIEW_RENDITIONS =
            List.of("url_multi_level.medium", "url_multi_level.low", "url");

    /** Requested format that is not one of a preview. The signature of a URL does not cover it. */
    private static final Pattern OTHER_FORMAT = Pattern.compile("/format/(?!(?:jpe?g|webp)\\b)[a-z0-9]+");

    /** Valid name of a language, such as {@code zh-CN}. */
    private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z0-9_-]{1,20}");

    /** Names that many files share: zeros and punctuation, {@code -1}, and words for an absent value in lower case. */
    private static final Pattern PLACEHOLDER =
            Pattern.compile("[0\\p{Punct}\\s]*|\\s*(?:-1|null|undefined|none|nil|nan)\\s*");

    private final StreamPreference preference;
    private final List<MediaSlot> slots = new ArrayList<>();

    private MediaSlots(StreamPreference preference) {
        this.preference = preference;
    }

    /**
     * Returns the slots of a response in its order: each image followed by its motion, then the video with its
     * subtitles, then audio.
     *
     * @param video response of {@link Endpoint#VIDEO}, which has the video and its subtitles; null if absent
     */
    public static List<MediaSlot> of(NoteCapture capture, @Nullable NoteCapture video, StreamPreference preference) {
        MediaSlots expected = new MediaSlots(preference);
        JsonNode note = capture.note();
        expected.addImages(note);
        boolean hasVideo = expected.addVideo(videoMedia(video == null ? note : video.note()));
        if (!hasVideo && (video != null || isOfVideo(note))) {
            String reason = video == null ? NOT_OFFERED_BY_V1 : NOT_OFFERED_BY_V6;
            expected.slots.add(new MediaSlot(MediaKind.VIDEO, 0, "", List.of(), reason));
        }
        expected.addAudio(note);
        return List.copyOf(expected.slots);
    }

    /**
     * Returns the slots of the previews of a response's images, each with one URL: that of a small rendition, requested
     * as JPEG unless it is JPEG or WebP. An image without such a URL has no preview.
     */
    public static List<MediaSlot> previews(NoteCapture capture) {
        List<MediaSlot> previews = new ArrayList<>();
        int ordinal = 0;
        for (JsonNode image : elements(capture.note().path("images_list"))) {
            if (image.isObject()) {
                int position = ordinal++;
                List<MediaCandidate> candidates = usable(PREVIEW_RENDITIONS.stream()
                        .map(rendition -> preview(image, rendition))
                        .toList());
                candidates.stream()
                        .limit(1)
                        .map(List::of)
                        .map(only -> slot(MediaKind.PREVIEW, position, name(image, "fileid", "trace_id"), only))
                        .forEach(previews::add);
            }
        }
        return previews;
    }

    private static MediaCandidate preview(JsonNode image, String rendition) {
        String url = text(image.at("/" + rendition.replace('.', '/')));
        String shown = OTHER_FORMAT.matcher(url).replaceFirst("/format/jpg");
        String name = shown.equals(url) ? rendition : rendition + " as jpg";
        return new MediaCandidate(shown, name, null, null, null, null);
    }

    /**
     * Returns whether a response is of type {@code video} without a URL of its video, so that {@link Endpoint#VIDEO}
     * may deliver it.
     */
    public static boolean lacksVideo(NoteCapture capture) {
        return isOfVideo(capture.note())
                && new MediaSlots(StreamPreference.DEFAULT)
                        .streams(videoMedia(capture.note()).path("stream"), null)
                        .isEmpty();
    }

    private static JsonNode videoMedia(JsonNode note) {
        return note.path("video_info_v2").path("media");
    }

    /** Whether a video is expected: a post of original sound has type {@code video}, too, but no cover. */
    private static boolean isOfVideo(JsonNode note) {
        boolean isSoundOnly = elements(note.path("images_list")).isEmpty()
                && !text(note.path("native_voice_info").path("url")).isEmpty();
        return "video".equals(note.path("type").stringValue("")) && !isSoundOnly;
    }

    private void addImages(JsonNode note) {
        int ordinal = 0;
        for (JsonNode image : elements(note.path("images_list"))) {
            if (image.isObject()) {
                addImage(image, ordinal);
                addMotion(image, ordinal);
                ordinal++;
            }
        }
    }

    private void addImage(JsonNode image, int ordinal) {
        List<MediaCandidate> candidates = new ArrayList<>();
        for (String rendition : IMAGE_RENDITIONS) {
            boolean isFull = candidates.size() < RENDITIONS_OF_FULL_SIZE;
            candidates.add(new MediaCandidate(
                    text(image.at("/" + rendition.replace('.', '/'))),
                    rendition,
                    null,
                    isFull ? dimension(image, "width") : null,
                    isFull ? dimension(image, "height") : null,
                    null));
        }
        slots.add(slot(MediaKind.IMAGE, ordinal, name(image, "fileid", "trace_id"), usable(candidates)));
    }

    private void addMotion(JsonNode image, int ordinal) {
        JsonNode media = image.path("live_photo").path("media");
        Optional<String> name = name(image, "live_photo_file_id").or(() -> name(media, "video_id"));
        List<MediaCandidate> candidates = streams(media.path("stream"), null);
        if (name.isPresent() || !candidates.isEmpty()) {
            slots.add(slot(MediaKind.MOTION, ordinal, name, candidates));
        }
    }

    /** Adds the video and its subtitles; returns false if the response has no video. */
    private boolean addVideo(JsonNode media) {
        List<MediaCandidate> candidates =
                streams(media.path("stream"), md5(media.path("video").path("md5")));
        Optional<String> name = name(media, "video_id");
        if (name.isEmpty() && candidates.isEmpty()) {
            return false;
        }
        slots.add(slot(MediaKind.VIDEO, 0, name, candidates));
        addSubtitles(media.path("video").path("subtitles"));
        return true;
    }

    /**
     * Adds a slot for each language, sorted by name, since the order of keys varies between responses. {@code source}
     * usually repeats one of the languages with another signature. A language with an invalid name is named by the
     * ordinal of its first slot, as {@code #0}.
     */
    private void addSubtitles(JsonNode byLanguage) {
        Set<String> known = new HashSet<>();
        int ordinal = 0;
        List<String> languages = new ArrayList<>(byLanguage.propertyNames());
        languages.sort(Comparator.comparing((String language) -> language.equals("source"))
                .thenComparing(Comparator.naturalOrder()));
        for (String key : languages) {
            String language = LANGUAGE.matcher(key).matches() ? key : "#" + ordinal;
            int number = 0;
            for (JsonNode subtitle : elements(byLanguage.path(key))) {
                String name = numbered(language, number++);
                var candidate =
                        new MediaCandidate(text(subtitle.path("url")), "subtitles." + name, null, null, null, null);
                if (!candidate.url().isEmpty() && known.add(candidate.place())) {
                    // a language is not a source file id: many notes share it
                    slots.add(new MediaSlot(MediaKind.SUBTITLE, ordinal++, name, List.of(candidate), false, null));
                }
            }
        }
    }

    private void addAudio(JsonNode note) {
        JsonNode withinText = ResponseJson.read(text(note.path("widgets_context")))
                .map(widgets -> widgets.path("note_sound_info"))
                .orElse(MissingNode.getInstance());
        List<MediaSlot> audio = new ArrayList<>();
        for (JsonNode sound : List.of(note.path("native_voice_info"), withinText, note.path("simple_music_info"))) {
            List<MediaCandidate> candidates = usable(List.of(
                    new MediaCandidate(text(sound.path("url")), "url", null, null, null, md5(sound.path("md5sum")))));
            MediaSlot slot = slot(MediaKind.AUDIO, audio.size(), name(sound, "sound_id", "music_id", "id"), candidates);
            if (!candidates.isEmpty() && audio.stream().noneMatch(other -> isSameSound(other, slot))) {
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

    /**
     * Returns the URLs of all streams in the order of preference: of each stream the master, then the backups.
     *
     * @param md5 MD5 of the video; that of a stream takes precedence
     */
    private List<MediaCandidate> streams(JsonNode byCodec, @Nullable String md5) {
        List<List<MediaCandidate>> streams = new ArrayList<>();
        for (String codec : StreamPreference.ALL) {
            int number = 0;
            for (JsonNode stream : elements(byCodec.path(codec))) {
                streams.add(urls(stream, numbered(codec, number++), md5));
            }
        }
        streams.sort(Comparator.comparing(List::getFirst, preference.order()));
        return usable(streams.stream().flatMap(List::stream).toList());
    }

    private static List<MediaCandidate> urls(JsonNode stream, String name, @Nullable String md5) {
        JsonNode length = stream.path("size");
        String own = md5(stream.path("md5"));
        MediaCandidate master = new MediaCandidate(
                text(stream.path("master_url")),
                name + "/master_url",
                length.canConvertToLong() && length.longValue() > 0 ? length.longValue() : null,
                dimension(stream, "width"),
                dimension(stream, "height"),
                own == null ? md5 : own);
        List<MediaCandidate> urls = new ArrayList<>(List.of(master));
        for (JsonNode url : elements(stream.path("backup_urls"))) {
            urls.add(master.at(text(url), name + "/backup_urls[" + (urls.size() - 1) + "]"));
        }
        return urls;
    }

    private static List<MediaCandidate> usable(List<MediaCandidate> candidates) {
        Map<String, MediaCandidate> byUrl = new LinkedHashMap<>();
        candidates.stream()
                .filter(candidate -> !candidate.url().isEmpty())
                .forEach(candidate -> byUrl.putIfAbsent(candidate.url(), candidate));
        return List.copyOf(byUrl.values());
    }

    /** Returns a slot, which is named by the last path segment of its first URL if the response has no name. */
    private static MediaSlot slot(MediaKind kind, int ordinal, Optional<String> name, List<MediaCandidate> candidates) {
        String identity = name.orElseGet(() -> {
            // without processing parameters; the folders vary between responses
            String path =
                    candidates.isEmpty() ? "" : candidates.getFirst().url().replaceFirst("[?#!].*", "");
            return path.substring(path.lastIndexOf('/') + 1);
        });
        return new MediaSlot(kind, ordinal, identity, candidates, name.isPresent(), null);
    }

    private static String numbered(String name, int number) {
        return number == 0 ? name : name + "[" + number + "]";
    }

    private static Optional<String> name(JsonNode node, String... fields) {
        for (String field : fields) {
            JsonNode value = node.path(field);
            String text = value.isNumber() ? value.asString() : text(value);
            if (!PLACEHOLDER.matcher(text.toLowerCase(Locale.ROOT)).matches()) {
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
}
