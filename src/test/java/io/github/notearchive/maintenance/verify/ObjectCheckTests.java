package io.github.notearchive.maintenance.verify;

import static io.github.notearchive.io.ScriptedServer.reply;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.Expected.Damage.FindingKind;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoreFixture;
import java.util.concurrent.CancellationException;
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

    private final ScriptedServer server = new ScriptedServer();
    private final ObjectStore store = StoreFixture.at(server.address(), 2);
    private final ObjectCheck check = new ObjectCheck(store, null); // files only

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
            assertThat(check.check(FILE).damage()).isEqualTo(new Damage(FindingKind.MISSING, "no such key"));
        } else {
            assertThatThrownBy(() -> check.check(FILE)).isInstanceOf(StoreException.class);
            assertThat(server.requests()).hasSize(status == 500 ? 2 : 1);
        }
    }

    @Test
    void truncatedTransferIsAnErrorAndNoFinding() {
        server.always(ScriptedServer.cutShort("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nwhat "));

        assertThatThrownBy(() -> check.check(FILE)).isInstanceOf(StoreException.class);
        assertThat(server.requests()).hasSize(2);
    }

    @Test
    void abortsReadingWhenTheAuditEnds() {
        says(200, BYTES, "application/octet-stream");
        AtomicInteger queries = new AtomicInteger();

        assertThatThrownBy(() -> check.check(FILE, () -> queries.incrementAndGet() > 0))
                .isInstanceOf(CancellationException.class);
        assertThat(queries).hasValue(1);
        assertThat(server.requests()).hasSize(1);
    }

    private void says(int status, String body, String type) {
        server.always(reply(status, body.getBytes(UTF_8), "Content-Type: " + type));
    }
}
