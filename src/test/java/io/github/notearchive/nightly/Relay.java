package io.github.notearchive.nightly;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A port in front of a server, so that a test can take the server away and bring it back. */
public final class Relay {

    private final int port;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final int server;
    private volatile int target;
    private ServerSocket listener;
    private int cuts;
    private long untilCut = Long.MAX_VALUE;
    private long eachCut = Long.MAX_VALUE;

    Relay(int server) {
        this.server = server;
        this.target = server;
        this.listener = listen(0);
        this.port = listener.getLocalPort();
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Connections are cut, and new ones refused. */
    public synchronized void down() {
        close(listener);
        cut();
    }

    /** Connections are cut once, when so many bytes more have passed. */
    public synchronized void cutAfter(long bytes) {
        untilCut = bytes;
    }

    /** Connections are cut whenever so many bytes more have passed, until {@link #mend}. */
    synchronized void cutEach(long bytes) {
        eachCut = bytes;
        untilCut = bytes;
    }

    /** Connections are cut, and new ones lead to this port. */
    public synchronized void leadTo(int otherPort) {
        target = otherPort;
        cut();
        if (listener.isClosed()) {
            listener = listen(port);
        }
    }

    /** New connections lead to the server again, if they did not. */
    public synchronized void mend() {
        eachCut = Long.MAX_VALUE;
        untilCut = Long.MAX_VALUE;
        if (target != server || listener.isClosed()) {
            leadTo(server);
        }
    }

    private void cut() {
        cuts++;
        open.forEach(Relay::close);
        open.clear();
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
            Socket near = null;
            try {
                near = socket.accept();
                Way way = way();
                Socket far = new Socket(InetAddress.getLoopbackAddress(), way.target);
                if (!isOpen(way, socket, near, far)) {
                    continue;
                }
                near.setTcpNoDelay(true);
                far.setTcpNoDelay(true);
                connect(near, far);
            } catch (IOException e) {
                // closed, or the server behind it is away: whoever connected is cut off
                if (near != null) {
                    close(near);
                }
            }
        }
    }

    private void connect(Socket near, Socket far) {
        Thread.ofVirtual().start(() -> copy(near, far));
        Thread.ofVirtual().start(() -> copy(far, near));
    }

    private record Way(int target, int cuts) {}

    private synchronized Way way() {
        return new Way(target, cuts);
    }

    /** What was being connected when all was cut is cut, too. */
    private synchronized boolean isOpen(Way way, ServerSocket listener, Socket near, Socket far) {
        if (way.cuts != cuts || listener.isClosed()) {
            close(near);
            close(far);
            return false;
        }
        open.add(near);
        open.add(far);
        return true;
    }

    private void copy(Socket from, Socket to) {
        try {
            byte[] bytes = new byte[8 << 10];
            for (int n = 0; n >= 0; n = from.getInputStream().read(bytes)) {
                to.getOutputStream().write(bytes, 0, n);
                passed(n);
            }
        } catch (IOException e) {
            // the other side learns it below
        } finally {
            close(from);
            close(to);
            open.remove(from);
            open.remove(to);
        }
    }

    private synchronized void passed(int bytes) {
        untilCut -= bytes;
        if (untilCut <= 0) {
            untilCut = eachCut;
            cut();
        }
    }

    private static void close(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
