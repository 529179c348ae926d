package io.github.notearchive.media;

import io.github.notearchive.media.DownloadedMedia.Comparison;
import io.github.notearchive.media.SpoolFile.SpoolFullException;
import io.github.notearchive.media.format.FileCheck;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaType;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.jspecify.annotations.Nullable;

/**
 * The received part of one file at one URL, over as many attempts as it takes. Used by one thread.
 *
 * <p>An incomplete body is resumed by the next attempt if the server gave a strong validator (RFC 9110, 13.1.5) and
 * confirms with the rest that it belongs to the same bytes: same validator, first byte after ours, same total length.
 * Otherwise the download restarts.
 */
final class PartialDownload implements AutoCloseable {

    private final Spool spool;
    private final MediaKind kind;
    private final MediaCandidate candidate;
    private final MediaUrl url;
    private @Nullable SpoolFile file;
    private @Nullable MediaType type;
    private @Nullable String validator;
    private long total = -1;

    PartialDownload(Spool spool, MediaKind kind, MediaCandidate candidate, MediaUrl url) {
        this.spool = spool;
        this.kind = kind;
        this.candidate = candidate;
        this.url = url;
    }

    /** Kind of slot that the file is for. */
    MediaKind kind() {
        return kind;
    }

    MediaCandidate candidate() {
        return candidate;
    }

    MediaUrl url() {
        return url;
    }

    /** Starts a file, and discards what was received before. */
    void start(MediaType detected, ClassicHttpResponse response) {
        close();
        file = spool.newFile(candidate.md5() != null && !candidate.md5().isBlank());
        type = detected;
        validator = validator(response);
        total = response.getEntity().getContentLength();
    }

    /**
     * The missing part of a file.
     *
     * @param from first byte
     * @param validator that the file must still have
     */
    record Rest(long from, String validator) {}

    /** Returns what to request; null for the whole file. */
    @Nullable
    Rest rest() {
        return validator == null || size() == 0 ? null : new Rest(size(), validator);
    }

    /**
     * Accepts a response with status 206 if it has the rest of the file, and records the total length.
     *
     * @return false if the response belongs to other bytes
     */
    boolean resumeWith(ClassicHttpResponse response) {
        Rest rest = rest();
        ContentRange range = ContentRange.of(response);
        if (rest == null
                || range == null
                || range.first != rest.from
                || range.last + 1 != range.total
                || (total >= 0 && range.total != total)
                || !rest.validator.equals(validator(response))) {
            return false;
        }
        total = range.total;
        return true;
    }

    /**
     * Appends what one read of the stream returns.
     *
     * @return number of bytes; -1 at the end of the stream
     * @throws SpoolFullException if the spool limit does not allow it; nothing is appended
     * @throws java.io.UncheckedIOException if the disk cannot be written
     */
    int append(InputStream in, long spoolLimit) throws IOException {
        return file().append(in, total, spoolLimit);
    }

    /** Releases the resources for writing. Writing may continue later. */
    void pause() {
        if (file != null) {
            file.pause();
        }
    }

    long size() {
        return file == null ? 0 : file.size();
    }

    /** Total length that the server stated; -1 if it did not. */
    long total() {
        return total;
    }

    MediaType type() {
        return Objects.requireNonNull(type);
    }

    /** Checks the received bytes for truncation. */
    FileCheck check() {
        return file().check(type());
    }

    /** Hands the complete file over to the caller, who closes it. */
    DownloadedMedia complete(String host, List<String> remarks) {
        pause();
        SpoolFile received = file();
        file = null;
        Long promisedSize = candidate.size();
        String promisedMd5 = candidate.md5();
        String md5 = received.md5();
        return new DownloadedMedia(
                received,
                received.sha256(),
                type(),
                candidate,
                host,
                Comparison.of(total >= 0, true),
                promisedSize == null
                        ? Comparison.NONE
                        : Comparison.of(promisedSize > 0, promisedSize == received.size()),
                md5 == null || promisedMd5 == null
                        ? Comparison.NONE
                        : Comparison.of(true, md5.equalsIgnoreCase(promisedMd5.strip())),
                remarks);
    }

    /** Deletes what was received. Repetition has no effect. */
    @Override
    public void close() {
        SpoolFile received = file;
        file = null;
        validator = null;
        total = -1;
        if (received != null) {
            received.close();
        }
    }

    private SpoolFile file() {
        return Objects.requireNonNull(file);
    }

    /** Strong validator of a response; null if it has none. A date is never certain to be strong. */
    private static @Nullable String validator(ClassicHttpResponse response) {
        Header tag = response.getFirstHeader("ETag");
        String value = tag == null ? null : tag.getValue();
        return value != null && value.startsWith("\"") && value.endsWith("\"") && value.length() > 2 ? value : null;
    }

    /**
     * Bytes that a response contains (RFC 9110, 14.4).
     *
     * @param first position of the first byte, from 0
     * @param last position of the last byte
     * @param total length of the file
     */
    private record ContentRange(long first, long last, long total) {

        private static final Pattern BYTES = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})");

        /** Returns the range of a response; null if it has none, or an impossible one. */
        static @Nullable ContentRange of(ClassicHttpResponse response) {
            Header header = response.getFirstHeader("Content-Range");
            Matcher bytes = BYTES.matcher(header == null ? "" : String.valueOf(header.getValue()));
            if (!bytes.matches()) {
                return null;
            }
            ContentRange range = new ContentRange(
                    Long.parseLong(bytes.group(1)), Long.parseLong(bytes.group(2)), Long.parseLong(bytes.group(3)));
            return range.first <= range.last && range.last < range.total ? range : null;
        }
    }
}
