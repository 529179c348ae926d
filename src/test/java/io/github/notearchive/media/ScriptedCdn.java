package io.github.notearchive.media;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A media server that sends scripted replies and records the requests. */
final class ScriptedCdn implements AutoCloseable {

    private final HttpServer server;
    private final Map<String, Deque<Reply>> script = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<Map<String, List<String>>> headers = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    /** Reply to one request. */
    @FunctionalInterface
    interface Reply {
        void to(HttpExchange exchange) throws IOException, InterruptedException;
    }

    ScriptedCdn() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
    }

    /** Sets the replies for this path; the last one is repeated. */
    ScriptedCdn on(String path, Reply... replies) {
        script.put(path, new ArrayDeque<>(List.of(replies)));
        return this;
    }

    String authority() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    int port() {
        return server.getAddress().getPort();
    }

    String url(String path) {
        return "http://" + authority() + path;
    }

    /** Targets of the requests, in order. */
    List<String> requests() {
        return requests;
    }

    List<Map<String, List<String>>> headers() {
        return headers;
    }

    static Reply body(byte[] bytes) {
        return exchange -> {
            exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        };
    }

    static Reply chunked(byte[] bytes) {
        return exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(bytes);
        };
    }

    static Reply status(int status) {
        return exchange -> exchange.sendResponseHeaders(status, -1);
    }

    static Reply redirect(String location) {
        return exchange -> {
            exchange.getResponseHeaders().set("Location", location);
            exchange.sendResponseHeaders(302, -1);
        };
    }

    static Reply encoded(String encoding, byte[] bytes) {
        return exchange -> {
            exchange.getResponseHeaders().set("Content-Encoding", encoding);
            body(bytes).to(exchange);
        };
    }

    /** States the length of all bytes, and closes the connection after {@code count} of them. */
    static Reply broken(byte[] bytes, int count, String etag) {
        return exchange -> {
            if (!etag.isEmpty()) {
                exchange.getResponseHeaders().set("ETag", etag);
            }
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes, 0, count);
            exchange.getResponseBody().flush();
        };
    }

    /** Sends the bytes from here on with status 206 and these headers, if any. */
    static Reply part(byte[] bytes, int from, @Nullable String etag, @Nullable String contentRange) {
        return exchange -> {
            if (etag != null) {
                exchange.getResponseHeaders().set("ETag", etag);
            }
            if (contentRange != null) {
                exchange.getResponseHeaders().set("Content-Range", contentRange);
            }
            exchange.sendResponseHeaders(206, bytes.length - from);
            exchange.getResponseBody().write(bytes, from, bytes.length - from);
        };
    }

    /** {@code Content-Range} of the bytes from here on. */
    static String rangeFrom(int from, byte[] bytes) {
        return "bytes %d-%d/%d".formatted(from, bytes.length - 1, bytes.length);
    }

    /** Sends these bytes, then single bytes until the client closes the connection. */
    Reply dripping(byte[] start, CountDownLatch started) {
        return exchange -> {
            exchange.sendResponseHeaders(200, 1_000_000);
            exchange.getResponseBody().write(start);
            exchange.getResponseBody().flush();
            started.countDown();
            while (!closed.await(20, TimeUnit.MILLISECONDS)) {
                exchange.getResponseBody().write(0);
                exchange.getResponseBody().flush();
            }
        };
    }

    /** Sends nothing. */
    Reply silence() {
        return _ -> closed.await();
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        requests.add(exchange.getRequestURI().toString());
        headers.add(Map.copyOf(exchange.getRequestHeaders()));
        Deque<Reply> replies = script.get(exchange.getRequestURI().getPath());
        Reply reply = replies == null ? status(404) : replies.size() > 1 ? replies.poll() : replies.element();
        try (exchange) {
            reply.to(exchange);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
