package io.github.notearchive.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.zip.GZIPOutputStream;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLServerSocket;
import org.jspecify.annotations.Nullable;

/** HTTP server on a real socket, with scripted replies and recorded requests. */
public final class ScriptedServer implements AutoCloseable {

    private final ServerSocket server;
    private final Queue<Reply> script = new ConcurrentLinkedQueue<>();
    private final Map<String, Queue<Reply>> paths = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final @Nullable Function<Request, Reply> handler;
    private volatile Reply otherwise = status(200);

    /** Listens on a free port. */
    public ScriptedServer() {
        this(null);
    }

    /** Listens on a free port with a handler instead of a script. Its requests are not recorded. */
    public ScriptedServer(@Nullable Function<Request, Reply> handler) {
        this(handler, ServerSocketFactory.getDefault());
    }

    /** Listens with sockets of a factory, as for TLS. */
    public ScriptedServer(@Nullable Function<Request, Reply> handler, ServerSocketFactory sockets) {
        this.handler = handler;
        try {
            server = sockets.createServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    /** A complete request; the names of headers are not case-sensitive. */
    public record Request(String line, Map<String, String> headers, byte[] body) {

        public String text() {
            return new String(body, UTF_8);
        }

        public String target() {
            return line.split(" ")[1];
        }
    }

    /** Writes a response. */
    public interface Reply {

        /** @return whether the connection is kept */
        boolean write(Socket socket, OutputStream out) throws IOException, InterruptedException;
    }

    /** Returns the URL without a path. */
    public String address() {
        return (server instanceof SSLServerSocket ? "https://" : "http://") + authority();
    }

    public String authority() {
        return "127.0.0.1:" + port();
    }

    public int port() {
        return server.getLocalPort();
    }

    /** Returns the requests received, in order. */
    public List<Request> requests() {
        return requests;
    }

    public List<String> lines() {
        return requests.stream().map(Request::line).toList();
    }

    /** Returns the targets of the requests, in order. */
    public List<String> targets() {
        return requests.stream().map(Request::target).toList();
    }

    /** Sets the replies for a path; the last one is repeated. They come before the script. */
    public ScriptedServer on(String path, Reply... replies) {
        paths.put(path, new ConcurrentLinkedQueue<>(List.of(replies)));
        return this;
    }

    /** Adds replies to the script. */
    public ScriptedServer replies(Reply... replies) {
        script.addAll(List.of(replies));
        return this;
    }

    public ScriptedServer replies(int status, String body, String... headers) {
        return replies(reply(status, body.getBytes(UTF_8), headers));
    }

    /** Sets the reply after the script has ended; initially an empty 200. */
    public ScriptedServer always(Reply reply) {
        otherwise = reply;
        return this;
    }

    public static Reply reply(int status, byte[] body, String... headers) {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " x\r\nContent-Length: " + body.length + "\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        return raw(head.append("\r\n").toString(), body);
    }

    /** Sends this head and these bytes, and closes the connection. */
    public static Reply closing(String head, byte[] bytes) {
        Reply response = raw(head, bytes);
        return (socket, out) -> {
            response.write(socket, out);
            return false;
        };
    }

    public static Reply status(int status, String... headers) {
        return reply(status, new byte[0], headers);
    }

    /** Sends this head, which includes the empty line, and this body, in one write. */
    public static Reply raw(String head, byte[] body) {
        ByteArrayOutputStream response = new ByteArrayOutputStream();
        response.writeBytes(head.getBytes(UTF_8));
        response.writeBytes(body);
        return (_, out) -> {
            out.write(response.toByteArray());
            return true;
        };
    }

    public static Reply gzipped(byte[] body) {
        return reply(200, gzip(body), "Content-Encoding: gzip");
    }

    public static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return zipped.toByteArray();
    }

    /** Resets the connection after the request was read. */
    public static Reply reset() {
        return (socket, _) -> {
            socket.setSoLinger(true, 0);
            return false;
        };
    }

    /** Sends this start of a response and closes the connection. */
    public static Reply cutShort(String start) {
        return closing(start, new byte[0]);
    }

    /** Repeats a piece without end. */
    public static Reply endless(String start, String piece) {
        return (_, out) -> {
            out.write(start.getBytes(US_ASCII));
            while (true) {
                out.write(piece.getBytes(US_ASCII));
            }
        };
    }

    /** Repeats a piece so slowly that no single wait is long, until the server is closed. */
    public Reply drip(String start, String piece) {
        return drip(raw(start, new byte[0]), piece, new CountDownLatch(1));
    }

    public Reply drip(Reply start, String piece, CountDownLatch started) {
        return (socket, out) -> {
            start.write(socket, out);
            started.countDown();
            do {
                out.write(piece.getBytes(US_ASCII));
            } while (!closed.await(20, TimeUnit.MILLISECONDS));
            return false;
        };
    }

    /** Sends nothing until the server is closed. */
    public Reply silence() {
        return (_, _) -> {
            closed.await();
            return false;
        };
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                connections.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException closedNow) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            boolean isKept = true;
            for (Request request = read(in); isKept && request != null; request = isKept ? read(in) : null) {
                Reply reply = next(request); // first: a test that sees the request may script the next reply
                if (handler == null) {
                    requests.add(request);
                }
                isKept = reply.write(socket, socket.getOutputStream());
            }
        } catch (IOException | InterruptedException clientOrTestHasEnded) {
            // nothing is left to do
        } finally {
            connections.remove(socket);
        }
    }

    private Reply next(Request request) {
        if (handler != null) {
            return handler.apply(request);
        }
        Queue<Reply> ofPath = paths.get(request.target().split("\\?", 2)[0]);
        Reply scripted = ofPath == null ? script.poll() : ofPath.size() > 1 ? ofPath.poll() : ofPath.element();
        return scripted == null ? otherwise : scripted;
    }

    private static @Nullable Request read(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
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
        byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("Content-Length", "0")));
        return new Request(new String(lines[0].getBytes(ISO_8859_1), UTF_8), headers, body);
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            server.close();
            for (Socket socket : connections) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
