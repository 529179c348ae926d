package io.github.notearchive.telemetry;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Somebody to be told, on a real socket, who answers as a test says, and otherwise with 200. */
public final class Receiver implements AutoCloseable {

    /** One request that came, whole. */
    public record Told(String line, Map<String, String> headers, byte[] body) {

        /** The body as text. */
        public String text() {
            return new String(body, UTF_8);
        }
    }

    /** Writes an answer. */
    public interface Reply {
        void write(OutputStream out) throws IOException, InterruptedException;
    }

    private final ServerSocket server;
    private final ConcurrentLinkedQueue<Reply> script = new ConcurrentLinkedQueue<>();
    private final List<Told> told = new CopyOnWriteArrayList<>();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Reply otherwise = status(200);

    /** Listens on a free port. */
    public Receiver() {
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofPlatform().daemon().start(this::accept);
    }

    /** Where it listens, without a path. */
    public String address() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    /** What it was told, in order. */
    public List<Told> told() {
        return told;
    }

    Receiver answers(Reply... replies) {
        script.addAll(List.of(replies));
        return this;
    }

    /** Answers so whatever comes. */
    public Receiver always(Reply reply) {
        otherwise = reply;
        return this;
    }

    /** A status without a body. */
    public static Reply status(int status, String... headers) {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " x\r\nContent-Length: 0\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        byte[] bytes = head.append("\r\n").toString().getBytes(US_ASCII);
        return out -> out.write(bytes);
    }

    /** Says nothing until the receiver is closed. */
    Reply silence() {
        return _ -> closed.await();
    }

    /** A good status, and then a body that never ends. */
    static Reply endless() {
        return out -> {
            out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(US_ASCII));
            byte[] chunk = "4\r\nxxxx\r\n".getBytes(US_ASCII);
            while (true) {
                out.write(chunk);
                out.flush();
            }
        };
    }

    /** A head that comes so slowly that no single wait is long, and that never ends. */
    Reply dripping() {
        return out -> {
            out.write("HTTP/1.1 200 OK\r\n".getBytes(US_ASCII));
            while (!closed.await(50, TimeUnit.MILLISECONDS)) {
                out.write("X: y\r\n".getBytes(US_ASCII));
                out.flush();
            }
        };
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                connections.add(socket);
                Thread.ofPlatform().daemon().start(() -> serve(socket));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            while (true) {
                Told request = read(in);
                if (request == null) {
                    return;
                }
                told.add(request);
                Reply next = script.poll();
                (next == null ? otherwise : next).write(socket.getOutputStream());
                socket.getOutputStream().flush();
            }
        } catch (IOException | InterruptedException e) {
            // the client is gone, or the test is over
        }
    }

    private static Told read(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                return null;
            }
            head.append((char) next);
        }
        String[] lines = head.toString().split("\r\n");
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 1; i < lines.length; i++) {
            String[] header = lines[i].split(": ", 2);
            headers.put(header[0], header[1]);
        }
        int length = Integer.parseInt(headers.getOrDefault("Content-Length", "0"));
        byte[] body = in.readNBytes(length);
        return new Told(new String(lines[0].getBytes(ISO_8859_1), US_ASCII), headers, body);
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        server.close();
        for (Socket connection : connections) {
            connection.close();
        }
    }
}
