package io.github.notearchive.media;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.jspecify.annotations.Nullable;

/**
 * Which bytes a response holds (RFC 9110, 14.4).
 *
 * @param first the first byte's place, from 0
 * @param last the last byte's place
 * @param total how many bytes the whole has
 */
record ContentRange(long first, long last, long total) {

    private static final Pattern BYTES = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})");

    /** The range of a response; null when it names none, or one that cannot be. */
    static @Nullable ContentRange of(ClassicHttpResponse response) {
        Header header = response.getFirstHeader("Content-Range");
        Matcher range = BYTES.matcher(header == null ? "" : String.valueOf(header.getValue()));
        if (!range.matches()) {
            return null;
        }
        ContentRange read = new ContentRange(
                Long.parseLong(range.group(1)), Long.parseLong(range.group(2)), Long.parseLong(range.group(3)));
        return read.first <= read.last && read.last < read.total ? read : null;
    }
}
