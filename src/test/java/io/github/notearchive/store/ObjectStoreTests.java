package io.github.notearchive.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.notearchive.store.ScriptedStore.HttpStore;
import io.github.notearchive.store.ScriptedStore.TcpStore;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An upload is verified, and a failure reports whether a retry helps. */
@Timeout(30)
class ObjectStoreTests {

    private static final ObjectKey KEY = new ObjectKey("a");
    private static final byte[] TEXT = "hello".getBytes(StandardCharsets.UTF_8);

    private static final Instant NOVEMBER = Instant.parse("2026-11-25T00:00:00Z");

    @TempDir
    static Path directory;

    private static S3Proxy server;
    private static int buckets;

    private StoreProperties properties;
    private ObjectStore store;

    @BeforeAll
    static void startServer() throws Exception {
        Path root = Files.createDirectories(directory.toRealPath().resolve("s3"));
        server = S3Proxy.builder()
                .blobStore(new FilesystemNio2BlobStore(root.toString()))
                .endpoint(URI.create("http://127.0.0.1:0"))
                .awsAuthentication(AuthenticationType.AWS_V4, "who", "hunter2")
                .ignoreUnknownHeaders(true)
                .jettyMaxThreads(16)
                .build();
        server.start();
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.stop();
    }

    @BeforeEach
    void createBucket() {
        properties = ScriptedStore.properties(server.getPort(), "hunter2", "bucket-" + ++buckets, true);
        store = new ObjectStore(properties);
        store.ensureBucket();
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void uploadedBytesAreStored() throws Exception {
        ObjectKey key = new ObjectKey("notes/a.json");

        store.putBytes(key, TEXT, "application/json");

        assertThat(headers(key)).isEqualTo("5 application/json " + hex("MD5", TEXT) + " " + hex("SHA-256", TEXT));
        assertThat(store.stat(key).orElseThrow().size()).isEqualTo(5);
        assertThat(store.read(key)).isEqualTo(TEXT);
        assertThat(store.<byte[]>read(key, (in, _) -> in.readAllBytes())).isEqualTo(TEXT);
    }

    @Test
    void uploadedFileIsStoredWithTypeAndDigest() throws Exception {
        byte[] bytes = bytes(100_000);
        ObjectKey key = new ObjectKey("media/ab/abcd.jpg");

        putFile(key, bytes);

        assertThat(headers(key)).isEqualTo("100000 image/jpeg " + hex("MD5", bytes) + " " + hex("SHA-256", bytes));
        assertThat(store.read(key)).isEqualTo(bytes);
    }

    /** Longer than the payload that S3Proxy keeps in memory when it is signed. */
    @Test
    void largeFileIsUploadedInOneRequest() throws Exception {
        ObjectKey key = new ObjectKey("media/ab/film.mp4");
        Path file = directory.resolve("film");
        byte[] piece = bytes(1 << 20);
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        MessageDigest md5 = MessageDigest.getInstance("MD5");
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int i = 0; i < 150; i++) {
                out.write(piece);
                sha256.update(piece);
                md5.update(piece);
            }
        }
        String digest = HexFormat.of().formatHex(sha256.digest());

        store.put(key, ObjectBytes.of(file), "video/mp4", digest);

        assertThat(headers(key))
                .isEqualTo("157286400 video/mp4 " + HexFormat.of().formatHex(md5.digest()) + " " + digest);
        assertThat(store.<String>read(key, (in, _) -> DigestUtils.sha256Hex(in)))
                .isEqualTo(digest);
    }

    @Test
    void fileAboveTheLimitIsUploadedInParts() throws Exception {
        byte[] bytes = bytes(40_000_000);
        ObjectKey key = new ObjectKey("media/ab/film.mp4");
        Path file = Files.write(directory.resolve("parts"), bytes);
        try (var parts = new ObjectStore(properties, _ -> {}, 20_000_000)) {

            parts.put(key, ObjectBytes.of(file), "video/mp4", hex("SHA-256", bytes));

            assertThat(headers(key)).matches("40000000 video/mp4 [0-9a-f]{32}-3 " + hex("SHA-256", bytes));
            assertThat(store.read(key)).isEqualTo(bytes);
            assertThat(store.list("").map(StoredObject::key)).containsExactly(key);
        }
    }

    @Test
    void unsignedUploadWithoutChecksumIsReadBack() throws Exception {
        byte[] bytes = bytes(17 << 20);
        var content = ObjectBytes.of(Files.write(directory.resolve("compared"), bytes));
        AtomicReference<byte[]> held = new AtomicReference<>(bytes);
        try (var server = new HttpStore(exchange -> {
            if (exchange.getRequestMethod().equals("PUT")) {
                assertThat(exchange.getRequestHeaders().getFirst("x-amz-content-sha256"))
                        .isEqualTo("UNSIGNED-PAYLOAD");
            }
            HttpStore.hold(exchange, "of-a-store-with-keys", held.get());
        })) {
            server.store.put(KEY, content, "video/mp4", hex("SHA-256", bytes));

            assertThat(server.methods).containsExactly("PUT", "HEAD", "GET");
            held.set(new byte[bytes.length]);
            assertThat(failure(() -> server.store.put(KEY, content, "video/mp4", hex("SHA-256", bytes))))
                    .hasMessageContaining("holds other bytes than were sent");
        }
    }

    @Test
    void repeatedUploadAddsNothing() throws Exception {
        ObjectKey key = new ObjectKey("a");

        putFile(key, TEXT);
        putFile(key, TEXT);

        assertThat(store.read(key)).isEqualTo(TEXT);
        assertThat(store.list("")).hasSize(1);
    }

    @Test
    void listingHasPrefixAndOrder() {
        store.putBytes(new ObjectKey("media/b"), TEXT, "text/plain");
        store.putBytes(new ObjectKey("media/a"), TEXT, "text/plain");
        store.putBytes(new ObjectKey("notes/a"), TEXT, "text/plain");

        assertThat(store.list("media/").map(object -> object.key().value() + " " + object.size()))
                .containsExactly("media/a 5", "media/b 5");
        assertThat(store.list("none/")).isEmpty();
    }

    @Test
    void listingContinuesWithTheNextPageAndHasForeignNames() throws Exception {
        List<String> queries = new CopyOnWriteArrayList<>();
        String page = """
                <ListBucketResult><Name>bucket</Name><Prefix/><EncodingType>url</EncodingType><MaxKeys>1</MaxKeys>
                  <IsTruncated>%s</IsTruncated>
                  <NextContinuationToken>t/1</NextContinuationToken>
                  <Contents><Key>%s</Key><LastModified>2026-11-25T00:00:00.000Z</LastModified><Size>7</Size></Contents>
                </ListBucketResult>
                """;
        try (var server = new HttpStore(exchange -> {
            queries.add(exchange.getRequestURI().getQuery());
            String xml = queries.size() % 2 == 1 ? page.formatted(true, "a") : page.formatted(false, "b%20c");
            HttpStore.respond(exchange, 200, xml.getBytes(StandardCharsets.UTF_8));
        })) {
            assertThat(server.store.listAll("", "Z").map(StoredObject::name)).containsExactly("a", "b c");
            assertThat(server.store.list("")).containsExactly(new StoredObject("a", 7, NOVEMBER));
        }
        assertThat(queries).hasSize(4);
        assertThat(queries.get(0)).contains("start-after=Z").doesNotContain("continuation-token");
        assertThat(queries.get(1)).contains("continuation-token=t/1");
    }

    @Test
    void missingObjectIsAbsent() {
        ObjectKey key = new ObjectKey("none");

        assertThat(store.stat(key)).isEmpty();
        assertThat(failure(() -> store.read(key))).satisfies(e -> {
            assertThat(e.refused()).isTrue();
            assertThat(e.code()).isEqualTo("NoSuchKey");
        });
    }

    @Test
    void existingBucketIsKept() {
        store.putBytes(new ObjectKey("a"), TEXT, "text/plain");

        store.ensureBucket();

        assertThat(store.list("")).hasSize(1);
    }

    @Test
    void missingBucketIsAnErrorUnlessItMayBeCreated() {
        try (var elsewhere =
                new ObjectStore(ScriptedStore.properties(server.getPort(), "hunter2", "no-bucket", false))) {

            StoreException looked = failure(elsewhere::ensureBucket);
            StoreException put = failure(() -> elsewhere.putBytes(new ObjectKey("a"), TEXT, "text/plain"));

            assertThat(looked.refused()).isTrue();
            assertThat(looked).hasMessageContainingAll("no-bucket", "archive.store.create-bucket");
            assertThat(put.refused()).isTrue();
            assertThat(put).hasMessageContainingAll("no-bucket", "NoSuchBucket", "key a");
        }
    }

    @Test
    void wrongSecretIsRefusedAndNotPrinted() {
        try (var stranger =
                new ObjectStore(ScriptedStore.properties(server.getPort(), "letmein1", properties.bucket(), true))) {

            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    stranger::ensureBucket,
                    () -> stranger.stat(new ObjectKey("a")),
                    () -> stranger.putBytes(new ObjectKey("a"), TEXT, "text/plain"),
                    () -> stranger.list("").toList())) {
                StoreException e = failure(call);

                assertThat(e.refused()).isTrue();
                assertThat(e)
                        .hasMessageContainingAll(
                                "127.0.0.1:" + server.getPort(), properties.bucket(), "archive.store.secret-key")
                        .hasNoCause();
                assertThat(e.getMessage()).doesNotContain("letmein1", "Signature=");
            }
        }
    }

    @Test
    void closedPortIsUnreachable() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        try (var nowhere = new ObjectStore(ScriptedStore.properties(port, "hunter2", "bucket", true))) {
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    nowhere::ensureBucket, () -> nowhere.list("").toList())) {
                StoreException e = failure(call);

                assertThat(e.unreachable()).isTrue();
                assertThat(e)
                        .hasMessageContainingAll("127.0.0.1:" + port, "ConnectException", "archive.store.endpoint");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "503, <Error><Code>SlowDown</Code></Error>, true, SlowDown, 3",
        "429, <html/>, true, HTTP 429, 3",
        "501, '', false, HTTP 501, 1",
        "413, <html>no</html>, false, HTTP 413, 1",
        "403, <Error><Code>AccessDenied</Code></Error>, false, AccessDenied, 1",
    })
    void errorResponseIsClassifiedAndRetriedIfTemporary(
            int status, String body, boolean isTemporary, String code, int attempts) throws Exception {
        try (var server =
                new HttpStore(exchange -> HttpStore.respond(exchange, status, body.getBytes(StandardCharsets.UTF_8)))) {

            StoreException e = failure(() -> server.store.putBytes(KEY, TEXT, "text/plain"));

            assertThat(e.unreachable()).isEqualTo(isTemporary);
            assertThat(e.refused()).isEqualTo(!isTemporary);
            assertThat(e.code()).isEqualTo(code);
            assertThat(e).hasMessageContainingAll("bucket bucket", "key a", code);
            assertThat(server.methods).hasSize(attempts);
        }
    }

    @Test
    void unsupportedRequestWithoutBodyIsRefused() throws Exception {
        try (var server = new HttpStore(exchange -> exchange.sendResponseHeaders(501, -1))) {

            StoreException e = failure(server.store::ensureBucket);

            assertThat(e.refused()).as(e.getMessage()).isTrue();
            assertThat(server.methods).hasSize(1);
        }
    }

    @Test
    void wrongBytesAreUploadedAgainAndThenRefused() throws Exception {
        try (var server = new HttpStore(
                exchange -> HttpStore.hold(exchange, "0".repeat(32), "jello".getBytes(StandardCharsets.UTF_8)))) {

            StoreException e = failure(() -> server.store.putBytes(KEY, TEXT, "text/plain"));

            assertThat(e.refused()).isTrue();
            assertThat(e).hasMessageContaining("holds other bytes than were sent");
            assertThat(server.methods).filteredOn("PUT"::equals).hasSize(3);
        }
    }

    @Test
    void returnedChecksumNeedsNoFurtherRequest() throws Exception {
        try (var server = new HttpStore(exchange -> {
            String checksum = exchange.getRequestHeaders().getFirst("x-amz-checksum-sha256");
            exchange.getResponseHeaders().set("ETag", "\"of-a-kms-key\"");
            exchange.getResponseHeaders().set("x-amz-checksum-sha256", checksum);
            exchange.sendResponseHeaders(200, -1);
        })) {
            server.store.putBytes(KEY, TEXT, "text/plain");

            assertThat(server.methods).containsExactly("PUT");
        }
    }

    @Test
    void rejectedChecksumIsNotSentAgain() throws Exception {
        List<Boolean> withChecksum = new CopyOnWriteArrayList<>();
        try (var server = new HttpStore(exchange -> {
            boolean with = exchange.getRequestHeaders().containsKey("x-amz-checksum-sha256");
            withChecksum.add(with);
            exchange.getResponseHeaders().set("ETag", '"' + hex("MD5", TEXT) + '"');
            String body = with ? "<Error><Code>InvalidArgument</Code></Error>" : "";
            HttpStore.respond(exchange, with ? 400 : 200, body.getBytes(StandardCharsets.UTF_8));
        })) {
            server.store.putBytes(KEY, TEXT, "text/plain");
            server.store.putBytes(new ObjectKey("b"), TEXT, "text/plain");

            assertThat(withChecksum).containsExactly(true, false, false);
        }
    }

    @Test
    void idleConnectionsAreClosedAfterFailedUpload() throws Exception {
        CountDownLatch concurrent = new CountDownLatch(6);
        try (TcpStore server = new TcpStore(connection -> {
                    var in = new BufferedInputStream(connection.getInputStream());
                    while (true) {
                        List<String> request = TcpStore.request(in);
                        concurrent.countDown();
                        concurrent.await();
                        String checksum = request.stream()
                                .filter(line -> line.startsWith("x-amz-checksum-sha256"))
                                .collect(Collectors.joining());
                        TcpStore.write(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + checksum + "\r\n\r\n");
                    }
                });
                ObjectStore store = new ObjectStore(
                        ScriptedStore.properties(server.port(), "hunter2", "bucket", true, Duration.ofSeconds(10), 2));
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<? extends Future<?>> uploads = IntStream.range(0, 6)
                    .mapToObj(i -> callers.submit(() -> store.putBytes(new ObjectKey("a" + i), TEXT, "text/plain")))
                    .toList();
            for (Future<?> upload : uploads) {
                upload.get();
            }
            server.closeConnections();

            store.putBytes(new ObjectKey("b"), TEXT, "text/plain");

            assertThat(server.connections).hasSize(7);
        }
    }

    /** The server stores the path of each object as its bytes. */
    @Test
    void repeatedResponseIsNotReadAsTheNextOne() throws Exception {
        List<String> requests = new CopyOnWriteArrayList<>();
        try (TcpStore server = new TcpStore(connection -> {
                    var in = new BufferedInputStream(connection.getInputStream());
                    while (true) {
                        String[] request = TcpStore.request(in).getFirst().split(" ");
                        requests.add(request[0] + " " + request[1]);
                        String response = "HTTP/1.1 200 OK\r\nLast-Modified: Wed, 25 Nov 2026 12:00:00 GMT\r\nETag: \""
                                + DigestUtils.md5Hex(request[1])
                                + "\"\r\nContent-Length: "
                                + (request[0].equals("PUT") ? 0 : request[1].length())
                                + "\r\n\r\n"
                                + (request[0].equals("GET") ? request[1] : "");
                        TcpStore.write(connection, response + response);
                    }
                });
                ObjectStore store =
                        new ObjectStore(ScriptedStore.properties(server.port(), "hunter2", "bucket", true))) {
            for (String key : List.of("a", "bb", "ccc")) {
                byte[] bytes = ("/bucket/" + key).getBytes(StandardCharsets.US_ASCII);

                assertThat(store.stat(new ObjectKey(key)).orElseThrow().size()).isEqualTo(bytes.length);
                assertThat(store.read(new ObjectKey(key))).isEqualTo(bytes);
                store.putBytes(new ObjectKey(key), bytes, "text/plain");
            }
            assertThat(requests).hasSize(9).doesNotHaveDuplicates();
        }
    }

    @Test
    void silentServerIsUnreachable() throws Exception {
        try (TcpStore silent =
                        new TcpStore(connection -> connection.getInputStream().skipNBytes(Long.MAX_VALUE));
                ObjectStore store = impatient(silent, 100)) {

            StoreException e = failure(() -> store.stat(KEY));

            assertThat(e.unreachable()).isTrue();
            assertThat(e).hasMessageContaining("no response from the store");
        }
    }

    /** The server sends a byte every 20 ms, which no socket timeout ends; the time limit of the request is 3 s. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void responseThatDripsIsAborted(boolean isUpload) throws Exception {
        try (TcpStore dripping = new TcpStore(connection -> {
                    TcpStore.write(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
                    while (true) {
                        TcpStore.write(connection, " ");
                        Thread.sleep(20);
                    }
                });
                ObjectStore store = impatient(dripping, 300)) {

            StoreException e = failure(() -> {
                if (isUpload) {
                    store.putBytes(KEY, TEXT, "text/plain");
                } else {
                    store.read(KEY);
                }
            });

            assertThat(e.unreachable()).isTrue();
        }
    }

    /** The server needs one and a half seconds, where a response without an object has one. */
    @Test
    void timeLimitGrowsWithTheObject() throws Exception {
        byte[] bytes = bytes(3 << 20);
        try (TcpStore slow = new TcpStore(connection -> {
                    TcpStore.write(connection, "HTTP/1.1 200 OK\r\nContent-Length: " + bytes.length + "\r\n\r\n");
                    for (int at = 0; at < bytes.length; at += bytes.length / 32) {
                        connection.getOutputStream().write(bytes, at, bytes.length / 32);
                        Thread.sleep(48);
                    }
                });
                ObjectStore store = impatient(slow, 100)) {

            assertThat(store.read(KEY)).isEqualTo(bytes);
        }
    }

    private static ObjectStore impatient(TcpStore server, long socketTimeoutMillis) {
        return new ObjectStore(ScriptedStore.properties(
                server.port(), "hunter2", "bucket", true, Duration.ofMillis(socketTimeoutMillis), 1));
    }

    private void putFile(ObjectKey key, byte[] bytes) throws Exception {
        Path file = Files.write(directory.resolve("upload"), bytes);
        store.put(key, ObjectBytes.of(file), "image/jpeg", hex("SHA-256", bytes));
    }

    /** Length, type, ETag and digest of an object, as requested by its URL without an account. */
    private String headers(ObjectKey key) throws IOException {
        var response = store.presign(key, Duration.ofMinutes(1)).toURL().openConnection();
        return "%d %s %s %s"
                .formatted(
                        response.getContentLengthLong(),
                        response.getContentType(),
                        response.getHeaderField("ETag").replace("\"", ""),
                        response.getHeaderField("x-amz-meta-sha256"));
    }

    private static StoreException failure(ThrowingCallable call) {
        return assertThatExceptionOfType(StoreException.class).isThrownBy(call).actual();
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private static String hex(String algorithm, byte[] bytes) {
        return new DigestUtils(algorithm).digestAsHex(bytes);
    }
}
