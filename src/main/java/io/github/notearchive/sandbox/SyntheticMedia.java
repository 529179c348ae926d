package io.github.notearchive.sandbox;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files behind the addresses. A file follows from its path, the rendition that the query asks for, and the seed;
 * nothing is kept, so any process serves what any other one sold.
 *
 * <p>Signatures are neither checked nor do they expire. A backup address has the bytes of its master.
 */
final class SyntheticMedia {

    private static final Pattern ORIGIN = Pattern.compile("https?://[^/]*");
    private static final Pattern BACKUP = Pattern.compile("/backup/\\d+");
    private static final Pattern ESCAPED_BAR = Pattern.compile("%7[Cc]");
    private static final Pattern FORMAT = Pattern.compile("/format/([a-z]+)");
    private static final Pattern WIDTH = Pattern.compile("/w/(\\d+)");

    private final Chance chance;
    private final double deadShare;
    private final int size;

    SyntheticMedia(Chance chance, double deadShare, int size) {
        this.chance = chance;
        this.deadShare = deadShare;
        this.size = size;
    }

    /**
     * The file at an address, whether or not the server would hand it out.
     *
     * @param address a whole URL, or its path and query
     */
    Optional<MediaFile> find(String address) {
        String target = ESCAPED_BAR.matcher(withoutOrigin(address)).replaceAll("|");
        String path = path(target);
        String rendition = rendition(target);
        Format format = format(path, rendition);
        if (format == null) {
            return Optional.empty();
        }
        String key = path + "?" + rendition;
        int length = (int) (size * scale(path, rendition) * (0.5 + chance.share("size", key)));
        String etag = "\"" + chance.hex("etag", key, size) + "\"";
        byte[] bytes = format.write(chance.random("bytes", key), length);
        return Optional.of(new MediaFile(said(path, format), etag, bytes));
    }

    /** The status that every address of a dead file answers with; empty for a living one. */
    OptionalInt deadStatus(String address) {
        String name = name(path(withoutOrigin(address)));
        int end = name.indexOf('_') < 0 ? name.lastIndexOf('.') : name.indexOf('_');
        String identity = end < 0 ? name : name.substring(0, end);
        return chance.share("dead", identity) < deadShare
                ? OptionalInt.of(chance.below(2, "how dead", identity) == 0 ? 404 : 403)
                : OptionalInt.empty();
    }

    private @Nullable Format format(String path, String rendition) {
        if (path.startsWith("/stream/") || path.startsWith("/livephoto/")) {
            return path.endsWith("_115.mp4")
                    ? Format.MP4_1080_1920
                    : path.endsWith("_66.mp4") ? Format.MP4_1080_1440 : Format.MP4;
        }
        if (path.startsWith("/music/")) {
            return Format.MP3;
        }
        if (path.startsWith("/subtitle/")) {
            return path.endsWith(".vtt") ? Format.VTT : Format.SRT;
        }
        if (path.startsWith("/audio/")) {
            boolean honest = path.endsWith(".wav") && chance.below(4, "wav", path) == 0;
            return honest ? Format.WAV : Format.M4A;
        }
        if (path.startsWith("/avatar/") || path.startsWith("/topic/")) {
            return Format.JPEG;
        }
        if (!name(path).startsWith("1040g")) {
            return null;
        }
        Matcher asked = FORMAT.matcher(rendition);
        return switch (asked.find() ? asked.group(1) : "jpg") {
            case "heif", "heic" -> Format.HEIC;
            case "webp" -> Format.WEBP;
            case "png" -> Format.PNG;
            case "gif" -> Format.GIF;
            default -> Format.JPEG;
        };
    }

    private static double scale(String path, String rendition) {
        if (path.startsWith("/stream/") || path.startsWith("/livephoto/")) {
            return 2;
        }
        Matcher width = WIDTH.matcher(rendition);
        boolean small = width.find() && width.group(1).length() < 4;
        return small || path.startsWith("/avatar/") || path.startsWith("/topic/") ? 0.25 : 1;
    }

    private String said(String path, Format format) {
        if (path.endsWith(".wav")) {
            return "audio/wav";
        }
        boolean lies = format.isPicture && chance.below(8, "says jpeg", path) == 0;
        return lies ? "image/jpeg" : format.contentType;
    }

    private static String withoutOrigin(String address) {
        return ORIGIN.matcher(address).lookingAt() ? ORIGIN.matcher(address).replaceFirst("") : address;
    }

    private static String path(String target) {
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        Matcher backup = BACKUP.matcher(path);
        return backup.lookingAt() ? path.substring(backup.end()) : path;
    }

    /** What the query asks for, up to its first ampersand; the rest is not about the picture. */
    private static String rendition(String target) {
        int query = target.indexOf("?imageView2");
        if (query < 0) {
            return "";
        }
        int end = target.indexOf('&', query);
        return target.substring(query + 1, end < 0 ? target.length() : end);
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private enum Format {
        JPEG("image/jpeg", true),
        PNG("image/png", true),
        WEBP("image/webp", true),
        HEIC("image/heic", true),
        GIF("image/gif", true),
        MP4("video/mp4", false),
        MP4_1080_1440("video/mp4", false),
        MP4_1080_1920("video/mp4", false),
        M4A("audio/mp4", false),
        WAV("audio/wav", false),
        MP3("audio/mpeg", false),
        SRT("application/octet-stream", false),
        VTT("text/vtt", false);

        private final String contentType;
        private final boolean isPicture;

        Format(String contentType, boolean isPicture) {
            this.contentType = contentType;
            this.isPicture = isPicture;
        }

        byte[] write(RandomGenerator random, int size) {
            return switch (this) {
                case JPEG -> Pictures.jpeg(random, size);
                case PNG -> Pictures.png(random, size);
                case WEBP -> Pictures.webp(random, size);
                case HEIC -> Pictures.heic(random, size);
                case GIF -> Pictures.gif(random, size);
                case MP4 -> Recordings.mp4(random, size, 720, 1280);
                case MP4_1080_1440 -> Recordings.mp4(random, size, 1080, 1440);
                case MP4_1080_1920 -> Recordings.mp4(random, size, 1080, 1920);
                case M4A -> Recordings.m4a(random, size);
                case WAV -> Recordings.wav(random, size);
                case MP3 -> Recordings.mp3(random, size);
                case SRT -> Words.srt(random, size);
                case VTT -> Words.vtt(random, size);
            };
        }
    }
}
