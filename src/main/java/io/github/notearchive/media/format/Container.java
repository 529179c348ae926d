package io.github.notearchive.media.format;

import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Container format of a media file, with its truncation check. */
public enum Container {
    /** MP4, M4A, QuickTime. */
    ISO_MEDIA(bytes -> new BoxCheck(bytes, false)),
    /** HEIC, AVIF. */
    HEIF(bytes -> new BoxCheck(bytes, true)),
    JPEG(JpegCheck::new),
    PNG(PngCheck::new),
    GIF(GifCheck::new),
    WEBP(bytes -> new RiffCheck(bytes, true)),
    WAV(bytes -> new RiffCheck(bytes, false)),
    /** MP3, AAC in ADTS. */
    AUDIO_FRAMES(FrameCheck::new),
    OGG(OggCheck::new),
    /**
     * FLAC and subtitles: their parts state no length, so a truncated file cannot be distinguished from a complete one.
     */
    UNCHECKED(null);

    private final @Nullable Function<FileBytes, ContainerCheck> check;

    Container(@Nullable Function<FileBytes, ContainerCheck> check) {
        this.check = check;
    }

    /** Checks one file, whose first bytes are those of this format. */
    public FileCheck check(FileBytes bytes) throws IOException {
        return check == null
                ? new FileCheck.Complete(List.of(), null)
                : check.apply(bytes).run();
    }
}
