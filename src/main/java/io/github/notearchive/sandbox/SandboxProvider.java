package io.github.notearchive.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.commons.io.function.Uncheck;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponseInterceptor;
import org.apache.hc.core5.http.NameValuePair;
import org.apache.hc.core5.http.impl.HttpProcessors;
import org.apache.hc.core5.http.impl.bootstrap.HttpServer;
import org.apache.hc.core5.http.impl.bootstrap.ServerBootstrap;
import org.apache.hc.core5.http.impl.routing.RequestRouter;
import org.apache.hc.core5.http.io.HttpRequestHandler;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.net.URIBuilder;

/**
 * Practice provider: the two note endpoints of JustOneAPI and a media server, on two ports of 127.0.0.1.
 *
 * <p>A call is counted when it is received, a delivered note before its response is sent. The {@code Date} of responses
 * follows the given clock. Thread-safe.
 */
public final class SandboxProvider implements AutoCloseable {

    public static final String TOKEN = "sandbox-token";

    /** Bytes of a typical media file. */
    private static final int MEDIA_SIZE = 24 * 1024;

    private final SandboxSettings settings;
    private final Clock clock;
    private final HttpServer mediaServer;
    private final HttpServer apiServer;
    private final SyntheticNotes notes;
    private final AtomicInteger day = new AtomicInteger(1);
    private final NoteEndpoint noteEndpoint;
    private final NoteEndpoint videoEndpoint;

    /**
     * Starts both servers on free ports.
     *
     * @param clock source of the {@code Date} of all responses
     * @throws UncheckedIOException if a server cannot listen
     */
    public SandboxProvider(SandboxSettings settings, Clock clock) {
        this.settings = settings;
        this.clock = clock;
        SeededRandom random = new SeededRandom(settings.seed());
        SyntheticMedia media = new SyntheticMedia(
                random, settings.share(SandboxSettings.Fault.DEAD_MEDIA), MEDIA_SIZE, settings.alive());
        mediaServer = start(Map.of("*", (request, response, _) -> {
            SyntheticMedia.MediaResponse file = media.serve(request.getPath());
            send(response, file.status(), file.contentType(), file.body());
        }));
        notes = new SyntheticNotes(random, media, "http://" + mediaHost(), this::day);
        noteEndpoint = new NoteEndpoint(settings, notes, false, settings.quota());
        videoEndpoint = new NoteEndpoint(settings, notes, true, SandboxSettings.UNLIMITED);
        apiServer = start(Map.of(
                "/ping",
                (_, response, _) -> send(response, 200, "text/plain", "pong".getBytes(StandardCharsets.UTF_8)),
                NoteEndpoint.NOTE_PATH,
                handler(noteEndpoint),
                NoteEndpoint.VIDEO_PATH,
                handler(videoEndpoint)));
    }

    public URI baseUrl() {
        return URI.create("http://" + host(apiServer));
    }

    /** Returns host and port of the media server, as in all media URLs. */
    public String mediaHost() {
        return host(mediaServer);
    }

    /** Returns the first ids of the endless sequence that belongs to the seed; no two are equal. */
    public List<String> noteIds(int count) {
        return IntStream.range(0, count).mapToObj(notes::id).toList();
    }

    /** Returns the number of the day, from 1. */
    public int day() {
        return day.get();
    }

    /** Begins another day, with a new quota. */
    public void nextDay() {
        day.incrementAndGet();
        noteEndpoint.grant(settings.quota());
    }

    public NoteEndpoint notes() {
        return noteEndpoint;
    }

    /** Returns the endpoint that delivers notes with their videos. It has no quota. */
    public NoteEndpoint videos() {
        return videoEndpoint;
    }

    /** Closes all connections. Requests in progress get no response. */
    @Override
    public void close() {
        apiServer.close(CloseMode.IMMEDIATE);
        mediaServer.close(CloseMode.IMMEDIATE);
    }

    private HttpServer start(Map<String, HttpRequestHandler> handlers) {
        HttpResponseInterceptor date = (response, _, _) -> response.setHeader(
                HttpHeaders.DATE,
                DateTimeFormatter.RFC_1123_DATE_TIME.format(clock.instant().atZone(ZoneOffset.UTC)));
        ServerBootstrap bootstrap = ServerBootstrap.bootstrap()
                .setLocalAddress(InetAddress.ofLiteral("127.0.0.1"))
                .setCanonicalHostName("127.0.0.1")
                .setAuthorityResolver(RequestRouter.IGNORE_PORT_AUTHORITY_RESOLVER)
                .setHttpProcessor(
                        HttpProcessors.customServer(null).addLast(date).build());
        handlers.forEach(bootstrap::register);
        HttpServer server = bootstrap.create();
        Uncheck.run(server::start);
        return server;
    }

    private HttpRequestHandler handler(NoteEndpoint endpoint) {
        return (request, response, _) -> {
            boolean authorized = parameter(request, "token").equals(TOKEN);
            NoteEndpoint.ServedCall call = endpoint.receive(parameter(request, "noteId"), authorized);
            LockSupport.parkNanos(settings.latency().toNanos());
            NoteEndpoint.NoteResponse reply = endpoint.respond(call);
            send(response, reply.httpStatus(), NoteEndpoint.JSON, reply.body());
        };
    }

    private static String parameter(HttpRequest request, String name) throws IOException {
        try {
            NameValuePair parameter = new URIBuilder(request.getUri()).getFirstQueryParam(name);
            return parameter == null ? "" : Objects.requireNonNullElse(parameter.getValue(), "");
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    private static String host(HttpServer server) {
        return "127.0.0.1:" + server.getLocalPort();
    }

    private static void send(ClassicHttpResponse response, int status, String contentType, byte[] body) {
        response.setCode(status);
        response.setEntity(new ByteArrayEntity(body, ContentType.parse(contentType)));
    }
}
