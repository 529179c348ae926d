package io.github.notearchive.media;

import static io.github.notearchive.media.FailedDownloadException.retryable;

import io.github.notearchive.media.FailedDownloadException.Kind;
import io.github.notearchive.media.Spool.SpoolFile;
import io.github.notearchive.media.Spool.SpoolFullException;
import io.github.notearchive.media.format.FileCheck.TruncatedFileException;
import io.github.notearchive.media.format.TypeSniffer;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.jspecify.annotations.Nullable;

/**
 * Download of one file from one URL, over as many attempts as it takes, until a deadline. Used by one thread.
 *
 * <p>Each redirect is checked like the first URL. Bodies are not decoded. An incomplete body is resumed by the next
 * attempt if the server gave a strong validator (RFC 9110, 13.1.5) and confirms with the rest that it belongs to the
 * same bytes: same validator, first byte after ours, same total length. Otherwise the download restarts.
 */
final class UrlDownload implements AutoCloseable {

    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> GONE = Set.of(401, 403, 404, 410);

    /** Bytes that a response contains (RFC 9110, 14.4): first, last, total length of the file. */
    private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})");

    private final MediaDownloader shared;
    private final MediaProperties properties;
    private final MediaKind kind;
    private final MediaCandidate candidate;
    private final CountDownLatch stop;
    private final long deadline;

    /** URL of the next request, and the redirects of this attempt. */
    private MediaUrl next;

    private int redirects;

    /** The part received so far; null before the first byte. */
    private @Nullable SpoolFile file;

    private @Nullable MediaType type;
    private @Nullable String validator;
    private long total = -1;

    /**
     * Creates a download.
     *
     * @param kind kind of slot that the file is for
     * @param stop aborts the download at zero
     * @param deadline value of {@link System#nanoTime} after which no request and no pause continues
     */
    UrlDownload(
            MediaDownloader shared,
            MediaKind kind,
            Map.Entry<MediaUrl, MediaCandidate> source,
            CountDownLatch stop,
            long deadline) {
        this.shared = shared;
        this.properties = shared.properties;
        this.kind = kind;
        this.candidate = source.getValue();
        this.next = source.getKey();
        this.stop = stop;
        this.deadline = deadline;
    }

    /** Tries the URL until it succeeds, fails for good, or the deadline. */
    DownloadedMedia run() throws FailedDownloadException {
        MediaUrl url = next;
        for (int tries = 1; ; tries++) {
            next = url;
            redirects = 0;
            try {
                return attempt();
            } catch (FailedDownloadException e) {
                boolean again = e.kind == Kind.RETRYABLE && tries < properties.triesPerCandidate();
                if (!again || !pause(tries)) {
                    throw e;
                }
            }
        }
    }

    private DownloadedMedia attempt() throws FailedDownloadException {
        try {
            Optional<DownloadedMedia> media = Optional.empty();
            while (media.isEmpty()) {
                media = send(next);
            }
            return media.get();
        } catch (IOException e) {
            if (!isResumable()) {
                close();
            }
            throw failure(e);
        }
    }

    private Optional<DownloadedMedia> send(MediaUrl to) throws IOException {
        if (to.isUpgradable()) {
            try {
                return sendOnce(to.upgraded());
            } catch (SSLException | SocketException | ConnectTimeoutException e) {
                if (isExpired() || MediaDownloader.isAborted(stop)) {
                    throw e;
                }
                // http is what the provider gave
            }
        }
        return sendOnce(to);
    }

    /**
     * Returns the file; empty if {@link #next} has to be requested.
     *
     * @throws FailedDownloadException if the response has no complete file, even if its body cannot be read
     * @throws IOException if there is no response
     */
    private Optional<DownloadedMedia> sendOnce(MediaUrl to) throws IOException {
        if (MediaDownloader.isAborted(stop) || isExpired()) {
            throw new SocketTimeoutException("Ended before the request was sent");
        }
        String authority = to.literal() ? to.host() + ":" + to.port() : to.host();
        HttpUriRequestBase request = new HttpUriRequestBase("GET", URI.create(to.scheme() + "://" + authority + "/"));
        // not through java.net.URI, which rejects some targets and rewrites others
        request.setPath(to.target());
        request.setHeader("Accept", "*/*");
        request.setHeader("Accept-Encoding", "identity");
        if (isResumable()) {
            request.setHeader("Range", "bytes=" + file().size() + "-");
            request.setHeader("If-Range", validator);
        }
        return shared.http.execute(request, remaining(), response -> {
            try {
                return read(response);
            } catch (IOException e) {
                throw failure(e);
            }
        });
    }

    private Optional<DownloadedMedia> read(ClassicHttpResponse response) throws IOException {
        int status = response.getCode();
        HttpEntity entity = response.getEntity();
        if (status == 200) {
            close();
            return Optional.of(receive(response, entity));
        }
        if (status == 206 && isRest(response)) {
            return Optional.of(save(entity == null ? InputStream.nullInputStream() : entity.getContent()));
        }
        if (GONE.contains(status)) {
            throw new FailedDownloadException(Kind.GONE, "HTTP " + status);
        }
        if ((status == 206 || status == 416) && isResumable()) {
            // the rest belongs to other bytes: request the whole file
            close();
            return Optional.empty();
        }
        Header location = response.getFirstHeader("Location");
        if (!REDIRECTS.contains(status) || location == null || location.getValue() == null) {
            throw retryable("HTTP " + status);
        }
        if (redirects++ == properties.maxRedirects()) {
            throw new FailedDownloadException(Kind.POSTPONED, "more than " + properties.maxRedirects() + " redirects");
        }
        next = next.redirected(location.getValue(), shared.hosts);
        return Optional.empty();
    }

    private DownloadedMedia receive(ClassicHttpResponse response, @Nullable HttpEntity entity) throws IOException {
        if (entity == null) {
            throw retryable("empty body");
        }
        long length = entity.getContentLength();
        requireAllowed(length);
        InputStream body = entity.getContent();
        byte[] head = body.readNBytes(TypeSniffer.HEAD_LENGTH);
        boolean incomplete = head.length < TypeSniffer.HEAD_LENGTH && head.length < length;
        Optional<String> mismatch = TypeSniffer.mismatch(head, kind);
        if (incomplete || mismatch.isPresent()) {
            shared.bytes.add(head.length);
            throw incomplete ? incomplete() : retryable(mismatch.orElseThrow());
        }
        file = shared.spool.new SpoolFile(length, candidate.md5() != null);
        type = TypeSniffer.sniff(head).orElseThrow();
        validator = validator(response);
        total = length;
        return save(new SequenceInputStream(new ByteArrayInputStream(head), body));
    }

    /** Strong validator of a response; null if it has none. A date is never certain to be strong. */
    private static @Nullable String validator(ClassicHttpResponse response) {
        Header tag = response.getFirstHeader("ETag");
        String value = tag == null ? null : tag.getValue();
        return value != null && value.length() > 2 && value.matches("\".*\"") ? value : null;
    }

    private boolean isResumable() {
        return validator != null && file != null && file.size() != total;
    }

    /** Whether a response with status 206 has the rest of the file, whose total length is recorded then. */
    private boolean isRest(ClassicHttpResponse response) {
        Header header = response.getFirstHeader("Content-Range");
        Matcher range = RANGE.matcher(header == null ? "" : String.valueOf(header.getValue()));
        if (!isResumable() || !range.matches()) {
            return false;
        }
        long length = Long.parseLong(range.group(3));
        boolean isSame = Long.parseLong(range.group(1)) == file().size()
                && Long.parseLong(range.group(2)) + 1 == length
                && length > file().size()
                && (total < 0 || total == length)
                && Objects.equals(validator, validator(response));
        total = isSame ? length : total;
        return isSame;
    }

    private DownloadedMedia save(InputStream body) throws IOException {
        SpoolFile receiving = file();
        try {
            for (int n = 0; n >= 0; n = receiving.append(body)) {
                shared.bytes.add(n);
                requireAllowed(receiving.size());
            }
        } finally {
            receiving.pause();
        }
        if (total >= 0 && receiving.size() != total) {
            throw incomplete();
        }
        // an error from here on is one of the whole file
        validator = null;
        MediaType received = Objects.requireNonNull(type);
        DownloadedMedia media = DownloadedMedia.of(receiving, received, candidate, receiving.check(received));
        file = null;
        return media;
    }

    /** Deletes what was received. Repetition has no effect. */
    @Override
    public void close() {
        try (SpoolFile _ = file) {
            file = null;
            validator = null;
            total = -1;
        }
    }

    private SpoolFile file() {
        return Objects.requireNonNull(file);
    }

    private Duration remaining() {
        return Duration.ofNanos(deadline - System.nanoTime());
    }

    private boolean isExpired() {
        return !remaining().isPositive();
    }

    /** Waits after a failed attempt. False if the deadline, an abort or an interrupt does not allow it. */
    private boolean pause(int tries) {
        Duration time = properties.backoffAfter(tries);
        if (remaining().compareTo(time) <= 0) {
            return false;
        }
        try {
            return !stop.await(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void requireAllowed(long length) throws FailedDownloadException {
        if (length > properties.maxFileSize().toBytes()) {
            throw FailedDownloadException.rejected(
                    "longer than archive.media.max-file-size (" + properties.maxFileSize() + ")");
        }
    }

    private static FailedDownloadException incomplete() {
        return retryable("incomplete body");
    }

    /** Classifies an exception. Messages of the HTTP client are not used, since they may contain the whole URL. */
    private FailedDownloadException failure(IOException e) {
        if (isExpired() && !(e instanceof FailedDownloadException)) {
            return new FailedDownloadException(Kind.POSTPONED, "deadline exceeded");
        }
        return switch (e) {
            case FailedDownloadException failed -> failed;
            case TruncatedFileException truncated -> retryable("truncated: " + truncated.getMessage());
            case SpoolFullException _ ->
                new FailedDownloadException(
                        Kind.NO_ROOM,
                        "the spool holds archive.media.max-spool-size (" + properties.maxSpoolSize() + ")");
            case UnknownHostException _ -> retryable("unknown host");
            case SSLException _ -> retryable("TLS failed");
            case ConnectionClosedException _ -> incomplete();
            case MessageConstraintException _ -> retryable("headers too long or too many");
            case NoHttpResponseException _ -> retryable("connection closed without a response");
            case ConnectTimeoutException _ -> retryable("connect timed out");
            case SocketTimeoutException _ -> retryable("read timed out");
            case SocketException _ -> retryable("connection failed or reset");
            default -> retryable(e.getClass().getSimpleName());
        };
    }
}
