package io.github.notearchive.bench;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Minimal HTTP/1.1 server for benchmarks, with little CPU time: one thread per connection, blocking channels, bodies
 * from and into direct memory.
 */
final class Wire implements AutoCloseable {

    /** Responds to one request. */
    @FunctionalInterface
    interface Handler {

        /** Reads the whole request body and sends one response. */
        void handle(Connection connection) throws IOException, InterruptedException;
    }

    private final ServerSocketChannel server;
    private final Handler handler;

    private Wire(ServerSocketChannel server, Handler handler) {
        this.server = server;
        this.handler = handler;
    }

    /** Listens on a free port of the loopback interface. */
    static Wire listen(Handler handler) {
        try {
            ServerSocketChannel server = ServerSocketChannel.open();
            server.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 1024);
            return new Wire(server, handler);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return server.socket().getLocalPort();
    }

    /**
     * Ends this process when its standard input ends, which its parent holds open.
     *
     * @param others ids of processes to stop then
     */
    static void haltAfterInput(String... others) {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                System.in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                // like the end of the input
            }
            for (String other : others) {
                ProcessHandle.of(Long.parseLong(other)).ifPresent(ProcessHandle::destroy);
            }
            Runtime.getRuntime().halt(0);
        });
    }

    /** Serves until it is closed. */
    void serve() throws IOException {
        while (true) {
            SocketChannel channel;
            try {
                channel = server.accept();
            } catch (ClosedChannelException e) {
                return;
            }
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            Thread.ofPlatform().daemon().start(() -> new Connection(channel).serve(handler));
        }
    }

    /** Serves on a new thread. */
    Wire start() {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                serve();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return this;
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One connection with its current request. */
    static final class Connection {

        private static final int LONGEST_HEAD = 32 * 1024;

        private final SocketChannel channel;
        private final ByteBuffer in = ByteBuffer.allocateDirect(256 * 1024).limit(0);
        private final ByteBuffer out = ByteBuffer.allocateDirect(16 * 1024);
        private final byte[] head = new byte[LONGEST_HEAD];
        private final Map<String, String> headers = new LinkedHashMap<>();
        private String method = "";
        private String target = "";
        private long bodyLeft;
        private boolean close;

        private Connection(SocketChannel channel) {
            this.channel = channel;
        }

        String method() {
            return method;
        }

        String path() {
            int query = target.indexOf('?');
            return query < 0 ? target : target.substring(0, query);
        }

        String query() {
            int query = target.indexOf('?');
            return query < 0 ? "" : target.substring(query + 1);
        }

        /** Returns the encoded value of a parameter. */
        Optional<String> parameter(String name) {
            for (String each : query().split("&")) {
                if (each.startsWith(name + "=")) {
                    return Optional.of(each.substring(name.length() + 1));
                }
            }
            return Optional.empty();
        }

        /** Returns a header by its name in lower case. */
        Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name));
        }

        /** Returns the number of bytes of the request body that have not been read. */
        long bodyLeft() {
            return bodyLeft;
        }

        /** Returns the next part of the request body, valid until the next call; null at the end. */
        ByteBuffer read() throws IOException {
            if (bodyLeft == 0) {
                return null;
            }
            if (!in.hasRemaining()) {
                fill();
            }
            ByteBuffer part = in.duplicate();
            int length = (int) Math.min(in.remaining(), bodyLeft);
            part.limit(part.position() + length);
            in.position(in.position() + length);
            bodyLeft -= length;
            return part;
        }

        /** Returns the whole request body. */
        byte[] readAll() throws IOException {
            byte[] all = new byte[Math.toIntExact(bodyLeft)];
            int at = 0;
            for (ByteBuffer part = read(); part != null; part = read()) {
                int length = part.remaining();
                part.get(all, at, length);
                at += length;
            }
            return all;
        }

        void send(int status, String moreHeaders, byte[] body) throws IOException {
            begin(status, moreHeaders, body.length);
            write(ByteBuffer.wrap(body));
            flush();
        }

        /** Buffers the head of the response; {@link #write} sends its body. */
        void begin(int status, String moreHeaders, long length) {
            out.clear();
            String text = "HTTP/1.1 "
                    + status
                    + " X\r\nContent-Length: "
                    + length
                    + "\r\n"
                    + moreHeaders
                    + (close ? "Connection: close\r\n\r\n" : "\r\n");
            out.put(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        /** Sends bytes after the buffered ones, or buffers them. */
        void write(ByteBuffer bytes) throws IOException {
            if (bytes.remaining() <= out.remaining()) {
                out.put(bytes);
                return;
            }
            out.flip();
            ByteBuffer[] both = {out, bytes};
            while (bytes.hasRemaining()) {
                channel.write(both);
            }
            out.clear();
        }

        /** Sends the buffered bytes. */
        void flush() throws IOException {
            out.flip();
            while (out.hasRemaining()) {
                channel.write(out);
            }
            out.clear();
        }

        /** Closes the connection. */
        void drop() throws IOException {
            close = true;
            channel.close();
        }

        private void serve(Handler handler) {
            try (channel) {
                while (!close && next()) {
                    handler.handle(this);
                }
            } catch (IOException e) {
                // the client closed the connection
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException | Error e) {
                e.printStackTrace();
            }
        }

        private boolean next() throws IOException {
            int length = 0;
            while (!isHead(length)) {
                if (!in.hasRemaining()) {
                    in.clear();
                    int read = channel.read(in);
                    in.flip();
                    if (read < 0) {
                        return false;
                    }
                }
                while (in.hasRemaining() && !isHead(length)) {
                    if (length == LONGEST_HEAD) {
                        throw new IOException("Request head too long");
                    }
                    head[length++] = in.get();
                }
            }
            parse(new String(head, 0, length - 4, StandardCharsets.ISO_8859_1));
            if (headers.getOrDefault("expect", "").equalsIgnoreCase("100-continue")) {
                channel.write(ByteBuffer.wrap("HTTP/1.1 100 Continue\r\n\r\n".getBytes()));
            }
            return true;
        }

        private boolean isHead(int length) {
            return length >= 4
                    && head[length - 1] == '\n'
                    && head[length - 2] == '\r'
                    && head[length - 3] == '\n'
                    && head[length - 4] == '\r';
        }

        private void parse(String text) throws IOException {
            String[] lines = text.split("\r\n");
            String[] request = lines[0].split(" ");
            if (request.length != 3) {
                throw new IOException("Malformed request: " + lines[0]);
            }
            method = request[0];
            target = request[1];
            headers.clear();
            for (int i = 1; i < lines.length; i++) {
                int colon = lines[i].indexOf(':');
                headers.put(
                        lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                        lines[i].substring(colon + 1).strip());
            }
            if (headers.containsKey("transfer-encoding")) {
                throw new IOException("Chunked bodies are not supported");
            }
            bodyLeft = Long.parseLong(headers.getOrDefault("content-length", "0"));
            close = request[2].equals("HTTP/1.0")
                    || headers.getOrDefault("connection", "").equalsIgnoreCase("close");
        }

        private void fill() throws IOException {
            in.clear();
            int read = channel.read(in);
            in.flip();
            if (read < 0) {
                throw new EOFException("Truncated request");
            }
        }
    }
}
