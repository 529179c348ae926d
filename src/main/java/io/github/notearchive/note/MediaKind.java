package io.github.notearchive.note;

/** What a slot holds. The names stand in the column {@code note_media.kind} and in commands. */
public enum MediaKind {
    /** A still picture, the cover of a video note included. */
    IMAGE,
    /** The moving half of a live photo; its ordinal is that of its still. */
    MOTION,
    /** The note's own sound, or music laid under it. */
    AUDIO,
    /** The note's video. */
    VIDEO,
    /** The words that are spoken in the video, in one language. */
    SUBTITLE;

    /** Whether the answer brings it that was bought for the video, where there is one. */
    public boolean isOfVideo() {
        return this == VIDEO || this == SUBTITLE;
    }
}
