package io.github.notearchive.media;

import io.github.notearchive.io.DeadlineHttpClient;
import io.github.notearchive.media.DownloadLimiter.DownloadPermit;
import io.github.notearchive.media.SpoolFile.SpoolFullException;
import io.github.notearchive.media.format.FileCheck;
import io.github.notearchive.note.MediaCandidate;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.NoHttpResponseException;

/**
 * Performs one attempt at one URL, on the caller's thread: request, redirects, body, digests, truncation check.
 *
 * <p>Each redirect is checked like the first URL. Bodies are not decoded.
 */
final class MediaTransfer implements AutoCloseable {

    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> GONE = Set.of(401, 403, 404, 410);

    private final MediaProperties properties;
    private final AllowedHosts allowed;
    private final DeadlineHttpClient http;
    private final LongAdder bytes = new LongAdder();

    MediaTransfer(MediaProperties properties, AllowedHosts allowed, DnsResolver resolver) {
        this.properties = properties;
        this.allowed = allowed;
        http = DeadlineHttpClient.builder("media", properties.connectTimeout(), properties.idleTimeout())
                .connections(properties.downloadsInFlight(), properties.downloadsPerHost())
                .resolver(resolver)
                .resendsRepeated()
                .build();
    }

    /**
     * Requests the file once, until the deadline of the permit.
     *
     * @param partial bytes of earlier attempts; receives those of this one, and is empty if the attempt is complete
     */
    Attempt attempt(PartialDownload partial, DownloadPermit permit) {
        try {
            return follow(partial, permit);
        } catch (IOException e) {
            return permit.isExpired() ? expired() : failed(e);
        }
    }

    /** Ends the requests in progress and all later ones until {@link #resume}. */
    void abort() {
        http.abort();
    }

    /** Allows requests again. */
    void resume() {
        http.resume();
    }

    /** Requests sent so far. */
    long requests() {
        return http.requests();
    }

    /** Bytes of bodies received so far. */
    long bytes() {
        return bytes.sum();
    }

    @Override
    public void close() {
        http.close();
    }

    /** What follows from a response. */
    private sealed interface Step {

        record Done(Attempt attempt) implements Step {}

        record Redirect(String location) implements Step {}

        /** The rest belongs to other bytes: request the whole file. */
        record Restart() implements Step {}
    }

    private Attempt follow(PartialDownload partial, DownloadPermit permit) throws IOException {
        MediaUrl at = partial.url();
        for (int redirects = 0; ; ) {
            switch (send(at, partial, permit)) {
                case Step.Done(var attempt) -> {
                    return attempt;
                }
                case Step.Redirect(var location) -> {
                    if (redirects++ == properties.maxRedirects()) {
                        return new Attempt.Retryable("more than " + properties.maxRedirects() + " redirects", false);
                    }
                    at = at.redirected(location, allowed);
                }
                case Step.Restart() -> partial.close();
            }
        }
    }

    private Step send(MediaUrl url, PartialDownload partial, DownloadPermit permit) throws IOException {
        if (!url.isUpgradable()) {
            return sendOnce(url, partial, permit);
        }
        try {
            return sendOnce(url.upgraded(), partial, permit);
        } catch (SSLException | SocketException | ConnectTimeoutException e) {
            if (permit.isExpired() || permit.isAborted()) {
                throw e;
            }
            // http is what the provider gave
            return sendOnce(url, partial, permit);
        }
    }

    /** @throws IOException if there is no response; a failure while its body is read is a failed attempt */
    private Step sendOnce(MediaUrl url, PartialDownload partial, DownloadPermit permit) throws IOException {
        if (permit.isAborted() || permit.isExpired()) {
            throw new SocketTimeoutException("Ended before the request was sent");
        }
        String authority = url.literal() ? url.host() + ":" + url.port() : url.host();
        HttpUriRequestBase request = new HttpUriRequestBase("GET", URI.create(url.scheme() + "://" + authority + "/"));
        // not through java.net.URI, which rejects some targets and rewrites others
        request.setPath(url.target());
        request.setHeader("Accept", "*/*");
        request.setHeader("Accept-Encoding", "identity");
        PartialDownload.Rest rest = partial.rest();
        if (rest != null) {
            request.setHeader("Range", "bytes=" + rest.from() + "-");
            request.setHeader("If-Range", rest.validator());
        }
        String host =
                url.host().startsWith("[") ? url.host().substring(1, url.host().length() - 1) : url.host();
        return http.execute(new HttpHost(url.scheme(), host, url.port()), request, permit.remaining(), response -> {
            try {
                return read(url, partial, response);
            } catch (IOException e) {
                return new Step.Done(permit.isExpired() ? expired() : failed(e));
            }
        });
    }

    private Step read(MediaUrl at, PartialDownload partial, ClassicHttpResponse response) throws IOException {
        int status = response.getCode();
        if (status == 200) {
            partial.close();
            return new Step.Done(receive(at, partial, response));
        }
        if (status == 206 && partial.resumeWith(response)) {
            HttpEntity rest = response.getEntity();
            return new Step.Done(save(at, partial, rest == null ? InputStream.nullInputStream() : rest.getContent()));
        }
        if (GONE.contains(status)) {
            return new Step.Done(new Attempt.Gone("HTTP " + status));
        }
        if ((status == 206 || status == 416) && partial.rest() != null) {
            return new Step.Restart();
        }
        Header location = response.getFirstHeader("Location");
        return REDIRECTS.contains(status) && location != null && location.getValue() != null
                ? new Step.Redirect(location.getValue())
                : new Step.Done(retryable("HTTP " + status));
    }

    private Attempt receive(MediaUrl at, PartialDownload partial, ClassicHttpResponse response) throws IOException {
        HttpEntity entity = response.getEntity();
        if (entity == null) {
            return retryable("empty body");
        }
        long length = entity.getContentLength();
        if (length > properties.maxFileSize().toBytes()) {
            return tooLong();
        }
        InputStream body = entity.getContent();
        byte[] head = body.readNBytes(TypeSniffer.HEAD_LENGTH);
        boolean incomplete = head.length < TypeSniffer.HEAD_LENGTH && head.length < length;
        Optional<String> mismatch = TypeSniffer.mismatch(head, partial.kind());
        if (incomplete || mismatch.isPresent()) {
            bytes.add(head.length);
            return incomplete ? incomplete() : retryable(mismatch.orElseThrow());
        }
        partial.start(TypeSniffer.sniff(head).orElseThrow(), response);
        return save(at, partial, new SequenceInputStream(new ByteArrayInputStream(head), body));
    }

    /** Appends the body. If it is incomplete and can be resumed, it is kept for the next attempt. */
    private Attempt save(MediaUrl at, PartialDownload partial, InputStream body) throws IOException {
        long limit = Math.min(properties.maxFileSize().toBytes(), partial.type().maxBytes());
        long spoolLimit = properties.maxSpoolSize().toBytes();
        boolean isResumable = true;
        try {
            for (int n = 0; n >= 0; n = partial.append(body, spoolLimit)) {
                bytes.add(n);
                if (partial.size() > limit) {
                    isResumable = false;
                    return limit < properties.maxFileSize().toBytes()
                            ? new Attempt.Rejected("longer than the limit of subtitles, " + limit + " bytes")
                            : tooLong();
                }
            }
            isResumable = partial.size() < partial.total();
            if (partial.total() >= 0 && partial.size() != partial.total()) {
                return incomplete();
            }
            partial.pause();
            return verify(at, partial);
        } catch (SpoolFullException _) {
            isResumable = false;
            return new Attempt.NoRoom(
                    "the spool holds archive.media.max-spool-size (" + properties.maxSpoolSize() + ")");
        } finally {
            partial.pause();
            if (!isResumable || partial.rest() == null) {
                partial.close();
            }
        }
    }

    /** Checks a file of the stated length by its own structure. */
    private static Attempt verify(MediaUrl at, PartialDownload partial) {
        return switch (partial.check()) {
            case FileCheck.Truncated(var reason) -> retryable("truncated: " + reason);
            case FileCheck.Complete check -> {
                MediaCandidate candidate = partial.candidate();
                yield ExpectedMedia.placeholder(check, partial.size(), partial.type(), candidate)
                        .map(MediaTransfer::retryable)
                        .orElseGet(() -> new Attempt.Complete(
                                partial.complete(at.host(), ExpectedMedia.remarks(check, candidate))));
            }
        };
    }

    private static Attempt retryable(String reason) {
        return new Attempt.Retryable(reason, true);
    }

    private static Attempt expired() {
        return new Attempt.Retryable("deadline exceeded", false);
    }

    private Attempt tooLong() {
        return new Attempt.Rejected("longer than archive.media.max-file-size (" + properties.maxFileSize() + ")");
    }

    private static Attempt incomplete() {
        return retryable("incomplete body");
    }

    /** Classifies an exception. Its message is not used, since the client's messages may contain the whole URL. */
    private static Attempt failed(IOException e) {
        return switch (e) {
            case RejectedUrlException rejected -> new Attempt.Rejected(rejected.reason());
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
