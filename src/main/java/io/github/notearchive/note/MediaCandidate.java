package io.github.notearchive.note;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * URL that may serve the file of a slot, with the properties that the response promises.
 *
 * @param url as in the response, byte for byte; untrusted: may be malformed or hostile
 * @param rendition name of the URL in the response, such as {@code original} or {@code h265/master_url}; from the
 *     second stream of a codec on with a number, as in {@code h265[1]/master_url}
 * @param size promised length in bytes; null if unknown
 * @param width promised width in pixels; null if unknown
 * @param height promised height in pixels; null if unknown
 * @param md5 MD5 of the response; a hint only, since it is not documented which bytes it covers, of a video perhaps the
 *     uploaded ones
 */
public record MediaCandidate(
        String url,
        String rendition,
        @Nullable Long size,
        @Nullable Integer width,
        @Nullable Integer height,
        @Nullable String md5) {

    private static final Pattern WHERE = Pattern.compile("/(?:master_url|backup_urls\\[\\d+])$");

    private static final Pattern SCHEME_AND_HOST = Pattern.compile("^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//([^/?#]*)");

    /** Fragment, and the parameters {@code sign} and {@code t} of a signature. */
    private static final Pattern VARYING = Pattern.compile("#.*|[?&](?:sign|t)(?:=[^&#]*)?(?=[&#]|$)");

    /** Time of a signature: seconds since 1970 as eight hexadecimal digits. */
    private static final Pattern SIGNED = Pattern.compile("[?&]t=([0-9a-fA-F]{8})(?:&|$)");

    /** Returns the URL without the parts that may differ between two URLs of one file, its host in lower case. */
    String place() {
        // the first parameter that remains begins the query
        String stable = VARYING.matcher(url).replaceAll("").replaceFirst("[?&]", "?");
        return SCHEME_AND_HOST
                .matcher(stable)
                .replaceFirst(match -> Matcher.quoteReplacement(match.group(1).toLowerCase(Locale.ROOT)));
    }

    MediaCandidate at(String otherUrl, String otherRendition) {
        return new MediaCandidate(otherUrl, otherRendition, size, width, height, md5);
    }

    /** Returns the name of the offered bytes: a backup URL offers the same as its master. */
    public String variant() {
        return variantOf(rendition);
    }

    public static String variantOf(String rendition) {
        return WHERE.matcher(rendition).replaceFirst("");
    }

    /**
     * Returns the time of the signature in seconds since 1970: its issue or its expiry. The URL with the smallest time
     * expires first. {@code Long.MAX_VALUE} for a URL without signature, which does not expire.
     */
    public long signedAt() {
        Matcher time = SIGNED.matcher(url);
        return time.find() ? Long.parseLong(time.group(1), 16) : Long.MAX_VALUE;
    }

    /** Excludes the URL, whose signature must not be logged. */
    @Override
    public String toString() {
        return "MediaCandidate[" + rendition + "]";
    }
}
