package io.github.notearchive.sandbox;

import io.github.notearchive.io.ScriptedServer.Request;
import io.github.notearchive.sandbox.Reply.Delivery;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

    /** Sends a response in the way of a scripted reply and with its headers; returns whether the connection is kept. */
    boolean send(Reply reply, int status, String contentType, byte[] content) throws IOException, InterruptedException {
        Delivery delivery = reply.delivery();
        if (delivery == Delivery.RESET || delivery == Delivery.HANG) {
            connection.setSoLinger(true, 0);
            return false;
        }
        boolean isHalf = delivery == Delivery.HALF;
        boolean isKept = !isHalf && !"close".equalsIgnoreCase(request.headers().get("Connection"));
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("X-Request-Id", String.valueOf(RESPONSES.incrementAndGet()));
        headers.put("Content-Type", contentType);
        headers.putAll(reply.headers());
        headers.put("Content-Length", String.valueOf(isHalf ? Math.max(1, content.length) : content.length));
        if (!isKept) {
            headers.put("Connection", "close");
        }
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Sandbox\r\n");
        headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
        byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
        byte[] body = request.line().startsWith("HEAD ") ? new byte[0] : content;
        switch (delivery) {
            case WHOLE -> out.write(join(start, body));
            case HALF -> out.write(join(start, Arrays.copyOf(body, body.length / 2)));
            case SLOW -> write(reply.pause(), pieces(start, body));
            case TWICE -> {
                byte[] whole = join(start, body);
                write(reply.pause(), reply.pause().isZero() ? List.of(join(whole, whole)) : List.of(whole, whole));
            }
            case RESET, HANG -> {} // handled above
        }
        return isKept;
    }

    private static List<byte[]> pieces(byte[] start, byte[] body) {
        List<byte[]> pieces = new ArrayList<>(List.of(start));
        for (int i = 0; i < PIECES; i++) {
            int from = (int) ((long) body.length * i / PIECES);
            pieces.add(Arrays.copyOfRange(body, from, (int) ((long) body.length * (i + 1) / PIECES)));
        }
        return pieces;
    }

    private void write(Duration pause, List<byte[]> parts) throws IOException, InterruptedException {
        out.write(parts.getFirst());
        for (byte[] part : parts.subList(1, parts.size())) {
            Thread.sleep(pause);
            out.write(part);
        }
    }

    private static byte[] join(byte[] first, byte[] second) {
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(first);
        both.writeBytes(second);
        return both.toByteArray();
    }
}
