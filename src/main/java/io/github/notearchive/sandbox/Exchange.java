package io.github.notearchive.sandbox;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** One request and the connection to answer it on, well or badly. */
final class Exchange {

    private static final int DRIPS = 8;
    private static final AtomicLong RESPONSES = new AtomicLong();

    private final Request request;
    private final Socket connection;
    private boolean keepsAlive;

    Exchange(Request request, Socket connection) {
        this.request = request;
        this.connection = connection;
        this.keepsAlive = request.version().equals("HTTP/1.1")
                && request.header("Connection")
                        .filter(value -> value.toLowerCase(Locale.ROOT).contains("close"))
                        .isEmpty();
    }

    Request request() {
        return request;
    }

    boolean keepsAlive() {
        return keepsAlive;
    }

    /** Sends the whole answer. */
    void send(int status, Map<String, String> headers, byte[] body) throws IOException {
        OutputStream out = connection.getOutputStream();
        out.write(joined(head(status, headers, body.length), isHead() ? new byte[0] : body));
        out.flush();
    }

    /** Promises the whole body, sends half of it and hangs up. */
    void sendHalf(int status, Map<String, String> headers, byte[] body) throws IOException {
        keepsAlive = false;
        byte[] half = Arrays.copyOf(body, body.length / 2);
        OutputStream out = connection.getOutputStream();
        out.write(joined(head(status, headers, Math.max(1, body.length)), half));
        out.flush();
    }

    /** Sends the whole answer in eight pieces, with a pause before each. */
    void sendSlowly(int status, Map<String, String> headers, byte[] body, Duration pause)
            throws IOException, InterruptedException {
        OutputStream out = connection.getOutputStream();
        out.write(head(status, headers, body.length));
        out.flush();
        for (int i = 0; i < DRIPS && !isHead(); i++) {
            Thread.sleep(pause);
            int from = (int) ((long) body.length * i / DRIPS);
            int to = (int) ((long) body.length * (i + 1) / DRIPS);
            out.write(body, from, to - from);
            out.flush();
        }
    }

    /**
     * Sends the whole answer, and then the same bytes once more.
     *
     * @param pause between the two; zero for one write
     */
    void sendTwice(int status, Map<String, String> headers, byte[] body, Duration pause)
            throws IOException, InterruptedException {
        byte[] answer = joined(head(status, headers, body.length), isHead() ? new byte[0] : body);
        OutputStream out = connection.getOutputStream();
        if (pause.isZero()) {
            out.write(joined(answer, answer));
        } else {
            out.write(answer);
            out.flush();
            Thread.sleep(pause);
            out.write(answer);
        }
        out.flush();
    }

    /** Resets the connection without an answer. */
    void reset() throws IOException {
        keepsAlive = false;
        connection.setSoLinger(true, 0);
        connection.close();
    }

    private boolean isHead() {
        return request.method().equals("HEAD");
    }

    private byte[] head(int status, Map<String, String> headers, int length) {
        StringBuilder head = new StringBuilder();
        head.append("HTTP/1.1 ")
                .append(status)
                .append(' ')
                .append(reason(status))
                .append("\r\n");
        head.append("X-Request-Id: ").append(RESPONSES.incrementAndGet()).append("\r\n");
        headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
        head.append("Content-Length: ").append(length).append("\r\n");
        if (!keepsAlive) {
            head.append("Connection: close\r\n");
        }
        return head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] joined(byte[] head, byte[] body) {
        byte[] all = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        return all;
    }

    private static String reason(int status) {
        return switch (status) {
            case 200 -> "OK";
            case 206 -> "Partial Content";
            case 302 -> "Found";
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 416 -> "Range Not Satisfiable";
            case 429 -> "Too Many Requests";
            case 500 -> "Internal Server Error";
            case 503 -> "Service Unavailable";
            default -> "Sandbox";
        };
    }
}
