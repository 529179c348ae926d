package io.github.notearchive.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.github.notearchive.io.Secret;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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

/** What is put is there, and what fails says whether waiting helps. */
@Timeout(30)
class ObjectStoreTests {

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
    void newBucket() {
        properties = properties(server.getPort(), "hunter2", "bucket-" + ++buckets, true);
        store = new ObjectStore(properties);
        store.ensureBucket();
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void bytesThatArePutAreThere() throws Exception {
        ObjectKey key = new ObjectKey("notes/a.json");

        store.putBytes(key, TEXT, "application/json");

        assertThat(store.stat(key))
                .contains(new StoredObject(key, 5, hex("MD5", TEXT), "application/json", hex("SHA-256", TEXT)));
        assertThat(store.read(key)).isEqualTo(TEXT);
        assertThat(store.<byte[]>read(key, (in, _) -> in.readAllBytes())).isEqualTo(TEXT);
    }

    @Test
    void aFileThatIsPutIsThereWithItsTypeAndDigest() throws Exception {
        byte[] bytes = bytes(100_000);
        ObjectKey key = new ObjectKey("media/ab/abcd.jpg");

        putFile(key, bytes);

        assertThat(store.stat(key))
                .contains(new StoredObject(key, 100_000, hex("MD5", bytes), "image/jpeg", hex("SHA-256", bytes)));
        assertThat(store.read(key)).isEqualTo(bytes);
    }

    /** Longer than what a store would hold in memory, as S3Proxy holds a signed payload. */
    @Test
    void aLargeFileIsPutInOneRequestAndReadBackWhole() throws Exception {
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

        store.put(key, new ObjectBytes.OnDisk(file), "video/mp4", digest);

        assertThat(store.stat(key))
                .contains(
                        new StoredObject(key, 150L << 20, HexFormat.of().formatHex(md5.digest()), "video/mp4", digest));
        assertThat(store.<String>read(key, (in, _) -> DigestUtils.sha256Hex(in)))
                .isEqualTo(digest);
    }

    @Test
    void whatIsTooLongForOneRequestIsPutInPartsAndReadBackWhole() throws Exception {
        byte[] bytes = bytes(40_000_000);
        ObjectKey key = new ObjectKey("media/ab/film.mp4");
        Path file = Files.write(directory.resolve("parts"), bytes);
        try (var parts = new ObjectStore(properties, _ -> {}, 20_000_000)) {

            parts.put(key, new ObjectBytes.OnDisk(file), "video/mp4", hex("SHA-256", bytes));

            StoredObject stored = store.stat(key).orElseThrow();
            assertThat(stored.etag()).endsWith("-3");
            assertThat(stored.sha256()).isEqualTo(hex("SHA-256", bytes));
            assertThat(hex("SHA-256", store.read(key))).isEqualTo(stored.sha256());
            assertThat(store.list("").map(StoredObject::key)).containsExactly(key);
        }
    }

    /** Its signature does not cover the payload, and the store says nothing of what it holds. */
    @Test
    void aLargeFileThatNobodyComparedIsReadBack() throws Exception {
        byte[] bytes = bytes(17 << 20);
        Path file = Files.write(directory.resolve("compared"), bytes);
        List<String> requests = new CopyOnWriteArrayList<>();
        AtomicBoolean right = new AtomicBoolean(true);
        try (Scripted server = new Scripted(exchange -> {
            requests.add(exchange.getRequestMethod()
                    + " "
                    + exchange.getRequestHeaders().getFirst("x-amz-content-sha256"));
            exchange.getResponseHeaders().set("ETag", "\"of-a-store-with-keys\"");
            exchange.getResponseHeaders().set("Last-Modified", "Wed, 25 Nov 2026 00:00:00 GMT");
            switch (exchange.getRequestMethod()) {
                case "PUT" -> exchange.sendResponseHeaders(200, -1);
                case "HEAD" -> {
                    exchange.getResponseHeaders().set("Content-Length", String.valueOf(bytes.length));
                    exchange.sendResponseHeaders(200, -1);
                }
                default -> {
                    exchange.sendResponseHeaders(200, bytes.length);
                    exchange.getResponseBody().write(right.get() ? bytes : new byte[bytes.length]);
                }
            }
        })) {
            ObjectKey key = new ObjectKey("a");
            String digest = hex("SHA-256", bytes);

            server.store.put(key, new ObjectBytes.OnDisk(file), "video/mp4", digest);

            assertThat(requests).hasSize(3).startsWith("PUT UNSIGNED-PAYLOAD");
            right.set(false);
            assertThat(failure(() -> server.store.put(key, new ObjectBytes.OnDisk(file), "video/mp4", digest)))
                    .hasMessageContaining("holds other bytes than were sent");
        }
    }

    @Test
    void aRepeatedPutAddsNothing() throws Exception {
        ObjectKey key = new ObjectKey("a");

        putFile(key, TEXT);
        Optional<StoredObject> first = store.stat(key);
        putFile(key, TEXT);

        assertThat(store.stat(key)).isEqualTo(first).isPresent();
        assertThat(store.list("")).hasSize(1);
    }

    @Test
    void aListingHoldsWhatBeginsSoInOrder() {
        store.putBytes(new ObjectKey("media/b"), TEXT, "text/plain");
        store.putBytes(new ObjectKey("media/a"), TEXT, "text/plain");
        store.putBytes(new ObjectKey("notes/a"), TEXT, "text/plain");

        assertThat(store.list("media/").map(object -> object.key().value() + " " + object.size()))
                .containsExactly("media/a 5", "media/b 5");
        assertThat(store.list("none/")).isEmpty();
    }

    @Test
    void whatIsNotThereIsAbsentOrRefused() {
        ObjectKey key = new ObjectKey("none");

        assertThat(store.stat(key)).isEmpty();
        assertThat(failure(() -> store.read(key))).satisfies(e -> {
            assertThat(e.refused()).isTrue();
            assertThat(e.code()).isEqualTo("NoSuchKey");
        });
    }

    @Test
    void aBucketThatIsThereIsLeftAsItIs() {
        store.putBytes(new ObjectKey("a"), TEXT, "text/plain");

        store.ensureBucket();

        assertThat(store.list("")).hasSize(1);
    }

    @Test
    void aMissingBucketIsAnErrorWhenItMustNotBeMade() {
        try (var elsewhere = new ObjectStore(properties(server.getPort(), "hunter2", "no-bucket", false))) {

            StoreException looked = failure(elsewhere::ensureBucket);
            StoreException put = failure(() -> elsewhere.putBytes(new ObjectKey("a"), TEXT, "text/plain"));

            assertThat(looked.refused()).isTrue();
            assertThat(looked).hasMessageContainingAll("no-bucket", "archive.store.create-bucket");
            assertThat(put.refused()).isTrue();
            assertThat(put).hasMessageContainingAll("no-bucket", "NoSuchBucket", "key a");
        }
    }

    @Test
    void aWrongSecretIsRefusedAndNeverPrinted() {
        try (var stranger = new ObjectStore(properties(server.getPort(), "letmein1", properties.bucket(), true))) {

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
    void nothingListeningIsUnreachable() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        try (var nowhere = new ObjectStore(properties(port, "hunter2", "bucket", true))) {

            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    nowhere::ensureBucket, () -> nowhere.list("").toList())) {
                StoreException e = failure(call);

                assertThat(e.unreachable()).isTrue();
                assertThat(e)
                        .hasMessageContainingAll("127.0.0.1:" + port, "ConnectException", "archive.store.endpoint");
            }
        }
    }

    @Test
    void aStoreThatIsBusyIsAskedAgainAsOftenAsAllowed() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        HttpServer busy = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        busy.createContext("/", exchange -> {
            requests.incrementAndGet();
            byte[] body = "<Error><Code>SlowDown</Code></Error>".getBytes(StandardCharsets.UTF_8);
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/xml");
            exchange.sendResponseHeaders(503, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        busy.start();
        try (var slow = new ObjectStore(properties(busy.getAddress().getPort(), "hunter2", "bucket", true))) {

            StoreException e = failure(() -> slow.putBytes(new ObjectKey("a"), TEXT, "text/plain"));

            assertThat(e.unreachable()).isTrue();
            assertThat(e).hasMessageContaining("SlowDown");
            assertThat(requests).hasValue(3);
        } finally {
            busy.stop(0);
        }
    }

    @Test
    void aServerThatImplementsNoSuchRequestIsRefused() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        HttpServer other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        other.createContext("/", exchange -> {
            requests.incrementAndGet();
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(501, -1);
            exchange.close();
        });
        other.start();
        try (var store = new ObjectStore(properties(other.getAddress().getPort(), "hunter2", "bucket", true))) {

            StoreException bucket = failure(store::ensureBucket);
            StoreException put = failure(() -> store.putBytes(new ObjectKey("a"), TEXT, "text/plain"));

            assertThat(bucket.refused()).as(bucket.getMessage()).isTrue();
            assertThat(put.refused()).as(put.getMessage()).isTrue();
            assertThat(requests).hasValue(2);
        } finally {
            other.stop(0);
        }
    }

    @Test
    void aStoreThatFallsSilentIsUnreachable() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                var store = new ObjectStore(new StoreProperties(
                        "http://127.0.0.1:" + silent.getLocalPort(),
                        "bucket",
                        "us-east-1",
                        "who",
                        new Secret("hunter2"),
                        true,
                        Duration.ofSeconds(2),
                        Duration.ofMillis(200),
                        1))) {

            StoreException e = failure(() -> store.stat(new ObjectKey("a")));

            assertThat(e.unreachable()).isTrue();
            assertThat(e).hasMessageContaining("no response from the store");
        }
    }

    @Test
    void bytesThatTheStoreGotWrongAreNotTakenForStored() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        HttpServer forgetful = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        forgetful.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("ETag", "\"" + "0".repeat(32) + "\"");
            exchange.getResponseHeaders().set("Last-Modified", "Wed, 25 Nov 2026 00:00:00 GMT");
            switch (exchange.getRequestMethod()) {
                case "PUT" -> {
                    requests.incrementAndGet();
                    exchange.sendResponseHeaders(200, -1);
                }
                case "HEAD" -> {
                    exchange.getResponseHeaders().set("Content-Length", "5");
                    exchange.sendResponseHeaders(200, -1);
                }
                default -> {
                    exchange.sendResponseHeaders(200, 5);
                    exchange.getResponseBody().write("jello".getBytes(StandardCharsets.UTF_8));
                }
            }
            exchange.close();
        });
        forgetful.start();
        try (var wrong = new ObjectStore(properties(forgetful.getAddress().getPort(), "hunter2", "bucket", true))) {

            StoreException e = failure(() -> wrong.putBytes(new ObjectKey("a"), TEXT, "text/plain"));

            assertThat(e.refused()).isTrue();
            assertThat(e).hasMessageContaining("holds other bytes than were sent");
            assertThat(requests).hasValue(3);
        } finally {
            forgetful.stop(0);
        }
    }

    @Test
    void aStoreThatSaysTheChecksumBackHasShownEnough() throws Exception {
        List<String> requests = new CopyOnWriteArrayList<>();
        try (Scripted server = new Scripted(exchange -> {
            requests.add(exchange.getRequestMethod());
            String checksum = exchange.getRequestHeaders().getFirst("x-amz-checksum-sha256");
            exchange.getResponseHeaders().set("ETag", "\"of-a-kms-key\"");
            exchange.getResponseHeaders().set("x-amz-checksum-sha256", checksum);
            exchange.sendResponseHeaders(200, -1);
        })) {
            server.store.putBytes(new ObjectKey("a"), TEXT, "text/plain");

            assertThat(requests).containsExactly("PUT");
        }
    }

    @Test
    void aStoreThatMindsChecksumsIsAskedWithoutThemFromThenOn() throws Exception {
        List<Boolean> withChecksum = new CopyOnWriteArrayList<>();
        try (Scripted server = new Scripted(exchange -> {
            boolean with = exchange.getRequestHeaders().containsKey("x-amz-checksum-sha256");
            withChecksum.add(with);
            exchange.getResponseHeaders().set("ETag", '"' + hex("MD5", TEXT) + '"');
            byte[] body =
                    with ? "<Error><Code>InvalidArgument</Code></Error>".getBytes(StandardCharsets.UTF_8) : new byte[0];
            exchange.sendResponseHeaders(with ? 400 : 200, with ? body.length : -1);
            exchange.getResponseBody().write(body);
        })) {
            server.store.putBytes(new ObjectKey("a"), TEXT, "text/plain");
            server.store.putBytes(new ObjectKey("b"), TEXT, "text/plain");

            assertThat(withChecksum).containsExactly(true, false, false);
        }
    }

    @Test
    void anErrorThatIsNoneOfS3IsToldByItsStatus() throws Exception {
        try (Scripted server = new Scripted(exchange -> {
            byte[] body = "<html>no</html>".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(413, body.length);
            exchange.getResponseBody().write(body);
        })) {
            StoreException e = failure(() -> server.store.putBytes(new ObjectKey("a"), TEXT, "text/plain"));

            assertThat(e.refused()).isTrue();
            assertThat(e.code()).isEqualTo("HTTP 413");
        }
    }

    /** A store that answers every request as told, and the client of it. */
    private static final class Scripted implements AutoCloseable {

        private final HttpServer server;
        private final ObjectStore store;

        Scripted(HttpHandler answer) throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
            server.createContext("/", exchange -> {
                exchange.getRequestBody().readAllBytes();
                answer.handle(exchange);
                exchange.close();
            });
            server.start();
            store = new ObjectStore(properties(server.getAddress().getPort(), "hunter2", "bucket", true));
        }

        @Override
        public void close() {
            store.close();
            server.stop(0);
        }
    }

    @Test
    void aStoreThatClosedAllConnectionsIsMetByTheNextTry() throws Exception {
        try (Closing server = new Closing(6);
                ObjectStore store = new ObjectStore(properties(server.port(), "hunter2", "bucket", true, 2));
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<? extends Future<?>> first = IntStream.range(0, 6)
                    .mapToObj(i -> callers.submit(() -> store.putBytes(new ObjectKey("a" + i), TEXT, "text/plain")))
                    .toList();
            for (Future<?> put : first) {
                put.get();
            }
            server.closeAll();

            store.putBytes(new ObjectKey("b"), TEXT, "text/plain");

            assertThat(server.connections()).isEqualTo(7);
        }
    }

    @Test
    void aResponseThatIsSentTwiceIsNotReadAsTheNextOne() throws Exception {
        try (var twice = new Twice();
                ObjectStore other = new ObjectStore(properties(twice.port(), "hunter2", "bucket", true))) {
            for (String key : List.of("a", "bb", "ccc")) {
                byte[] bytes = ("/bucket/" + key).getBytes(StandardCharsets.US_ASCII);

                assertThat(other.stat(new ObjectKey(key)).orElseThrow().size()).isEqualTo(bytes.length);
                assertThat(other.read(new ObjectKey(key))).isEqualTo(bytes);
                other.putBytes(new ObjectKey(key), bytes, "text/plain");
            }
            assertThat(twice.requests).hasSize(9).doesNotHaveDuplicates();
        }
    }

    /** A store that holds the path of each object as its bytes, and sends each response twice. */
    private static final class Twice implements AutoCloseable {

        final List<String> requests = new CopyOnWriteArrayList<>();
        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

        Twice() throws IOException {
            Thread.ofVirtual().start(this::accept);
        }

        int port() {
            return server.getLocalPort();
        }

        private void accept() {
            try {
                while (true) {
                    Socket connection = server.accept();
                    Thread.ofVirtual().start(() -> answer(connection));
                }
            } catch (IOException e) {
                // the test is over
            }
        }

        private void answer(Socket connection) {
            try (connection) {
                var in = new BufferedInputStream(connection.getInputStream());
                while (true) {
                    String[] request = Closing.line(in).split(" ");
                    int length = 0;
                    for (String line = Closing.line(in); !line.isEmpty(); line = Closing.line(in)) {
                        if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                            length = Integer.parseInt(line.split(":")[1].strip());
                        }
                    }
                    in.readNBytes(length);
                    requests.add(request[0] + " " + request[1]);
                    byte[] bytes = request[1].getBytes(StandardCharsets.US_ASCII);
                    String head = "HTTP/1.1 200 OK\r\nLast-Modified: Wed, 25 Nov 2026 12:00:00 GMT\r\nETag: \""
                            + DigestUtils.md5Hex(bytes)
                            + "\"\r\nContent-Length: "
                            + (request[0].equals("PUT") ? 0 : bytes.length)
                            + "\r\n\r\n"
                            + (request[0].equals("GET") ? request[1] : "");
                    connection.getOutputStream().write((head + head).getBytes(StandardCharsets.US_ASCII));
                }
            } catch (IOException e) {
                // closed
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }

    /** A store that takes everything, and answers the first requests once so many are there. */
    private static final class Closing implements AutoCloseable {

        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final List<Socket> accepted = new CopyOnWriteArrayList<>();
        private final CountDownLatch there;

        Closing(int atOnce) throws IOException {
            there = new CountDownLatch(atOnce);
            Thread.ofVirtual().start(this::accept);
        }

        int port() {
            return server.getLocalPort();
        }

        int connections() {
            return accepted.size();
        }

        void closeAll() throws IOException {
            for (Socket connection : accepted) {
                connection.close();
            }
        }

        private void accept() {
            try {
                while (true) {
                    Socket connection = server.accept();
                    accepted.add(connection);
                    Thread.ofVirtual().start(() -> answer(connection));
                }
            } catch (IOException e) {
                // the test is over
            }
        }

        private void answer(Socket connection) {
            try (connection) {
                var in = new BufferedInputStream(connection.getInputStream());
                while (true) {
                    String checksum = "";
                    for (String line = line(in); !line.isEmpty(); line = line(in)) {
                        checksum = line.startsWith("x-amz-checksum-sha256") ? line : checksum;
                    }
                    in.readNBytes(TEXT.length);
                    there.countDown();
                    there.await();
                    connection
                            .getOutputStream()
                            .write(("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + checksum + "\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
                }
            } catch (IOException | InterruptedException e) {
                // closed
            }
        }

        private static String line(InputStream in) throws IOException {
            var line = new StringBuilder();
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw new EOFException();
                }
                line.append((char) c);
            }
            return line.toString().strip();
        }

        @Override
        public void close() throws IOException {
            server.close();
            closeAll();
        }
    }

    @Test
    @Timeout(30)
    void aStoreThatDripsIsGivenUp() throws Exception {
        try (ServerSocket dripping = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                ObjectStore store = new ObjectStore(impatient(dripping.getLocalPort()))) {
            Thread drip = Thread.ofVirtual().start(() -> drip(dripping));

            StoreException read = failure(() -> store.read(new ObjectKey("a")));

            assertThat(read.unreachable()).isTrue();
            drip.interrupt();
        }
    }

    @Test
    void aLongObjectMayTakeMoreTimeThanAnotherAnswer() throws Exception {
        byte[] bytes = bytes(3 << 20);
        try (ServerSocket slow = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                ObjectStore store = new ObjectStore(impatient(slow.getLocalPort()))) {
            Thread sending = Thread.ofVirtual().start(() -> send(slow, bytes));

            byte[] read = store.read(new ObjectKey("a"));

            assertThat(read).isEqualTo(bytes);
            sending.join();
        }
    }

    /** Takes one and a half seconds, where an answer without an object may take one. */
    private static void send(ServerSocket server, byte[] bytes) {
        try (Socket connection = server.accept()) {
            OutputStream out = connection.getOutputStream();
            out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + bytes.length + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            for (int at = 0; at < bytes.length; at += bytes.length / 32) {
                out.write(bytes, at, bytes.length / 32);
                out.flush();
                Thread.sleep(48);
            }
        } catch (IOException | InterruptedException e) {
            // nobody listens any more
        }
    }

    @Test
    @Timeout(30)
    void aPutThatTheStoreDripsAnAnswerToIsGivenUp() throws Exception {
        try (ServerSocket dripping = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                ObjectStore store = new ObjectStore(impatient(dripping.getLocalPort()))) {
            Thread drip = Thread.ofVirtual().start(() -> drip(dripping));

            StoreException put = failure(() -> store.putBytes(new ObjectKey("a"), TEXT, "text/plain"));

            assertThat(put.unreachable()).isTrue();
            drip.interrupt();
        }
    }

    private static StoreProperties impatient(int port) {
        return new StoreProperties(
                "http://127.0.0.1:" + port,
                "bucket",
                "us-east-1",
                "who",
                new Secret("hunter2"),
                true,
                Duration.ofSeconds(2),
                Duration.ofMillis(100),
                1);
    }

    /** A byte every 20 ms, for as long as somebody listens; the answer would take half an hour. */
    private static void drip(ServerSocket server) {
        try (Socket connection = server.accept()) {
            OutputStream out = connection.getOutputStream();
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            while (true) {
                out.write(' ');
                out.flush();
                Thread.sleep(20);
            }
        } catch (IOException | InterruptedException e) {
            // nobody listens any more
        }
    }

    private void putFile(ObjectKey key, byte[] bytes) throws Exception {
        Path file = Files.write(directory.resolve("upload"), bytes);
        store.put(key, new ObjectBytes.OnDisk(file), "image/jpeg", hex("SHA-256", bytes));
    }

    static StoreProperties properties(int port, String secret, String bucket, boolean createBucket) {
        return properties(port, secret, bucket, createBucket, 3);
    }

    private static StoreProperties properties(int port, String secret, String bucket, boolean createBucket, int tries) {
        return new StoreProperties(
                "http://127.0.0.1:" + port,
                bucket,
                "us-east-1",
                "who",
                new Secret(secret),
                createBucket,
                Duration.ofSeconds(2),
                Duration.ofSeconds(10),
                tries);
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
