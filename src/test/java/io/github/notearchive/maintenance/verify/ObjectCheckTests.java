package io.github.notearchive.maintenance.verify;

import static io.github.notearchive.io.ScriptedServer.reply;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.Damage.Kind;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoreFixture;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Distinguishes damage from errors of the store. */
@Timeout(30)
class ObjectCheckTests {

    private static final String BYTES = "what was stored";
    private static final String SHA256 = DigestUtils.sha256Hex(BYTES);
    private static final MediaFile FILE = new MediaFile(new ObjectKey("media/00/file"), SHA256, BYTES.length());
    private static final NoteId NOTE = new NoteId("66aa00000000000000000001");
    private static final Instant CAPTURED = Instant.parse("2026-03-10T04:00:00.123Z");
    private static final String SIDECAR = """
            {"format": "note-archive/sidecar/2", "noteId": "66aa00000000000000000001",
             "capturedAt": "2026-03-10T04:00:00.123Z", "callId": 7, "call": {}, "worklist": {}, "media": [], "answer": "{}"}
            """;

    private final ScriptedServer server = new ScriptedServer();
    private final ObjectStore store = StoreFixture.at(server.address(), 2);
    private final ObjectCheck check = new ObjectCheck(store);

    @AfterEach
    void stop() {
        store.close();
        server.close();
    }

    @ParameterizedTest
    @CsvSource({
        "404, NoSuchKey, true",
        "404, NoSuchBucket, false",
        "403, AccessDenied, false",
        "404, MethodNotAllowed, false",
        "404, , false",
        "500, InternalError, false"
    })
    void onlyAnUnknownKeyIsMissing(int status, @Nullable String code, boolean isMissing) {
        String page = code == null ? "<h1>404 Not Found</h1>" : "<Error><Code>" + code + "</Code></Error>";
        says(status, page, code == null ? "text/html" : "application/xml");

        if (isMissing) {
            assertThat(damage(FILE))
                    .extracting(Damage::kind, Damage::seen)
                    .containsExactly(Kind.MISSING, "no such key");
        } else {
            assertThatThrownBy(() -> look(FILE)).isInstanceOf(StoreException.class);
            assertThat(server.requests()).hasSize(status == 500 ? 2 : 1);
        }
    }

    @Test
    void truncatedTransferIsAnErrorAndNoFinding() {
        server.always(ScriptedServer.cutShort("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nwhat "));

        assertThatThrownBy(() -> look(FILE)).isInstanceOf(StoreException.class);
        assertThat(server.requests()).hasSize(2);
    }

    @Test
    void abortsReadingWhenTheAuditEnds() {
        gives(BYTES);
        AtomicInteger queries = new AtomicInteger();

        assertThat(check.check(FILE, () -> queries.incrementAndGet() > 1)).isEmpty();
        assertThat(check.check(FILE, () -> true)).isEmpty();
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void comparesASidecarWithItsCaptureAndTheLedger() {
        gives(SIDECAR);

        assertThat(look(sidecar(NOTE, CAPTURED, null)))
                .isEqualTo(new Verdict(sidecar(NOTE, CAPTURED, null), null, SIDECAR.length()));
        assertThat(look(sidecar(NOTE, CAPTURED, DigestUtils.sha256Hex("{}"))).damage())
                .isNull();
        assertThat(damage(sidecar(NOTE, CAPTURED, SHA256)).seen())
                .isEqualTo("another response than that of the ledger");
        assertThat(damage(sidecar(new NoteId("0".repeat(24)), CAPTURED, null)).seen())
                .contains("the content is of note \"" + NOTE);
        assertThat(damage(sidecar(NOTE, CAPTURED.plusMillis(1), null)).seen())
                .contains("captured at " + CAPTURED + ", unlike its key");
    }

    private static SidecarFile sidecar(NoteId note, Instant capturedAt, @Nullable String answer) {
        return new SidecarFile(Sidecar.keyOf(note, capturedAt), note, 7, capturedAt, answer);
    }

    private Verdict look(Expected expected) {
        return check.check(expected, () -> false).orElseThrow();
    }

    private Damage damage(Expected expected) {
        return Objects.requireNonNull(look(expected).damage());
    }

    private void gives(String bytes) {
        says(200, bytes, "application/octet-stream");
    }

    private void says(int status, String body, String type) {
        server.always(reply(status, body.getBytes(UTF_8), "Content-Type: " + type));
    }
}
