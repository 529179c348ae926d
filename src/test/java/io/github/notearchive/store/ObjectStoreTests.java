package io.github.notearchive.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.io.TcpProxy;
import java.io.IOException;
import java.io.OutputStream;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** An upload is verified, and a failure reports whether a retry helps. */
@Timeout(30)
@ResourceLock("own servers")
@Execution(ExecutionMode.CONCURRENT) // the class, not its methods
class ObjectStoreTests {

    private static final ObjectKey KEY = new ObjectKey("a");
    private static final byte[] TEXT = "hello".getBytes(StandardCharsets.UTF_8);

    @TempDir
    static Path directory;

    private static DataDirectory home;
    private static EmbeddedStore server;
    private static int buckets;

    private StoreProperties properties;
    private ObjectStore store;

    @BeforeAll
    static void startServer() {
        home = DataDirectory.open(directory.resolve("data"));
        server = new EmbeddedStore(home, false);
    }

    @AfterAll
    static void stopServer() {
        home.close();
    }

    @BeforeEach
    void createBucket() {
        properties = StoreFixture.propertiesOf(server, "bucket", "bucket-" + ++buckets);
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
    }

    /** Longer than the payload that S3Proxy keeps in memory when it is signed. */
    @Tag("long")
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

        store.put(key, bytesOf(file), "video/mp4", digest);

        assertThat(headers(key))
                .isEqualTo("157286400 video/mp4 " + HexFormat.of().formatHex(md5.digest()) + " " + digest);
        assertThat(store.<String>read(key, (in, _) -> DigestUtils.sha256Hex(in)))
                .isEqualTo(digest);
    }

    @Test
    void repeatedUploadAddsNothingAndAnExistingBucketIsKept() throws Exception {
        byte[] bytes = bytes(100_000);
        Path file = Files.write(directory.resolve("upload"), bytes);

        store.put(KEY, bytesOf(file), "image/jpeg", hex("SHA-256", bytes));
        store.ensureBucket();
        store.put(KEY, bytesOf(file), "image/jpeg", hex("SHA-256", bytes));

        assertThat(headers(KEY)).isEqualTo("100000 image/jpeg " + hex("MD5", bytes) + " " + hex("SHA-256", bytes));
        assertThat(store.read(KEY)).isEqualTo(bytes);
        assertThat(store.list("")).hasSize(1);
    }

    @Test
    void conditionalUploadReplacesOnlyTheObjectThatItNames() {
        byte[] other = bytes(100);

        assertThat(store.etag(KEY)).isNull();
        assertThat(store.putIfUnchanged(KEY, TEXT, null)).isTrue();
        assertThat(store.putIfUnchanged(KEY, TEXT, null)).as("the same bytes").isTrue();
        assertThat(store.putIfUnchanged(KEY, other, null)).isFalse();
        String etag = store.etag(KEY);
        assertThat(store.putIfUnchanged(KEY, other, etag)).isTrue();
        assertThat(store.putIfUnchanged(KEY, TEXT, etag)).isFalse();
        assertThat(store.read(KEY)).isEqualTo(other);
        store.remove(KEY.value());
        assertThat(store.putIfUnchanged(KEY, TEXT, etag))
                .as("the object is removed")
                .isFalse();
        assertThat(store.stat(KEY)).isEmpty();
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
    void rangeIsReadWithoutTheOtherBytes() {
        store.putBytes(KEY, TEXT, "text/plain");

        assertThat(range(KEY, 1, 3)).isEqualTo("ell");
        assertThat(range(KEY, 0, 5)).isEqualTo("hello");
        for (int start : new int[] {3, 5}) {
            assertThat(failure(() -> range(KEY, start, 3)).absent())
                    .as("too few bytes")
                    .isFalse();
        }
        assertThat(failure(() -> range(new ObjectKey("none"), 0, 1)).absent()).isTrue();
    }

    private String range(ObjectKey key, long start, long length) {
        return store.readRange(key, start, length, in -> new String(in.readAllBytes(), StandardCharsets.UTF_8));
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
    void missingBucketIsAnErrorUnlessItMayBeCreated() {
        try (var elsewhere =
                new ObjectStore(StoreFixture.propertiesOf(server, "bucket", "no-bucket", "create-bucket", false))) {

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
        try (var stranger = new ObjectStore(
                StoreFixture.propertiesOf(server, "bucket", properties.bucket(), "secret-key", "letmein1"))) {

            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    stranger::ensureBucket,
                    () -> stranger.stat(new ObjectKey("a")),
                    () -> stranger.putBytes(new ObjectKey("a"), TEXT, "text/plain"),
                    () -> stranger.list("").toList())) {
                StoreException e = failure(call);

                assertThat(e.refused()).isTrue();
                assertThat(e)
                        .hasMessageContainingAll(
                                server.endpoint().getAuthority(), properties.bucket(), "archive.store.secret-key")
                        .hasNoCause();
                assertThat(e.getMessage()).doesNotContain("letmein1", "Signature=");
            }
        }
    }

    @Test
    void closedPortIsUnreachable() {
        int port = TcpProxy.closedPort();
        try (var nowhere = new ObjectStore(StoreFixture.properties("http://127.0.0.1:" + port))) {
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    nowhere::ensureBucket, () -> nowhere.list("").toList())) {
                StoreException e = failure(call);

                assertThat(e.unreachable()).isTrue();
                assertThat(e)
                        .hasMessageContainingAll("127.0.0.1:" + port, "ConnectException", "archive.store.endpoint");
            }
        }
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

    static ObjectBytes bytesOf(Path file) {
        return new ObjectBytes(file.toFile().length(), out -> Files.copy(file, out));
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
