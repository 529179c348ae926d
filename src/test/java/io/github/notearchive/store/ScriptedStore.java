package io.github.notearchive.store;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.github.notearchive.io.Secret;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Servers whose responses are given by a test, and the settings for them. */
final class ScriptedStore {

    private ScriptedStore() {}

    static StoreProperties properties(int port, String secret, String bucket, boolean createBucket) {
        return properties(port, secret, bucket, createBucket, Duration.ofSeconds(10), 3);
    }

    static StoreProperties properties(
            int port, String secret, String bucket, boolean createBucket, Duration socketTimeout, int tries) {
        return new StoreProperties(
                "http://127.0.0.1:" + port,
                bucket,
                "us-east-1",
                "who",
                new Secret(secret),
                createBucket,
                Duration.ofSeconds(2),
                socketTimeout,
                tries);
    }

    /** HTTP server with one handler, and a client of it. */
    static final class HttpStore implements AutoCloseable {

        final ObjectStore store;
        final List<String> methods = new CopyOnWriteArrayList<>();
        private final HttpServer server;

        HttpStore(HttpHandler handler) throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
            server.createContext("/", exchange -> {
                methods.add(exchange.getRequestMethod());
                exchange.getRequestBody().readAllBytes();
                handler.handle(exchange);
                exchange.close();
            });
            server.start();
            store = new ObjectStore(properties(server.getAddress().getPort(), "hunter2", "bucket", true));
        }

        static void respond(HttpExchange exchange, int status, byte[] body) throws IOException {
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }

        /** Accepts every PUT with this ETag and serves these bytes for every key. */
        static void hold(HttpExchange exchange, String etag, byte[] bytes) throws IOException {
            exchange.getResponseHeaders().set("ETag", '"' + etag + '"');
            exchange.getResponseHeaders().set("Last-Modified", "Wed, 25 Nov 2026 00:00:00 GMT");
            if (exchange.getRequestMethod().equals("HEAD")) {
                exchange.getResponseHeaders().set("Content-Length", String.valueOf(bytes.length));
            }
            respond(exchange, 200, exchange.getRequestMethod().equals("GET") ? bytes : new byte[0]);
        }

        @Override
        public void close() {
            store.close();
            server.stop(0);
        }
    }

    /** TCP server that may violate HTTP. */
    static final class TcpStore implements AutoCloseable {

        final List<Socket> connections = new CopyOnWriteArrayList<>();
        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

        /** Handles a connection in its own thread; an {@link IOException} ends it. */
        interface ConnectionHandler {
            void handle(Socket connection) throws IOException, InterruptedException;
        }

        TcpStore(ConnectionHandler handler) throws IOException {
            Thread.ofVirtual().start(() -> accept(handler));
        }

        int port() {
            return server.getLocalPort();
        }

        private void accept(ConnectionHandler handler) {
            try {
                while (true) {
                    Socket connection = server.accept();
                    connections.add(connection);
                    Thread.ofVirtual().start(() -> {
                        try (connection) {
                            handler.handle(connection);
                        } catch (IOException | InterruptedException _) {
                            // the client has closed the connection
                        }
                    });
                }
            } catch (IOException _) {
                // the test has ended
            }
        }

        /** Reads a request line and headers, and skips the body. */
        static List<String> request(BufferedInputStream in) throws IOException {
            List<String> head = new ArrayList<>();
            int length = 0;
            for (String line = line(in); !line.isEmpty(); line = line(in)) {
                head.add(line);
                if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
                    length = Integer.parseInt(line.substring(15).strip());
                }
            }
            in.skipNBytes(length);
            return head;
        }

        private static String line(InputStream in) throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw new EOFException();
                }
                line.append((char) c);
            }
            return line.toString().strip();
        }

        static void write(Socket connection, String text) throws IOException {
            connection.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        }

        void closeConnections() throws IOException {
            for (Socket connection : connections) {
                connection.close();
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
            closeConnections();
        }
    }
}
