package io.github.notearchive.provider;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.io.http.DeadlineHttpClient;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.ResponseReader.Envelope;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the HTTP requests of calls, each once, and reads their responses. Thread-safe.
 *
 * <p>The token is a query parameter, so neither the URL nor an exception that may contain it leaves this class. Where
 * the provider repeats the token, it is replaced before the response is used.
 */
final class RequestSender {

    private static final Logger log = LoggerFactory.getLogger(JustOneApiClient.class);

    /** Limit of a token in any encoding, in bytes. */
    private static final int MAX_TOKEN = 4096;

    /** Number of the last requests that are known, at least the maximum of {@code calls-in-flight}. */
    private static final int MAX_RECENT = 256;

    final DeadlineHttpClient http;
    private final NoteSourceProperties settings;
    private final Clock clock;
    private final TokenRedactor redactor;

    /** One large response at a time is parsed before its note holds a part of the memory. */
    private final ReentrantLock parsingLarge = new ReentrantLock();

    private final Map<NoteId, PendingRequest> recent =
            Collections.synchronizedMap(new LinkedHashMap<>(MAX_RECENT, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<NoteId, PendingRequest> eldest) {
                    return size() > MAX_RECENT;
                }
            });

    RequestSender(NoteSourceProperties settings, Clock clock) {
        this.settings = settings;
        this.clock = clock;
        this.redactor = new TokenRedactor(settings.token());
        this.http = settings.httpClient();
    }

    /**
     * Response to one request, without the token.
     *
     * @param envelope content of the body; empty if it is none of the provider's
     * @param body decoded body, or the part of one that is too long; null if there is none to store
     * @param retryAfter time of the header {@code Retry-After}; null if it has none
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record ProviderResponse(
            ProviderReply reply,
            Optional<Envelope> envelope,
            byte @Nullable [] body,
            @Nullable Duration retryAfter) {

        private static ProviderResponse fault(
                String message, @Nullable Integer status, Billed billed, byte @Nullable [] body) {
            ProviderReply reply = new ProviderReply(null, status, message, null, billed);
            return new ProviderResponse(reply, Optional.empty(), body, null);
        }
    }

    /** A status, and the body or the beginning of one that is too long, as received. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Received(
            int status,
            byte[] body,
            boolean isTooLong,
            @Nullable Duration retryAfter) {}

    /** A request, and the response to it that was received on the connection of another request. */
    private record PendingRequest(CallRecord call, HttpGet http, CompletableFuture<Received> redirected) {}

    /** Sends the request of a call and returns what was received, within the response timeout. */
    ProviderResponse send(CallRecord call) {
        Received received;
        try {
            received = exchange(new PendingRequest(call, new HttpGet(uri(call)), new CompletableFuture<>()));
        } catch (IOException e) {
            Billed billed = isBeforeSending(e) ? Billed.NO : Billed.UNKNOWN;
            return ProviderResponse.fault(redactor.describe(e), null, billed, null);
        }
        ProviderResponse response = parsed(call.id(), received);
        // a response about another note that was requested lately belongs to that request
        return response.envelope()
                .flatMap(Envelope::other)
                .map(recent::get)
                .map(owner -> redirect(call, received, owner))
                .orElse(response);
    }

    private Received exchange(PendingRequest request) throws IOException {
        recent.put(request.call.id(), request);
        try {
            return http.execute(request.http, settings.responseTimeout(), this::receive);
        } catch (IOException e) {
            if (request.redirected.cancel(false)) {
                throw e;
            }
            return request.redirected.join();
        } finally {
            request.redirected.cancel(false);
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

    private URI uri(CallRecord call) {
        String token = URLEncoder.encode(settings.token().value(), UTF_8).replace("+", "%20");
        URI endpoint = settings.baseUrl().resolve(call.kind().endpoint().path());
        return URI.create(endpoint + "?token=" + token + "&noteId=" + call.id());
    }

    /** Reads at most one byte more than the limit; memory follows the bytes received, not the length announced. */
    private Received receive(ClassicHttpResponse response) throws IOException {
        int limit = (int) settings.maxResponseSize().toBytes();
        HttpEntity entity = response.getEntity();
        boolean isAnnounced = entity != null && entity.getContentLength() > limit;
        byte[] body = entity == null || isAnnounced
                ? new byte[0]
                : entity.getContent().readNBytes(limit + 1);
        if (isAnnounced || body.length > limit) {
            byte[] start = Arrays.copyOf(body, Math.min(body.length, ResponseMemory.ORDINARY_SIZE));
            return new Received(response.getCode(), start, true, null);
        }
        return new Received(response.getCode(), body, false, retryAfter(response.getFirstHeader("Retry-After")));
    }

    private @Nullable Duration retryAfter(@Nullable Header header) {
        String value = header == null ? "" : header.getValue().strip();
        if (value.matches("\\d{1,6}")) {
            return Duration.ofSeconds(Long.parseLong(value));
        }
        Instant time = DateUtils.parseStandardDate(value);
        return time == null || time.isBefore(clock.instant()) ? null : Duration.between(clock.instant(), time);
    }

    private ProviderResponse parsed(NoteId id, Received received) {
        Optional<byte[]> redacted = redactor.redact(received.body);
        if (redacted.isPresent()) {
            log.warn("Note {}: the provider's response repeats our token, which is replaced by asterisks", id);
        }
        byte[] body = redacted.orElse(received.body);
        int status = received.status;
        if (received.isTooLong) {
            // without its end, which may be half a token
            byte[] stored = body.length > MAX_TOKEN ? Arrays.copyOf(body, body.length - MAX_TOKEN) : null;
            String fault = "the response is longer than " + settings.maxResponseSize();
            return ProviderResponse.fault(fault, status, Billed.UNKNOWN, stored);
        }
        Optional<Envelope> envelope = parse(body, id);
        ProviderReply reply = envelope.map(content -> reply(content, status)).orElseGet(() -> {
            Billed billed = status == HttpStatus.SC_TOO_MANY_REQUESTS ? Billed.NO : Billed.UNKNOWN;
            return new ProviderReply(null, status, "the response is not the provider's envelope", null, billed);
        });
        return new ProviderResponse(reply, envelope, body, received.retryAfter);
    }

    private static ProviderReply reply(Envelope envelope, int status) {
        int code = envelope.code();
        String message = ProviderCode.SUCCESS.is(code) && envelope.note().isEmpty()
                ? ResponseReader.shorten("success without the note: " + envelope.shape())
                : envelope.message();
        return new ProviderReply(code, status, message, envelope.requestId(), ProviderCode.billed(code));
    }

    /** A large body is parsed without its note, which is parsed again when there is memory for it. */
    private Optional<Envelope> parse(byte[] body, NoteId id) {
        if (!ResponseMemory.isLarge(body.length)) {
            return ResponseReader.read(body, id);
        }
        parsingLarge.lock();
        try {
            return ResponseReader.read(body, id).map(Envelope::withoutTree);
        } finally {
            parsingLarge.unlock();
        }
    }

    /**
     * Passes a response to the request that it belongs to, if that is still in progress, and returns the result of this
     * call. All connections may be one response behind, so none is reused.
     */
    private ProviderResponse redirect(CallRecord call, Received received, PendingRequest owner) {
        http.closeIdle();
        NoteId other = owner.call.id();
        boolean isPassed =
                owner.call.kind().endpoint() == call.kind().endpoint() && owner.redirected.complete(received);
        if (isPassed) {
            owner.http.abort(); // its own connection is not waited for
        }
        String effect = isPassed ? "that note's call receives it" : "it is discarded";
        log.warn(
                "Note {}: the response is about note {}; {}, and idle connections are closed",
                call.id(),
                other,
                effect);
        return ProviderResponse.fault("the response is about note " + other, received.status, Billed.UNKNOWN, null);
    }
}
