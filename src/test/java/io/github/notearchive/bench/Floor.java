package io.github.notearchive.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The least that a Java program can spend on the work: bare sockets, SHA-256, a signed PUT; no database, no check, no
 * retry. {@code Floor IDS THREADS}, with the environment of {@code archive.py}.
 */
final class Floor {

    private static final String API = System.getenv("API");
    private static final URI STORE = URI.create(System.getenv("STORE"));
    private static final String BUCKET = System.getenv("BUCKET");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'");
    private static final Pattern FILE =
            Pattern.compile("\"(?:original|master_url|url)\":\"(http[^\"]*(?:sc=V_ORG|\\.mp4|\\.m4a))\"");
    private static final String SIGNED = "host;x-amz-checksum-sha256;x-amz-content-sha256;x-amz-date";

    private Floor() {}

    public static void main(String[] arguments) throws Exception {
        Queue<String> ids = new ConcurrentLinkedQueue<>(Files.readAllLines(Path.of(arguments[0])));
        List<Thread> threads = IntStream.range(0, Integer.parseInt(arguments[1]))
                .mapToObj(_ -> Thread.ofPlatform().start(() -> work(ids)))
                .toList();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static void work(Queue<String> ids) {
        URI api = URI.create(API);
        try (Line provider = new Line(api);
                Line store = new Line(STORE)) {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            byte[] chunk = new byte[64 * 1024];
            for (String id = ids.poll(); id != null; id = ids.poll()) {
                String path = "/api/xiaohongshu/get-note-detail/v1?token=bench&noteId=" + id;
                ByteBuffer answer = provider.get(path);
                String json = StandardCharsets.ISO_8859_1.decode(answer).toString();
                Matcher files = FILE.matcher(json);
                while (files.find()) {
                    String target = files.group(1).substring(API.length());
                    ByteBuffer file = provider.get(target);
                    for (ByteBuffer part = file.duplicate(); part.hasRemaining(); ) {
                        int length = Math.min(part.remaining(), chunk.length);
                        part.get(chunk, 0, length);
                        sha256.update(chunk, 0, length);
                    }
                    store.put(file, sha256.digest());
                }
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A connection that is kept. */
    private static final class Line implements AutoCloseable {

        private final SocketChannel channel;
        private final String host;
        private ByteBuffer in = ByteBuffer.allocateDirect(1 << 20).limit(0);
        private final byte[] key;
        private final String day;

        Line(URI to) throws IOException, GeneralSecurityException {
            channel = SocketChannel.open(new InetSocketAddress(to.getHost(), to.getPort()));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            host = to.getHost() + ":" + to.getPort();
            day = ZonedDateTime.now(ZoneOffset.UTC).format(TIME).substring(0, 8);
            byte[] derived = ("AWS4" + System.getenv("SECRET_KEY")).getBytes();
            for (String part : List.of(day, "us-east-1", "s3", "aws4_request")) {
                derived = hmac(derived, part);
            }
            key = derived;
        }

        ByteBuffer get(String target) throws IOException {
            send("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n", null);
            return receive();
        }

        void put(ByteBuffer body, byte[] sha256) throws IOException, GeneralSecurityException {
            String hash = HexFormat.of().formatHex(sha256);
            String path = "/" + BUCKET + "/media/" + hash;
            String time = ZonedDateTime.now(ZoneOffset.UTC).format(TIME);
            String checksum = Base64.getEncoder().encodeToString(sha256);
            String canonical = ("PUT\n%s\n\nhost:%s\nx-amz-checksum-sha256:%s\nx-amz-content-sha256:%s\n"
                            + "x-amz-date:%s\n\n%s\n%s")
                    .formatted(path, host, checksum, hash, time, SIGNED, hash);
            String scope = day + "/us-east-1/s3/aws4_request";
            byte[] request = MessageDigest.getInstance("SHA-256").digest(canonical.getBytes());
            String signature = HexFormat.of()
                    .formatHex(hmac(
                            key,
                            "AWS4-HMAC-SHA256\n"
                                    + time
                                    + "\n"
                                    + scope
                                    + "\n"
                                    + HexFormat.of().formatHex(request)));
            send(
                    ("PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n"
                                    + "x-amz-checksum-sha256: %s\r\nx-amz-content-sha256: %s\r\n"
                                    + "x-amz-date: %s\r\nAuthorization: AWS4-HMAC-SHA256"
                                    + " Credential=%s/%s, SignedHeaders=%s, Signature=%s\r\n\r\n")
                            .formatted(
                                    path,
                                    host,
                                    body.remaining(),
                                    checksum,
                                    hash,
                                    time,
                                    System.getenv("ACCESS_KEY"),
                                    scope,
                                    SIGNED,
                                    signature),
                    body);
            receive();
        }

        private void send(String head, ByteBuffer body) throws IOException {
            ByteBuffer first = ByteBuffer.wrap(head.getBytes(StandardCharsets.ISO_8859_1));
            ByteBuffer[] all = body == null ? new ByteBuffer[] {first} : new ByteBuffer[] {first, body};
            while (first.hasRemaining() || (body != null && body.hasRemaining())) {
                channel.write(all);
            }
        }

        /** The body of an answer, which is valid until the next request. */
        private ByteBuffer receive() throws IOException {
            in.clear();
            int head = -1;
            while (head < 0) {
                if (channel.read(in) < 0) {
                    throw new EOFException("The answer broke off");
                }
                for (int at = 3; at < in.position() && head < 0; at++) {
                    if (in.get(at) == '\n' && in.get(at - 1) == '\r' && in.get(at - 2) == '\n') {
                        head = at + 1;
                    }
                }
            }
            byte[] text = new byte[head];
            in.get(0, text);
            String lines = new String(text, StandardCharsets.ISO_8859_1);
            if (!lines.startsWith("HTTP/1.1 200 ")) {
                throw new IOException(lines);
            }
            int at = lines.toLowerCase(Locale.ROOT).indexOf("content-length:") + 15;
            int length = Integer.parseInt(
                    lines.substring(at, lines.indexOf('\r', at)).strip());
            if (head + length > in.capacity()) {
                ByteBuffer larger = ByteBuffer.allocateDirect(head + length);
                larger.put(in.flip());
                in = larger;
            }
            in.limit(head + length);
            while (in.hasRemaining()) {
                if (channel.read(in) < 0) {
                    throw new EOFException("The answer broke off");
                }
            }
            return in.duplicate().position(head);
        }

        private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
