package io.github.notearchive.bench;

import io.github.notearchive.bench.Wire.Request;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The provider and its media server as a separate process. {@code GET /.bench/work?notes=6000} generates all responses
 * and sets latencies and faults; {@code GET /.bench/counts} returns the counts since then, {@code /.bench/ids} the note
 * ids and {@code /.bench/calls} the number of calls about each.
 */
final class Provider {

    private static final String API = "/api/xiaohongshu/get-note-detail/v1";
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-");

    private final Map<String, Work> works = new ConcurrentHashMap<>();
    private String origin = "";
    private volatile Scene scene;

    private Provider() {}

    /**
     * Serves until its standard input ends; {@code /.bench/work} must be the first request.
     *
     * @param arguments ids of processes to stop then
     */
    public static void main(String[] arguments) throws IOException {
        Provider provider = new Provider();
        Wire wire = Wire.listen(provider::handle);
        provider.origin = "http://127.0.0.1:" + wire.port();
        wire.serveUntilInputEnds(arguments);
    }

    private void handle(Request request) throws IOException, InterruptedException {
        switch (request.path()) {
            case API -> scene.respond(request);
            case "/ping" -> request.with("Content-Type", "text/plain").send(200, "pong");
            case "/.bench/work" -> {
                int notes = (int) request.number("notes");
                String kind = request.parameter("kind").orElse("W1");
                Work work = works.computeIfAbsent(notes + kind, _ -> Work.of(Work.Kind.valueOf(kind), notes, origin));
                scene = new Scene(work, request);
                request.send(200, "");
            }
            case "/.bench/ids" ->
                request.send(200, String.join("\n", scene.work.responses().keySet()) + "\n");
            case "/.bench/calls" ->
                request.send(
                        200,
                        scene.requests.entrySet().stream()
                                .map(calls -> calls.getKey() + " " + calls.getValue() + "\n")
                                .collect(Collectors.joining()));
            case "/.bench/counts" -> request.send(200, scene.counts());
            case "/.bench/digests" -> request.send(200, scene.digests());
            default -> scene.file(request);
        }
    }

    /** Work and options of one measurement, and its counts. */
    private static final class Scene {

        private final Work work;
        private final double latency;
        private final double sigma;
        private final long mediaLatency;
        private final double cut;
        private final double fail301;
        private final Bucket bucket;
        private final Map<String, LongAdder> requests = new ConcurrentHashMap<>();
        private final Map<String, LongAdder> fetches = new ConcurrentHashMap<>();
        private final List<Call> calls = new ArrayList<>();
        private final AtomicLong inFlight = new AtomicLong();
        private final AtomicLong mostInFlight = new AtomicLong();
        private final LongAdder sent = new LongAdder();

        /** A call with its response code; times in microseconds. */
        private record Call(long at, int code, long latency) {}

        Scene(Work work, Request options) {
            this.work = work;
            latency = options.number("latency");
            sigma = options.number("sigma");
            mediaLatency = (long) options.number("mediaLatency");
            cut = options.number("cut");
            fail301 = options.number("fail301");
            bucket = new Bucket(options.number("rate"), options.number("burst"));
        }

        void respond(Request request) throws IOException, InterruptedException {
            long at = Usage.micros();
            String id = request.parameter("noteId").orElse("");
            byte[] response = work.responses().get(id);
            request.with("Content-Type", "application/json");
            if (response == null) {
                request.send(400, "{\"code\":400,\"message\":\"PARAMETER ERROR\"}");
                return;
            }
            int number = count(requests, id);
            SplittableRandom random = new SplittableRandom(id.hashCode() * 31L + number);
            double millis = sigma == 0 ? latency : latency * Math.exp(random.nextGaussian() * sigma);
            boolean failed = number == 1 && random.nextDouble() < fail301;
            int code = !bucket.pass(at) ? 302 : failed ? 301 : 0;
            long micros = code == 302 ? 0 : (long) (millis * 1000);
            synchronized (calls) {
                calls.add(new Call(at, code, micros));
            }
            mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
            Thread.sleep(micros / 1000, (int) (micros % 1000) * 1000);
            inFlight.decrementAndGet();
            if (code == 0) {
                request.send(200, response);
            } else {
                String message = code == 301 ? "COLLECT FAILED, SEND REQUEST AGAIN" : "RATE LIMIT EXCEEDED";
                request.send(
                        code == 301 ? 200 : 429,
                        "{\"code\":%d,\"message\":\"%s\",\"data\":null}".formatted(code, message));
            }
        }

        void file(Request request) throws IOException, InterruptedException {
            Work.File file = work.files().get(request.path());
            if (file == null) {
                request.send(404, "no such file");
                return;
            }
            Thread.sleep(mediaLatency);
            Served content = file.content();
            String etag = "\"%x-%x\"".formatted(file.number(), content.length);
            Matcher range = RANGE.matcher(request.header("Range").orElse(""));
            boolean isRange =
                    range.matches() && request.header("If-Range").orElse(etag).equals(etag);
            long from = isRange ? Long.parseLong(range.group(1)) : 0;
            if (from >= content.length) {
                request.with("Content-Range", "bytes */" + content.length).send(416, "");
                return;
            }
            if (from > 0) {
                request.with("Content-Range", "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
            }
            boolean isCut = cut > 0
                    && count(fetches, request.path()) == 1
                    && new SplittableRandom(file.number() * 77 + 5).nextDouble() < cut;
            long until = isCut ? from + (content.length - from) / 2 : content.length;
            try (OutputStream out = request.with("Content-Type", content.contentType)
                    .with("Accept-Ranges", "bytes")
                    .with("ETag", etag)
                    .begin(from > 0 ? 206 : 200, content.length - from)) {
                content.write(out, file.number(), from, until);
                out.flush();
                sent.add(until - from);
            }
        }

        private static int count(Map<String, LongAdder> counts, String key) {
            LongAdder count = counts.computeIfAbsent(key, _ -> new LongAdder());
            synchronized (count) {
                count.increment();
                return count.intValue();
            }
        }

        String counts() {
            List<Call> seen;
            synchronized (calls) {
                seen = List.copyOf(calls);
            }
            long[] latencies = seen.stream()
                    .filter(call -> call.code == 0)
                    .mapToLong(Call::latency)
                    .toArray();
            Map<String, Object> counts = new LinkedHashMap<>();
            counts.put("files", work.files().size());
            counts.put("calls", seen.size());
            counts.put("code302", seen.stream().filter(call -> call.code == 302).count());
            counts.put("firstCall", seen.isEmpty() ? 0 : seen.getFirst().at);
            counts.put("ideal", ideal(latencies));
            counts.put("mostInFlight", mostInFlight);
            counts.put("bytes", sent);
            return counts.entrySet().stream().map(count -> count + "\n").collect(Collectors.joining());
        }

        /**
         * Returns the minimum duration in microseconds: a call starts as soon as the bucket has a token, and its files
         * are fetched concurrently.
         */
        private long ideal(long[] latencies) {
            long ideal = 0;
            for (int i = 0; i < latencies.length; i++) {
                double start = bucket.earliest(i);
                ideal = Math.max(ideal, (long) start + latencies[i] + mediaLatency * 1000);
            }
            return ideal;
        }

        /** Returns the SHA-256 of all files. */
        String digests() {
            return work.files().values().parallelStream()
                    .map(file -> file.content().digest("SHA-256", file.number()) + "\n")
                    .collect(Collectors.joining());
        }
    }

    /** The provider's limit of calls: a bucket that fills at a constant rate; 0 is no limit. */
    private static final class Bucket {

        private final double perSecond;
        private final double size;
        private double tokens;
        private long last;

        Bucket(double perSecond, double size) {
            this.perSecond = perSecond;
            this.size = size;
            this.tokens = size;
        }

        synchronized boolean pass(long now) {
            if (perSecond == 0) {
                return true;
            }
            tokens = last == 0 ? size : Math.min(size, tokens + Math.max(0, now - last) / 1e6 * perSecond);
            last = Math.max(now, last);
            if (tokens < 1) {
                return false;
            }
            tokens--;
            return true;
        }

        /** Returns the earliest start of a call, counted from 0, in microseconds after the first. */
        double earliest(int number) {
            return perSecond == 0 ? 0 : Math.max(0, (number + 1 - size) / perSecond) * 1e6;
        }
    }
}
