package io.github.notearchive.media;

import io.github.notearchive.io.ConnectionPool;
import io.github.notearchive.io.RepeatedResponses;
import io.github.notearchive.io.RepeatedResponses.RepeatedResponseException;
import io.github.notearchive.media.DownloadLimiter.DownloadPermit;
import io.github.notearchive.media.SpoolFile.SpoolFullException;
import io.github.notearchive.media.format.FileCheck;
import io.github.notearchive.note.MediaCandidate;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.routing.DefaultRoutePlanner;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.message.BasicHeader;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Performs one attempt at one URL, on the caller's thread: request, redirects, body, digests, truncation check.
 *
 * <p>The HTTP client repeats no request, follows no redirect, decodes no body, stores no cookie, and uses no system
 * proxy.
 */
final class MediaTransfer implements AutoCloseable {

    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> GONE = Set.of(401, 403, 404, 410);
    private static final long MAX_DISCARDED = 16 * 1024;

    private final MediaProperties properties;
    private final AllowedHosts allowed;
    private final CloseableHttpClient client;
    private final LongAdder requests = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    MediaTransfer(MediaProperties properties, AllowedHosts allowed, DnsResolver resolver) {
        this.properties = properties;
        this.allowed = allowed;
        Timeout idle = Timeout.of(properties.idleTimeout());
        client = HttpClients.custom()
                .setConnectionManager(ConnectionPool.with(ConnectionConfig.custom()
                                .setConnectTimeout(Timeout.of(properties.connectTimeout()))
                                .setSocketTimeout(idle))
                        .setDnsResolver(resolver)
                        .setMaxConnTotal(properties.downloadsInFlight())
                        .setMaxConnPerRoute(properties.downloadsPerHost())
                        .build())
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(Timeout.of(properties.fileTimeout()))
                        .setResponseTimeout(idle)
                        .setRedirectsEnabled(false)
                        .setAuthenticationEnabled(false)
                        .setContentCompressionEnabled(false)
                        .setProtocolUpgradeEnabled(false)
                        .build())
                .setRequestExecutor(new RepeatedResponses())
                .setRoutePlanner(new DefaultRoutePlanner(null))
                .setUserAgent("note-archive")
                .setDefaultHeaders(
                        List.of(new BasicHeader("Accept", "*/*"), new BasicHeader("Accept-Encoding", "identity")))
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableContentCompression()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableConnectionState()
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
        } catch (IllegalStateException e) {
            // the HTTP client reports an abort between two of its steps as a programming error
            if (!permit.isExpired() && !permit.isAborted()) {
                throw e;
            }
            return expired();
        } finally {
            permit.finish();
        }
    }

    /** Requests sent so far. */
    long requests() {
        return requests.sum();
    }

    /** Bytes of bodies received so far. */
    long bytes() {
        return bytes.sum();
    }

    @Override
    public void close() {
        try {
            client.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Media client cannot be closed", e);
        }
    }

    private Attempt follow(PartialDownload partial, DownloadPermit permit) throws IOException {
        MediaUrl at = partial.url();
        for (int redirects = 0; ; ) {
            Exchange exchange = open(at, partial.rest(), permit);
            String location;
            try {
                int status = exchange.response.getCode();
                if (status == 200) {
                    partial.close();
                    return receive(at, partial, exchange);
                }
                if (status == 206 && partial.resumeWith(exchange.response)) {
                    return save(at, partial, exchange.body());
                }
                if (GONE.contains(status)) {
                    return new Attempt.Gone("HTTP " + status);
                }
                if ((status == 206 || status == 416) && partial.rest() != null) {
                    // the rest belongs to other bytes: request the whole file
                    partial.close();
                    continue;
                }
                Header header = exchange.response.getFirstHeader("Location");
                location = header == null ? null : header.getValue();
                if (!REDIRECTS.contains(status) || location == null) {
                    return retryable("HTTP " + status);
                }
            } finally {
                exchange.end();
            }
            if (redirects++ == properties.maxRedirects()) {
                return new Attempt.Retryable("more than " + properties.maxRedirects() + " redirects", false);
            }
            at = at.redirected(location, allowed);
        }
    }

    private Exchange open(MediaUrl url, PartialDownload.@Nullable Rest rest, DownloadPermit permit) throws IOException {
        if (!url.isUpgradable()) {
            return send(url, rest, permit);
        }
        try {
            return send(url.upgraded(), rest, permit);
        } catch (SSLException | SocketException | ConnectTimeoutException e) {
            if (permit.isExpired() || permit.isAborted()) {
                throw e;
            }
            // http is what the provider gave
            return send(url, rest, permit);
        }
    }

    private Exchange send(MediaUrl url, PartialDownload.@Nullable Rest rest, DownloadPermit permit) throws IOException {
        String authority = url.literal() ? url.host() + ":" + url.port() : url.host();
        HttpUriRequestBase request = new HttpUriRequestBase("GET", URI.create(url.scheme() + "://" + authority + "/"));
        // not through java.net.URI, which rejects some targets and rewrites others
        request.setPath(url.target());
        if (rest != null) {
            request.setHeader("Range", "bytes=" + rest.from() + "-");
            request.setHeader("If-Range", rest.validator());
        }
        if (!permit.start(request)) {
            throw new SocketTimeoutException("Ended before the request was sent");
        }
        requests.increment();
        String host =
                url.host().startsWith("[") ? url.host().substring(1, url.host().length() - 1) : url.host();
        HttpHost target = new HttpHost(url.scheme(), host, url.port());
        try {
            return new Exchange(request, client.executeOpen(target, request, null));
        } catch (RepeatedResponseException _) {
            // not caused by this file: send it once more, over another connection
            requests.increment();
            return new Exchange(request, client.executeOpen(target, request, null));
        }
    }

    private Attempt receive(MediaUrl at, PartialDownload partial, Exchange exchange) throws IOException {
        HttpEntity entity = exchange.response.getEntity();
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
        partial.start(TypeSniffer.sniff(head).orElseThrow(), exchange.response);
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
            case ConnectionRequestTimeoutException _ -> new Attempt.Retryable("no free connection", false);
            case ConnectTimeoutException _ -> retryable("connect timed out");
            case SocketTimeoutException _ -> retryable("read timed out");
            case SocketException _ -> retryable("connection failed or reset");
            default -> retryable(e.getClass().getSimpleName());
        };
    }

    /** A request with its open response. */
    private record Exchange(HttpUriRequestBase request, ClassicHttpResponse response) {

        InputStream body() throws IOException {
            HttpEntity entity = response.getEntity();
            return entity == null ? InputStream.nullInputStream() : entity.getContent();
        }

        /** Releases the connection for the next request if little is left to read, else closes it. */
        void end() {
            HttpEntity entity = response.getEntity();
            if (entity != null && entity.isStreaming()) {
                long length = entity.getContentLength();
                if (response.getCode() >= 300 && length >= 0 && length <= MAX_DISCARDED) {
                    EntityUtils.consumeQuietly(entity);
                } else {
                    // before the close, which would read the body to its end
                    request.abort();
                }
            }
            try {
                response.close();
            } catch (IOException _) {
                // the connection is gone either way
            }
        }
    }
}
