package io.github.notearchive.media;

import io.github.notearchive.media.format.Container;
import io.github.notearchive.note.MediaKind;
import java.util.Set;

/** Type of a media file. Derived from its bytes alone, since equal bytes must get an equal name in the store. */
public enum MediaType {
    HEIC("image/heic", "heic", Container.HEIF, MediaKind.IMAGE),
    AVIF("image/avif", "avif", Container.HEIF, MediaKind.IMAGE),
    WEBP("image/webp", "webp", Container.WEBP, MediaKind.IMAGE),
    JPEG("image/jpeg", "jpg", Container.JPEG, MediaKind.IMAGE),
    PNG("image/png", "png", Container.PNG, MediaKind.IMAGE),
    GIF("image/gif", "gif", Container.GIF, MediaKind.IMAGE),
    // audio also comes in the container of a film, which its first bytes do not show
    MP4("video/mp4", "mp4", Container.ISO_MEDIA, MediaKind.MOTION, MediaKind.VIDEO, MediaKind.AUDIO),
    MOV("video/quicktime", "mov", Container.ISO_MEDIA, MediaKind.MOTION, MediaKind.VIDEO, MediaKind.AUDIO),
    M4A("audio/mp4", "m4a", Container.ISO_MEDIA, MediaKind.AUDIO),
    WAV("audio/wav", "wav", Container.WAV, MediaKind.AUDIO),
    MP3("audio/mpeg", "mp3", Container.AUDIO_FRAMES, MediaKind.AUDIO),
    AAC("audio/aac", "aac", Container.AUDIO_FRAMES, MediaKind.AUDIO),
    FLAC("audio/flac", "flac", Container.UNCHECKED, MediaKind.AUDIO),
    OGG("audio/ogg", "ogg", Container.OGG, MediaKind.AUDIO),
    SRT("application/x-subrip", "srt", Container.UNCHECKED, MediaKind.SUBTITLE),
    VTT("text/vtt", "vtt", Container.UNCHECKED, MediaKind.SUBTITLE);

    /** A hundred times the subtitles of a film. */
    private static final long MAX_SUBTITLE_BYTES = 16 << 20;

    private final String contentType;
    private final String extension;
    private final Container container;

    @SuppressWarnings("ImmutableEnumChecker") // Set.of is immutable
    private final Set<MediaKind> kinds;

    MediaType(String contentType, String extension, Container container, MediaKind... kinds) {
        this.contentType = contentType;
        this.extension = extension;
        this.container = container;
        this.kinds = Set.of(kinds);
    }

    /** Media type as used by HTTP and the store. */
    public String contentType() {
        return contentType;
    }

    /** Extension of a file name, without dot. */
    public String extension() {
        return extension;
    }

    Container container() {
        return container;
    }

    /** Whether a file of this type may fill a slot of this kind. */
    boolean suits(MediaKind kind) {
        return kinds.contains(kind);
    }

    /** Limit of the file length. */
    long maxBytes() {
        return suits(MediaKind.SUBTITLE) ? MAX_SUBTITLE_BYTES : Long.MAX_VALUE;
    }
}
