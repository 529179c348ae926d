package io.github.notearchive.media.format;

import io.github.notearchive.note.MediaType;
import java.io.IOException;
import java.util.List;

/** Container format of a media file, with its truncation check. */
public enum Container {
    /** MP4, M4A, QuickTime. */
    ISO_MEDIA,
    /** HEIC, AVIF. */
    HEIF,
    JPEG,
    PNG,
    GIF,
    WEBP,
    WAV,
    /** MP3, AAC in ADTS. */
    AUDIO_FRAMES,
    OGG,
    /**
     * FLAC and subtitles: their parts state no length, so a truncated file cannot be distinguished from a complete one.
     */
    UNCHECKED;

    /** Returns the container format of a media type. */
    public static Container of(MediaType type) {
        return switch (type) {
            case HEIC, AVIF -> HEIF;
            case WEBP -> WEBP;
            case JPEG -> JPEG;
            case PNG -> PNG;
            case GIF -> GIF;
            case MP4, MOV, M4A -> ISO_MEDIA;
            case WAV -> WAV;
            case MP3, AAC -> AUDIO_FRAMES;
            case OGG -> OGG;
            case FLAC, SRT, VTT -> UNCHECKED;
        };
    }

    /** Checks one file, whose first bytes are those of this format. */
    public FileCheck check(FileBytes bytes) throws IOException {
        return switch (this) {
            case ISO_MEDIA -> new BoxCheck(bytes, false).run();
            case HEIF -> new BoxCheck(bytes, true).run();
            case JPEG -> new JpegCheck(bytes).run();
            case PNG -> new PngCheck(bytes).run();
            case GIF -> new GifCheck(bytes).run();
            case WEBP -> new RiffCheck(bytes, true).run();
            case WAV -> new RiffCheck(bytes, false).run();
            case AUDIO_FRAMES -> new FrameCheck(bytes).run();
            case OGG -> new OggCheck(bytes).run();
            case UNCHECKED -> new FileCheck.Complete(List.of(), null);
        };
    }
}
