package io.github.notearchive.bench;

import io.github.notearchive.bench.Wire.Connection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
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
 * and sets latencies and faults; {@code GET /.bench/counts} returns the counts since then.
 */
final class Provider {

    private static final String API = "/api/xiaohongshu/get-note-detail/v1";
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-");

    private final Map<String, Work> works = new ConcurrentHashMap<>();
    private String origin = "";
    private volatile Scene scene;

    private Provider() {}

    /**
     * Prints its port, and serves until its standard input ends.
     *
     * @param arguments ids of processes to stop then
     */
    public static void main(String[] arguments) throws IOException {
        Wire wire = listen();
        Wire.haltAfterInput(arguments);
        System.out.println(wire.port());
        wire.serve();
    }

    /** Listens; {@code /.bench/work} must be the first request. */
    static Wire listen() {
        Provider provider = new Provider();
        Wire wire = Wire.listen(provider::handle);
        provider.origin = "http://127.0.0.1:" + wire.port();
        return wire;
    }

    private void handle(Connection connection) throws IOException, InterruptedException {
        connection.readAll();
        switch (connection.path()) {
            case API -> scene.respond(connection);
            case "/ping" -> connection.send(200, "Content-Type: text/plain\r\n", bytes("pong"));
            case "/.bench/work" -> {
                Work work = works.computeIfAbsent(
                        number(connection, "notes", 0)
                                + connection.parameter("kind").orElse("W1"),
                        _ -> Work.of(
                                Work.Kind.valueOf(connection.parameter("kind").orElse("W1")),
                                (int) number(connection, "notes", 0),
                                origin));
                scene = new Scene(work, connection);
                connection.send(200, "", bytes("files=" + work.files().size() + "\nbytes=" + work.bytes() + "\n"));
            }
            case "/.bench/counts" -> connection.send(200, "", bytes(scene.counts()));
            case "/.bench/calls" -> connection.send(200, "", bytes(scene.calls()));
            case "/.bench/digests" -> connection.send(200, "", bytes(scene.digests()));
            default -> scene.file(connection);
        }
    }

    private static double number(Connection connection, String name, double otherwise) {
        return connection.parameter(name).map(Double::parseDouble).orElse(otherwise);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
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
        private final LongAdder gets = new LongAdder();
        private final LongAdder cuts = new LongAdder();
        private final LongAdder unknown = new LongAdder();
        private final LongAdder sent = new LongAdder();
        private final AtomicLong lastMedia = new AtomicLong();

        /** A call with its response code; times in microseconds. */
        private record Call(long at, int code, long latency) {}

        Scene(Work work, Connection options) {
            this.work = work;
            latency = number(options, "latency", 0);
            sigma = number(options, "sigma", 0);
            mediaLatency = (long) number(options, "mediaLatency", 0);
            cut = number(options, "cut", 0);
            fail301 = number(options, "fail301", 0);
            bucket = new Bucket(options.parameter("rates").orElse(""), number(options, "burst", 20));
        }

        void respond(Connection connection) throws IOException, InterruptedException {
            long at = Usage.micros();
            String id = connection.parameter("noteId").orElse("");
            byte[] response = work.responses().get(id);
            if (response == null) {
                unknown.increment();
                connection.send(400, "", bytes("{\"code\":400,\"message\":\"PARAMETER ERROR\"}"));
                return;
            }
            int request = count(requests, id);
            SplittableRandom random = new SplittableRandom(id.hashCode() * 31L + request);
            double millis = sigma == 0 ? latency : latency * Math.exp(random.nextGaussian() * sigma);
            boolean failed = request == 1 && random.nextDouble() < fail301;
            int code = !bucket.pass(at) ? 302 : failed ? 301 : 0;
            long micros = code == 302 ? 0 : (long) (millis * 1000);
            synchronized (calls) {
                calls.add(new Call(at, code, micros));
            }
            mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
            try {
                if (micros > 0) {
                    Thread.sleep(micros / 1000, (int) (micros % 1000) * 1000);
                }
            } finally {
                inFlight.decrementAndGet();
            }
            String json = "Content-Type: application/json\r\n";
            switch (code) {
                case 0 -> connection.send(200, json, response);
                case 301 ->
                    connection.send(
                            200,
                            json,
                            bytes("{\"code\":301,\"message\":\"COLLECT FAILED, SEND REQUEST AGAIN\",\"data\":null}"));
                default ->
                    connection.send(
                            429, json, bytes("{\"code\":302,\"message\":\"RATE LIMIT EXCEEDED\",\"data\":null}"));
            }
        }

        void file(Connection connection) throws IOException, InterruptedException {
            Work.File file = work.files().get(connection.path());
            if (file == null) {
                unknown.increment();
                connection.send(404, "", bytes("no such file"));
                return;
            }
            gets.increment();
            if (mediaLatency > 0) {
                Thread.sleep(mediaLatency);
            }
            Served content = file.content();
            String etag = "\"%x-%x\"".formatted(file.number(), content.length);
            String headers =
                    "Content-Type: " + content.contentType + "\r\nAccept-Ranges: bytes\r\nETag: " + etag + "\r\n";
            long from = 0;
            Matcher range = RANGE.matcher(connection.header("range").orElse(""));
            if (range.matches() && connection.header("if-range").orElse(etag).equals(etag)) {
                from = Long.parseLong(range.group(1));
            }
            if (from >= content.length) {
                connection.send(416, "Content-Range: bytes */" + content.length + "\r\n", bytes(""));
                return;
            }
            boolean isCut = cut > 0
                    && count(fetches, connection.path()) == 1
                    && new SplittableRandom(file.number() * 77 + 5).nextDouble() < cut;
            long until = isCut ? from + (content.length - from) / 2 : content.length;
            connection.begin(
                    from > 0 ? 206 : 200,
                    from > 0
                            ? headers
                                    + "Content-Range: bytes "
                                    + from
                                    + "-"
                                    + (content.length - 1)
                                    + "/"
                                    + content.length
                                    + "\r\n"
                            : headers,
                    content.length - from);
            send(connection, content, file.number(), from, until);
            connection.flush();
            sent.add(until - from);
            lastMedia.accumulateAndGet(Usage.micros(), Math::max);
            if (isCut) {
                cuts.increment();
                connection.drop();
            }
        }

        private static void send(Connection connection, Served content, long number, long from, long until)
                throws IOException {
            byte[] head = content.head(number);
            if (from < head.length) {
                connection.write(ByteBuffer.wrap(head, (int) from, head.length - (int) from));
            }
            int length = content.body().limit();
            long at = Math.max(from, head.length);
            while (at < until) {
                ByteBuffer part = content.body();
                part.position((int) ((at - head.length) % length));
                part.limit((int) Math.min(length, part.position() + until - at));
                at += part.remaining();
                connection.write(part);
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
            StringBuilder text = new StringBuilder();
            text.append("files=").append(work.files().size()).append('\n');
            text.append("calls=").append(seen.size()).append('\n');
            text.append("notes=").append(latencies.length).append('\n');
            for (int code : new int[] {301, 302}) {
                long times = seen.stream().filter(call -> call.code == code).count();
                text.append("code").append(code).append('=').append(times).append('\n');
            }
            text.append("firstCall=").append(seen.isEmpty() ? 0 : seen.getFirst().at);
            text.append("\nlastCall=").append(seen.isEmpty() ? 0 : seen.getLast().at);
            text.append("\nlastMedia=").append(lastMedia.get());
            text.append("\nideal=").append(ideal(latencies));
            text.append("\nmostInFlight=").append(mostInFlight.get());
            text.append("\ngets=").append(gets.sum());
            text.append("\ncuts=").append(cuts.sum());
            text.append("\nunknown=").append(unknown.sum());
            text.append("\nbytes=").append(sent.sum()).append('\n');
            return text.toString();
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

        /** Returns all calls in order: time, code, latency; microseconds. */
        String calls() {
            synchronized (calls) {
                return calls.stream()
                        .map(call -> call.at + " " + call.code + " " + call.latency + "\n")
                        .collect(Collectors.joining());
            }
        }

        /** Returns the SHA-256 of all files. */
        String digests() {
            return work.files().values().parallelStream()
                    .map(file -> file.content().digest("SHA-256", file.number()) + "\n")
                    .collect(Collectors.joining());
        }
    }

    /** The provider's limit of calls: a bucket that fills at a rate that may change. */
    private static final class Bucket {

        private record Rate(double perSecond, double fromSecond) {}

        private final List<Rate> rates;
        private final double size;
        private double tokens;
        private long first;
        private long last;

        /**
         * @param rates such as {@code 20@0,10@30}: calls a second, and from which second after the first call; empty
         *     for no limit
         */
        Bucket(String rates, double size) {
            this.rates = Arrays.stream(rates.split(","))
                    .filter(rate -> !rate.isEmpty())
                    .map(rate -> rate.split("@"))
                    .map(rate -> new Rate(Double.parseDouble(rate[0]), Double.parseDouble(rate[1])))
                    .toList();
            this.size = size;
            this.tokens = size;
        }

        synchronized boolean pass(long now) {
            if (rates.isEmpty()) {
                return true;
            }
            if (first == 0) {
                first = now;
                last = now;
            }
            double second = (now - first) / 1e6;
            double rate = rates.stream()
                    .filter(each -> each.fromSecond <= second)
                    .reduce((_, later) -> later)
                    .orElseThrow()
                    .perSecond;
            tokens = Math.min(size, tokens + Math.max(0, now - last) / 1e6 * rate);
            last = Math.max(now, last);
            if (tokens < 1) {
                return false;
            }
            tokens--;
            return true;
        }

        /** Returns the earliest start of a call, counted from 0, in microseconds after the first. */
        double earliest(int number) {
            return rates.isEmpty() ? 0 : Math.max(0, (number + 1 - size) / rates.getFirst().perSecond) * 1e6;
        }
    }
}
