package io.github.notearchive.sandbox;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Media server and generator of the files behind all media URLs. A file follows from its path, the rendition in the
 * query, and the seed. Nothing is stored, so each process serves the URLs of every other one.
 *
 * <p>Signatures are not checked and do not expire. A backup URL has the bytes of its master URL.
 *
 * @param deadShare share of files that are not served, from 0 to 1
 * @param size bytes of a typical file; the files have about a quarter to three times as many
 */
record SyntheticMedia(SeededRandom random, double deadShare, int size) {

    /**
     * A generated file.
     *
     * @param contentType type that the server sends, which may be wrong
     * @param etag strong validator including its quotes
     * @param bytes content, never modified
     */
    @SuppressWarnings("ArrayRecordComponent") // files are never compared
    record GeneratedFile(String contentType, String etag, byte[] bytes) {}

    /** Response of the media server. */
    @SuppressWarnings("ArrayRecordComponent") // responses are never compared
    record Response(int status, Map<String, String> headers, byte[] body) {}

    private static final Pattern RANGE = Pattern.compile("bytes=(\\d*)-(\\d*)");
    private static final Pattern ORIGIN = Pattern.compile("^https?://[^/]*");
    private static final Pattern BACKUP = Pattern.compile("^/backup/\\d+");
    private static final Pattern ESCAPED_BAR = Pattern.compile("%7[Cc]");
    private static final Pattern FORMAT = Pattern.compile("/format/([a-z]+)");
    private static final Pattern WIDTH = Pattern.compile("/w/(\\d+)");

    /**
     * Returns the file of a URL, whether or not it is dead; empty if no file has this URL.
     *
     * @param url a whole URL, or its path and query
     */
    Optional<GeneratedFile> find(String url) {
        String path = path(url);
        String rendition = rendition(ESCAPED_BAR.matcher(url).replaceAll("|"));
        Format format = format(path, rendition);
        if (format == null) {
            return Optional.empty();
        }
        String key = path + "?" + rendition;
        int length = (int) (size * scale(path, rendition) * (0.5 + random.uniform("size", key)));
        String etag = "\"" + random.hex("etag", key, size) + "\"";
        byte[] bytes = format.writer.write(random.generator("bytes", key), length);
        return Optional.of(new GeneratedFile(contentType(path, format), etag, bytes));
    }

    /** Returns the status that every URL of a dead file returns; empty for a file that is served. */
    OptionalInt deadStatus(String url) {
        String name = name(path(url));
        int end = name.indexOf('_') < 0 ? name.lastIndexOf('.') : name.indexOf('_');
        String identity = end < 0 ? name : name.substring(0, end);
        return random.uniform("dead", identity) < deadShare
                ? OptionalInt.of(random.oneIn(2, "how dead", identity) ? 404 : 403)
                : OptionalInt.empty();
    }

    /**
     * Returns the file of a target; a status without file if it is dead or unknown.
     *
     * @param target path and query
     * @param range value of the header {@code Range}; null if absent
     * @param ifRange value of the header {@code If-Range}; null if absent
     */
    Response serve(String target, @Nullable String range, @Nullable String ifRange) {
        Optional<GeneratedFile> file = find(target);
        OptionalInt dead = deadStatus(target);
        return file.isPresent() && dead.isEmpty() ? serve(file.get(), range, ifRange) : status(dead.orElse(404));
    }

    /** Returns a file, or the requested part of it. The response to several ranges is the whole file. */
    static Response serve(GeneratedFile file, @Nullable String range, @Nullable String ifRange) {
        byte[] bytes = file.bytes();
        Matcher requested = RANGE.matcher(range == null ? "" : range);
        if (!requested.matches()
                || requested.group().equals("bytes=-")
                || (ifRange != null && !ifRange.equals(file.etag()))) {
            return response(200, file, "", bytes);
        }
        boolean isSuffix = requested.group(1).isEmpty();
        long first = isSuffix
                ? Math.max(0, bytes.length - Long.parseLong(requested.group(2)))
                : Long.parseLong(requested.group(1));
        long end = isSuffix || requested.group(2).isEmpty()
                ? bytes.length
                : Math.min(bytes.length, Long.parseLong(requested.group(2)) + 1);
        return first < end
                ? response(
                        206,
                        file,
                        "bytes " + first + "-" + (end - 1) + "/" + bytes.length,
                        Arrays.copyOfRange(bytes, (int) first, (int) end))
                : response(416, file, "bytes */" + bytes.length, new byte[0]);
    }

    /** Returns a status with a short text. */
    static Response status(int status) {
        return new Response(
                status, Map.of("Content-Type", "text/plain"), ("status " + status).getBytes(StandardCharsets.UTF_8));
    }

    private static Response response(int status, GeneratedFile file, String contentRange, byte[] body) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", file.contentType());
        headers.put("ETag", file.etag());
        headers.put("Accept-Ranges", "bytes");
        if (!contentRange.isEmpty()) {
            headers.put("Content-Range", contentRange);
        }
        return new Response(status, headers, body);
    }

    private @Nullable Format format(String path, String rendition) {
        return switch (folder(path)) {
            case "stream", "livephoto" ->
                path.endsWith("_115.mp4")
                        ? Format.MP4_1080_1920
                        : path.endsWith("_66.mp4") ? Format.MP4_1080_1440 : Format.MP4;
            case "music" -> Format.MP3;
            case "subtitle" -> path.endsWith(".vtt") ? Format.VTT : Format.SRT;
            case "audio" -> path.endsWith(".wav") && random.oneIn(4, "wav", path) ? Format.WAV : Format.M4A;
            case "avatar", "topic" -> Format.JPEG;
            default -> name(path).startsWith("1040g") ? imageFormat(rendition) : null;
        };
    }

    private static Format imageFormat(String rendition) {
        Matcher requested = FORMAT.matcher(rendition);
        return switch (requested.find() ? requested.group(1) : "jpg") {
            case "heif", "heic" -> Format.HEIC;
            case "webp" -> Format.WEBP;
            case "png" -> Format.PNG;
            default -> Format.JPEG;
        };
    }

    private static double scale(String path, String rendition) {
        Matcher width = WIDTH.matcher(rendition);
        return switch (folder(path)) {
            case "stream", "livephoto" -> 2;
            case "avatar", "topic" -> 0.25;
            default -> width.find() && width.group(1).length() < 4 ? 0.25 : 1;
        };
    }

    /** Declares sound as WAV if its name ends so, and one image in eight as JPEG, as the real server does. */
    private String contentType(String path, Format format) {
        if (path.endsWith(".wav")) {
            return Format.WAV.contentType;
        }
        boolean wrong = format.contentType.startsWith("image/") && random.oneIn(8, "says jpeg", path);
        return wrong ? Format.JPEG.contentType : format.contentType;
    }

    private static String path(String url) {
        String target = ORIGIN.matcher(ESCAPED_BAR.matcher(url).replaceAll("|")).replaceFirst("");
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        return BACKUP.matcher(path).replaceFirst("");
    }

    /** Returns the query up to its first ampersand; the rest does not change the image. */
    private static String rendition(String url) {
        int query = url.indexOf("?imageView2");
        if (query < 0) {
            return "";
        }
        int end = url.indexOf('&', query);
        return url.substring(query + 1, end < 0 ? url.length() : end);
    }

    private static String folder(String path) {
        return path.substring(1, Math.max(1, path.indexOf('/', 1)));
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private interface Writer {
        byte[] write(RandomGenerator random, int size);
    }

    private enum Format {
        JPEG("image/jpeg", MediaFiles::jpeg),
        PNG("image/png", MediaFiles::png),
        WEBP("image/webp", MediaFiles::webp),
        HEIC("image/heic", MediaFiles::heic),
        MP4("video/mp4", (random, size) -> MediaFiles.mp4(random, size, 720, 1280)),
        MP4_1080_1440("video/mp4", (random, size) -> MediaFiles.mp4(random, size, 1080, 1440)),
        MP4_1080_1920("video/mp4", (random, size) -> MediaFiles.mp4(random, size, 1080, 1920)),
        M4A("audio/mp4", MediaFiles::m4a),
        WAV("audio/wav", MediaFiles::wav),
        MP3("audio/mpeg", MediaFiles::mp3),
        SRT("application/octet-stream", MediaFiles::srt),
        VTT("text/vtt", MediaFiles::vtt);

        private final String contentType;

        @SuppressWarnings("ImmutableEnumChecker") // the writers are static methods
        private final Writer writer;

        Format(String contentType, Writer writer) {
            this.contentType = contentType;
            this.writer = writer;
        }
    }
}
