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
 * An S3 store as a process of its own that counts objects and keeps none. Bodies are dropped as they come: what a
 * client costs can be seen, which beside a real store on the same machine it cannot.
 *
 * <p>A digest that the client sends ({@code x-amz-checksum-sha256}, else {@code Content-MD5}) is said back without
 * being looked at; without one, the ETag is the body's MD5, unless {@code etag=any} says that the client looks at none.
 * After {@code GET /.bench/reset?verify=true} every digest that was sent is compared with the body, and wrong ones are
 * refused with {@code BadDigest}; {@code /.bench/digests} tells the SHA-256 of all objects then. Signatures are not
 * looked at. Objects of 64 KB at most that are no media are kept, since the program reads some of them again.
 */
final class Sink {

    private static final int KEPT = 64 * 1024;
    private static final String XML = "Content-Type: application/xml\r\n";

    private volatile Contents contents = new Contents(false, false);

    private Sink() {}

    /** Prints its port, and serves until it is killed or its standard input ends. */
    public static void main(String[] arguments) throws IOException {
        Wire wire = listen();
        Ends.withInput();
        System.out.println(wire.port());
        wire.serve();
    }

    /** Listens, empty. */
    static Wire listen() {
        return Wire.listen(new Sink()::handle);
    }

    private void handle(Connection connection) throws IOException {
        switch (connection.path()) {
            case "/.bench/reset" -> {
                contents = new Contents(
                        connection.parameter("verify").filter("true"::equals).isPresent(),
                        connection.parameter("etag").filter("any"::equals).isPresent());
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

    private static String date() {
        return DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
    }

    /** A body in signed chunks: a line with the length before each, an empty line behind it. */
    private static final class Chunks {

        private ByteBuffer in = ByteBuffer.allocate(0);
        private long left;

        /** The next part of what the chunks hold; null at the end. */
        ByteBuffer read(Connection connection) throws IOException {
            while (left == 0) {
                String line = line(connection);
                if (line == null) {
                    return null;
                }
                if (!line.isEmpty() && !line.startsWith("x-amz-")) {
                    left = Long.parseLong(line.replaceFirst(";.*", ""), 16);
                }
            }
            if (!in.hasRemaining()) {
                in = connection.read();
            }
            ByteBuffer part = in.duplicate();
            int length = (int) Math.min(left, in.remaining());
            part.limit(part.position() + length);
            in.position(in.position() + length);
            left -= length;
            return part;
        }

        private String line(Connection connection) throws IOException {
            StringBuilder line = new StringBuilder();
            while (true) {
                if (!in.hasRemaining()) {
                    ByteBuffer next = connection.read();
                    if (next == null) {
                        return null;
                    }
                    in = next;
                }
                char read = (char) in.get();
                if (read == '\n') {
                    return line.toString().strip();
                }
                line.append(read);
            }
        }
    }

    /** Since the last reset. */
    private static final class Contents {

        private final boolean verify;
        private final boolean anyEtag;
        private final Map<String, Stored> objects = new ConcurrentHashMap<>();
        private final Map<String, Upload> uploads = new ConcurrentHashMap<>();
        private final Set<String> digests = ConcurrentHashMap.newKeySet();
        private final LongAdder puts = new LongAdder();
        private final LongAdder requests = new LongAdder();
        private final LongAdder received = new LongAdder();
        private final LongAdder refused = new LongAdder();
        private final LongAdder md5s = new LongAdder();
        private final AtomicLong first = new AtomicLong(Long.MAX_VALUE);
        private final AtomicLong last = new AtomicLong();
        private final AtomicLong numbers = new AtomicLong();

        private record Stored(long size, String etag, String type, Map<String, String> meta, byte[] kept) {}

        /** What has come of an object that is sent in parts. */
        private static final class Upload {
            private final String type;
            private final Map<String, String> meta;
            private final LongAdder size = new LongAdder();

            Upload(String type, Map<String, String> meta) {
                this.type = type;
                this.meta = meta;
            }
        }

        Contents(boolean verify, boolean anyEtag) {
            this.verify = verify;
            this.anyEtag = anyEtag;
        }

        void handle(Connection connection) throws IOException {
            requests.increment();
            String path = connection.path();
            int slash = path.indexOf('/', 1);
            boolean bucket = slash < 0 || slash == path.length() - 1;
            switch (connection.method()) {
                case "PUT" -> {
                    if (bucket) {
                        connection.readAll();
                        connection.send(200, "", bytes(""));
                    } else {
                        put(connection);
                    }
                }
                case "HEAD", "GET" -> {
                    connection.readAll();
                    if (bucket) {
                        bucket(connection);
                    } else {
                        get(connection);
                    }
                }
                case "POST" -> post(connection);
                default -> {
                    connection.readAll();
                    objects.remove(path);
                    connection.send(204, "", bytes(""));
                }
            }
        }

        private void bucket(Connection connection) throws IOException {
            if (connection.method().equals("HEAD")) {
                connection.send(200, "", bytes(""));
            } else if (connection.query().contains("location")) {
                connection.send(
                        200,
                        XML,
                        bytes("<?xml version=\"1.0\"?><LocationConstraint"
                                + " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">us-east-1</LocationConstraint>"));
            } else {
                connection.send(
                        200,
                        XML,
                        bytes(
                                "<?xml version=\"1.0\"?><ListBucketResult"
                                        + " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>sink</Name><Prefix/><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>"));
            }
        }

        private void get(Connection connection) throws IOException {
            Stored stored = objects.get(connection.path());
            boolean head = connection.method().equals("HEAD");
            if (stored == null || (!head && stored.kept == null)) {
                byte[] text =
                        bytes("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>none</Message></Error>");
                connection.send(404, XML + "Date: " + date() + "\r\n", head ? bytes("") : text);
                return;
            }
            StringBuilder headers = new StringBuilder();
            headers.append("ETag: ").append(stored.etag).append("\r\nDate: ").append(date());
            headers.append("\r\nLast-Modified: ").append(date().replace(" Z", " GMT"));
            headers.append("\r\nContent-Type: ").append(stored.type).append("\r\n");
            stored.meta.forEach((name, value) ->
                    headers.append(name).append(": ").append(value).append("\r\n"));
            connection.begin(200, headers.toString(), stored.size);
            if (!head) {
                connection.write(stored.kept, 0);
            }
            connection.flush();
        }

        private void put(Connection connection) throws IOException {
            if (connection.header("x-amz-copy-source").isPresent()) {
                connection.readAll();
                connection.send(501, XML, bytes("<Error><Code>NotImplemented</Code></Error>"));
                return;
            }
            Optional<String> sha256 = connection
                    .header("x-amz-checksum-sha256")
                    .or(() -> connection.parameter("x-amz-checksum-sha256"))
                    .map(value -> value.replace("%2B", "+").replace("%2F", "/"))
                    .map(value -> value.replace("%3D", "="));
            Optional<String> md5 = connection.header("content-md5");
            long size = connection
                    .header("x-amz-decoded-content-length")
                    .map(Long::parseLong)
                    .orElse(connection.bodyLeft());
            Chunks chunks = connection
                    .header("x-amz-content-sha256")
                    .filter(hash -> hash.startsWith("STREAMING-"))
                    .map(_ -> new Chunks())
                    .orElse(null);
            boolean media = connection.path().contains("/media/");
            boolean promised = sha256.isPresent() || md5.isPresent() || anyEtag;
            MessageDigest md5Of = verify || !promised ? digest("MD5") : null;
            MessageDigest shaOf = verify ? digest("SHA-256") : null;
            byte[] kept = !media && size <= KEPT ? new byte[(int) size] : null;
            int at = 0;
            while (true) {
                ByteBuffer part = chunks == null ? connection.read() : chunks.read(connection);
                if (part == null) {
                    break;
                }
                if (md5Of != null) {
                    md5Of.update(part.duplicate());
                }
                if (shaOf != null) {
                    shaOf.update(part.duplicate());
                }
                if (kept != null) {
                    int length = part.remaining();
                    part.get(kept, at, length);
                    at += length;
                }
            }
            String etag;
            if (md5Of != null) {
                md5s.increment();
                byte[] value = md5Of.digest();
                boolean wrong = md5.filter(sent -> !sent.equals(base64(value))).isPresent();
                etag = HexFormat.of().formatHex(value);
                if (shaOf != null) {
                    byte[] sha = shaOf.digest();
                    wrong |= sha256.filter(sent -> !sent.equals(base64(sha))).isPresent();
                    if (!wrong) {
                        digests.add(HexFormat.of().formatHex(sha));
                    }
                }
                if (wrong) {
                    refused.increment();
                    connection.send(
                            400,
                            XML,
                            bytes("<?xml version=\"1.0\"?><Error><Code>BadDigest</Code><Message>The"
                                    + " digest is another one</Message></Error>"));
                    return;
                }
            } else if (md5.isPresent()) {
                etag = HexFormat.of().formatHex(Base64.getDecoder().decode(md5.get()));
            } else {
                etag = "%032x".formatted(numbers.incrementAndGet());
            }
            received.add(size);
            Optional<String> upload = connection.parameter("uploadId");
            if (upload.isPresent() && uploads.containsKey(upload.get())) {
                uploads.get(upload.get()).size.add(size);
            } else {
                stored(
                        connection.path(),
                        new Stored(
                                size,
                                "\"" + etag + "\"",
                                connection.header("content-type").orElse("binary/octet-stream"),
                                meta(connection),
                                kept));
            }
            String echo = sha256.map(value -> "x-amz-checksum-sha256: " + value + "\r\n")
                    .orElse("");
            connection.send(200, "ETag: \"" + etag + "\"\r\n" + echo, bytes(""));
        }

        private void stored(String path, Stored object) {
            objects.put(path, object);
            puts.increment();
            long now = Micros.now();
            first.accumulateAndGet(now, Math::min);
            last.accumulateAndGet(now, Math::max);
        }

        private static Map<String, String> meta(Connection connection) {
            return connection
                    .header("x-amz-meta-sha256")
                    .map(value -> Map.of("x-amz-meta-sha256", value))
                    .orElse(Map.of());
        }

        private void post(Connection connection) throws IOException {
            connection.readAll();
            String path = connection.path();
            Optional<String> id = connection.parameter("uploadId");
            if (id.isPresent()) {
                Upload upload = uploads.remove(id.get());
                String etag = "\"%032x-1\"".formatted(numbers.incrementAndGet());
                stored(path, new Stored(upload.size.sum(), etag, upload.type, upload.meta, null));
                connection.send(
                        200,
                        XML,
                        bytes("<?xml version=\"1.0\"?><CompleteMultipartUploadResult"
                                + " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Location>l</Location><Bucket>b</Bucket><Key>k</Key><ETag>"
                                + etag.replace("\"", "&quot;")
                                + "</ETag></CompleteMultipartUploadResult>"));
                return;
            }
            String name = "upload-" + numbers.incrementAndGet();
            uploads.put(
                    name,
                    new Upload(connection.header("content-type").orElse("binary/octet-stream"), meta(connection)));
            connection.send(
                    200,
                    XML,
                    bytes("<?xml version=\"1.0\"?><InitiateMultipartUploadResult"
                            + " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>b</Bucket><Key>k</Key><UploadId>"
                            + name
                            + "</UploadId></InitiateMultipartUploadResult>"));
        }

        String counts() {
            Map<String, long[]> folders = new TreeMap<>();
            objects.forEach((path, object) -> {
                String[] parts = path.split("/");
                long[] sums = folders.computeIfAbsent(parts.length > 3 ? parts[2] : "", _ -> new long[2]);
                sums[0]++;
                sums[1] += object.size;
            });
            return "puts=%d%nrequests=%d%nbytes=%d%nrefused=%d%nmd5s=%d%nfirst=%d%nlast=%d%n"
                            .formatted(
                                    puts.sum(),
                                    requests.sum(),
                                    received.sum(),
                                    refused.sum(),
                                    md5s.sum(),
                                    first.get(),
                                    last.get())
                    + folders.entrySet().stream()
                            .map(each -> "objects.%s=%d%nbytes.%s=%d%n"
                                    .formatted(each.getKey(), each.getValue()[0], each.getKey(), each.getValue()[1]))
                            .collect(Collectors.joining());
        }

        private static String base64(byte[] bytes) {
            return Base64.getEncoder().encodeToString(bytes);
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
