package io.github.notearchive.maintenance.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.Damage.Kind;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.Verdict;
import io.github.notearchive.archive.catalog.Verdict.Damaged;
import io.github.notearchive.archive.catalog.Verdict.Intact;
import io.github.notearchive.archive.catalog.Verdict.Unread;
import io.github.notearchive.archive.catalog.Verdict.Untouched;
import io.github.notearchive.io.Secret;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreProperties;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Distinguishes damage from errors of the store. */
@Timeout(30)
class ObjectCheckTests {

    private static final byte[] BYTES = "what was stored".getBytes(UTF_8);
    private static final MediaFile FILE =
            new MediaFile(new ObjectKey("media/00/file"), DigestUtils.sha256Hex(BYTES), BYTES.length);
    private static final NoteId NOTE = new NoteId("66aa00000000000000000001");
    private static final Instant CAPTURED = Instant.parse("2026-03-10T04:00:00.123Z");
    private static final byte[] SIDECAR = """
            {"format": "note-archive/sidecar/2", "noteId": "66aa00000000000000000001",
             "capturedAt": "2026-03-10T04:00:00.123Z", "callId": 7, "call": {}, "worklist": {}, "media": [], "answer": "{}"}
            """.getBytes(UTF_8);

    private final AtomicInteger requests = new AtomicInteger();
    private HttpServer server;
    private ObjectStore store;
    private ObjectCheck check;
    private Answer answer = exchange -> exchange.sendResponseHeaders(500, -1);

    /** What the store answers. */
    @FunctionalInterface
    private interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        server.createContext("/", exchange -> {
            requests.incrementAndGet();
            try (exchange) {
                answer.to(exchange);
            }
        });
        server.start();
        store = new ObjectStore(new StoreProperties(
                "http://127.0.0.1:" + server.getAddress().getPort(),
                "bucket",
                "us-east-1",
                "who",
                new Secret("hunter2"),
                false,
                Duration.ofSeconds(2),
                Duration.ofSeconds(2),
                2));
        check = new ObjectCheck(store);
    }

    @AfterEach
    void stop() {
        store.close();
        server.stop(0);
    }

    @Test
    void storedBytesAreIntact() {
        gives(BYTES);

        assertThat(look(FILE)).isEqualTo(new Intact(FILE, BYTES.length));
        assertThat(requests).hasValue(1);
    }

    @Test
    void otherBytesOfTheSameLengthAreCorrupt() {
        byte[] flipped = BYTES.clone();
        flipped[3] ^= 1;
        gives(flipped);

        assertThat(damage(FILE).kind()).isEqualTo(Kind.CORRUPT);
        assertThat(damage(FILE).seen()).isEqualTo("sha256 " + DigestUtils.sha256Hex(flipped));
        assertThat(damage(FILE).expected()).isEqualTo(BYTES.length + " bytes, sha256 " + DigestUtils.sha256Hex(BYTES));
    }

    @Test
    void reportsAnotherLength() {
        gives("short".getBytes(UTF_8));

        assertThat(damage(FILE)).extracting(Damage::kind, Damage::seen).containsExactly(Kind.SIZE, "5 bytes");
    }

    @ParameterizedTest
    @CsvSource({"NoSuchKey, true", "NoSuchBucket, false", "AccessDenied, false", "MethodNotAllowed, false"})
    void onlyAnUnknownKeyIsMissing(String code, boolean missing) {
        says(code.equals("AccessDenied") ? 403 : 404, "application/xml", "<Error><Code>" + code + "</Code></Error>");

        Verdict verdict = look(FILE);

        if (missing) {
            assertThat(damage(FILE))
                    .extracting(Damage::kind, Damage::seen)
                    .containsExactly(Kind.MISSING, "no such key");
        } else {
            assertThat(verdict).isInstanceOf(Unread.class);
        }
    }

    @Test
    void notFoundPageOfAProxyIsAnError() {
        says(404, "text/html", "<h1>404 Not Found</h1>");

        assertThat(look(FILE)).isInstanceOf(Unread.class);
    }

    @Test
    void retriesStatus500AndReportsNoFinding() {
        says(500, "application/xml", "<Error><Code>InternalError</Code></Error>");

        assertThat(look(FILE)).isInstanceOf(Unread.class);
        assertThat(requests).hasValue(2);
    }

    @Test
    void truncatedTransferIsAnErrorAndNoFinding() {
        answer = exchange -> {
            exchange.sendResponseHeaders(200, BYTES.length);
            exchange.getResponseBody().write(BYTES, 0, 5);
            exchange.getResponseBody().flush();
        };

        assertThat(look(FILE)).isInstanceOf(Unread.class);
        assertThat(requests).hasValue(2);
    }

    @Test
    void abortsReadingWhenTheAuditEnds() {
        gives(BYTES);
        AtomicInteger asked = new AtomicInteger();

        assertThat(check.check(FILE, () -> asked.incrementAndGet() > 1)).isEqualTo(new Untouched(FILE));
        assertThat(check.check(FILE, () -> true)).isEqualTo(new Untouched(FILE));
        assertThat(requests).hasValue(1);
    }

    @Test
    void comparesASidecarWithItsCaptureAndTheLedger() {
        gives(SIDECAR);

        assertThat(look(sidecar(NOTE, CAPTURED, null)))
                .isEqualTo(new Intact(sidecar(NOTE, CAPTURED, null), SIDECAR.length));
        assertThat(look(sidecar(NOTE, CAPTURED, DigestUtils.sha256Hex("{}".getBytes(UTF_8)))))
                .isInstanceOf(Intact.class);
        assertThat(damage(sidecar(NOTE, CAPTURED, DigestUtils.sha256Hex(BYTES))).seen())
                .isEqualTo("another response than that of the ledger");
        assertThat(damage(sidecar(new NoteId("0".repeat(24)), CAPTURED, null)).seen())
                .contains("the content is of note \"" + NOTE);
        assertThat(damage(sidecar(NOTE, CAPTURED.plusMillis(1), null)).seen())
                .contains("captured at " + CAPTURED + ", unlike its key");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}",
                "[]",
                "nothing like it",
                "{\"format\": \"another/1\"}",
                "{\"format\": \"note-archive/sidecar/1\", \"noteId\": 5}",
                "{\"format\": \"note-archive/sidecar/1\", \"noteId\": \"x\", \"capturedAt\": \"soon\", \"answer\": \"\"}",
                "{\"format\": \"note-archive/sidecar/1\", \"noteId\": \"x\", \"capturedAt\": \"2026-03-10T04:00:00Z\", \"answerBase64\": \"?\"}"
            })
    void reportsAnObjectThatIsNoSidecar(String text) {
        gives(text.getBytes(UTF_8));

        Damage damage = damage(sidecar(NOTE, CAPTURED, null));

        assertThat(damage.kind()).isEqualTo(Kind.SIDECAR_CORRUPT);
        assertThat(damage.seen()).startsWith(text.length() + " bytes that cannot be used: ");
    }

    @Test
    void reportsBytesThatDifferFromTheUpload() {
        answer = exchange -> {
            exchange.getResponseHeaders().set("x-amz-meta-sha256", "0".repeat(64));
            exchange.sendResponseHeaders(200, SIDECAR.length);
            exchange.getResponseBody().write(SIDECAR);
        };

        assertThat(damage(sidecar(NOTE, CAPTURED, null)).seen()).contains(" instead of the uploaded ");
    }

    private static SidecarFile sidecar(NoteId note, Instant capturedAt, @Nullable String answer) {
        return new SidecarFile(Sidecar.keyOf(note, capturedAt), note, 7, capturedAt, answer);
    }

    private Verdict look(Expected expected) {
        return check.check(expected, () -> false);
    }

    private Damage damage(Expected expected) {
        assertThat(look(expected)).isInstanceOf(Damaged.class);
        return ((Damaged) look(expected)).damage();
    }

    private void gives(byte[] bytes) {
        answer = exchange -> {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
        };
    }

    private void says(int status, String type, String body) {
        answer = exchange -> {
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(status, body.length());
            exchange.getResponseBody().write(body.getBytes(UTF_8));
        };
    }
}
