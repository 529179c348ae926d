package io.github.notearchive.media;

import io.github.notearchive.note.ContentDigest;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
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
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.impl.routing.DefaultRoutePlanner;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.message.BasicHeader;
import org.apache.hc.core5.util.Timeout;

/**
 * One try at one address, on the caller's thread: request, redirects, body, digests.
 *
 * <p>The HTTP client does nothing by itself: it repeats no request, follows no redirect, decodes no
 * body, keeps no cookie, and uses no proxy of the system. It takes no header line of more than 8
 * KiB and no more than 100 of them.
 */
final class MediaTransfer implements AutoCloseable {

    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> GONE = Set.of(401, 403, 404, 410);
    private static final long WORTH_READING = 16 * 1024;
    private static final Http1Config BOUNDED =
            Http1Config.custom().setMaxLineLength(8192).setMaxHeaderCount(100).build();

    private final MediaProperties properties;
    private final AllowedHosts allowed;
    private final Spool spool;
    private final CloseableHttpClient client;
    private final LongAdder requests = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    MediaTransfer(
            MediaProperties properties, AllowedHosts allowed, Spool spool, DnsResolver resolver) {
        this.properties = properties;
        this.allowed = allowed;
        this.spool = spool;
        Timeout idle = Timeout.of(properties.idleTimeout());
        client =
                HttpClients.custom()
                        .setConnectionManager(
                                PoolingHttpClientConnectionManagerBuilder.create()
                                        .setDnsResolver(resolver)
                                        .setConnectionFactory(
                                                ManagedHttpClientConnectionFactory.builder()
                                                        .http1Config(BOUNDED)
                                                        .build())
                                        .setMaxConnTotal(properties.downloadsInFlight())
                                        .setMaxConnPerRoute(properties.downloadsPerHost())
                                        .setDefaultConnectionConfig(
                                                ConnectionConfig.custom()
                                                        .setConnectTimeout(
                                                                Timeout.of(
                                                                        properties
                                                                                .connectTimeout()))
                                                        .setSocketTimeout(idle)
                                                        .build())
                                        .build())
                        .setDefaultRequestConfig(
                                RequestConfig.custom()
                                        .setConnectionRequestTimeout(
                                                Timeout.of(properties.fileTimeout()))
                                        .setResponseTimeout(idle)
                                        .setRedirectsEnabled(false)
                                        .setAuthenticationEnabled(false)
                                        .setContentCompressionEnabled(false)
                                        .setProtocolUpgradeEnabled(false)
                                        .build())
                        .setRoutePlanner(new DefaultRoutePlanner(null))
                        .setUserAgent("note-archive")
                        .setDefaultHeaders(
                                List.of(
                                        new BasicHeader("Accept", "*/*"),
                                        new BasicHeader("Accept-Encoding", "identity")))
                        .disableAutomaticRetries()
                        .disableRedirectHandling()
                        .disableContentCompression()
                        .disableCookieManagement()
                        .disableAuthCaching()
                        .disableConnectionState()
                        .build();
    }

    /** Tries the address once, for so long at most. */
    Attempt attempt(
            MediaKind kind,
            MediaCandidate candidate,
            MediaUrl url,
            long nanos,
            InFlight.Place place) {
        place.openBox(nanos);
        try {
            return follow(kind, candidate, url, place);
        } catch (IOException e) {
            return place.isBoxOver() ? timeIsOver() : failed(e);
        } catch (IllegalStateException e) {
            // an abort between two steps of the HTTP client, which takes it for a mistake
            if (!place.isBoxOver() && !place.isStopped()) {
                throw e;
            }
            return timeIsOver();
        } finally {
            place.closeBox();
        }
    }

    /** Requests tried so far. */
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
            throw new UncheckedIOException("The media client cannot be closed", e);
        }
    }

    private Attempt follow(
            MediaKind kind, MediaCandidate candidate, MediaUrl url, InFlight.Place place)
            throws IOException {
        MediaUrl at = url;
        Exchange exchange = open(at, place);
        for (int redirects = 0; ; redirects++) {
            String location;
            try {
                int status = exchange.response.getCode();
                if (status == 200) {
                    return receive(kind, candidate, at, exchange);
                }
                if (GONE.contains(status)) {
                    return new Attempt.Gone("HTTP " + status);
                }
                Header header = exchange.response.getFirstHeader("Location");
                if (!REDIRECTS.contains(status) || header == null || header.getValue() == null) {
                    return new Attempt.Passing("HTTP " + status, true);
                }
                location = header.getValue();
            } finally {
                exchange.end();
            }
            if (redirects == properties.maxRedirects()) {
                return new Attempt.Passing("more than " + redirects + " redirects", false);
            }
            at = at.redirected(location, allowed);
            exchange = open(at, place);
        }
    }

    private Exchange open(MediaUrl url, InFlight.Place place) throws IOException {
        if (!url.isUpgradable()) {
            return send(url, place);
        }
        try {
            return send(url.upgraded(), place);
        } catch (SSLException | SocketException | ConnectTimeoutException e) {
            if (place.isBoxOver() || place.isStopped()) {
                throw e;
            }
            // the address was given as http, so this is what was asked for
            return send(url, place);
        }
    }

    private Exchange send(MediaUrl url, InFlight.Place place) throws IOException {
        String authority = url.literal() ? url.host() + ":" + url.port() : url.host();
        HttpUriRequestBase request =
                new HttpUriRequestBase("GET", URI.create(url.scheme() + "://" + authority + "/"));
        // past java.net.URI, which refuses some targets and rewrites others
        request.setPath(url.target());
        if (place.isStopped() || !place.begin(request)) {
            throw new SocketTimeoutException("ended before the request left");
        }
        requests.increment();
        String host =
                url.host().startsWith("[")
                        ? url.host().substring(1, url.host().length() - 1)
                        : url.host();
        return new Exchange(
                request,
                client.executeOpen(new HttpHost(url.scheme(), host, url.port()), request, null));
    }

    private Attempt receive(
            MediaKind kind, MediaCandidate candidate, MediaUrl at, Exchange exchange)
            throws IOException {
        HttpEntity entity = exchange.response.getEntity();
        if (entity == null) {
            return new Attempt.Passing("an empty body", true);
        }
        long length = entity.getContentLength();
        if (length > properties.maxFileSize().toBytes()) {
            return tooLong();
        }
        InputStream body = entity.getContent();
        byte[] head = body.readNBytes(MediaType.HEAD_LENGTH);
        bytes.add(head.length);
        if (head.length < MediaType.HEAD_LENGTH && head.length < length) {
            return brokeOff();
        }
        return switch (FirstBytes.of(head, kind)) {
            case FirstBytes.Wrong(var looksLike) -> new Attempt.Passing(looksLike, true);
            case FirstBytes.Fitting(var type) -> {
                Path file = spool.newFile();
                Attempt attempt = null;
                try {
                    attempt = save(file, head, body, length, type, candidate, at);
                    yield attempt;
                } finally {
                    if (!(attempt instanceof Attempt.Complete)) {
                        spool.delete(file);
                    }
                }
            }
        };
    }

    private Attempt save(
            Path file,
            byte[] head,
            InputStream body,
            long length,
            MediaType type,
            MediaCandidate candidate,
            MediaUrl at)
            throws IOException {
        MessageDigest sha256 = digest("SHA-256");
        MessageDigest md5 = digest("MD5");
        long limit = properties.maxFileSize().toBytes();
        long size = 0;
        try (OutputStream out = new FileOutputStream(file.toFile())) {
            byte[] buffer = new byte[64 * 1024];
            System.arraycopy(head, 0, buffer, 0, head.length);
            for (int n = head.length; n > 0; n = body.read(buffer)) {
                if (size > 0) {
                    bytes.add(n);
                }
                size += n;
                if (size > limit) {
                    return tooLong();
                }
                sha256.update(buffer, 0, n);
                md5.update(buffer, 0, n);
                if (!spool.book(file, n, properties.maxSpoolSize().toBytes())) {
                    return new Attempt.Passing(
                            "the spool holds archive.media.max-spool-size ("
                                    + properties.maxSpoolSize()
                                    + ")",
                            false);
                }
                write(out, buffer, n, file);
            }
        }
        if (length >= 0 && size != length) {
            return brokeOff();
        }
        ContentDigest digest =
                new ContentDigest(
                        HexFormat.of().formatHex(sha256.digest()),
                        HexFormat.of().formatHex(md5.digest()));
        Long promisedSize = candidate.size();
        String promisedMd5 = candidate.md5();
        return new Attempt.Complete(
                new DownloadedMedia(
                        spool,
                        file,
                        size,
                        digest,
                        type,
                        candidate,
                        at.host(),
                        length >= 0
                                ? DownloadedMedia.Comparison.MATCH
                                : DownloadedMedia.Comparison.NONE,
                        promisedSize == null || promisedSize <= 0
                                ? DownloadedMedia.Comparison.NONE
                                : DownloadedMedia.Comparison.of(promisedSize == size),
                        promisedMd5 == null || promisedMd5.isBlank()
                                ? DownloadedMedia.Comparison.NONE
                                : DownloadedMedia.Comparison.of(
                                        promisedMd5.strip().equalsIgnoreCase(digest.md5()))));
    }

    /** A full disk is our trouble, not the server's: no other address would help. */
    private static void write(OutputStream out, byte[] buffer, int n, Path file) {
        try {
            out.write(buffer, 0, n);
        } catch (IOException e) {
            throw new UncheckedIOException("Spool file " + file + " cannot be written", e);
        }
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has " + algorithm, e);
        }
    }

    private Attempt timeIsOver() {
        return new Attempt.Passing("not done in time", false);
    }

    private Attempt tooLong() {
        return new Attempt.Refused(
                "longer than archive.media.max-file-size (" + properties.maxFileSize() + ")");
    }

    private static Attempt brokeOff() {
        return new Attempt.Passing("the body broke off", true);
    }

    /** Own words only: the client's messages may hold the whole address. */
    private static Attempt failed(IOException e) {
        return switch (e) {
            case RefusedAddressException refused -> new Attempt.Refused(refused.reason());
            case UnknownHostException _ -> new Attempt.Passing("host name not found", true);
            case SSLException _ -> new Attempt.Passing("TLS failed", true);
            case ConnectionClosedException _ -> brokeOff();
            case MessageConstraintException _ ->
                    new Attempt.Passing("headers too long or too many", true);
            case NoHttpResponseException _ -> new Attempt.Passing("no answer", true);
            case ConnectionRequestTimeoutException _ ->
                    new Attempt.Passing("no free connection", false);
            case ConnectTimeoutException _ -> new Attempt.Passing("no connection in time", true);
            case SocketTimeoutException _ -> new Attempt.Passing("silent for too long", true);
            case SocketException _ -> new Attempt.Passing("no connection, or a lost one", true);
            default -> new Attempt.Passing(e.getClass().getSimpleName(), true);
        };
    }

    /** A request with its open response. */
    private record Exchange(HttpUriRequestBase request, ClassicHttpResponse response) {

        /** Frees the connection for the next request if little is left to read, else closes it. */
        void end() {
            HttpEntity entity = response.getEntity();
            if (entity != null && entity.isStreaming()) {
                long length = entity.getContentLength();
                if (response.getCode() != 200 && length >= 0 && length <= WORTH_READING) {
                    EntityUtils.consumeQuietly(entity);
                } else {
                    // first, since closing a body reads it to its end; nothing after its end
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
