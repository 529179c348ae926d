package io.github.notearchive.io;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Port in front of a server, with which a test holds requests and responses, replaces responses, cuts connections, and
 * makes the server unavailable.
 *
 * <p>Bytes pass unchanged, so that signatures of the address remain valid. A request is identified by its first line,
 * the start of the bytes that arrive together. {@link #ANY} also matches protocols without lines.
 */
public final class TcpProxy implements AutoCloseable {

    /** Matches everything a client sends. */
    public static final Predicate<String> ANY = _ -> true;

    private static final Predicate<String> NONE = _ -> false;

    private final int server;
    private final int port;
    private final Set<Link> open = new HashSet<>();
    private Predicate<String> heldRequests = NONE;
    private Predicate<String> heldResponses = NONE;
    private int held;
    private Predicate<String> replaced = NONE;
    private Response replacement = _ -> {};
    private Duration delay = Duration.ZERO;
    private int target;
    private int cuts;
    private int cutsLeft;
    private long bytesFromServer;
    private long bytesUntilCut = Long.MAX_VALUE;
    private long bytesBetweenCuts = Long.MAX_VALUE;
    private ServerSocket listener;

    private TcpProxy(int server) {
        this.server = server;
        this.target = server;
        this.listener = listen(0);
        this.port = listener.getLocalPort();
    }

    /** Listens on a free port of 127.0.0.1, before a server there. */
    public static TcpProxy before(URI server) {
        return new TcpProxy(server.getPort());
    }

    /** Returns a port of 127.0.0.1 on which no server listens. */
    public static int closedPort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int port() {
        return port;
    }

    public URI address() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Returns the number of bytes that the server has sent. */
    public synchronized long bytesFromServer() {
        return bytesFromServer;
    }

    /** Returns the number of open connections. */
    public synchronized int connections() {
        return open.size();
    }

    /** Holds requests whose first line matches. */
    public synchronized void holdRequests(Predicate<String> firstLine) {
        heldRequests = firstLine;
    }

    /** Holds responses to requests whose first line matches. */
    public synchronized void holdResponses(Predicate<String> firstLine) {
        heldResponses = firstLine;
    }

    /** Waits until this many requests or responses are held. */
    public void awaitHeld(int count, Duration timeout) {
        await("held requests or responses")
                .atMost(timeout)
                .pollInterval(Duration.ofMillis(10))
                .until(this::held, now -> now >= count);
    }

    private synchronized int held() {
        return held;
    }

    /** Reads requests whose first line matches, sends this response and closes the connection. */
    public synchronized void answer(Predicate<String> firstLine, Response response) {
        replaced = firstLine;
        replacement = response;
    }

    /** Delays all bytes of clients. */
    public synchronized void delay(Duration time) {
        delay = time;
    }

    /** Sends a response, head and body. */
    @FunctionalInterface
    public interface Response {

        void send(OutputStream out) throws IOException;

        /** Returns a response with a text as body. */
        static Response of(int status, String contentType, String body) {
            String head = "HTTP/1.1 %d No\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                    .formatted(status, contentType, body.length());
            return out -> out.write((head + body).getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    /** Passes held and later bytes on. */
    public synchronized void release() {
        replaced = NONE;
        heldRequests = NONE;
        heldResponses = NONE;
        notifyAll();
    }

    /** Closes all connections, also those being opened; new ones are accepted. */
    public synchronized void cut() {
        cuts++;
        Set.copyOf(open).forEach(Link::close);
        notifyAll();
    }

    /** Closes all connections each time this many bytes have passed, so often, and until {@link #mend}. */
    public synchronized void cutEach(long bytes, int times) {
        bytesBetweenCuts = bytes;
        bytesUntilCut = bytes;
        cutsLeft = times;
    }

    /** Closes all connections; new ones are refused. */
    public synchronized void down() {
        close(listener);
        cut();
    }

    /** Closes all connections; new ones lead to this port. */
    public synchronized void leadTo(int otherPort) {
        target = otherPort;
        cut();
        if (listener.isClosed()) {
            listener = listen(port);
        }
    }

    /** Ends the effects of {@link #down}, {@link #leadTo} and cuts after a number of bytes. */
    public synchronized void mend() {
        bytesBetweenCuts = Long.MAX_VALUE;
        bytesUntilCut = Long.MAX_VALUE;
        if (target != server || listener.isClosed()) {
            leadTo(server);
        }
    }

    @Override
    public void close() {
        down();
    }

    private ServerSocket listen(int wanted) {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted), 200);
            Thread.ofVirtual().start(() -> accept(socket));
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept(ServerSocket socket) {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                try {
                    connect(socket, client);
                } catch (IOException e) {
                    close(client); // the server is unavailable
                }
            } catch (IOException e) {
                return; // closed by down()
            }
        }
    }

    private void connect(ServerSocket socket, Socket client) throws IOException {
        int cutsBefore;
        int to;
        synchronized (this) {
            cutsBefore = cuts;
            to = target;
        }
        Link link = new Link(client, new Socket(InetAddress.getLoopbackAddress(), to));
        client.setTcpNoDelay(true);
        link.server.setTcpNoDelay(true);
        synchronized (this) {
            if (cuts != cutsBefore || socket.isClosed()) {
                link.close();
                return;
            }
            open.add(link);
        }
        Thread.ofVirtual().start(() -> link.copy(true));
        Thread.ofVirtual().start(() -> link.copy(false));
    }

    private synchronized void countBytes(boolean isRequest, int bytes) {
        bytesFromServer += isRequest ? 0 : bytes;
        bytesUntilCut -= bytes;
        if (bytesUntilCut <= 0) {
            cutsLeft--;
            bytesUntilCut = cutsLeft > 0 ? bytesBetweenCuts : Long.MAX_VALUE;
            cut();
        }
    }

    private static void close(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** A connection, copied in both directions. */
    private final class Link {

        private final Socket client;
        private final Socket server;
        private volatile String firstLine = "";

        Link(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }

        private void copy(boolean isRequest) {
            byte[] buffer = new byte[64 * 1024];
            try {
                InputStream in = (isRequest ? client : server).getInputStream();
                OutputStream out = (isRequest ? server : client).getOutputStream();
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    if (isRequest) {
                        firstLine = firstLine(buffer, read, firstLine);
                        Response response = replacement();
                        if (response != null) {
                            respond(response, in);
                            return;
                        }
                        Thread.sleep(delay);
                    }
                    awaitRelease(isRequest);
                    out.write(buffer, 0, read);
                    out.flush();
                    countBytes(isRequest, read);
                }
            } catch (IOException e) {
                // cut, or closed by the other side
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                close();
            }
        }

        private Response replacement() {
            synchronized (TcpProxy.this) {
                return replaced.test(firstLine) ? replacement : null;
            }
        }

        /** Reads the rest of the request meanwhile: a client that is still sending would miss the response. */
        private void respond(Response response, InputStream in) throws IOException {
            Thread.ofVirtual().start(() -> drain(in));
            response.send(client.getOutputStream());
            client.shutdownOutput();
            client.setSoTimeout(2_000);
            drain(in);
        }

        private static void drain(InputStream in) {
            try {
                in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                // cut or timed out; the response is sent
            }
        }

        /** Returns the first line of a request; bytes of a body belong to the request before them. */
        private static String firstLine(byte[] buffer, int length, String before) {
            String text = new String(buffer, 0, Math.min(length, 2_000), StandardCharsets.ISO_8859_1);
            String line = text.lines().findFirst().orElse("");
            boolean isBody = before.contains(" HTTP/1") && !line.contains(" HTTP/1");
            return isBody ? before : line;
        }

        private void awaitRelease(boolean isRequest) throws InterruptedException {
            synchronized (TcpProxy.this) {
                if (!isHeld(isRequest)) {
                    return;
                }
                held++;
                try {
                    while (isHeld(isRequest)) {
                        TcpProxy.this.wait();
                    }
                } finally {
                    held--;
                }
            }
        }

        private boolean isHeld(boolean isRequest) {
            return !client.isClosed() && (isRequest ? heldRequests : heldResponses).test(firstLine);
        }

        void close() {
            TcpProxy.close(client);
            TcpProxy.close(server);
            synchronized (TcpProxy.this) {
                open.remove(this);
            }
        }
    }
}
