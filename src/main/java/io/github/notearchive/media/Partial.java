package io.github.notearchive.media;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Objects;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.jspecify.annotations.Nullable;

/**
 * What has come of the file at one address, over as many tries as that takes. Used by one thread.
 *
 * <p>A body that breaks off is continued by the next try when the server gave it a strong validator (RFC 9110, 13.1.5)
 * and says with the rest that it belongs to the same bytes: the same validator, the place where ours end, the same
 * length of the whole. In any other case the file begins anew.
 */
final class Partial implements AutoCloseable {

    private final Spool spool;
    private @Nullable Begun begun;

    Partial(Spool spool) {
        this.spool = spool;
    }

    /**
     * Begins a file, in place of whatever was there.
     *
     * @param withMd5 whether the MD5 of the whole is wanted as well, which costs more than twice the time of the
     *     SHA-256
     */
    void begin(MediaType type, long total, @Nullable String validator, boolean withMd5) {
        close();
        begun = new Begun(spool.newFile(), type, total, validator, withMd5);
    }

    /** What a request for the rest must say; empty when the file is to be asked for as a whole. */
    @Nullable
    Rest rest() {
        return begun == null || begun.validator == null || begun.content.size() == 0
                ? null
                : new Rest(begun.content.size(), begun.validator);
    }

    /** The rest of a file: from this byte on, if it still has this validator. */
    record Rest(long from, String validator) {}

    /**
     * Takes a response with status 206 for the rest of the file, if it is that; from then on it is known how long the
     * whole is.
     *
     * @param response whose {@code Content-Range} and validator are looked at
     * @return whether it is
     */
    boolean continueWith(ClassicHttpResponse response) {
        Rest rest = rest();
        ContentRange range = ContentRange.of(response);
        if (begun == null
                || rest == null
                || range == null
                || range.first() != begun.content.size()
                || range.last() + 1 != range.total()
                || (begun.total >= 0 && range.total() != begun.total)
                || !rest.validator().equals(validatorOf(response))) {
            return false;
        }
        begun.total = range.total();
        return true;
    }

    /**
     * Adds bytes.
     *
     * @throws SpoolFullException when the spool may not hold them; nothing is added then
     * @throws java.io.UncheckedIOException when the disk takes no more
     */
    void add(byte[] bytes, long spoolLimit) throws SpoolFullException {
        Begun file = Objects.requireNonNull(begun);
        file.content.add(bytes, bytes.length, file.total, spoolLimit);
        file.update(bytes, 0, bytes.length);
    }

    /**
     * Adds what comes, as much as there is.
     *
     * @return how many bytes; -1 at the end
     * @throws SpoolFullException when the spool may not hold them; nothing is added then
     * @throws java.io.UncheckedIOException when the disk takes no more
     */
    int addFrom(InputStream in, long spoolLimit) throws IOException {
        Begun file = Objects.requireNonNull(begun);
        return file.content.addFrom(in, file.total, spoolLimit, file::update);
    }

    /** No bytes come any more, for now or at all. */
    void pause() {
        if (begun != null) {
            begun.content.pause();
        }
    }

    long size() {
        return begun == null ? 0 : begun.content.size();
    }

    /** How long the whole is by the server's word; -1 when it does not say. */
    long total() {
        return begun == null ? -1 : begun.total;
    }

    MediaType type() {
        return Objects.requireNonNull(begun).type;
    }

    SpoolFile content() {
        return Objects.requireNonNull(begun).content;
    }

    /** Gives the file away, which is complete now. */
    Whole take() {
        pause();
        Begun file = Objects.requireNonNull(begun);
        begun = null;
        HexFormat hex = HexFormat.of();
        return new Whole(
                file.content,
                file.type,
                hex.formatHex(file.sha256.digest()),
                file.md5 == null ? null : hex.formatHex(file.md5.digest()));
    }

    /**
     * A complete file.
     *
     * @param sha256 in lower-case hexadecimal
     * @param md5 the same; null when nobody asked for it
     */
    record Whole(
            SpoolFile content,
            MediaType type,
            String sha256,
            @Nullable String md5) {}

    /** Deletes what has come. A repeat does nothing. */
    @Override
    public void close() {
        if (begun != null) {
            SpoolFile content = begun.content;
            begun = null;
            content.close();
        }
    }

    /** The strong validator of a response's bytes; null when it has none. */
    static @Nullable String validatorOf(ClassicHttpResponse response) {
        var tag = response.getFirstHeader("ETag");
        String value = tag == null ? null : tag.getValue();
        // a date would do only if it were known to be old enough, by the server's own clock
        return value != null && value.startsWith("\"") && value.endsWith("\"") && value.length() > 2 ? value : null;
    }

    private static final class Begun {

        private final SpoolFile content;
        private final MediaType type;
        private long total;
        private final @Nullable String validator;
        private final MessageDigest sha256 = DigestUtils.getSha256Digest();
        private final @Nullable MessageDigest md5;

        Begun(SpoolFile content, MediaType type, long total, @Nullable String validator, boolean withMd5) {
            this.content = content;
            this.type = type;
            this.total = total;
            this.validator = validator;
            this.md5 = withMd5 ? DigestUtils.getMd5Digest() : null;
        }

        void update(byte[] array, int offset, int count) {
            sha256.update(array, offset, count);
            if (md5 != null) {
                md5.update(array, offset, count);
            }
        }
    }
}
