package io.github.notearchive.bench;

import io.github.notearchive.bench.Wire.Connection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/**
 * An S3 store as a separate process that counts objects and discards their bodies, so that the CPU time of clients is
 * measurable.
 *
 * <p>It returns the client's digest ({@code x-amz-checksum-sha256}, else {@code Content-MD5}) unchecked; without one
 * the ETag is the MD5 of the body. After {@code GET /.bench/reset?verify=true} it compares each digest with the body
 * and rejects differences with {@code BadDigest}; {@code /.bench/digests} returns the SHA-256 of all objects then.
 * Signatures are not checked. Objects of at most 64 KB that are not media are kept for later reads.
 */
final class Sink {

    private static final int KEPT = 64 * 1024;
    private static final String XML = "Content-Type: application/xml\r\n";
    private static final String LOCATION =
            "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">us-east-1</LocationConstraint>";
    private static final String EMPTY_LIST =
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>sink</Name><Prefix/><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>";

    private volatile Contents contents = new Contents(false);

    private Sink() {}

    /** Prints its port, and serves until its standard input ends. */
    public static void main(String[] arguments) throws IOException {
        Wire wire = listen();
        Wire.haltAfterInput();
        System.out.println(wire.port());
        wire.serve();
    }

    /** Listens with an empty store. */
    static Wire listen() {
        return Wire.listen(new Sink()::handle);
    }

    private void handle(Connection connection) throws IOException {
        switch (connection.path()) {
            case "/.bench/reset" -> {
                contents = new Contents(
                        connection.parameter("verify").filter("true"::equals).isPresent());
                connection.send(200, "", bytes(""));
            }
            case "/.bench/counts" -> connection.send(200, "", bytes(contents.counts()));
            case "/.bench/digests" -> connection.send(200, "", bytes(String.join("\n", contents.digests)));
            default -> contents.handle(connection);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void sendXml(Connection connection, int status, String xml) throws IOException {
        connection.send(status, XML, bytes("<?xml version=\"1.0\"?>" + xml));
    }

    /** Objects and counts since the last reset. */
    private static final class Contents {

        private final boolean verify;
        private final Map<String, Stored> objects = new ConcurrentHashMap<>();
        private final Set<String> digests = ConcurrentHashMap.newKeySet();
        private final LongAdder puts = new LongAdder();
        private final LongAdder requests = new LongAdder();
        private final LongAdder received = new LongAdder();
        private final LongAdder refused = new LongAdder();
        private final LongAdder md5s = new LongAdder();
        private final AtomicLong last = new AtomicLong();

        private record Stored(long size, String etag, String type, Optional<String> sha256, byte[] kept) {}

        Contents(boolean verify) {
            this.verify = verify;
        }

        void handle(Connection connection) throws IOException {
            requests.increment();
            String path = connection.path();
            boolean bucket = path.indexOf('/', 1) < 0 || path.indexOf('/', 1) == path.length() - 1;
            if (connection.method().equals("PUT") && !bucket) {
                put(connection);
                return;
            }
            connection.readAll();
            switch (connection.method()) {
                case "PUT" -> connection.send(200, "", bytes(""));
                case "HEAD", "GET" -> {
                    if (bucket) {
                        bucket(connection);
                    } else {
                        get(connection);
                    }
                }
                default -> {
                    objects.remove(path);
                    connection.send(204, "", bytes(""));
                }
            }
        }

        private static void bucket(Connection connection) throws IOException {
            if (connection.method().equals("HEAD")) {
                connection.send(200, "", bytes(""));
            } else {
                sendXml(connection, 200, connection.query().contains("location") ? LOCATION : EMPTY_LIST);
            }
        }

        private void get(Connection connection) throws IOException {
            Stored stored = objects.get(connection.path());
            boolean head = connection.method().equals("HEAD");
            String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
            if (stored == null || (!head && stored.kept == null)) {
                byte[] error = bytes("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>");
                connection.send(404, XML + "Date: " + date + "\r\n", head ? bytes("") : error);
                return;
            }
            String headers = "ETag: %s\r\nDate: %s\r\nLast-Modified: %s\r\nContent-Type: %s\r\n"
                    .formatted(stored.etag, date, date.replace(" Z", " GMT"), stored.type);
            connection.begin(
                    200,
                    headers
                            + stored.sha256
                                    .map(value -> "x-amz-meta-sha256: " + value + "\r\n")
                                    .orElse(""),
                    stored.size);
            if (!head) {
                connection.write(ByteBuffer.wrap(stored.kept));
            }
            connection.flush();
        }

        private void put(Connection connection) throws IOException {
            Optional<String> sha256 = connection.header("x-amz-checksum-sha256");
            Optional<String> md5 = connection.header("content-md5");
            long size = connection.bodyLeft();
            MessageDigest md5Of = verify || (sha256.isEmpty() && md5.isEmpty()) ? digest("MD5") : null;
            MessageDigest sha256Of = verify ? digest("SHA-256") : null;
            byte[] kept = !connection.path().contains("/media/") && size <= KEPT ? new byte[(int) size] : null;
            int at = 0;
            for (ByteBuffer part = connection.read(); part != null; part = connection.read()) {
                if (md5Of != null) {
                    md5Of.update(part.duplicate());
                }
                if (sha256Of != null) {
                    sha256Of.update(part.duplicate());
                }
                if (kept != null) {
                    int length = part.remaining();
                    part.get(kept, at, length);
                    at += length;
                }
            }
            byte[] md5Value = md5Of == null ? null : md5Of.digest();
            byte[] sha256Value = sha256Of == null ? null : sha256Of.digest();
            if (differs(md5, md5Value) || differs(sha256, sha256Value)) {
                refused.increment();
                sendXml(connection, 400, "<Error><Code>BadDigest</Code></Error>");
                return;
            }
            if (md5Value != null) {
                md5s.increment();
            }
            if (sha256Value != null) {
                digests.add(HexFormat.of().formatHex(sha256Value));
            }
            String etag = md5Value != null
                    ? HexFormat.of().formatHex(md5Value)
                    : md5.map(value ->
                                    HexFormat.of().formatHex(Base64.getDecoder().decode(value)))
                            .orElse("%032x".formatted(puts.sum()));
            objects.put(
                    connection.path(),
                    new Stored(
                            size,
                            "\"" + etag + "\"",
                            connection.header("content-type").orElse("binary/octet-stream"),
                            connection.header("x-amz-meta-sha256"),
                            kept));
            received.add(size);
            puts.increment();
            last.accumulateAndGet(Usage.micros(), Math::max);
            String echo = sha256.map(value -> "x-amz-checksum-sha256: " + value + "\r\n")
                    .orElse("");
            connection.send(200, "ETag: \"" + etag + "\"\r\n" + echo, bytes(""));
        }

        private static boolean differs(Optional<String> sent, byte[] computed) {
            return computed != null
                    && sent.filter(value -> !value.equals(Base64.getEncoder().encodeToString(computed)))
                            .isPresent();
        }

        String counts() {
            Map<String, long[]> folders = new TreeMap<>();
            objects.forEach((path, object) -> {
                String[] parts = path.split("/");
                long[] sums = folders.computeIfAbsent(parts.length > 3 ? parts[2] : "", _ -> new long[2]);
                sums[0]++;
                sums[1] += object.size;
            });
            return "puts=%d%nrequests=%d%nbytes=%d%nrefused=%d%nmd5s=%d%nlast=%d%n"
                            .formatted(
                                    puts.sum(), requests.sum(), received.sum(), refused.sum(), md5s.sum(), last.get())
                    + folders.entrySet().stream()
                            .map(each -> "objects.%s=%d%nbytes.%s=%d%n"
                                    .formatted(each.getKey(), each.getValue()[0], each.getKey(), each.getValue()[1]))
                            .collect(Collectors.joining());
        }

        private static MessageDigest digest(String algorithm) {
            try {
                return MessageDigest.getInstance(algorithm);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
