package io.github.notearchive.sandbox;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hc.core5.http.impl.EnglishReasonPhraseCatalog;

/** One request and the connection on which its response is sent. */
final class Exchange {

    private static final int PIECES = 8;
    private static final AtomicLong RESPONSES = new AtomicLong();

    private final Request request;
    private final Socket connection;
    private boolean keepsAlive;

    Exchange(Request request, Socket connection) {
        this.request = request;
        this.connection = connection;
        this.keepsAlive = request.version().equals("HTTP/1.1")
                && !request.headers()
                        .getOrDefault("Connection", "")
                        .toLowerCase(Locale.ROOT)
                        .contains("close");
    }

    Request request() {
        return request;
    }

    boolean keepsAlive() {
        return keepsAlive;
    }

    void send(int status, Map<String, String> headers, byte[] body) throws IOException, InterruptedException {
        send(Delivery.WHOLE, Duration.ZERO, status, headers, body);
    }

    /**
     * Sends a response in one of several ways.
     *
     * @param pause time between the pieces of a slow delivery, or between the two responses of a double one; zero for
     *     one write
     */
    void send(Delivery delivery, Duration pause, int status, Map<String, String> headers, byte[] content)
            throws IOException, InterruptedException {
        if (delivery == Delivery.RESET || delivery == Delivery.HANG) {
            keepsAlive = false;
            connection.setSoLinger(true, 0);
            connection.close();
            return;
        }
        byte[] body = request.method().equals("HEAD") ? new byte[0] : content;
        byte[] head = head(status, headers, content.length);
        switch (delivery) {
            case HALF -> {
                keepsAlive = false;
                byte[] promise = head(status, headers, Math.max(1, content.length));
                write(promise, Arrays.copyOf(body, body.length / 2));
            }
            case SLOW -> {
                write(head);
                for (int i = 0; i < PIECES && body.length > 0; i++) {
                    Thread.sleep(pause);
                    write(Arrays.copyOfRange(body, piece(body, i), piece(body, i + 1)));
                }
            }
            case TWICE -> {
                if (pause.isZero()) {
                    write(head, body, head, body);
                } else {
                    write(head, body);
                    Thread.sleep(pause);
                    write(head, body);
                }
            }
            case WHOLE, RESET, HANG -> write(head, body);
        }
    }

    private static int piece(byte[] body, int index) {
        return (int) ((long) body.length * index / PIECES);
    }

    private void write(byte[]... parts) throws IOException {
        OutputStream out = connection.getOutputStream();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        all.writeTo(out);
        out.flush();
    }

    private byte[] head(int status, Map<String, String> headers, int length) {
        StringBuilder head = new StringBuilder();
        String reason = EnglishReasonPhraseCatalog.INSTANCE.getReason(status, null);
        head.append("HTTP/1.1 " + status + " " + (reason == null ? "Sandbox" : reason) + "\r\n");
        head.append("X-Request-Id: " + RESPONSES.incrementAndGet() + "\r\n");
        headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
        head.append("Content-Length: " + length + "\r\n");
        if (!keepsAlive) {
            head.append("Connection: close\r\n");
        }
        return head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
    }
}
