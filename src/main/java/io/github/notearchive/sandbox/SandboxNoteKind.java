package io.github.notearchive.sandbox;

/** What an invented note consists of. Which one it is follows from the seed and the note's id. */
public enum SandboxNoteKind {

    /** One to 18 images, no sound. */
    IMAGES,

    /** Images of which some move; the motion is offered as H.265 only, with backup addresses. */
    LIVE_PHOTOS,

    /**
     * A video as the answer about a note gives it: a cover and the sound, but no stream. The call for its video brings
     * the streams.
     */
    VIDEO_COVER,

    /** A video with streams, which this endpoint rarely gives: several codecs, sound and cover. */
    VIDEO_STREAMS,

    /** A post of type video that consists of a sound alone. */
    SOUND,

    /** Images with background music of their own. */
    MUSIC,

    /** Text, no media at all. */
    TEXT
}
