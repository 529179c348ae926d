package io.github.notearchive.media;

import io.github.notearchive.note.MediaKind;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a file is, by its first bytes. A function of the bytes alone, whatever slot they fill: equal bytes must get an
 * equal name in the store.
 */
public enum MediaType {
    HEIC("image/heic", "heic"),
    AVIF("image/avif", "avif"),
    WEBP("image/webp", "webp"),
    JPEG("image/jpeg", "jpg"),
    PNG("image/png", "png"),
    GIF("image/gif", "gif"),
    MP4("video/mp4", "mp4"),
    MOV("video/quicktime", "mov"),
    M4A("audio/mp4", "m4a"),
    WAV("audio/wav", "wav"),
    MP3("audio/mpeg", "mp3"),
    AAC("audio/aac", "aac"),
    FLAC("audio/flac", "flac"),
    OGG("audio/ogg", "ogg"),
    SRT("application/x-subrip", "srt"),
    VTT("text/vtt", "vtt");

    /** That of UTF-8, as it reads in Latin-1. */
    static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

    /** How many bytes of a file are enough to tell. */
    static final int HEAD_LENGTH = 256;

    private static final Set<MediaType> PICTURES = EnumSet.of(HEIC, AVIF, WEBP, JPEG, PNG, GIF);
    private static final Set<MediaType> FILMS = EnumSet.of(MP4, MOV);
    // sound comes in the container of films too, and nothing in the first bytes tells
    private static final Set<MediaType> SOUNDS = EnumSet.of(MP4, MOV, M4A, WAV, MP3, AAC, FLAC, OGG);

    private static final Set<MediaType> WORDS = EnumSet.of(SRT, VTT);

    /** A hundred times the subtitles of a film. */
    private static final long MOST_BYTES_OF_WORDS = 16 << 20;

    /** A number, which some leave out, and then from when to when. */
    private static final Pattern SRT_BEGINS =
            Pattern.compile("\\s*(?:\\d{1,9}[ \\t]*\\R)?\\s*\\d{1,4}:\\d{2}:\\d{2}[,.]\\d{1,3}[ \\t]*-->");

    private static final Pattern VTT_BEGINS = Pattern.compile("WEBVTT(?:[ \\t\\r\\n]|$)");

    private static final Set<String> HEIF_BRANDS =
            Set.of("heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "msf1");

    private final String contentType;
    private final String extension;

    MediaType(String contentType, String extension) {
        this.contentType = contentType;
        this.extension = extension;
    }

    /** The type as a store and a browser call it. */
    public String contentType() {
        return contentType;
    }

    /** The ending of a file name, without dot. */
    public String extension() {
        return extension;
    }

    /** Whether such a file may fill such a slot. */
    boolean suits(MediaKind kind) {
        return switch (kind) {
            case IMAGE -> PICTURES.contains(this);
            case MOTION, VIDEO -> FILMS.contains(this);
            case AUDIO -> SOUNDS.contains(this);
            case SUBTITLE -> WORDS.contains(this);
        };
    }

    /** How long such a file may be at most; beyond it is something else. */
    long mostBytes() {
        return WORDS.contains(this) ? MOST_BYTES_OF_WORDS : Long.MAX_VALUE;
    }

    /** The type of the file that begins so; empty when it is none of these. */
    static Optional<MediaType> of(byte[] head) {
        if (begins(head, 0, 0xff, 0xd8, 0xff)) {
            return Optional.of(JPEG);
        }
        if (begins(head, 0, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n')) {
            return Optional.of(PNG);
        }
        String four = text(head, 0);
        String eighth = text(head, 8);
        return switch (four) {
            case "GIF8" -> Optional.of(GIF);
            case "fLaC" -> Optional.of(FLAC);
            case "OggS" -> Optional.of(OGG);
            case "ADIF" -> Optional.of(AAC);
            case "RIFF" ->
                switch (eighth) {
                    case "WEBP" -> Optional.of(WEBP);
                    case "WAVE" -> Optional.of(WAV);
                    default -> Optional.empty();
                };
            default ->
                switch (text(head, 4)) {
                    case "ftyp" -> Optional.of(container(head));
                    // QuickTime files from before there was a ftyp box
                    case "moov", "mdat", "wide" -> Optional.of(MOV);
                    default -> sound(head);
                };
        };
    }

    private static MediaType container(byte[] head) {
        String major = text(head, 8);
        if (HEIF_BRANDS.contains(major)) {
            return major.startsWith("m") && isCompatible(head, "avif") ? AVIF : HEIC;
        }
        return switch (major) {
            case "avif", "avis" -> AVIF;
            case "qt  " -> MOV;
            case "M4A ", "M4B ", "M4P " -> M4A;
            default -> MP4;
        };
    }

    private static boolean isCompatible(byte[] head, String brand) {
        int length = (head[0] & 0xff) << 24 | (head[1] & 0xff) << 16 | (head[2] & 0xff) << 8 | (head[3] & 0xff);
        for (int i = 16; i + 4 <= Math.min(length, head.length); i += 4) {
            if (text(head, i).equals(brand)) {
                return true;
            }
        }
        return false;
    }

    private static Optional<MediaType> sound(byte[] head) {
        if (begins(head, 0, 'I', 'D', '3')) {
            return Optional.of(MP3);
        }
        if (head.length < 4 || (head[0] & 0xff) != 0xff || (head[1] & 0xe0) != 0xe0) {
            return words(head);
        }
        int layer = head[1] >> 1 & 3;
        int version = head[1] >> 3 & 3;
        int bitRate = head[2] >> 4 & 0xf;
        int sampleRate = head[2] >> 2 & 3;
        if (layer == 0) {
            return (head[1] & 0xf6) == 0xf0 ? Optional.of(AAC) : Optional.empty();
        }
        return version == 1 || bitRate == 0xf || sampleRate == 3 ? Optional.empty() : Optional.of(MP3);
    }

    private static Optional<MediaType> words(byte[] head) {
        String text = new String(head, StandardCharsets.ISO_8859_1);
        String start = text.startsWith(BYTE_ORDER_MARK) ? text.substring(3) : text;
        if (VTT_BEGINS.matcher(start).lookingAt()) {
            return Optional.of(VTT);
        }
        return SRT_BEGINS.matcher(start).lookingAt() ? Optional.of(SRT) : Optional.empty();
    }

    private static boolean begins(byte[] head, int offset, int... expected) {
        if (head.length < offset + expected.length) {
            return false;
        }
        for (int i = 0; i < expected.length; i++) {
            if ((head[offset + i] & 0xff) != expected[i]) {
                return false;
            }
        }
        return true;
    }

    private static String text(byte[] head, int offset) {
        return head.length < offset + 4 ? "" : new String(head, offset, 4, StandardCharsets.ISO_8859_1);
    }
}
