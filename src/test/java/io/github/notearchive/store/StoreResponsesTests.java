package io.github.notearchive.store;

import static io.github.notearchive.io.ScriptedServer.raw;
import static io.github.notearchive.io.ScriptedServer.reply;
import static io.github.notearchive.io.ScriptedServer.status;
import static io.github.notearchive.store.ObjectStoreTests.failure;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.io.ScriptedServer.Reply;
import io.github.notearchive.io.ScriptedServer.Request;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses of stores that differ from those of a correct one, or say no more than they must. */
@Timeout(30)
@ResourceLock("own servers")
@Execution(ExecutionMode.CONCURRENT) // the class, not its methods
class StoreResponsesTests {

    private static final ObjectKey KEY = new ObjectKey("a");
    private static final byte[] TEXT = "hello".getBytes(US_ASCII);
    private static final String CHECKSUM = "x-amz-checksum-sha256";

    private final ScriptedServer server = new ScriptedServer();
    private ObjectStore store;

    @BeforeEach
    void open() {
        store = new ObjectStore(StoreFixture.properties(server.address()));
    }

    @AfterEach
    void close() {
        store.close();
        server.close();
    }

    private ObjectStore impatient(long socketTimeoutMillis) {
        return new ObjectStore(
                StoreFixture.properties(server.address(), "socket-timeout", socketTimeoutMillis + "ms", "tries", 1));
    }

    private List<String> methods() {
        return server.lines().stream().map(line -> line.split(" ")[0]).toList();
    }

    private Request last() {
        return server.requests().getLast();
    }

    /** Accepts every PUT without a checksum and serves these bytes for every key. */
    private Reply hold(AtomicReference<byte[]> bytes) {
        return (socket, out) -> {
            boolean isRead = last().line().startsWith("GET ");
            return reply(200, isRead ? bytes.get() : new byte[0]).write(socket, out);
        };
    }

    private Reply hold(byte[] bytes) {
        return hold(new AtomicReference<>(bytes));
    }

    /** Accepts every PUT with its checksum. */
    private boolean confirm(Socket socket, OutputStream out) throws IOException, InterruptedException {
        return status(200, CHECKSUM + ": " + last().headers().get(CHECKSUM)).write(socket, out);
    }

    @Test
    void unsignedUploadWithoutChecksumIsReadBack() {
        byte[] bytes = new byte[17 << 20];
        bytes[7] = 7;
        ObjectBytes content = new ObjectBytes(bytes.length, out -> out.write(bytes));
        AtomicReference<byte[]> held = new AtomicReference<>(bytes);
        server.always(hold(held));

        store.put(KEY, content, "video/mp4", DigestUtils.sha256Hex(bytes));

        assertThat(methods()).containsExactly("PUT", "GET");
        assertThat(server.requests().getFirst().headers()).containsEntry("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        held.set(new byte[bytes.length]);
        assertThat(failure(() -> store.put(KEY, content, "video/mp4", DigestUtils.sha256Hex(bytes))))
                .hasMessageContaining("holds other bytes than were sent");
    }

    @Test
    void listingContinuesWithTheNextPageAndHasForeignNames() {
        String page = """
                <ListBucketResult><Name>bucket</Name><Prefix/><EncodingType>url</EncodingType><MaxKeys>1</MaxKeys>
                  <IsTruncated>%s</IsTruncated><NextContinuationToken>t/1</NextContinuationToken>
                  <Contents><Key>%s</Key><LastModified>2026-11-25T00:00:00.000Z</LastModified><Size>7</Size></Contents>
                </ListBucketResult>
                """;
        for (int i = 0; i < 2; i++) {
            server.replies(200, page.formatted(true, "a")).replies(200, page.formatted(false, "b%20c"));
        }

        assertThat(store.listAll("", "Z").map(StoredObject::name)).containsExactly("a", "b c");
        assertThat(store.list("")).containsExactly(new StoredObject("a", 7, Instant.parse("2026-11-25T00:00:00Z")));
        assertThat(server.lines()).hasSize(4);
        assertThat(server.lines().getFirst()).contains("start-after=Z").doesNotContain("continuation-token");
        assertThat(server.lines().get(1)).contains("continuation-token=t%2F1");
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
            int status, String body, boolean isTemporary, String code, int attempts) {
        server.always(reply(status, body.getBytes(US_ASCII)));

        StoreException e = failure(() -> store.putBytes(KEY, TEXT, "text/plain"));

        assertThat(e.unreachable()).isEqualTo(isTemporary);
        assertThat(e.refused()).isEqualTo(!isTemporary);
        assertThat(e.code()).isEqualTo(code);
        assertThat(e).hasMessageContainingAll("bucket bucket", "key a", code);
        assertThat(methods()).hasSize(attempts);
    }

    @Test
    void wrongBytesAreUploadedAgainAndThenRefused() {
        server.always(hold("jello".getBytes(US_ASCII)));

        StoreException e = failure(() -> store.putBytes(KEY, TEXT, "text/plain"));

        assertThat(e.refused()).isTrue();
        assertThat(e).hasMessageContaining("holds other bytes than were sent");
        assertThat(server.lines()).filteredOn("PUT /bucket/a HTTP/1.1"::equals).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource({
        "200, '', true, 1",
        "400, XAmzContentSHA256Mismatch, false, 1",
        "403, SignatureDoesNotMatch, false, 1",
        "403, AccessDenied, true, 1",
        "400, InvalidRequest, true, 1",
        "503, SlowDown, true, 3",
    })
    void uploadIsComparedUnlessTheStoreRejectsBytesThatDifferFromTheSignature(
            int status, String code, boolean isCompared, int probes) {
        Reply otherBytes = hold("jello".getBytes(US_ASCII));
        Reply probe =
                reply(status, "<Error><Code>%s</Code></Error>".formatted(code).getBytes(US_ASCII));
        server.always((socket, out) -> (isProbe(last()) ? probe : otherBytes).write(socket, out));

        if (isCompared) {
            assertThat(failure(() -> store.putBytes(KEY, TEXT, "text/plain")))
                    .hasMessageContaining("holds other bytes than were sent");
        } else {
            store.putBytes(KEY, TEXT, "text/plain");
            store.putBytes(KEY, TEXT, "text/plain");
            assertThat(server.lines())
                    .containsExactly(
                            "PUT /bucket/a HTTP/1.1", "PUT /bucket/probe-payload HTTP/1.1", "PUT /bucket/a HTTP/1.1");
        }
        List<Request> probed = server.requests().stream()
                .filter(request -> request.line().matches("PUT .*") && isProbe(request))
                .toList();
        assertThat(probed)
                .hasSize(probes)
                .allSatisfy(request -> assertThat(request.headers())
                        .doesNotContainKey(CHECKSUM)
                        .extracting("x-amz-content-sha256")
                        .isNotEqualTo(DigestUtils.sha256Hex(request.body())));
    }

    private static boolean isProbe(Request request) {
        return request.line().contains("/probe-payload ");
    }

    @Test
    void returnedChecksumNeedsNoFurtherRequest() {
        server.always(this::confirm);

        store.putBytes(KEY, TEXT, "text/plain");

        assertThat(methods()).containsExactly("PUT");
    }

    @Test
    void rejectedChecksumIsNotSentAgain() {
        server.replies(400, "<Error><Code>InvalidArgument</Code></Error>").always(hold(TEXT));

        store.putBytes(KEY, TEXT, "text/plain");
        store.putBytes(new ObjectKey("b"), TEXT, "text/plain");

        assertThat(server.requests().stream()
                        .filter(request -> request.line().startsWith("PUT ") && !isProbe(request))
                        .map(request -> request.headers().containsKey(CHECKSUM)))
                .containsExactly(true, false, false);
    }

    @ParameterizedTest
    @CsvSource({"501, NotImplemented", "400, InvalidArgument", "412, PreconditionFailed"})
    void conditionThatTheStoreDoesNotSupportIsNotSentAgain(int status, String code) {
        Reply rejection =
                reply(status, "<Error><Code>%s</Code></Error>".formatted(code).getBytes(US_ASCII));
        Reply absent = reply(404, "<Error><Code>NoSuchKey</Code></Error>".getBytes(US_ASCII));
        AtomicBoolean isFirst = new AtomicBoolean(true);
        server.always((socket, out) -> {
            if (last().headers().containsKey("if-none-match")) {
                if (isFirst.getAndSet(false)) {
                    // another upload finds out while the first one waits for its response
                    assertThat(store.putIfUnchanged(new ObjectKey("b"), TEXT, null))
                            .isTrue();
                }
                return rejection.write(socket, out);
            }
            return last().line().startsWith("PUT ") ? confirm(socket, out) : absent.write(socket, out);
        });

        assertThat(store.putIfUnchanged(KEY, TEXT, null)).isTrue();
        assertThat(store.putIfUnchanged(KEY, TEXT, null)).isTrue();

        assertThat(server.requests().stream()
                        .filter(request -> request.line().startsWith("PUT "))
                        .map(request -> request.headers().containsKey("if-none-match")))
                .containsExactly(true, true, false, false, false);
    }

    @Test
    void idleConnectionsAreClosedAfterFailedUpload() throws Exception {
        Set<Socket> connections = ConcurrentHashMap.newKeySet();
        CountDownLatch concurrent = new CountDownLatch(6);
        server.always((socket, out) -> {
            connections.add(socket);
            concurrent.countDown();
            concurrent.await();
            return confirm(socket, out);
        });
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<? extends Future<?>> uploads = IntStream.range(0, 6)
                    .mapToObj(i -> callers.submit(() -> store.putBytes(new ObjectKey("a" + i), TEXT, "text/plain")))
                    .toList();
            for (Future<?> upload : uploads) {
                upload.get();
            }
        }
        for (Socket connection : connections) {
            connection.close();
        }

        store.putBytes(new ObjectKey("b"), TEXT, "text/plain");

        assertThat(connections).as("six at a time, a new one").hasSize(7);
    }

    /** The server stores the path of each object as its bytes. */
    @Test
    void repeatedResponseIsNotReadAsTheNextOne() {
        server.always((socket, out) -> {
            String[] line = last().line().split(" ");
            String response = "HTTP/1.1 200 OK\r\nLast-Modified: Wed, 25 Nov 2026 12:00:00 GMT\r\n" + CHECKSUM + ": "
                    + last().headers().get(CHECKSUM)
                    + "\r\nContent-Length: "
                    + (line[0].equals("PUT") ? 0 : line[1].length())
                    + "\r\n\r\n"
                    + (line[0].equals("GET") ? line[1] : "");
            return raw(response + response, new byte[0]).write(socket, out);
        });
        for (String key : List.of("a", "bb", "ccc")) {
            byte[] bytes = ("/bucket/" + key).getBytes(US_ASCII);

            assertThat(store.stat(new ObjectKey(key)).orElseThrow().size()).isEqualTo(bytes.length);
            assertThat(store.read(new ObjectKey(key))).isEqualTo(bytes);
            store.putBytes(new ObjectKey(key), bytes, "text/plain");
        }
        assertThat(server.lines()).hasSize(9).doesNotHaveDuplicates();
    }

    @Test
    void silentServerIsUnreachable() {
        server.always(server.silence());
        try (ObjectStore impatient = impatient(100)) {

            StoreException e = failure(() -> impatient.stat(KEY));

            assertThat(e.unreachable()).isTrue();
            assertThat(e).hasMessageContaining("no response from the store");
        }
    }

    /** The server sends a byte every 20 ms, which no socket timeout ends; the time limit of the request is 3 s. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void responseThatDripsIsAborted(boolean isUpload) {
        server.always(server.drip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", " "));
        try (ObjectStore impatient = impatient(300)) {

            StoreException e = failure(() -> {
                if (isUpload) {
                    impatient.putBytes(KEY, TEXT, "text/plain");
                } else {
                    impatient.read(KEY);
                }
            });

            assertThat(e.unreachable()).isTrue();
        }
    }

    /** The server needs 5.4 s, where a response without an object has 5. */
    @Test
    void timeLimitGrowsWithTheObject() {
        byte[] bytes = new byte[3 << 20];
        server.always((_, out) -> {
            out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + bytes.length + "\r\n\r\n").getBytes(US_ASCII));
            for (int at = 0; at < bytes.length; at += bytes.length / 64) {
                out.write(bytes, at, bytes.length / 64);
                Thread.sleep(85);
            }
            return true;
        });
        // a pause of a busy machine costs a try; a limit that ignores the length fails each
        try (ObjectStore patient =
                new ObjectStore(StoreFixture.properties(server.address(), "socket-timeout", "500ms", "tries", 5))) {

            assertThat(patient.read(KEY)).isEqualTo(bytes);
        }
    }
}
