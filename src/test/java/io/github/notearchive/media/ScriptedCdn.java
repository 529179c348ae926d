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

/** A media server that answers what it was told to, and remembers what it was asked. */
final class ScriptedCdn implements AutoCloseable {

    private final HttpServer server;
    private final Map<String, Deque<Reply>> script = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<Map<String, List<String>>> headers = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    /** What happens to one request. */
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

    /** The replies to come for this path; the last one holds for all further requests. */
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

    /** The targets asked for, in order. */
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

    /** Promises more than it sends. */
    static Reply truncated(byte[] bytes) {
        return exchange -> {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes, 0, bytes.length / 2);
            exchange.getResponseBody().flush();
        };
    }

    /** Sends the beginning of these bytes and then next to nothing, until the other side hangs up. */
    Reply dripping(byte[] start, CountDownLatch begun) {
        return exchange -> {
            exchange.sendResponseHeaders(200, 1_000_000);
            exchange.getResponseBody().write(start);
            exchange.getResponseBody().flush();
            begun.countDown();
            while (!closed.await(20, TimeUnit.MILLISECONDS)) {
                exchange.getResponseBody().write(0);
                exchange.getResponseBody().flush();
            }
        };
    }

    /** Says nothing at all. */
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
