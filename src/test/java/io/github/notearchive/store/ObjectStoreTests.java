package io.github.notearchive.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

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
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
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

/** An upload is verified, and a failure reports whether a retry helps. */
@Timeout(30)
class ObjectStoreTests {

    private static final ObjectKey KEY = new ObjectKey("a");
    private static final byte[] TEXT = "hello".getBytes(StandardCharsets.UTF_8);

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
        properties = StoreResponsesTests.properties(
                "http://127.0.0.1:" + server.getPort(), "hunter2", "bucket-" + ++buckets, true);
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
        try (var elsewhere = new ObjectStore(StoreResponsesTests.properties(
                "http://127.0.0.1:" + server.getPort(), "hunter2", "no-bucket", false))) {

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
        try (var stranger = new ObjectStore(StoreResponsesTests.properties(
                "http://127.0.0.1:" + server.getPort(), "letmein1", properties.bucket(), true))) {

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
        try (var nowhere = new ObjectStore(
                StoreResponsesTests.properties("http://127.0.0.1:" + port, "hunter2", "bucket", true))) {
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    nowhere::ensureBucket, () -> nowhere.list("").toList())) {
                StoreException e = failure(call);

                assertThat(e.unreachable()).isTrue();
                assertThat(e)
                        .hasMessageContainingAll("127.0.0.1:" + port, "ConnectException", "archive.store.endpoint");
            }
        }
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

    static StoreException failure(ThrowingCallable call) {
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
