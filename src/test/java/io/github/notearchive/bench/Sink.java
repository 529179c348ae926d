package io.github.notearchive.bench;

import io.github.notearchive.bench.Wire.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.apache.commons.codec.digest.DigestUtils;

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
    private static final String NO_MD5 = Base64.getEncoder().encodeToString(new byte[16]);
    private static final String LOCATION =
            "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">us-east-1</LocationConstraint>";
    static final String EMPTY_LIST =
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>sink</Name><Prefix/><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>";

    private volatile Contents contents = new Contents(false);

    private Sink() {}

    /** Serves an empty store until its standard input ends. */
    public static void main(String[] arguments) throws IOException {
        Wire.listen(new Sink()::handle).serveUntilInputEnds();
    }

    private void handle(Request request) throws IOException {
        switch (request.path()) {
            case "/.bench/reset" -> {
                contents = new Contents(
                        request.parameter("verify").filter("true"::equals).isPresent());
                request.send(200, "");
            }
            case "/.bench/counts" -> request.send(200, contents.counts());
            case "/.bench/digests" -> request.send(200, String.join("\n", contents.digests));
            default -> contents.handle(request);
        }
    }

    static void sendXml(Request request, int status, String xml) throws IOException {
        request.with("Content-Type", "application/xml").send(status, "<?xml version=\"1.0\"?>" + xml);
    }

    /** Objects and counts since the last reset. */
    private static final class Contents {

        private final boolean verify;
        private final Map<String, Stored> objects = new ConcurrentHashMap<>();
        private final Set<String> digests = ConcurrentHashMap.newKeySet();
        private final LongAdder refused = new LongAdder();
        private final AtomicLong last = new AtomicLong();

        /** An object; its bytes are empty if they are not kept. */
        private record Stored(long size, Map<String, String> headers, byte[] kept) {}

        Contents(boolean verify) {
            this.verify = verify;
        }

        void handle(Request request) throws IOException {
            boolean isBucket = request.path().matches("/[^/]*/?");
            switch (request.method()) {
                case "PUT" -> {
                    if (isBucket) {
                        request.send(200, "");
                    } else {
                        put(request);
                    }
                }
                case "HEAD", "GET" -> {
                    if (isBucket) {
                        String query = String.valueOf(request.exchange().getRequestURI());
                        sendXml(request, 200, query.contains("?location") ? LOCATION : EMPTY_LIST);
                    } else {
                        get(request);
                    }
                }
                default -> {
                    objects.remove(request.path());
                    request.send(204, "");
                }
            }
        }

        private void get(Request request) throws IOException {
            Stored stored = objects.get(request.path());
            if (stored == null || (request.method().equals("GET") && stored.kept.length < stored.size)) {
                sendXml(request, 404, "<Error><Code>NoSuchKey</Code></Error>");
                return;
            }
            String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
            request.with("Last-Modified", date.replace(" Z", " GMT"));
            stored.headers.forEach(request::with);
            try (OutputStream out = request.begin(200, stored.size)) {
                out.write(stored.kept);
            }
        }

        private void put(Request request) throws IOException {
            Optional<String> sha256 = request.header("x-amz-checksum-sha256");
            Optional<String> md5 = request.header("Content-MD5");
            boolean hashes = verify || (sha256.isEmpty() && md5.isEmpty());
            MessageDigest md5Of = DigestUtils.getMd5Digest();
            MessageDigest sha256Of = DigestUtils.getSha256Digest();
            ByteArrayOutputStream kept = new ByteArrayOutputStream();
            byte[] part = new byte[KEPT];
            long size = 0;
            for (int length = request.body().read(part);
                    length >= 0;
                    length = request.body().read(part)) {
                if (hashes) {
                    md5Of.update(part, 0, length);
                }
                if (verify) {
                    sha256Of.update(part, 0, length);
                }
                if (!request.path().contains("/media/") && kept.size() + length <= KEPT) {
                    kept.write(part, 0, length);
                }
                size += length;
            }
            byte[] md5Value = md5Of.digest();
            byte[] sha256Value = sha256Of.digest();
            if (verify && (differs(md5, md5Value) || differs(sha256, sha256Value))) {
                refused.increment();
                sendXml(request, 400, "<Error><Code>BadDigest</Code></Error>");
                return;
            }
            if (verify) {
                digests.add(HexFormat.of().formatHex(sha256Value));
            }
            byte[] etag = hashes ? md5Value : Base64.getDecoder().decode(md5.orElse(NO_MD5));
            Map<String, String> headers = new HashMap<>();
            headers.put("ETag", "\"" + HexFormat.of().formatHex(etag) + "\"");
            sha256.ifPresent(value -> headers.put("x-amz-checksum-sha256", value));
            headers.forEach(request::with);
            request.header("Content-Type").ifPresent(type -> headers.put("Content-Type", type));
            request.header("x-amz-meta-sha256").ifPresent(value -> headers.put("x-amz-meta-sha256", value));
            objects.put(request.path(), new Stored(size, headers, kept.toByteArray()));
            last.accumulateAndGet(Usage.micros(), Math::max);
            request.send(200, "");
        }

        private static boolean differs(Optional<String> sent, byte[] computed) {
            return sent.filter(value -> !value.equals(Base64.getEncoder().encodeToString(computed)))
                    .isPresent();
        }

        String counts() {
            long media = objects.keySet().stream()
                    .filter(key -> key.matches("/[^/]*/media/.*"))
                    .count();
            return "refused=%s%nlast=%s%nobjects.media=%d%n".formatted(refused, last, media);
        }
    }
}
