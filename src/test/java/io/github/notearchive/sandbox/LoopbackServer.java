package io.github.notearchive.sandbox;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 server for GET and HEAD on 127.0.0.1 that can break the protocol; one virtual thread per connection.
 *
 * <p>The JDK's server cannot reset a connection or send part of a response.
 */
final class LoopbackServer implements AutoCloseable {

    interface Handler {

        /** Responds to one request, in the thread of its connection; an exception closes it. */
        void handle(Exchange exchange) throws IOException, InterruptedException;
    }

    private static final int BACKLOG = 1024;
    private static final int MAX_HEAD = 64 * 1024;

    private final ServerSocket listener;
    private final Handler handler;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

    private LoopbackServer(ServerSocket listener, Handler handler) {
        this.listener = listener;
        this.handler = handler;
    }

    static LoopbackServer listen(Handler handler) {
        try {
            ServerSocket listener = new ServerSocket(0, BACKLOG, InetAddress.ofLiteral("127.0.0.1"));
            LoopbackServer server = new LoopbackServer(listener, handler);
            server.threads.execute(server::accept);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException("The sandbox cannot listen on 127.0.0.1", e);
        }
    }

    int port() {
        return listener.getLocalPort();
    }

    @Override
    public void close() {
        close(listener);
        threads.shutdownNow();
        connections.forEach(LoopbackServer::close);
        try {
            threads.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket connection = listener.accept();
                connections.add(connection);
                threads.execute(() -> serve(connection));
            } catch (IOException | RejectedExecutionException e) {
                // the server is closed, or the client has closed the connection
            }
        }
        connections.forEach(LoopbackServer::close);
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(connection.getInputStream());
            Request request;
            while ((request = read(in)) != null) {
                Exchange exchange = new Exchange(request, connection);
                handler.handle(exchange);
                if (!exchange.keepsAlive()) {
                    return;
                }
            }
        } catch (IOException | InterruptedException e) {
            // the client has closed the connection, or the server is closed
        } finally {
            connections.remove(connection);
        }
    }

    private static @Nullable Request read(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
            int next = in.read();
            if (next < 0 || head.length() > MAX_HEAD) {
                return null;
            }
            head.append((char) next);
        }
        // read as ISO 8859-1; targets may contain raw UTF-8
        String text = new String(head.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        String[] lines = text.split("\r\n", -1);
        String[] start = lines[0].split(" ", -1);
        if (start.length != 3) {
            return null;
        }
        TreeMap<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon > 0) {
                headers.put(
                        lines[i].substring(0, colon),
                        lines[i].substring(colon + 1).strip());
            }
        }
        in.skipNBytes(Long.parseLong(headers.getOrDefault("Content-Length", "0")));
        return new Request(start[0], start[1], start[2], headers);
    }

    private static void close(Closeable closeable) {
        try {
            closeable.close();
        } catch (IOException e) {
            // closed as far as possible
        }
    }
}
