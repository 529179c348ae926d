package io.github.notearchive.export;

/** What an export holds of the media, beside their description. */
public enum MediaMode {
    /** Nothing. */
    NONE,
    /** Where each file lies in the store. */
    LINK,
    /** The files themselves. */
    COPY,
    /** Addresses that anybody may fetch the files from until they expire. */
    PRESIGNED
}
