package io.github.notearchive.note;

import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One address at which a slot's bytes may be found, and what is promised there.
 *
 * @param url as the answer gives it, byte for byte; may be malformed or hostile, so whoever follows it checks it
 * @param rendition what the address is called in the answer, such as {@code original} or {@code h265/master_url}; with
 *     a number behind the codec, as in {@code h265[1]/master_url}, from its second stream on
 * @param size the promised length in bytes; null when the answer gives none
 * @param width the promised width in pixels; null when the answer gives none
 * @param height the promised height in pixels; null when the answer gives none
 * @param md5 what the answer calls the MD5 of the file; a hint, since nobody documents which bytes it covers: of a
 *     video perhaps those that were uploaded
 */
public record MediaCandidate(
        String url,
        String rendition,
        @Nullable Long size,
        @Nullable Integer width,
        @Nullable Integer height,
        @Nullable String md5) {

    private static final Pattern WHERE = Pattern.compile("/(?:master_url|backup_urls\\[\\d+])$");

    private static final Pattern SCHEME = Pattern.compile("^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//");

    /** A parameter that only signs. */
    private static final Pattern SIGNATURE = Pattern.compile("(?:sign|t)(?:=.*)?");

    /** The time in a signature, as eight hexadecimal digits of seconds. */
    private static final Pattern SIGNED = Pattern.compile("[?&]t=([0-9a-fA-F]{8})(?:&|$)");

    /**
     * Where it leads to: host, path and query, without what may differ between two addresses of one file, which are the
     * scheme, the parameters {@code sign} and {@code t} of a signature, and what stands behind a {@code #}. Two files
     * at one host differ in it.
     */
    String place() {
        String address = SCHEME.matcher(url).replaceFirst("");
        address = address.replaceFirst("#.*", "");
        int path = address.indexOf('/');
        int query = address.indexOf('?');
        int end = Math.min(path < 0 ? address.length() : path, query < 0 ? address.length() : query);
        String host = address.substring(0, end).toLowerCase(Locale.ROOT);
        if (query < 0) {
            return host + address.substring(end);
        }
        String asked = Arrays.stream(address.substring(query + 1).split("&"))
                .filter(parameter -> !SIGNATURE.matcher(parameter).matches())
                .collect(Collectors.joining("&"));
        return host + address.substring(end, query) + (asked.isEmpty() ? "" : "?" + asked);
    }

    /** Which bytes are offered: a backup offers the same as its master. */
    public String variant() {
        return variantOf(rendition);
    }

    /** The variant of a rendition. */
    public static String variantOf(String rendition) {
        return WHERE.matcher(rendition).replaceFirst("");
    }

    /**
     * The time that the address is signed with, in seconds since 1970: when it was issued, or when it ends. Either way
     * the smaller one is the first to die. {@code Long.MAX_VALUE} for an address without a signature, which lasts.
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
