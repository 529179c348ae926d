package io.github.notearchive.sandbox;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
 * An HTTP/1.1 server for GET and HEAD on 127.0.0.1, one virtual thread a connection, that can also break the protocol
 * on purpose.
 *
 * <p>The JDK's own server is not used because it cannot reset a connection, delays small answers unless a property of
 * the whole process says otherwise, and closes idle connections by a limit of the whole process.
 */
final class LoopbackServer implements AutoCloseable {

    /** Answers one request, in the thread of its connection. */
    interface Handler {

        /**
         * Answers, or does on purpose what it should not.
         *
         * @throws IOException when the client is gone; the connection is closed and nobody is told
         */
        void handle(Exchange exchange) throws IOException, InterruptedException;
    }

    private static final int BACKLOG = 1024;
    private static final int LONGEST_HEAD = 64 * 1024;

    private final ServerSocket listener;
    private final Handler handler;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

    private LoopbackServer(ServerSocket listener, Handler handler) {
        this.listener = listener;
        this.handler = handler;
    }

    /**
     * Listens from now on.
     *
     * @param port 0 for any free port
     * @throws UncheckedIOException when the port is taken
     */
    static LoopbackServer listen(int port, Handler handler) {
        try {
            ServerSocket listener = new ServerSocket();
            try {
                listener.setReuseAddress(true);
                listener.bind(new InetSocketAddress(loopback(), port), BACKLOG);
            } catch (IOException e) {
                listener.close();
                throw e;
            }
            LoopbackServer server = new LoopbackServer(listener, handler);
            server.threads.execute(server::accept);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException("The sandbox cannot listen on 127.0.0.1:" + port, e);
        }
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Drops every connection and interrupts every answer. */
    @Override
    public void close() {
        quietly(listener::close);
        threads.shutdownNow();
        connections.forEach(connection -> quietly(connection::close));
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
                // closed, or the connection was gone before it was taken
            }
        }
        connections.forEach(connection -> quietly(connection::close));
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(connection.getInputStream());
            while (true) {
                Request request = read(in);
                if (request == null) {
                    return;
                }
                Exchange exchange = new Exchange(request, connection);
                handler.handle(exchange);
                if (!exchange.keepsAlive()) {
                    return;
                }
            }
        } catch (IOException | InterruptedException e) {
            // the client is gone, or the sandbox is: either way nobody is left to be told
        } finally {
            connections.remove(connection);
        }
    }

    private static @Nullable Request read(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
            int next = in.read();
            if (next < 0 || head.length() > LONGEST_HEAD) {
                return null;
            }
            head.append((char) next);
        }
        // ISO 8859-1 so far; targets may hold raw UTF-8
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

    private static InetAddress loopback() throws IOException {
        return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    }

    private static void quietly(Closing closing) {
        try {
            closing.close();
        } catch (IOException e) {
            // it is closed as far as it can be
        }
    }

    private interface Closing {
        void close() throws IOException;
    }
}
