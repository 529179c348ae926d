package io.github.notearchive.provider;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;

/** Provider on a real socket, with scripted replies and recorded requests. */
final class ScriptedProvider implements AutoCloseable {

    private final ServerSocket server;
    private final ConcurrentLinkedQueue<Reply> script = new ConcurrentLinkedQueue<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closed = new CountDownLatch(1);

    /** Writes a response; returns whether the connection is kept. */
    interface Reply {
        boolean write(Socket socket, OutputStream out) throws IOException, InterruptedException;
    }

    ScriptedProvider() {
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    URI baseUrl() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    /** Returns the request lines received, in order. */
    List<String> requests() {
        return requests;
    }

    ScriptedProvider answers(Reply reply) {
        script.add(reply);
        return this;
    }

    ScriptedProvider answers(int status, String body, String... headers) {
        return answers(reply(status, body.getBytes(StandardCharsets.UTF_8), headers));
    }

    static Reply reply(int status, byte[] body, String... headers) {
        return (_, out) -> {
            StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " x\r\nContent-Length: ")
                    .append(body.length)
                    .append("\r\n");
            for (String header : headers) {
                head.append(header).append("\r\n");
            }
            out.write(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
            out.write(body);
            out.flush();
            return true;
        };
    }

    static Reply gzipped(String body) throws IOException {
        var bytes = new java.io.ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(body.getBytes(StandardCharsets.UTF_8));
        }
        return reply(200, bytes.toByteArray(), "Content-Encoding: gzip");
    }

    /** Resets the connection after the request was read. */
    static Reply reset() {
        return (socket, _) -> {
            socket.setSoLinger(true, 0);
            return false;
        };
    }

    /** Sends less than the stated length. */
    static Reply cutShort(String body) {
        return (_, out) -> {
            out.write(("HTTP/1.1 200 x\r\nContent-Length: 100000\r\n\r\n" + body).getBytes(StandardCharsets.UTF_8));
            out.flush();
            return false;
        };
    }

    /** Sends single bytes without end. */
    Reply drip() {
        return (_, out) -> {
            out.write("HTTP/1.1 200 x\r\nContent-Length: 100000\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            do {
                out.write(' ');
                out.flush();
            } while (!closed.await(20, TimeUnit.MILLISECONDS));
            return false;
        };
    }

    /** Sends nothing until the provider is closed. */
    Reply silence() {
        return (_, _) -> {
            closed.await();
            return false;
        };
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                connections.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException end) {
            // closed
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            boolean keep = true;
            while (keep) {
                String line = in.readLine();
                if (line == null) {
                    return;
                }
                for (String header = in.readLine(); header != null && !header.isEmpty(); header = in.readLine()) {
                    // no header matters
                }
                Reply reply = script.poll(); // first: a test that sees the request may script the next reply
                requests.add(line);
                keep = (reply == null ? reply(500, new byte[0]) : reply).write(socket, socket.getOutputStream());
            }
        } catch (SocketException end) {
            // closed by the client
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
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
