package io.github.notearchive.sandbox;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.apache.hc.core5.http.NameValuePair;
import org.apache.hc.core5.net.URIBuilder;

/**
 * Practice provider: the two note endpoints of JustOneAPI and a media server, on two ports of 127.0.0.1.
 *
 * <p>A call is counted when it is received, a delivered note before its response is sent. Thread-safe.
 */
public final class SandboxProvider implements AutoCloseable {

    /** The token that is accepted. */
    public static final String TOKEN = "sandbox-token";

    /** Bytes of a typical media file. */
    private static final int MEDIA_SIZE = 24 * 1024;

    static {
        // the server writes head and body apart; with Nagle's algorithm a response takes 40 ms longer
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private final SandboxSettings settings;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer mediaServer;
    private final HttpServer apiServer;
    private final SyntheticNotes notes;
    private final NoteEndpoint noteEndpoint;
    private final NoteEndpoint videoEndpoint;

    private SandboxProvider(SandboxSettings settings) throws IOException {
        this.settings = settings;
        SeededRandom random = new SeededRandom(settings.seed());
        SyntheticMedia media = new SyntheticMedia(random, settings.deadMedia(), MEDIA_SIZE);
        mediaServer = server();
        apiServer = server();
        notes = new SyntheticNotes(random, media, "http://" + mediaHost());
        noteEndpoint = new NoteEndpoint(settings, notes, false, settings.quota());
        videoEndpoint = new NoteEndpoint(settings, notes, true, SandboxSettings.UNLIMITED);
        MediaEndpoint mediaEndpoint = new MediaEndpoint(media);
        mediaServer.createContext("/", exchange -> {
            MediaEndpoint.Response response = mediaEndpoint.serve(
                    exchange.getRequestURI().toString(),
                    exchange.getRequestHeaders().getFirst("Range"),
                    exchange.getRequestHeaders().getFirst("If-Range"));
            send(exchange, response.status(), response.headers(), response.body());
        });
        apiServer.createContext(
                "/ping", exchange -> send(exchange, 200, Map.of(), "pong".getBytes(StandardCharsets.UTF_8)));
        apiServer.createContext(NoteEndpoint.NOTE_PATH, handler(noteEndpoint));
        apiServer.createContext(NoteEndpoint.VIDEO_PATH, handler(videoEndpoint));
        mediaServer.start();
        apiServer.start();
    }

    /**
     * Starts both servers on free ports.
     *
     * @throws UncheckedIOException if a server cannot listen
     */
    public static SandboxProvider start(SandboxSettings settings) {
        try {
            return new SandboxProvider(settings);
        } catch (IOException e) {
            throw new UncheckedIOException("The practice provider cannot listen on 127.0.0.1", e);
        }
    }

    /** Returns the URL of the provider, without a path. */
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

    /** Sets the number of notes that are delivered from now on before code 303. */
    public void grant(int quota) {
        noteEndpoint.grant(quota);
    }

    /** Returns the number of requests for notes received. */
    public int calls() {
        return noteEndpoint.calls();
    }

    /** Returns the number of notes delivered (code 0). */
    public int delivered() {
        return noteEndpoint.delivered();
    }

    /** Returns the number of requests for videos received. */
    public int videoCalls() {
        return videoEndpoint.calls();
    }

    /** Returns the number of videos delivered (code 0). */
    public int videosDelivered() {
        return videoEndpoint.delivered();
    }

    /** Closes all connections. Requests in progress get no response. */
    @Override
    public void close() {
        apiServer.stop(0);
        mediaServer.stop(0);
        threads.shutdownNow();
    }

    private HttpServer server() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        server.setExecutor(threads);
        return server;
    }

    private HttpHandler handler(NoteEndpoint endpoint) {
        return exchange -> {
            boolean authorized = parameter(exchange, "token").equals(TOKEN);
            NoteEndpoint.Call call = endpoint.receive(parameter(exchange, "noteId"), authorized);
            try {
                Thread.sleep(settings.latency());
            } catch (InterruptedException e) {
                exchange.close();
                return;
            }
            NoteEndpoint.Response response = endpoint.respond(call);
            send(exchange, response.httpStatus(), Map.of("Content-Type", NoteEndpoint.JSON), response.body());
        };
    }

    private static String parameter(HttpExchange exchange, String name) {
        NameValuePair parameter = new URIBuilder(exchange.getRequestURI()).getFirstQueryParam(name);
        return parameter == null ? "" : Objects.requireNonNullElse(parameter.getValue(), "");
    }

    private static String host(HttpServer server) {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    private static void send(HttpExchange exchange, int status, Map<String, String> headers, byte[] body)
            throws IOException {
        try (exchange) {
            headers.forEach(exchange.getResponseHeaders()::set);
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            if (body.length > 0) {
                exchange.getResponseBody().write(body);
            }
        }
    }
}
