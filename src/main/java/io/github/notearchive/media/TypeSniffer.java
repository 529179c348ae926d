package io.github.notearchive.media;

import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaType;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Detects the type of a file from its first bytes. */
final class TypeSniffer {

    /** Number of first bytes that are sufficient. */
    static final int HEAD_LENGTH = 256;

    /** UTF-8 byte order mark, decoded as Latin-1. */
    private static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

    /** An optional number, then start and end time. */
    private static final Pattern SRT_START =
            Pattern.compile("\\s*(?:\\d{1,9}[ \\t]*\\R)?\\s*\\d{1,4}:\\d{2}:\\d{2}[,.]\\d{1,3}[ \\t]*-->");

    private static final Pattern VTT_START = Pattern.compile("WEBVTT(?:[ \\t\\r\\n]|$)");

    private static final Set<String> HEIF_BRANDS =
            Set.of("heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "msf1");

    private TypeSniffer() {}

    /** Returns the type of the file that starts with these bytes; empty if it is none of {@link MediaType}. */
    static Optional<MediaType> sniff(byte[] head) {
        if (startsWith(head, 0xff, 0xd8, 0xff)) {
            return Optional.of(MediaType.JPEG);
        }
        if (startsWith(head, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n')) {
            return Optional.of(MediaType.PNG);
        }
        return switch (fourBytes(head, 0)) {
            case "GIF8" -> Optional.of(MediaType.GIF);
            case "fLaC" -> Optional.of(MediaType.FLAC);
            case "OggS" -> Optional.of(MediaType.OGG);
            case "ADIF" -> Optional.of(MediaType.AAC);
            case "RIFF" ->
                switch (fourBytes(head, 8)) {
                    case "WEBP" -> Optional.of(MediaType.WEBP);
                    case "WAVE" -> Optional.of(MediaType.WAV);
                    default -> Optional.empty();
                };
            default ->
                switch (fourBytes(head, 4)) {
                    case "ftyp" -> Optional.of(isoMedia(head));
                    // QuickTime files older than the ftyp box
                    case "moov", "mdat", "wide" -> Optional.of(MediaType.MOV);
                    default -> audioFrame(head);
                };
        };
    }

    /** Returns why the file that starts with these bytes cannot fill a slot of this kind; empty if it can. */
    static Optional<String> mismatch(byte[] head, MediaKind kind) {
        if (head.length == 0) {
            return Optional.of("empty body");
        }
        Optional<MediaType> type = sniff(head);
        if (type.isPresent() && type.get().suits(kind)) {
            return Optional.empty();
        }
        return Optional.of(
                type.map(other -> other.contentType() + " instead of " + kind).orElseGet(() -> describe(head)));
    }

    private static String describe(byte[] head) {
        String start = text(head).strip();
        if (start.startsWith("<")) {
            return "HTML or XML instead of media";
        }
        if (start.startsWith("{") || start.startsWith("[")) {
            return "JSON instead of media";
        }
        return "unknown media type, first bytes " + HexFormat.of().formatHex(head, 0, Math.min(8, head.length));
    }

    private static MediaType isoMedia(byte[] head) {
        String major = fourBytes(head, 8);
        if (HEIF_BRANDS.contains(major)) {
            return major.startsWith("m") && isCompatible(head, "avif") ? MediaType.AVIF : MediaType.HEIC;
        }
        return switch (major) {
            case "avif", "avis" -> MediaType.AVIF;
            case "qt  " -> MediaType.MOV;
            case "M4A ", "M4B ", "M4P " -> MediaType.M4A;
            default -> MediaType.MP4;
        };
    }

    private static boolean isCompatible(byte[] head, String brand) {
        int length = (head[0] & 0xff) << 24 | (head[1] & 0xff) << 16 | (head[2] & 0xff) << 8 | (head[3] & 0xff);
        for (int i = 16; i + 4 <= Math.min(length, head.length); i += 4) {
            if (fourBytes(head, i).equals(brand)) {
                return true;
            }
        }
        return false;
    }

    private static Optional<MediaType> audioFrame(byte[] head) {
        if (startsWith(head, 'I', 'D', '3')) {
            return Optional.of(MediaType.MP3);
        }
        if (head.length < 4 || (head[0] & 0xff) != 0xff || (head[1] & 0xe0) != 0xe0) {
            return subtitles(head);
        }
        int layer = head[1] >> 1 & 3;
        int version = head[1] >> 3 & 3;
        int bitRate = head[2] >> 4 & 0xf;
        int sampleRate = head[2] >> 2 & 3;
        if (layer == 0) {
            return (head[1] & 0xf6) == 0xf0 ? Optional.of(MediaType.AAC) : Optional.empty();
        }
        return version == 1 || bitRate == 0xf || sampleRate == 3 ? Optional.empty() : Optional.of(MediaType.MP3);
    }

    private static Optional<MediaType> subtitles(byte[] head) {
        String start = text(head);
        if (VTT_START.matcher(start).lookingAt()) {
            return Optional.of(MediaType.VTT);
        }
        return SRT_START.matcher(start).lookingAt() ? Optional.of(MediaType.SRT) : Optional.empty();
    }

    private static boolean startsWith(byte[] head, int... expected) {
        for (int i = 0; i < expected.length; i++) {
            if (i >= head.length || (head[i] & 0xff) != expected[i]) {
                return false;
            }
        }
        return true;
    }

    private static String fourBytes(byte[] head, int offset) {
        return head.length < offset + 4 ? "" : new String(head, offset, 4, StandardCharsets.ISO_8859_1);
    }

    private static String text(byte[] head) {
        String text = new String(head, StandardCharsets.ISO_8859_1);
        return text.startsWith(BYTE_ORDER_MARK) ? text.substring(BYTE_ORDER_MARK.length()) : text;
    }
}
