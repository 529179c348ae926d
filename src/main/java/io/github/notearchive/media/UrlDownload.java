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
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
 * <p>Each attempt requests the whole file, and checks each redirect like the first URL. Bodies are not decoded. A
 * failed attempt leaves no file.
 *
 * @param kind kind of slot that the file is for
 * @param stop aborts the download at zero
 * @param deadline value of {@link System#nanoTime} after which no request and no pause continues
 */
record UrlDownload(
        MediaDownloader shared,
        MediaKind kind,
        MediaUrl url,
        MediaCandidate candidate,
        CountDownLatch stop,
        long deadline) {

    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> GONE = Set.of(401, 403, 404, 410);

    /** The file, or the location of a redirect. */
    private record Reply(
            @Nullable DownloadedMedia media, @Nullable String location) {}

    /** Tries the URL until it succeeds, fails for good, or the deadline. */
    DownloadedMedia run() throws FailedDownloadException {
        for (int tries = 1; ; tries++) {
            try {
                return attempt();
            } catch (IOException e) {
                FailedDownloadException failed = failure(e);
                boolean again =
                        failed.kind == Kind.RETRYABLE && tries < properties().triesPerCandidate();
                if (!again || !pause(tries)) {
                    throw failed;
                }
            }
        }
    }

    private DownloadedMedia attempt() throws IOException {
        MediaUrl next = url;
        for (int redirects = 0; redirects <= properties().maxRedirects(); redirects++) {
            Reply reply = send(next);
            if (reply.media != null) {
                return reply.media;
            }
            next = next.redirected(Objects.requireNonNull(reply.location), shared.hosts);
        }
        throw new FailedDownloadException(
                Kind.POSTPONED, "more than " + properties().maxRedirects() + " redirects");
    }

    private Reply send(MediaUrl to) throws IOException {
        if (to.isUpgradable()) {
            try {
                return sendOnce(to.upgraded());
            } catch (SSLException | SocketException | ConnectTimeoutException _) {
                // http is what the provider gave
            }
        }
        return sendOnce(to);
    }

    /**
     * Sends one request.
     *
     * @throws FailedDownloadException if the response has no complete file, even if its body cannot be read
     * @throws IOException if there is no response
     */
    private Reply sendOnce(MediaUrl to) throws IOException {
        if (MediaDownloader.isAborted(stop) || isExpired()) {
            throw new SocketTimeoutException("Ended before the request was sent");
        }
        String authority = to.literal() ? to.host() + ":" + to.port() : to.host();
        HttpUriRequestBase request = new HttpUriRequestBase("GET", URI.create(to.scheme() + "://" + authority + "/"));
        // not through java.net.URI, which rejects some targets and rewrites others
        request.setPath(to.target());
        request.setHeader("Accept", "*/*");
        request.setHeader("Accept-Encoding", "identity");
        return shared.http.execute(request, remaining(), response -> {
            try {
                return read(response);
            } catch (IOException e) {
                throw failure(e);
            }
        });
    }

    private Reply read(ClassicHttpResponse response) throws IOException {
        int status = response.getCode();
        if (status == 200) {
            return new Reply(receive(response.getEntity()), null);
        }
        if (GONE.contains(status)) {
            throw new FailedDownloadException(Kind.GONE, "HTTP " + status);
        }
        Header location = response.getFirstHeader("Location");
        if (!REDIRECTS.contains(status) || location == null || location.getValue() == null) {
            throw retryable("HTTP " + status);
        }
        return new Reply(null, location.getValue());
    }

    private MediaProperties properties() {
        return shared.properties;
    }

    private DownloadedMedia receive(@Nullable HttpEntity entity) throws IOException {
        if (entity == null) {
            throw retryable("empty body");
        }
        long length = entity.getContentLength();
        requireAllowed(length);
        InputStream body = entity.getContent();
        byte[] head = body.readNBytes(TypeSniffer.HEAD_LENGTH);
        boolean isIncomplete = head.length < TypeSniffer.HEAD_LENGTH && head.length < length;
        Optional<String> mismatch = TypeSniffer.mismatch(head, kind);
        if (isIncomplete || mismatch.isPresent()) {
            shared.bytes.add(head.length);
            throw isIncomplete ? incomplete() : retryable(mismatch.orElseThrow());
        }
        SpoolFile file = shared.spool.new SpoolFile(length, candidate.md5() != null);
        try {
            save(new SequenceInputStream(new ByteArrayInputStream(head), body), file);
            if (length >= 0 && file.size() != length) {
                throw incomplete();
            }
            MediaType type = TypeSniffer.sniff(head).orElseThrow();
            return DownloadedMedia.of(file, type, candidate, file.check(type));
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private void save(InputStream body, SpoolFile file) throws IOException {
        for (int n = 0; n >= 0; n = file.append(body)) {
            shared.bytes.add(n);
            requireAllowed(file.size());
        }
        file.endWriting();
    }

    private Duration remaining() {
        return Duration.ofNanos(deadline - System.nanoTime());
    }

    private boolean isExpired() {
        return !remaining().isPositive();
    }

    /** Waits after a failed attempt. False if the deadline, an abort or an interrupt does not allow it. */
    private boolean pause(int tries) {
        Duration time = properties().backoffAfter(tries);
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
        if (length > properties().maxFileSize().toBytes()) {
            throw FailedDownloadException.rejected(
                    "longer than archive.media.max-file-size (" + properties().maxFileSize() + ")");
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
                        "the spool holds archive.media.max-spool-size ("
                                + properties().maxSpoolSize() + ")");
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
