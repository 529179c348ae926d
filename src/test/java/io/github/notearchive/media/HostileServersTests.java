package io.github.notearchive.media;

import static io.github.notearchive.io.ScriptedServer.cutShort;
import static io.github.notearchive.io.ScriptedServer.endless;
import static io.github.notearchive.io.ScriptedServer.gzip;
import static io.github.notearchive.io.ScriptedServer.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.media.DownloadOutcome.Failed;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hc.client5.http.DnsResolver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

/** A hostile media server occupies a download for a limited time: it gets no memory, no disk space, no file name. */
@Timeout(20)
class HostileServersTests extends MediaFixtures {

    private static final Duration TIMEOUT = Duration.ofMillis(500);
    private static final String TIMEOUT_SETTING = "file-timeout=500ms";
    private static final String OK = "HTTP/1.1 200 OK\r\n";

    /** Of 1000 bytes: the header, one extension whose blocks are of 120 bytes, the last of 14. */
    private static final String GIF = "GIF89a\u0001\u0000\u0001\u0000\u0000\u0000\u0000!x"
            + "x".repeat(8 * 121)
            + "\u000e"
            + "x".repeat(14)
            + "\u0000;";

    private final ScriptedServer server = new ScriptedServer();
    private final CountDownLatch never = new CountDownLatch(1);

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void headersAreLimitedInLengthAndNumber() {
        for (String piece : List.of("x", "X-Y: z\r\n", " folded\r\n", "X: " + "y".repeat(100_000) + "\r\n")) {
            server.always(endless(OK + "X: ", piece));

            assertThat(download()).isEqualTo(failed("headers too long or too many"));
        }
        server.always(endless("", "HTTP/1.1 200 " + "x".repeat(1_000)));

        assertThat(download()).isEqualTo(failed("headers too long or too many"));
    }

    @Test
    void chunkLinesAndTrailersAreLimited() {
        server.always(endless(OK + "Transfer-Encoding: chunked\r\n\r\n1;", "x=y;"));
        assertThat(download()).isEqualTo(failed("headers too long or too many"));

        server.always(endless(OK + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + GIF + "\r\n0\r\n", "X-Y: z\r\n"));
        assertThat(download()).isEqualTo(failed("headers too long or too many"));
        assertThat(directory).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Content-Length: 5000000000", "Content-Length: 9223372036854775807", "Content-Length: 1048577"})
    void fileOfTooLargeStatedLengthIsNotReceived(String header) {
        server.always(endless(OK + header + "\r\n\r\n", GIF));

        try (MediaDownloader downloads = downloader(DataSize.ofMegabytes(1), DataSize.ofMegabytes(2))) {
            assertThat(downloads.download(slot(url("/a"), "id")))
                    .isEqualTo(rejected("longer than archive.media.max-file-size (1048576B)"));
            assertThat(downloads.traffic().bytes()).isZero();
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void fileWithoutEndIsRejectedAtTheLimit() {
        for (String start : List.of(OK + "\r\n", OK + "Transfer-Encoding: chunked\r\n\r\n")) {
            server.always(endless(start, start.contains("chunked") ? "3e8\r\n" + GIF + "\r\n" : GIF));

            assertThat(download()).isEqualTo(rejected("longer than archive.media.max-file-size (1048576B)"));
        }
        assertThat(directory).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: -1",
                "Content-Length: 1e3",
                "Content-Length: 99999999999999999999",
                "Content-Length: 1000\r\nContent-Length: 999",
                "Content-Length: 1001",
                "Transfer-Encoding: chunked",
                "Transfer-Encoding: gzip",
                "Content-Length: 0"
            })
    void lengthThatDiffersFromTheBodyFails(String header) {
        server.always(cutShort(OK + header + "\r\n\r\n" + GIF));

        assertThat(download()).isInstanceOf(Failed.class);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void bodyIsNotDecompressed() {
        byte[] bomb = gzip(GIF.repeat(20_000).getBytes(StandardCharsets.US_ASCII));
        for (String encoding : List.of("gzip", "x-gzip", "gzip, gzip", "deflate", "br", "zstd")) {
            server.always(reply(200, bomb, "Content-Encoding: " + encoding));

            assertThat(download()).isEqualTo(failed("unknown media type, first bytes 1f8b080000000000"));
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void headersAndPathDetermineNeitherNameNorType() throws IOException {
        server.always(cutShort(OK
                + "Content-Type: ../../text/html; charset=\u0000\r\n"
                + "Content-Disposition: attachment; filename=\"../../evil.sh\"\r\n"
                + "Content-Location: /etc/passwd\r\n\r\n"
                + GIF));
        for (String path : List.of(
                "/../../evil.sh", "/%2e%2e%2fevil", "/..\\evil", "/notes_uhdr/x", "/a%00.sh", "/" + "n".repeat(4096))) {
            try (DownloadedMedia media = downloaded(download(path, "../../evil\u0000" + path))) {
                assertThat(media.type().contentType()).isEqualTo("image/gif");
                assertThat(media.file().onDisk().getParent()).isEqualTo(directory);
                assertThat(media.file().onDisk().getFileName().toString()).matches("media-\\d+\\.part");
                assertThat(media.file().onDisk()).hasContent(GIF);
            }
        }
        try (Stream<Path> left = Files.walk(directory)) {
            assertThat(left).containsExactly(directory);
        }
    }

    @Test
    void slowHeadersAndInterimResponsesAreEndedByTheDeadline() {
        server.always(server.drip(OK + "X: ", "x"));
        assertThat(download()).isEqualTo(failed("deadline exceeded"));

        server.always(server.drip("", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"));
        assertThat(download()).isEqualTo(failed("deadline exceeded"));
    }

    @Test
    void slowRedirectsAreEndedByTheDeadlineNotByTheirNumber() {
        server.always((_, out) -> {
            never.await(150, TimeUnit.MILLISECONDS);
            out.write(
                    "HTTP/1.1 302 x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return true;
        });

        assertThat(download()).isEqualTo(failed("deadline exceeded"));
        assertThat(server.requests()).hasSizeBetween(2, 4);
    }

    @Test
    void bodyOfARedirectIsNotReadToItsEnd() {
        server.always(endless("HTTP/1.1 302 x\r\nLocation: file:///etc/passwd\r\n\r\n", "x".repeat(10_000)));
        assertThat(download()).isEqualTo(rejected("not an HTTP URL"));

        server.always(
                server.drip("HTTP/1.1 302 x\r\nLocation: file:///etc/passwd\r\nContent-Length: 16000\r\n\r\n", "x"));
        assertThat(download()).isIn(rejected("not an HTTP URL"), failed("deadline exceeded"));
    }

    @Test
    void handshakeWithoutEndIsEndedByTheDeadline() throws Exception {
        // a record of a stated length of 16 KB, then single bytes
        byte[] record = {0x16, 3, 3, 0x3f, 0x7f, 2, 0, 0x3f, 0x7b};
        List<Socket> accepted = new ArrayList<>();
        try (ServerSocket dripping = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> {
                try (Socket socket = dripping.accept()) {
                    accepted.add(socket);
                    socket.getOutputStream().write(record);
                    while (!never.await(20, TimeUnit.MILLISECONDS)) {
                        socket.getOutputStream().write(0);
                    }
                } catch (IOException | InterruptedException _) {
                    // closed by the client
                }
            });
            for (ServerSocket tls : List.of(dripping, silent)) {
                long started = System.nanoTime();

                DownloadOutcome outcome = downloadFromDomain(loopback(_ -> tls.getLocalPort()));

                assertThat(outcome).isEqualTo(new Failed("r at cdn.test: deadline exceeded", true));
                assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(TIMEOUT.multipliedBy(4));
            }
        }
        assertThat(accepted).hasSize(1);
    }

    @Test
    void failedDownloadReleasesItsSpace() {
        try (MediaDownloader downloads = downloader(DataSize.ofBytes(1_500), DataSize.ofBytes(1_500))) {
            for (int i = 0; i < 5; i++) {
                server.always(cutShort(OK + "Content-Length: 1001\r\n\r\n" + GIF));
                assertThat(downloads.download(slot(url("/a"), "id"))).isEqualTo(failed("incomplete body"));
            }
            server.always(cutShort(OK + "\r\n" + GIF));

            downloaded(downloads.download(slot(url("/a"), "id"))).close();
        }
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(directory).isEmptyDirectory());
    }

    private static Failed failed(String reason) {
        return new Failed("r at 127.0.0.1: " + reason, true);
    }

    private static Failed rejected(String reason) {
        return new Failed("r at 127.0.0.1: " + reason, false);
    }

    private String url(String path) {
        return server.address() + path;
    }

    private DownloadOutcome download() {
        return download("/a", "id");
    }

    private DownloadOutcome download(String path, String identity) {
        try (MediaDownloader downloads = downloader(DataSize.ofMegabytes(1), DataSize.ofMegabytes(2))) {
            return downloads.download(slot(url(path), identity));
        }
    }

    private DownloadOutcome downloadFromDomain(DnsResolver resolver) {
        try (var downloads = downloader(
                directory, settings(List.of("cdn.test"), TIMEOUT_SETTING, "tries-per-candidate=1"), resolver)) {
            return downloads.download(slot("https://cdn.test/a", "id"));
        }
    }

    private MediaDownloader downloader(DataSize file, DataSize all) {
        MediaProperties settings = settings(
                List.of(server.address().substring("http://".length())),
                TIMEOUT_SETTING,
                "tries-per-candidate=1",
                "max-file-size=" + file,
                "max-spool-size=" + all);
        return downloader(directory, settings);
    }

    private static MediaSlot slot(String url, String identity) {
        return new MediaSlot(MediaKind.IMAGE, 0, identity, List.of(candidate("r", url)), null);
    }
}
