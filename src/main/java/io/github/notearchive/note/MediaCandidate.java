package io.github.notearchive.note;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One address at which a slot's bytes may be found, and what is promised there.
 *
 * @param url as the answer gives it, byte for byte; may be malformed or hostile, so whoever follows
 *     it checks it
 * @param rendition what the address is called in the answer, such as {@code original} or {@code
 *     h265/master_url}; with a number behind the codec, as in {@code h265[1]/master_url}, from its
 *     second stream on
 * @param size the promised length in bytes; null when the answer gives none
 * @param width the promised width in pixels; null when the answer gives none
 * @param height the promised height in pixels; null when the answer gives none
 * @param md5 what the answer calls the MD5 of the file; a hint, since nobody documents which bytes
 *     it covers: of a video perhaps those that were uploaded
 */
public record MediaCandidate(
        String url,
        String rendition,
        @Nullable Long size,
        @Nullable Integer width,
        @Nullable Integer height,
        @Nullable String md5) {

    private static final Pattern WHERE = Pattern.compile("/(?:master_url|backup_urls\\[\\d+])$");

    /** The time in a signature, as eight hexadecimal digits of seconds. */
    private static final Pattern SIGNED = Pattern.compile("[?&]t=([0-9a-fA-F]{8})(?:&|$)");

    /** Which bytes are offered: a backup offers the same as its master. */
    public String variant() {
        return variantOf(rendition);
    }

    /** The variant of a rendition. */
    public static String variantOf(String rendition) {
        return WHERE.matcher(rendition).replaceFirst("");
    }

    /**
     * The time that the address is signed with, in seconds since 1970: when it was issued, or when
     * it ends. Either way the smaller one is the first to die. {@code Long.MAX_VALUE} for an
     * address without a signature, which lasts.
     */
    public long signedAt() {
        Matcher time = SIGNED.matcher(url);
        return time.find() ? Long.parseLong(time.group(1), 16) : Long.MAX_VALUE;
    }

    /** Prints without the address, whose signature belongs in no log. */
    @Override
    public String toString() {
        return "MediaCandidate[" + rendition + "]";
    }
}
