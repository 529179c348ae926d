package io.github.notearchive.note;

import org.jspecify.annotations.Nullable;

/**
 * One address at which a slot's bytes may be found, and what is promised there.
 *
 * @param url as the answer gives it, byte for byte; may be malformed or hostile, so whoever follows
 *     it checks it
 * @param rendition what the address is called in the answer, such as {@code original} or {@code
 *     h265/master_url}
 * @param size the promised length in bytes; null when the answer gives none
 * @param width the promised width in pixels; null when the answer gives none
 * @param height the promised height in pixels; null when the answer gives none
 * @param md5 what the answer calls the MD5 of the file; a hint, since nobody documents which bytes
 *     it covers
 */
public record MediaCandidate(
        String url,
        String rendition,
        @Nullable Long size,
        @Nullable Integer width,
        @Nullable Integer height,
        @Nullable String md5) {

    /** Prints without the address, whose signature belongs in no log. */
    @Override
    public String toString() {
        return "MediaCandidate[" + rendition + "]";
    }
}
