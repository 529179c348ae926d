package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaType;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Detects the type of a file from its first bytes. */
public final class TypeSniffer {

    public static final int HEAD_LENGTH = 256;

    /** UTF-8 byte order mark, optional before text. */
    private static final String BYTE_ORDER_MARK = "(?:\\xef\\xbb\\xbf)?";

    /** The first match counts. */
    private static final List<Magic> TYPES = List.of(
            magic(MediaType.JPEG, "\\xff\\xd8\\xff"),
            magic(MediaType.PNG, "\\x89PNG\r\n\\x1a\n"),
            magic(MediaType.GIF, "GIF8"),
            magic(MediaType.FLAC, "fLaC"),
            magic(MediaType.OGG, "OggS"),
            magic(MediaType.WEBP, "RIFF.{4}WEBP"),
            magic(MediaType.WAV, "RIFF.{4}WAVE"),
            // a brand of pictures of any codec, then version and compatible brands up to the length of the next box
            magic(MediaType.AVIF, ".{4}ftyp(?:avi[fs]|(?:mif1|mif2|msf1).{4}(?:[^\\x00].{3})*?avif)"),
            magic(MediaType.HEIC, ".{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|mif2|msf1)"),
            magic(MediaType.MOV, ".{4}ftypqt  "),
            magic(MediaType.M4A, ".{4}ftypM4[ABP] "),
            magic(MediaType.MP4, ".{4}ftyp"),
            // QuickTime files older than the ftyp box
            magic(MediaType.MOV, ".{4}(?:moov|mdat|wide)"),
            magic(MediaType.AAC, "ADIF|\\xff[\\xf0\\xf1\\xf8\\xf9].."),
            // a tag, or a frame of layer 2 or 3 with a valid bit rate; one of layer 1 looks like UTF-16
            magic(MediaType.MP3, "ID3|\\xff[\\xe2-\\xe5\\xf2-\\xf5\\xfa-\\xfd][\\x00-\\xef]."),
            magic(MediaType.VTT, BYTE_ORDER_MARK + "WEBVTT(?:[ \t\r\n]|$)"),
            // an optional number, then start and end time
            magic(
                    MediaType.SRT,
                    BYTE_ORDER_MARK + "\\s*(?:\\d{1,9}[ \t]*\\R)?\\s*\\d{1,4}:\\d{2}:\\d{2}[,.]\\d{1,3}[ \t]*-->"));

    private TypeSniffer() {}

    /** @param start of the file, decoded as Latin-1 */
    private record Magic(MediaType type, Pattern start) {}

    private static Magic magic(MediaType type, String start) {
        return new Magic(type, Pattern.compile(start, Pattern.DOTALL));
    }

    /** Returns the type of the file that starts with these bytes; empty if it is none of {@link MediaType}. */
    public static Optional<MediaType> sniff(byte[] head) {
        String text = text(head);
        return TYPES.stream()
                .filter(magic -> magic.start.matcher(text).lookingAt())
                .map(Magic::type)
                .findFirst();
    }

    /** Returns why the file that starts with these bytes, which are not of a suitable type, cannot fill a slot. */
    public static String mismatch(byte[] head, MediaKind kind) {
        return sniff(head)
                .map(other -> other.contentType() + " instead of " + kind)
                .orElseGet(() -> describe(head));
    }

    private static String describe(byte[] head) {
        if (head.length == 0) {
            return "empty body";
        }
        String start = text(head).replaceFirst("^" + BYTE_ORDER_MARK, "").strip();
        if (start.startsWith("<")) {
            return "HTML or XML instead of media";
        }
        if (start.startsWith("{") || start.startsWith("[")) {
            return "JSON instead of media";
        }
        return "unknown media type, first bytes " + HexFormat.of().formatHex(head, 0, Math.min(8, head.length));
    }

    private static String text(byte[] head) {
        return new String(head, StandardCharsets.ISO_8859_1);
    }
}
