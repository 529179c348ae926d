package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.store.ObjectBytes;
import io.github.notearchive.store.ObjectKey;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
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
        try (CountingProxy proxy = new CountingProxy(
                        URI.create(BrowseServer.settings("seek", Map.of()).get("archive.store.endpoint")));
                BrowseServer server = BrowseServer.start("seek", Map.of("archive.store.endpoint", proxy.endpoint()))) {
            String path = "/media/" + store(server);

            for (long position : new long[] {0, SIZE - 100_000, SIZE / 2}) {
                proxy.sent.set(0);
                HttpResponse<byte[]> response =
                        server.get(path, BodyHandlers.ofByteArray(), "Range", "bytes=" + position + "-");

                assertThat(response.statusCode()).isEqualTo(206);
                assertThat(response.body()).isNotEmpty();
                assertThat(proxy.sent.get()).isLessThan(3L * MEGABYTE);
            }

            proxy.sent.set(0);
            try (InputStream left =
                    server.get(path, BodyHandlers.ofInputStream()).body()) {
                assertThat(left.readNBytes(MEGABYTE)).hasSize(MEGABYTE);
            }

            Awaitility.await().until(() -> proxy.open.get() == 0);
            assertThat(proxy.sent.get()).isLessThan(SIZE / 4);
        }
    }

    /** Stores a video of zeros. */
    private static String store(BrowseServer server) {
        ObjectBytes film = new ObjectBytes(SIZE, SeekTests::write);
        String sha256 = sha256();
        String key = "media/" + sha256 + ".mp4";
        server.store().put(new ObjectKey(key), film, "video/mp4", sha256);
        ArchiveDatabase database = ArchiveDatabase.running();
        database.update(
                "INSERT INTO note (note_id, first_captured_at, last_captured_at) VALUES (?, now(), now())", NOTE);
        database.update("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at)
                        VALUES (?, ?, ?, 'video/mp4', now())
                        """, sha256, key, SIZE);
        database.update("""
                        INSERT INTO note_media (note_id, kind, ordinal, identity, state, sha256, captured_at, updated_at)
                        VALUES (?, 'VIDEO', 0, 'file', 'STORED', ?, now(), now())
                        """, NOTE, sha256);
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

    /** Port in front of the store that counts what it sends. */
    private static final class CountingProxy implements AutoCloseable {

        private final AtomicLong sent = new AtomicLong();
        private final AtomicLong open = new AtomicLong();
        private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        private final URI store;

        CountingProxy(URI store) throws IOException {
            this.store = store;
            Thread.ofVirtual().start(this::listen);
        }

        String endpoint() {
            return "http://127.0.0.1:" + listener.getLocalPort();
        }

        private void listen() {
            try {
                while (true) {
                    Socket client = listener.accept();
                    Socket server = new Socket(store.getHost(), store.getPort());
                    open.incrementAndGet();
                    Thread.ofVirtual().start(() -> pass(client, server, new AtomicLong()));
                    Thread.ofVirtual().start(() -> {
                        pass(server, client, sent);
                        open.decrementAndGet();
                    });
                }
            } catch (IOException _) {
                // closed
            }
        }

        private static void pass(Socket from, Socket to, AtomicLong count) {
            byte[] bytes = new byte[8192];
            try (from;
                    to) {
                for (int n = from.getInputStream().read(bytes);
                        n >= 0;
                        n = from.getInputStream().read(bytes)) {
                    to.getOutputStream().write(bytes, 0, n);
                    count.addAndGet(n);
                }
            } catch (IOException _) {
                // one side has left
            }
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }
}
