package io.github.notearchive.sandbox;

import io.github.notearchive.io.ScriptedServer.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.impl.EnglishReasonPhraseCatalog;

/** One request and the connection on which its response is sent. */
record Exchange(Request request, Socket connection, OutputStream out) {

    private static final int PIECES = 8;
    private static final AtomicLong RESPONSES = new AtomicLong();

    String path() {
        return request.target().split("\\?", 2)[0];
    }

    /** Returns the first query parameter with a name, decoded; empty if it is absent. */
    String parameter(String name) {
        Matcher parameter = Pattern.compile("[?&]" + name + "=([^&]*)").matcher(request.target());
        return parameter.find() ? URLDecoder.decode(parameter.group(1), StandardCharsets.UTF_8) : "";
    }

    boolean send(int status, Map<String, String> headers, byte[] body) throws IOException, InterruptedException {
        return send(Delivery.WHOLE, Duration.ZERO, status, headers, body);
    }

    /**
     * Sends a response in one of several ways, and returns whether the connection is kept.
     *
     * @param pause time between the pieces of a slow delivery, or between the two responses of a double one; zero for
     *     one write
     */
    boolean send(Delivery delivery, Duration pause, int status, Map<String, String> headers, byte[] content)
            throws IOException, InterruptedException {
        if (delivery == Delivery.RESET || delivery == Delivery.HANG) {
            connection.setSoLinger(true, 0);
            return false;
        }
        boolean isKept = delivery != Delivery.HALF
                && !"close".equalsIgnoreCase(request.headers().get("Connection"));
        byte[] body = request.line().startsWith("HEAD ") ? new byte[0] : content;
        byte[] head = head(isKept, status, headers, Math.max(delivery == Delivery.HALF ? 1 : 0, content.length));
        switch (delivery) {
            case WHOLE -> write(head, body);
            case HALF -> write(head, Arrays.copyOf(body, body.length / 2));
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
            case RESET, HANG -> {} // handled above
        }
        return isKept;
    }

    private static int piece(byte[] body, int index) {
        return (int) ((long) body.length * index / PIECES);
    }

    private void write(byte[]... parts) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        all.writeTo(out);
    }

    private static byte[] head(boolean isKept, int status, Map<String, String> headers, int length) {
        StringBuilder head = new StringBuilder();
        String reason = EnglishReasonPhraseCatalog.INSTANCE.getReason(status, null);
        head.append("HTTP/1.1 " + status + " " + (reason == null ? "Sandbox" : reason) + "\r\n");
        head.append("X-Request-Id: " + RESPONSES.incrementAndGet() + "\r\n");
        headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
        head.append("Content-Length: " + length + "\r\n");
        if (!isKept) {
            head.append("Connection: close\r\n");
        }
        return head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
    }
}
