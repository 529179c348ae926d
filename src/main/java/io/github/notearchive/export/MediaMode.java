package io.github.notearchive.export;

/** Form in which an export includes media, in addition to their metadata. */
public enum MediaMode {
    /** Metadata only. */
    NONE,
    /** Object keys in the store. */
    LINK,
    /** Copies of the files. */
    COPY,
    /** Presigned URLs, which give access without other credentials until they expire. */
    PRESIGNED
}
