package io.github.notearchive.media;

import io.github.notearchive.io.ConnectionPool;
import io.github.notearchive.io.RepeatedResponses;
import io.github.notearchive.io.RepeatedResponses.RepeatedResponseException;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import java.io.IOException;
import java.io.InputStream;
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
 * One try at one address, on the caller's thread: request, redirects, body, digests, structure.
 *
 * <p>The HTTP client does nothing by itself: it repeats no request, follows no redirect, decodes no body, keeps no
 * cookie, and uses no proxy of the system.
 */
final class MediaTransfer implements AutoCloseable {

    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> GONE = Set.of(401, 403, 404, 410);
    private static final long WORTH_READING = 16 * 1024;

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
     * Tries the address once, for so long at most.
     *
     * @param partial what earlier tries at this address have brought, and what this one leaves for the next; empty when
     *     the try is complete
     */
    Attempt attempt(
            MediaKind kind, MediaCandidate candidate, MediaUrl url, Partial partial, long nanos, InFlight.Place place) {
        place.openBox(nanos);
        try {
            return follow(kind, candidate, url, partial, place);
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
            MediaKind kind, MediaCandidate candidate, MediaUrl url, Partial partial, InFlight.Place place)
            throws IOException {
        MediaUrl at = url;
        Exchange exchange = open(at, partial.rest(), place);
        for (int redirects = 0; ; ) {
            String location = null;
            try {
                int status = exchange.response.getCode();
                if (status == 200) {
                    partial.close();
                    return receive(kind, candidate, at, partial, exchange);
                }
                if (status == 206 && partial.continueWith(exchange.response)) {
                    return save(candidate, at, partial, new byte[0], exchange.body());
                }
                if (GONE.contains(status)) {
                    return new Attempt.Gone("HTTP " + status);
                }
                if ((status == 206 || status == 416) && partial.rest() != null) {
                    // the rest of other bytes than ours, or none: the file is asked for as a whole
                    partial.close();
                } else {
                    Header header = exchange.response.getFirstHeader("Location");
                    location = header == null ? null : header.getValue();
                    if (!REDIRECTS.contains(status) || location == null) {
                        return new Attempt.Passing("HTTP " + status, true);
                    }
                }
            } finally {
                exchange.end();
            }
            if (location != null) {
                if (redirects == properties.maxRedirects()) {
                    return new Attempt.Passing("more than " + redirects + " redirects", false);
                }
                redirects++;
                at = at.redirected(location, allowed);
            }
            exchange = open(at, partial.rest(), place);
        }
    }

    private Exchange open(MediaUrl url, Partial.@Nullable Rest rest, InFlight.Place place) throws IOException {
        if (!url.isUpgradable()) {
            return send(url, rest, place);
        }
        try {
            return send(url.upgraded(), rest, place);
        } catch (SSLException | SocketException | ConnectTimeoutException e) {
            if (place.isBoxOver() || place.isStopped()) {
                throw e;
            }
            // the address was given as http, so this is what was asked for
            return send(url, rest, place);
        }
    }

    private Exchange send(MediaUrl url, Partial.@Nullable Rest rest, InFlight.Place place) throws IOException {
        String authority = url.literal() ? url.host() + ":" + url.port() : url.host();
        HttpUriRequestBase request = new HttpUriRequestBase("GET", URI.create(url.scheme() + "://" + authority + "/"));
        // past java.net.URI, which refuses some targets and rewrites others
        request.setPath(url.target());
        if (rest != null) {
            request.setHeader("Range", "bytes=" + rest.from() + "-");
            request.setHeader("If-Range", rest.validator());
        }
        if (place.isStopped() || !place.begin(request)) {
            throw new SocketTimeoutException("ended before the request left");
        }
        requests.increment();
        String host =
                url.host().startsWith("[") ? url.host().substring(1, url.host().length() - 1) : url.host();
        HttpHost target = new HttpHost(url.scheme(), host, url.port());
        try {
            return new Exchange(request, client.executeOpen(target, request, null));
        } catch (RepeatedResponseException _) {
            // no fault of this file: asked for once more, over another connection
            requests.increment();
            return new Exchange(request, client.executeOpen(target, request, null));
        }
    }

    private Attempt receive(MediaKind kind, MediaCandidate candidate, MediaUrl at, Partial partial, Exchange exchange)
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
                partial.begin(type, length, Partial.validatorOf(exchange.response), isPromised(candidate.md5()));
                yield save(candidate, at, partial, head, body);
            }
        };
    }

    /** Adds what comes to what is there. A body that breaks off leaves it for the next try. */
    private Attempt save(MediaCandidate candidate, MediaUrl at, Partial partial, byte[] head, InputStream body)
            throws IOException {
        long limit = Math.min(properties.maxFileSize().toBytes(), partial.type().mostBytes());
        boolean isOfUse = false;
        long spoolLimit = properties.maxSpoolSize().toBytes();
        try {
            partial.add(head, spoolLimit);
            isOfUse = true;
            for (int n = 0; n >= 0; n = partial.addFrom(body, spoolLimit)) {
                bytes.add(n);
                if (partial.size() > limit) {
                    isOfUse = false;
                    return limit < properties.maxFileSize().toBytes()
                            ? new Attempt.Refused("longer than any subtitles, " + limit + " bytes")
                            : tooLong();
                }
            }
            if (partial.total() >= 0 && partial.size() != partial.total()) {
                isOfUse = partial.size() < partial.total();
                return brokeOff();
            }
            partial.pause();
            isOfUse = false;
            return verified(candidate, at, partial);
        } catch (SpoolFullException _) {
            isOfUse = false;
            return new Attempt.NoRoom(
                    "the spool holds archive.media.max-spool-size (" + properties.maxSpoolSize() + ")");
        } finally {
            partial.pause();
            if (!isOfUse || partial.rest() == null) {
                partial.close();
            }
        }
    }

    /** All bytes are there, by the server's word; what they are must bear it out. */
    private Attempt verified(MediaCandidate candidate, MediaUrl at, Partial partial) {
        return switch (partial.content().structure(partial.type())) {
            case Structure.Cut(var where) -> new Attempt.Passing("cut: " + where, true);
            case Structure.Whole structure -> {
                Optional<String> placeholder =
                        Promise.placeholder(structure, partial.size(), partial.type(), candidate);
                yield placeholder.isPresent()
                        ? new Attempt.Passing(placeholder.get(), true)
                        : complete(candidate, at, partial, Promise.remarks(structure, candidate));
            }
        };
    }

    private Attempt complete(MediaCandidate candidate, MediaUrl at, Partial partial, List<String> remarks) {
        boolean isMeasured = partial.total() >= 0;
        Partial.Whole whole = partial.take();
        Long promisedSize = candidate.size();
        String promisedMd5 = candidate.md5();
        return new Attempt.Complete(new DownloadedMedia(
                whole.content(),
                whole.sha256(),
                whole.type(),
                candidate,
                at.host(),
                isMeasured ? DownloadedMedia.Comparison.MATCH : DownloadedMedia.Comparison.NONE,
                promisedSize == null || promisedSize <= 0
                        ? DownloadedMedia.Comparison.NONE
                        : DownloadedMedia.Comparison.of(
                                promisedSize == whole.content().size()),
                promisedMd5 == null || whole.md5() == null
                        ? DownloadedMedia.Comparison.NONE
                        : DownloadedMedia.Comparison.of(promisedMd5.strip().equalsIgnoreCase(whole.md5())),
                remarks));
    }

    private static boolean isPromised(@Nullable String md5) {
        return md5 != null && !md5.isBlank();
    }

    private Attempt timeIsOver() {
        return new Attempt.Passing("not done in time", false);
    }

    private Attempt tooLong() {
        return new Attempt.Refused("longer than archive.media.max-file-size (" + properties.maxFileSize() + ")");
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
            case MessageConstraintException _ -> new Attempt.Passing("headers too long or too many", true);
            case NoHttpResponseException _ -> new Attempt.Passing("no answer", true);
            case ConnectionRequestTimeoutException _ -> new Attempt.Passing("no free connection", false);
            case ConnectTimeoutException _ -> new Attempt.Passing("no connection in time", true);
            case SocketTimeoutException _ -> new Attempt.Passing("silent for too long", true);
            case SocketException _ -> new Attempt.Passing("no connection, or a lost one", true);
            default -> new Attempt.Passing(e.getClass().getSimpleName(), true);
        };
    }

    /** A request with its open response. */
    private record Exchange(HttpUriRequestBase request, ClassicHttpResponse response) {

        InputStream body() throws IOException {
            HttpEntity entity = response.getEntity();
            return entity == null ? InputStream.nullInputStream() : entity.getContent();
        }

        /** Frees the connection for the next request if little is left to read, else closes it. */
        void end() {
            HttpEntity entity = response.getEntity();
            if (entity != null && entity.isStreaming()) {
                long length = entity.getContentLength();
                if (response.getCode() >= 300 && length >= 0 && length <= WORTH_READING) {
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
