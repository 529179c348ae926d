package io.github.notearchive.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.apache.commons.io.function.Uncheck;

/** HTTP server of a benchmark on a free port of 127.0.0.1: the JDK's server with a virtual thread per request. */
final class Wire implements AutoCloseable {

    /** Responds to one request. An exception closes the connection. */
    @FunctionalInterface
    interface Handler {
        void handle(Request request) throws IOException, InterruptedException;
    }

    private final HttpServer server;

    private Wire(HttpServer server) {
        this.server = server;
    }

    static Wire listen(Handler handler) {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.maxIdleConnections", "1024");
        HttpServer server = Uncheck.get(() -> HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 1024));
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            try (exchange) {
                handler.handle(new Request(exchange));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        server.start();
        return new Wire(server);
    }

    int port() {
        return server.getAddress().getPort();
    }

    /**
     * Prints the port, and ends this process when its standard input ends, which its parent holds open.
     *
     * @param others ids of processes to stop then
     */
    void serveUntilInputEnds(String... others) throws IOException {
        System.out.println(port());
        try {
            System.in.transferTo(OutputStream.nullOutputStream());
        } finally {
            for (String other : others) {
                ProcessHandle.of(Long.parseLong(other)).ifPresent(ProcessHandle::destroy);
            }
            Runtime.getRuntime().halt(0);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }

    /** One request and its response. */
    record Request(HttpExchange exchange) {

        String method() {
            return exchange.getRequestMethod();
        }

        String path() {
            return exchange.getRequestURI().getRawPath();
        }

        /** Returns the encoded value of a parameter. */
        Optional<String> parameter(String name) {
            return Stream.ofNullable(exchange.getRequestURI().getRawQuery())
                    .flatMap(query -> Stream.of(query.split("&")))
                    .filter(each -> each.startsWith(name + "="))
                    .map(each -> each.substring(name.length() + 1))
                    .findFirst();
        }

        double number(String name) {
            return parameter(name).map(Double::parseDouble).orElse(0.0);
        }

        Optional<String> header(String name) {
            return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name));
        }

        InputStream body() {
            return exchange.getRequestBody();
        }

        /** Sets a header of the response. */
        Request with(String name, String value) {
            exchange.getResponseHeaders().set(name, value);
            return this;
        }

        void send(int status, String body) throws IOException {
            send(status, body.getBytes(StandardCharsets.UTF_8));
        }

        void send(int status, byte[] body) throws IOException {
            try (OutputStream out = begin(status, body.length)) {
                out.write(body);
            }
        }

        /** Sends the head of the response; the connection is closed if fewer bytes follow. */
        OutputStream begin(int status, long length) throws IOException {
            boolean isHead = method().equals("HEAD");
            if (isHead) {
                with("Content-Length", String.valueOf(length));
            }
            exchange.sendResponseHeaders(status, isHead || length == 0 ? -1 : length);
            return isHead || length == 0 ? OutputStream.nullOutputStream() : exchange.getResponseBody();
        }
    }
}
