package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.store.ObjectBytes;
import io.github.notearchive.store.ObjectKey;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HexFormat;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Bytes that the store sends for a video of 200 MB, when a reader seeks or leaves. */
@Isolated("sets system properties")
class SeekTests {

    private static final int MEGABYTE = 1 << 20;
    private static final long SIZE = 200L * MEGABYTE;
    private static final String NOTE = "65a000000000000000000001";

    @Test
    void seekReadsLittle() throws Exception {
        ArchiveDatabase.emptied();
        URI store = URI.create(BrowseServer.settings("seek", Map.of()).get("archive.store.endpoint"));
        try (TcpProxy proxy = TcpProxy.before(store);
                BrowseServer server = BrowseServer.start(
                        "seek", Map.of("archive.store.endpoint", proxy.address().toString()))) {
            String path = "/media/" + store(server);

            for (long position : new long[] {0, SIZE - 100_000, SIZE / 2}) {
                long before = proxy.bytesFromServer();
                HttpResponse<byte[]> response =
                        server.get(path, BodyHandlers.ofByteArray(), "Range", "bytes=" + position + "-");

                assertThat(response.statusCode()).isEqualTo(206);
                assertThat(response.body()).isNotEmpty();
                assertThat(proxy.bytesFromServer() - before).isLessThan(3L * MEGABYTE);
            }

            long before = proxy.bytesFromServer();
            try (InputStream left =
                    server.get(path, BodyHandlers.ofInputStream()).body()) {
                assertThat(left.readNBytes(MEGABYTE)).hasSize(MEGABYTE);
            }

            Awaitility.await().until(() -> proxy.connections() == 0);
            assertThat(proxy.bytesFromServer() - before).isLessThan(SIZE / 4);
        }
    }

    /** Stores a video of zeros. */
    private static String store(BrowseServer server) {
        ObjectBytes film = new ObjectBytes(SIZE, SeekTests::write);
        String sha256 = sha256();
        String key = "media/" + sha256 + ".mp4";
        server.store().put(new ObjectKey(key), film, "video/mp4", sha256);
        new FileRow(sha256, key, SIZE, "video/mp4").insert(NOTE, "VIDEO", 0);
        return sha256;
    }

    private static void write(OutputStream out) throws IOException {
        byte[] zeros = new byte[MEGABYTE];
        for (long i = 0; i < SIZE; i += MEGABYTE) {
            out.write(zeros);
        }
    }

    private static String sha256() {
        var digest = DigestUtils.getSha256Digest();
        byte[] zeros = new byte[MEGABYTE];
        for (long i = 0; i < SIZE; i += MEGABYTE) {
            digest.update(zeros);
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
