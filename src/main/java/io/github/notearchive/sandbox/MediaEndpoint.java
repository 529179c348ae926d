package io.github.notearchive.sandbox;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The media server: files, whole or in part. */
final class MediaEndpoint implements LoopbackServer.Handler {

    private static final Pattern RANGE = Pattern.compile("bytes=(\\d*)-(\\d*)");

    private final SandboxSettings settings;
    private final SyntheticMedia media;
    private final SandboxScript script;
    private final CallLog log;
    private final Barrier barrier;

    MediaEndpoint(SandboxSettings settings, SyntheticMedia media, SandboxScript script, CallLog log, Barrier barrier) {
        this.settings = settings;
        this.media = media;
        this.script = script;
        this.log = log;
        this.barrier = barrier;
    }

    @Override
    public void handle(Exchange exchange) throws IOException, InterruptedException {
        String target = exchange.request().target();
        log.mediaRequested(target);
        MediaReply reply = script.mediaReplyFor(target);
        barrier.pass();
        Thread.sleep(settings.mediaLatency().plus(reply.delay()));
        switch (reply.delivery()) {
            case STATUS -> sendStatus(exchange, reply.status(), reply.headers());
            case RESET -> exchange.reset();
            case HANG -> {
                script.hangUntilReleased();
                exchange.reset();
            }
            case NORMAL, HALF, DRIP, TWICE -> sendFile(exchange, target, reply);
        }
    }

    private void sendFile(Exchange exchange, String target, MediaReply reply) throws IOException, InterruptedException {
        MediaFile scripted = reply.file();
        Optional<MediaFile> found = scripted == null ? media.find(target) : Optional.of(scripted);
        OptionalInt dead = scripted == null ? media.deadStatus(target) : OptionalInt.empty();
        if (found.isEmpty() || dead.isPresent()) {
            sendStatus(exchange, dead.orElse(404), reply.headers());
            return;
        }
        MediaFile file = found.get();
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", file.contentType());
        headers.put("ETag", file.etag());
        headers.put("Accept-Ranges", "bytes");
        int length = file.bytes().length;
        Part part = part(exchange.request(), file);
        if (part.status == 416) {
            headers.put("Content-Range", "bytes */" + length);
        } else if (part.status == 206) {
            headers.put("Content-Range", "bytes " + part.from + "-" + (part.to - 1) + "/" + length);
        }
        headers.putAll(reply.headers());
        byte[] body = Arrays.copyOfRange(file.bytes(), part.from, part.to);
        switch (reply.delivery()) {
            case HALF -> exchange.sendHalf(part.status, headers, body);
            case DRIP -> exchange.sendSlowly(part.status, headers, body, reply.pause());
            case TWICE -> exchange.sendTwice(part.status, headers, body, reply.pause());
            case NORMAL, STATUS, RESET, HANG -> exchange.send(part.status, headers, body);
        }
    }

    /** What of the file is asked for. Several ranges at once are answered with the whole file. */
    private static Part part(Request request, MediaFile file) {
        int length = file.bytes().length;
        Part whole = new Part(200, 0, length);
        Optional<String> condition = request.header("If-Range");
        if (condition.isPresent() && !condition.get().equals(file.etag())) {
            return whole;
        }
        Matcher range = RANGE.matcher(request.header("Range").orElse(""));
        if (!range.matches() || (range.group(1).isEmpty() && range.group(2).isEmpty())) {
            return whole;
        }
        long from;
        long to = length;
        if (range.group(1).isEmpty()) {
            from = Math.max(0, length - Long.parseLong(range.group(2)));
        } else {
            from = Long.parseLong(range.group(1));
            if (!range.group(2).isEmpty()) {
                to = Math.min(length, Long.parseLong(range.group(2)) + 1);
            }
        }
        return from < to ? new Part(206, (int) from, (int) to) : new Part(416, 0, 0);
    }

    private static void sendStatus(Exchange exchange, int status, Map<String, String> extra) throws IOException {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", "text/plain");
        headers.putAll(extra);
        exchange.send(status, headers, ("status " + status).getBytes(StandardCharsets.UTF_8));
    }

    private record Part(int status, int from, int to) {}
}
