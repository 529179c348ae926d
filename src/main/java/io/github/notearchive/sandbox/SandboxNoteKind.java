package io.github.notearchive.sandbox;

/** Composition of a generated note. It follows from the seed and the note id. */
public enum SandboxNoteKind {

    /** One to 18 images, no sound. */
    IMAGES(45, 18),

    /** Images, some with motion that is offered as H.265 only, with backup URLs. */
    LIVE_PHOTOS(15, 9),

    /** A video note without streams: cover and sound. The video endpoint returns its streams. */
    VIDEO_COVER(20, 1),

    /** A video note with streams of several codecs, sound and cover; rare at the note endpoint. */
    VIDEO_STREAMS(5, 1),

    /** A note of type video that has a sound only. */
    SOUND(4, 0),

    /** Images with background music. */
    MUSIC(6, 9),

    /** Text without media. */
    TEXT(5, 0);

    private final int percent;
    final int mostImages;

    SandboxNoteKind(int percent, int mostImages) {
        this.percent = percent;
        this.mostImages = mostImages;
    }

    /** Maps a draw from 0 to 99 to a kind by the share of each kind. */
    static SandboxNoteKind of(int draw) {
        int left = draw;
        for (SandboxNoteKind kind : values()) {
            left -= kind.percent;
            if (left < 0) {
                return kind;
            }
        }
        throw new IllegalArgumentException("Draw must be below 100, but is " + draw);
    }

    /** True if the video endpoint returns streams for the note. */
    boolean hasVideo() {
        return this == VIDEO_COVER || this == VIDEO_STREAMS;
    }
}
