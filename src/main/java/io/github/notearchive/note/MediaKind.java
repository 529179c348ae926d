package io.github.notearchive.note;

/** Kind of a media slot. The names are stored in {@code note_media.kind} and used in commands. */
public enum MediaKind {
    /** Still image, including the cover of a video note. */
    IMAGE,
    /** Video of a live photo; has the ordinal of its image. */
    MOTION,
    /** Sound of the note, or its background music. */
    AUDIO,
    VIDEO,
    /** Subtitles of the video in one language. */
    SUBTITLE,
    /** Small rendition of an image that every browser displays; has the ordinal of its image. Optional. */
    PREVIEW;

    /** Returns whether the response of {@link Endpoint#VIDEO} provides it. */
    public boolean isOfVideo() {
        return this == VIDEO || this == SUBTITLE;
    }
}
