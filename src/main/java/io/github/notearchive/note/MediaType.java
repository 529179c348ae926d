package io.github.notearchive.note;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/** Type of a media file. Derived from its bytes alone, since equal bytes must get an equal name in the store. */
public enum MediaType {
    HEIC("image/heic", "heic", MediaKind.IMAGE),
    AVIF("image/avif", "avif", MediaKind.IMAGE),
    WEBP("image/webp", "webp", MediaKind.IMAGE, MediaKind.PREVIEW),
    JPEG("image/jpeg", "jpg", MediaKind.IMAGE, MediaKind.PREVIEW),
    PNG("image/png", "png", MediaKind.IMAGE),
    GIF("image/gif", "gif", MediaKind.IMAGE),
    // audio also comes in the container of a film, which its first bytes do not show
    MP4("video/mp4", "mp4", MediaKind.MOTION, MediaKind.VIDEO, MediaKind.AUDIO),
    MOV("video/quicktime", "mov", MediaKind.MOTION, MediaKind.VIDEO, MediaKind.AUDIO),
    M4A("audio/mp4", "m4a", MediaKind.AUDIO),
    WAV("audio/wav", "wav", MediaKind.AUDIO),
    MP3("audio/mpeg", "mp3", MediaKind.AUDIO),
    AAC("audio/aac", "aac", MediaKind.AUDIO),
    FLAC("audio/flac", "flac", MediaKind.AUDIO),
    OGG("audio/ogg", "ogg", MediaKind.AUDIO),
    SRT("application/x-subrip", "srt", MediaKind.SUBTITLE),
    VTT("text/vtt", "vtt", MediaKind.SUBTITLE);

    private final String contentType;
    private final String extension;

    @SuppressWarnings("ImmutableEnumChecker") // Set.of is immutable
    private final Set<MediaKind> kinds;

    MediaType(String contentType, String extension, MediaKind... kinds) {
        this.contentType = contentType;
        this.extension = extension;
        this.kinds = Set.of(kinds);
    }

    public String contentType() {
        return contentType;
    }

    /** Without dot. */
    public String extension() {
        return extension;
    }

    public static Optional<MediaType> ofName(String name) {
        String extension = name.substring(name.lastIndexOf('.') + 1);
        return Arrays.stream(values())
                .filter(type -> type.extension.equals(extension))
                .findFirst();
    }

    public boolean suits(MediaKind kind) {
        return kinds.contains(kind);
    }
}
