package io.github.notearchive.provider;

import io.github.notearchive.io.DeadlineHttpClient;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.ResponseReader.Envelope;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.net.URIBuilder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the HTTP requests of calls, each once, and reads their responses. Thread-safe.
 *
 * <p>The token is a query parameter, so neither the URL nor an exception that may contain it leaves this class. Where
 * the provider repeats the token, it is replaced before the response is used.
 */
final class RequestSender implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(JustOneApiClient.class);

    private final NoteSourceProperties settings;
    private final ResponseReader reader;
    private final Clock clock;
    private final TokenRedactor redactor;
    private final DeadlineHttpClient http;

    /** One large response at a time is parsed before its note holds a part of the memory. */
    private final ReentrantLock parsingLarge = new ReentrantLock();

    private final Set<Request> inProgress = ConcurrentHashMap.newKeySet();
    private final RecentNotes recent = new RecentNotes();

    RequestSender(NoteSourceProperties settings, ResponseReader reader, Clock clock) {
        this.settings = settings;
        this.reader = reader;
        this.clock = clock;
        this.redactor = new TokenRedactor(settings.token());
        this.http = settings.httpClient();
    }

    /** A request in progress. */
    private static final class Request {

        private final CallRecord call;
        private final HttpGet http;

        /** Its response, if that was received on the connection of another request. */
        private volatile @Nullable ProviderResponse redirected;

        private Request(CallRecord call, HttpGet http) {
            this.call = call;
            this.http = http;
        }
    }

    /** Sends the request of a call and returns what was received, within the response timeout. */
    ProviderResponse send(CallRecord call) {
        ProviderResponse response = parsed(call.id(), exchange(call));
        // a response about another note that was requested lately belongs to that request
        return response.envelope()
                .filter(envelope -> envelope.note().isEmpty())
                .flatMap(Envelope::other)
                .filter(recent::contains)
                .map(other -> redirect(call, response, other))
                .orElse(response);
    }

    /** Aborts all requests until {@link #resume}. */
    void abort() {
        http.abort();
    }

    void resume() {
        http.resume();
    }

    boolean isAborted() {
        return http.isAborted();
    }

    @Override
    public void close() {
        http.close();
    }

    private ProviderResponse exchange(CallRecord call) {
        Request request = new Request(call, new HttpGet(uri(call.endpoint(), call.id())));
        inProgress.add(request);
        recent.add(call.id());
        try {
            return http.execute(request.http, settings.responseTimeout(), this::receive);
        } catch (IOException e) {
            ProviderResponse redirected = request.redirected;
            return redirected != null
                    ? redirected
                    : ProviderResponse.fault(null, redactor.describe(e), !isBeforeSending(e));
        } finally {
            inProgress.remove(request);
        }
    }

    private static boolean isBeforeSending(IOException e) {
        return e instanceof ConnectException
                || e instanceof ConnectTimeoutException
                || e instanceof UnknownHostException
                || e instanceof NoRouteToHostException
                || e instanceof SSLHandshakeException
                || e instanceof SSLPeerUnverifiedException;
    }

    private URI uri(Endpoint endpoint, NoteId id) {
        try {
            return new URIBuilder(settings.baseUrl())
                    .setPath(endpoint.path())
                    .addParameter("token", settings.token().value())
                    .addParameter("noteId", id.value())
                    .build();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("archive.source.base-url cannot be extended by " + endpoint.path());
        }
    }

    private ProviderResponse receive(ClassicHttpResponse response) throws IOException {
        HttpEntity entity = response.getEntity();
        long limit = settings.maxAnswerSize().toBytes();
        byte[] body = new byte[0];
        boolean isTooLong = entity != null && entity.getContentLength() > limit;
        if (entity != null && !isTooLong) {
            body = read(entity, limit);
            isTooLong = body.length > limit;
        }
        if (isTooLong) {
            return new ProviderResponse(
                    response.getCode(),
                    Arrays.copyOf(body, Math.min(body.length, ResponseMemory.ORDINARY_SIZE)),
                    "the response is longer than " + settings.maxAnswerSize(),
                    true,
                    null,
                    Optional.empty());
        }
        EntityUtils.consume(entity);
        Duration retryAfter = retryAfter(response.getFirstHeader("Retry-After"));
        return new ProviderResponse(response.getCode(), body, null, true, retryAfter, Optional.empty());
    }

    /** Reads at most one byte more than the limit; memory follows the bytes received, not the length announced. */
    private static byte[] read(HttpEntity entity, long limit) throws IOException {
        long announced = entity.getContentLength();
        InputStream content = entity.getContent();
        byte[] body = content.readNBytes((int) Math.min(limit + 1, ResponseMemory.ORDINARY_SIZE));
        int size = body.length;
        int count = size < ResponseMemory.ORDINARY_SIZE ? -1 : 0;
        while (count >= 0 && size <= limit && size != announced) {
            if (size == body.length) {
                long room = announced > size ? announced : 2L * size;
                body = Arrays.copyOf(body, (int) Math.min(limit + 1, room));
            }
            count = content.read(body, size, body.length - size);
            size += Math.max(count, 0);
        }
        return size == body.length ? body : Arrays.copyOf(body, size);
    }

    private @Nullable Duration retryAfter(@Nullable Header header) {
        if (header == null) {
            return null;
        }
        String value = header.getValue().strip();
        if (value.matches("\\d{1,6}")) {
            return Duration.ofSeconds(Long.parseLong(value));
        }
        try {
            Duration wait =
                    Duration.between(clock.instant(), ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME));
            return wait.isNegative() ? null : wait;
        } catch (DateTimeParseException _) {
            return null;
        }
    }

    /** Replaces the token and parses the body. */
    private ProviderResponse parsed(NoteId id, ProviderResponse response) {
        byte[] body = response.body();
        if (body == null) {
            return response;
        }
        Optional<byte[]> redacted = redactor.redact(body);
        if (redacted.isPresent()) {
            log.warn("Note {}: the provider's response repeats our token, which is replaced by asterisks", id);
        }
        byte[] stored = redacted.orElse(body);
        return response.with(stored, response.fault() == null ? parse(stored, id) : Optional.empty());
    }

    /** A large body is parsed without its note, which is parsed again when there is memory for it. */
    private Optional<Envelope> parse(byte[] body, NoteId id) {
        if (!ResponseMemory.isLarge(body.length)) {
            return reader.read(body, id);
        }
        parsingLarge.lock();
        try {
            return reader.read(body, id).map(Envelope::withoutTree);
        } finally {
            parsingLarge.unlock();
        }
    }

    /**
     * Passes a response to the request that it belongs to, if that is still in progress. All connections may be one
     * response behind, so none is reused.
     *
     * @return the result of this call, which may have been billed
     */
    private ProviderResponse redirect(CallRecord call, ProviderResponse response, NoteId other) {
        http.closeIdle();
        Optional<Request> owner = inProgress.stream()
                .filter(request -> request.call.endpoint() == call.endpoint())
                .filter(request -> request.call.id().equals(other))
                .findFirst();
        owner.ifPresent(request -> {
            request.redirected = response;
            request.http.abort(); // its own connection is not waited for
        });
        log.warn(
                "Note {}: the response is about note {}; {}, and the connections are closed",
                call.id(),
                other,
                owner.isPresent() ? "that note's call receives it" : "it is discarded");
        return ProviderResponse.fault(response.status(), "the response is about note " + other, true);
    }

    /** Notes of the last requests. */
    private static final class RecentNotes {

        /** Limit of the setting {@code calls-in-flight}. */
        private static final int MAX = 256;

        private final Set<NoteId> ids = new LinkedHashSet<>();

        synchronized void add(NoteId id) {
            ids.remove(id);
            ids.add(id);
            if (ids.size() > MAX) {
                ids.remove(ids.iterator().next());
            }
        }

        synchronized boolean contains(NoteId id) {
            return ids.contains(id);
        }
    }
}
