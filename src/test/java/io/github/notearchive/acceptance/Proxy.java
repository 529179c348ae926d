package io.github.notearchive.acceptance;

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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * A port in front of a server, so that a test can hold a request on its way there or the answer on its way back, cut
 * connections, and take the server away and bring it back.
 *
 * <p>Bytes pass unchanged, so the address that a client signs is the one that the server sees. What begins a request is
 * told by its first line: the bytes that arrive at once begin with it. Of a protocol without lines that text is
 * whatever arrives, so {@link #ANY} matches it too.
 */
final class Proxy implements AutoCloseable {

    /** Matches all that a client sends. */
    static final Predicate<String> ANY = _ -> true;

    private static final Predicate<String> NONE = _ -> false;

    private final int server;
    private final int port;
    private final Set<Link> open = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private Predicate<String> heldRequests = NONE;
    private Predicate<String> heldAnswers = NONE;
    private int held;
    private volatile Canned canned = new Canned(NONE, _ -> {});
    private volatile Duration delay = Duration.ZERO;
    private volatile ServerSocket listener;

    private Proxy(int server) {
        this.server = server;
        this.listener = listen(0);
        this.port = listener.getLocalPort();
    }

    /** Begins to listen on a free port of 127.0.0.1, before a server there. */
    static Proxy before(URI server) {
        return new Proxy(server.getPort());
    }

    static Proxy before(int port) {
        return new Proxy(port);
    }

    int port() {
        return port;
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** From now on no request reaches the server whose first line matches. */
    void holdRequests(Predicate<String> firstLine) {
        change(() -> heldRequests = firstLine);
    }

    /** From now on no answer comes back to a request whose first line matches. */
    void holdAnswers(Predicate<String> firstLine) {
        change(() -> heldAnswers = firstLine);
    }

    /** Returns as soon as so many requests or answers are held at the same time. */
    void awaitHeld(int count, Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = atMost.toNanos();
            while (held < count) {
                if (left <= 0) {
                    throw new IllegalStateException("Only %d of %d are held after %s".formatted(held, count, atMost));
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * From now on a request whose first line matches does not reach the server: it is read, gets this answer, and its
     * connection is closed.
     */
    void answer(Predicate<String> firstLine, Answer answer) {
        canned = new Canned(firstLine, answer);
    }

    /** From now on whatever a client sends arrives so much later. */
    void delay(Duration time) {
        delay = time;
    }

    /** Sends an answer, head and body. */
    @FunctionalInterface
    interface Answer {

        void send(OutputStream out) throws IOException;

        /** A whole answer with a text for its body. */
        static Answer of(int status, String contentType, String body) {
            String head = "HTTP/1.1 %d No\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                    .formatted(status, contentType, body.length());
            return out -> out.write((head + body).getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    private record Canned(Predicate<String> firstLine, Answer answer) {}

    /** Lets what is held pass, and whatever comes. */
    void release() {
        canned = new Canned(NONE, _ -> {});
        change(() -> {
            heldRequests = NONE;
            heldAnswers = NONE;
        });
    }

    /** Connections are cut, with what they hold, also those whose client is gone; new ones are let through. */
    void cut() {
        open.forEach(Link::close);
        change(() -> {});
    }

    /** Connections are cut, and new ones refused. */
    void down() {
        close(listener);
        cut();
    }

    /** New connections lead to the server again. */
    synchronized void mend() {
        if (listener.isClosed()) {
            listener = listen(port);
        }
    }

    @Override
    public void close() {
        down();
    }

    private void change(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
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
            Socket near;
            try {
                near = socket.accept();
            } catch (IOException e) {
                return; // taken down
            }
            try {
                Socket far = new Socket(InetAddress.getLoopbackAddress(), server);
                near.setTcpNoDelay(true);
                far.setTcpNoDelay(true);
                Link link = new Link(near, far);
                open.add(link);
                if (socket.isClosed()) {
                    link.close(); // taken down meanwhile, and perhaps too late to be cut
                    return;
                }
                Thread.ofVirtual().start(link::there);
                Thread.ofVirtual().start(link::back);
            } catch (IOException e) {
                close(near); // the server itself is away
            }
        }
    }

    private static void close(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** One connection, with a copy in each direction. */
    private final class Link {

        private final Socket near;
        private final Socket far;
        private volatile String asked = "";

        Link(Socket near, Socket far) {
            this.near = near;
            this.far = far;
        }

        void there() {
            copy(near, far, true);
        }

        void back() {
            copy(far, near, false);
        }

        private void copy(Socket from, Socket to, boolean there) {
            byte[] buffer = new byte[64 * 1024];
            try {
                InputStream in = from.getInputStream();
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    if (there) {
                        asked = firstLine(buffer, read, asked);
                        if (canned.firstLine.test(asked)) {
                            answer(canned.answer, in);
                            return;
                        }
                    }
                    if (there) {
                        Thread.sleep(delay);
                    }
                    pass(there);
                    to.getOutputStream().write(buffer, 0, read);
                    to.getOutputStream().flush();
                }
            } catch (IOException e) {
                // cut, or the other side hung up
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                close();
            }
        }

        /** The client may still be sending; one that finds the connection closed hears nothing. */
        private void answer(Answer answer, InputStream in) throws IOException {
            Thread.ofVirtual().start(() -> drain(in));
            answer.send(near.getOutputStream());
            near.shutdownOutput();
            near.setSoTimeout(2_000);
            drain(in);
        }

        private static void drain(InputStream in) {
            try {
                in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                // cut, or silent: either way the client has its answer
            }
        }

        /** A body's bytes belong to the request before them. */
        private static String firstLine(byte[] buffer, int length, String before) {
            String text = new String(buffer, 0, Math.min(length, 2_000), StandardCharsets.ISO_8859_1);
            String line = text.lines().findFirst().orElse("");
            boolean body = before.contains(" HTTP/1") && !line.contains(" HTTP/1");
            return body ? before : line;
        }

        private void pass(boolean there) throws InterruptedException {
            lock.lockInterruptibly();
            try {
                if (!isHeld(there)) {
                    return;
                }
                held++;
                changed.signalAll();
                try {
                    while (isHeld(there)) {
                        changed.await();
                    }
                } finally {
                    held--;
                }
            } finally {
                lock.unlock();
            }
        }

        private boolean isHeld(boolean there) {
            return !near.isClosed() && (there ? heldRequests : heldAnswers).test(asked);
        }

        void close() {
            Proxy.close(near);
            Proxy.close(far);
            open.remove(this);
        }
    }
}
