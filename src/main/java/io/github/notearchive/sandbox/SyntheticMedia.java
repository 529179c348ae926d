package io.github.notearchive.sandbox;

import java.awt.Dimension;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.apache.commons.io.function.Uncheck;
import org.jspecify.annotations.Nullable;

/**
 * Media server and generator of the files behind all media URLs. A file follows from its path, the rendition in the
 * query, and the seed. Nothing is stored, so each process serves the URLs of every other one.
 *
 * <p>Signatures are not checked and do not expire. A backup URL has the bytes of its master URL.
 *
 * @param deadShare share of files that are not served, from 0 to 1
 * @param size bytes of a typical file that is not drawn; the files have about a quarter to three times as many
 * @param alive whether pictures are drawn
 */
record SyntheticMedia(SeededRandom random, double deadShare, int size, boolean alive) {

    /** Part of the names of files that are on no server. */
    static final String ABSENT = "gone";

    private static final int AVATAR = 120;

    /**
     * Response of the media server.
     *
     * @param contentType type of the body, which may be wrong
     * @param body a generated file, never modified; or a short text
     */
    @SuppressWarnings("ArrayRecordComponent") // responses are never compared
    record MediaResponse(int status, String contentType, byte[] body) {}

    /**
     * Part of a URL that selects a file.
     *
     * @param rendition the query up to its first ampersand; the rest does not change the image
     */
    private record RequestedFile(String path, String rendition) {

        private static final Pattern URL =
                Pattern.compile("(?:https?://[^/]*)?(?:/backup/\\d+)?(/[^?]*)(?:\\?(imageView2[^&]*))?.*");

        static RequestedFile of(String url) {
            Matcher parts = URL.matcher(url.replace("%7C", "|").replace("%7c", "|"));
            return parts.matches()
                    ? new RequestedFile(parts.group(1), Objects.requireNonNullElse(parts.group(2), ""))
                    : new RequestedFile("/", "");
        }

        String name() {
            return path.substring(path.lastIndexOf('/') + 1);
        }
    }

    private static final Pattern FORMAT = Pattern.compile("/format/([a-z]+)");
    private static final Pattern SMALL = Pattern.compile("/w/\\d{1,3}(?!\\d)");

    /**
     * Returns the file of a URL, whether or not it is dead; empty if no file has this URL.
     *
     * @param url a whole URL, or its path and query
     */
    Optional<MediaResponse> find(String url) {
        RequestedFile target = RequestedFile.of(url);
        SampleFile sample = sample(target);
        if (sample == null) {
            return Optional.empty();
        }
        if (alive && (sample == SampleFile.JPEG || sample == SampleFile.PNG)) {
            return Optional.of(new MediaResponse(200, sample.contentType(), drawn(target, sample)));
        }
        String key = target.path + "?" + target.rendition;
        boolean isVideo = sample.contentType().startsWith("video/");
        double scale = isVideo ? 2 : SMALL.matcher(target.rendition).find() ? 0.25 : 1;
        int length = (int) (size * scale * (0.5 + random.uniform("size", key)));
        byte[] bytes = sample.fill(random.generator("bytes", key), length);
        // a sound is declared as WAV if its name ends so, as by the real server
        String contentType = (target.path.endsWith(".wav") ? SampleFile.WAV : sample).contentType();
        return Optional.of(new MediaResponse(200, contentType, bytes));
    }

    private byte[] drawn(RequestedFile target, SampleFile type) {
        Dimension size = target.path.startsWith("/avatar/") ? new Dimension(AVATAR, AVATAR) : size(target.name());
        int part = SMALL.matcher(target.rendition).find() ? 2 : 1;
        BufferedImage image = Scene.draw(
                random.generator("scene", target.path), size.width / part, size.height / part, target.name());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Uncheck.getAsBoolean(() -> ImageIO.write(image, type == SampleFile.PNG ? "png" : "jpg", bytes));
        return bytes.toByteArray();
    }

    /**
     * Returns the size of an image as the provider declares it. That of images which are not drawn is wrong for some:
     * the provider swaps the sides of a rotated one.
     */
    Dimension size(String fileId) {
        int shape = random.below(8, "shape", fileId);
        if (alive) {
            return switch (shape) {
                case 0, 1 -> new Dimension(720, 540);
                case 2 -> new Dimension(600, 600);
                case 3 -> new Dimension(540, 960);
                default -> new Dimension(540, 720);
            };
        }
        return shape < 2
                ? new Dimension(SampleFile.HEIGHT, SampleFile.WIDTH)
                : new Dimension(SampleFile.WIDTH, SampleFile.HEIGHT);
    }

    /** Returns the file of a path and query; a status without file if it is dead or unknown. */
    MediaResponse serve(String target) {
        String identity = RequestedFile.of(target).name().replaceFirst("_.*|\\.[^.]*$", "");
        if (identity.contains(ABSENT) || random.uniform("dead", identity) < deadShare) {
            return status(random.oneIn(2, "how dead", identity) ? 404 : 403);
        }
        return find(target).orElseGet(() -> status(404));
    }

    static MediaResponse status(int status) {
        return new MediaResponse(status, "text/plain", ("status " + status).getBytes(StandardCharsets.UTF_8));
    }

    private @Nullable SampleFile sample(RequestedFile target) {
        String path = target.path;
        return switch (path.split("/", 3)[1]) {
            case "stream", "livephoto" ->
                path.endsWith("_115.mp4")
                        ? SampleFile.MP4_1080_1920
                        : path.endsWith("_66.mp4") ? SampleFile.MP4_1080_1440 : SampleFile.MP4_720_1280;
            case "music" -> SampleFile.MP3;
            case "subtitle" -> path.endsWith(".vtt") ? SampleFile.VTT : SampleFile.SRT;
            case "audio" -> path.endsWith(".wav") && random.oneIn(4, "wav", path) ? SampleFile.WAV : SampleFile.M4A;
            case "avatar", "topic" -> SampleFile.JPEG;
            default -> target.name().startsWith("1040g") ? image(target.rendition) : null;
        };
    }

    private static SampleFile image(String rendition) {
        Matcher requested = FORMAT.matcher(rendition);
        return switch (requested.find() ? requested.group(1) : "jpg") {
            case "heif", "heic" -> SampleFile.HEIC;
            case "webp" -> SampleFile.WEBP;
            case "png" -> SampleFile.PNG;
            default -> SampleFile.JPEG;
        };
    }
}
