package io.github.notearchive.media;

import static io.github.notearchive.io.ScriptedServer.reply;
import static io.github.notearchive.io.ScriptedServer.status;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.media.DownloadOutcome.Downloaded;
import io.github.notearchive.media.DownloadOutcome.Failed;
import io.github.notearchive.media.MediaDownloader.MediaTraffic;
import io.github.notearchive.media.format.Samples;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads in detail; {@link CdnBehavioursTests} has the table of what servers do. */
@Timeout(20)
class MediaDownloaderTests extends MediaFixtures {

    private static final byte[] JPEG = Samples.bytes("baseline.jpg");
    private static final Failed STOPPED = new Failed("downloads stopped", true);

    ScriptedServer cdn;
    private final List<MediaDownloader> downloaders = new ArrayList<>();

    @BeforeEach
    void start() {
        cdn = cdn();
    }

    @AfterEach
    void stop() {
        downloaders.forEach(MediaDownloader::close);
        cdn.close();
    }

    @Test
    void aCompleteFileIsInTheSpoolWithItsDigestsUntilItIsClosed() {
        cdn.on("/a", body(JPEG));
        MediaDownloader downloader = downloader();

        DownloadedMedia media = downloaded(downloader.download(images(cdn.address() + "/a")));

        assertThat(media.file().onDisk()).hasBinaryContent(JPEG).hasParent(directory);
        assertThat(media.size()).isEqualTo(JPEG.length);
        assertThat(media.sha256()).isEqualTo(hex("SHA-256", JPEG));
        assertThat(media.type()).isEqualTo(MediaType.JPEG);
        assertThat(media.checks()).isNull();
        assertThat(downloader.traffic()).isEqualTo(new MediaTraffic(1, JPEG.length, 1));
        assertThat(cdn.requests().getFirst().headers())
                .containsEntry("User-Agent", "note-archive")
                .containsEntry("Accept-Encoding", "identity")
                .doesNotContainKeys("Cookie", "Authorization", "Upgrade", "Referer");

        media.close();
        media.close();

        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void targetIsSentByteForByteExceptForIllegalCharacters() throws Exception {
        String query = "?imageView2/2/w/576/q/58|strip&b=%7c%2F[x]&&sign=A%3d+~'()/../&t=6a";
        try (ScriptedServer server = new ScriptedServer().always(reply(200, JPEG))) {
            String host = server.address().substring("http://".length());

            downloaded(open(downloader(directory, settings(List.of(host))))
                    .download(images(server.address() + "//a/./b[1]" + query)));

            assertThat(server.lines()).containsExactly("GET //a/./b[1]" + query.replace("|", "%7C") + " HTTP/1.1");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 503, 429, 400, 204, 206, 302, 304})
    void retryableStatusIsRetriedAndThenTheNextUrlIsTried(int status) {
        cdn.on("/a", status(status)).on("/b", status(404));

        DownloadOutcome outcome = download(images(cdn.address() + "/a", cdn.address() + "/b"));

        assertThat(outcome)
                .isEqualTo(new Failed("r0 at 127.0.0.1: HTTP " + status + "; r1 at 127.0.0.1: HTTP 404", true));
        assertThat(cdn.targets()).containsExactly("/a", "/a", "/a", "/b");
    }

    @ParameterizedTest
    @CsvSource({
        "picture.heic, IMAGE,   48,   32,",
        "picture.heic, IMAGE,  127,  127,",
        "picture.heic, IMAGE,  128,   64, 'pixels 64x64, promised 128x64'",
        "picture.heic, IMAGE,   64,  128, 'pixels 64x64, promised 64x128'",
        "picture.heic, IMAGE, 1080,  256, 'pixels 64x64, promised 1080x256'",
        "still.gif,    IMAGE, 1080, 1440, 'placeholder of 48x32, promised 1080x1440'",
        "picture.heic, IMAGE,  257,  257, 'placeholder of 64x64, promised 257x257'",
        "picture.heic, IMAGE,     , 1440,",
        "picture.heic, IMAGE,     ,     ,",
        "film.mp4,    MOTION, 1080, 1440, 'pixels 64x48, promised 1080x1440'",
    })
    void otherDimensionsThanPromisedAreARemarkExceptForAPlaceholder(
            String sample,
            MediaKind kind,
            @Nullable Integer width,
            @Nullable Integer height,
            @Nullable String expected) {
        cdn.on("/a", body(Samples.bytes(sample)));

        DownloadOutcome outcome = download(slot(kind, sized("r0", cdn.address() + "/a", width, height)));

        if (expected != null && expected.startsWith("placeholder")) {
            assertThat(outcome).isEqualTo(new Failed("r0 at 127.0.0.1: " + expected, true));
            assertThat(cdn.targets()).hasSize(3);
        } else {
            assertThat(downloaded(outcome).checks())
                    .isEqualTo(expected == null ? null : "remarks \"" + expected + "\"");
        }
    }

    @Test
    void slotWithARejectedUrlIsNotGone() {
        cdn.on("/a", status(404));

        DownloadOutcome outcome = download(
                images("http://xhscdn.com.evil.test/a?sign=secret", "file:///etc/passwd", cdn.address() + "/a"));

        assertThat(outcome)
                .isEqualTo(new Failed("r0: host not allowed; r1: not an HTTP URL; r2 at 127.0.0.1: HTTP 404", false));
        assertThat(cdn.targets()).hasSize(1);
    }

    @Test
    void slowServerLeavesTimeForTheNextUrl() {
        cdn.on("/a", dripping(cdn, JPEG, new CountDownLatch(1))).on("/b", body(JPEG));

        DownloadedMedia media =
                downloaded(downloader("file-timeout=1s").download(images(cdn.address() + "/a", cdn.address() + "/b")));

        assertThat(media.candidate().rendition()).isEqualTo("r1");
        assertThat(cdn.targets()).containsExactly("/a", "/b");
    }

    @Test
    void domainWithHttpIsRequestedByHttpsFirst() throws Exception {
        cdn.on("/a", body(JPEG));
        List<Integer> ports = new ArrayList<>();

        try (ServerSocket plain = withoutTls()) {
            // first a server that does not speak TLS, then none
            for (int https : List.of(plain.getLocalPort(), 1)) {
                ports.clear();
                cdn.requests().clear();

                DownloadOutcome outcome = downloadFromDomain("http://cdn.test/a", port -> {
                    ports.add(port);
                    return port == 443 ? https : cdn.port();
                });

                assertThat(outcome).isInstanceOf(Downloaded.class);
                assertThat(ports).containsExactly(443, 80);
                assertThat(cdn.targets()).containsExactly("/a");
            }
        }
    }

    @Test
    void httpsNeverFallsBackToHttp() throws Exception {
        cdn.on("/a", body(JPEG));
        List<Integer> ports = new ArrayList<>();

        try (ServerSocket plain = withoutTls()) {
            DownloadOutcome outcome = downloadFromDomain("https://cdn.test/a", port -> {
                ports.add(port);
                return plain.getLocalPort();
            });

            assertThat(outcome).isEqualTo(new Failed("r0 at cdn.test: TLS failed", true));
            assertThat(ports).containsExactly(443, 443, 443);
        }
        assertThat(cdn.targets()).isEmpty();
    }

    @Test
    void onlySomeDownloadAtATimeAndAnAbortEndsAllUntilTheyAreResumed() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        cdn.on("/drip", dripping(cdn, JPEG, started)).on("/busy", status(503)).on("/a", body(JPEG));
        MediaDownloader downloader = downloader("downloads-in-flight=2", "backoff=1h", "file-timeout=10h");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var dripping = threads.submit(() -> downloader.download(images(cdn.address() + "/drip")));
            started.await();
            var pausing = threads.submit(() -> downloader.download(images(cdn.address() + "/busy")));
            while (cdn.targets().size() < 2) {
                Thread.onSpinWait();
            }
            var queued = threads.submit(() -> downloader.download(images(cdn.address() + "/a")));
            assertThat(queued).failsWithin(Duration.ofMillis(200)).withThrowableOfType(TimeoutException.class);

            downloader.abort();

            assertThat(dripping.get(5, TimeUnit.SECONDS)).isEqualTo(STOPPED);
            assertThat(pausing.get(5, TimeUnit.SECONDS)).isEqualTo(STOPPED);
            assertThat(queued.get(5, TimeUnit.SECONDS)).isEqualTo(STOPPED);
            assertThat(downloader.download(images(cdn.address() + "/a"))).isEqualTo(STOPPED);
            assertThat(cdn.targets()).containsExactly("/drip", "/busy");
            assertThat(directory).isEmptyDirectory();
        }

        downloader.resume();

        assertThat(downloader.download(images(cdn.address() + "/a"))).isInstanceOf(Downloaded.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/busy", "/drip"})
    void interruptEndsADownloadAndIsKept(String path) throws Exception {
        cdn.on("/busy", status(503)).on("/drip", dripping(cdn, JPEG, new CountDownLatch(1)));
        MediaDownloader downloader = downloader("backoff=1h", "file-timeout=10h");
        AtomicReference<DownloadOutcome> outcome = new AtomicReference<>();
        CompletableFuture<Boolean> flag = new CompletableFuture<>();
        Thread thread = Thread.ofVirtual().start(() -> {
            outcome.set(downloader.download(images(cdn.address() + path)));
            flag.complete(Thread.currentThread().isInterrupted());
        });
        while (cdn.targets().isEmpty()) {
            Thread.onSpinWait();
        }

        thread.interrupt();

        assertThat(flag.get(5, TimeUnit.SECONDS)).isTrue();
        assertThat(outcome.get()).isEqualTo(STOPPED);
        assertThat(cdn.targets()).hasSize(1);
        assertThat(directory).isEmptyDirectory();
    }

    private MediaDownloader downloader(String... changes) {
        return open(downloader(directory, settings(List.of(cdn.authority()), changes)));
    }

    private MediaDownloader open(MediaDownloader downloader) {
        downloaders.add(downloader);
        return downloader;
    }

    private DownloadOutcome download(MediaSlot slot) {
        return downloader().download(slot);
    }

    private DownloadOutcome downloadFromDomain(String url, IntUnaryOperator ports) {
        return open(downloader(directory, settings(List.of("cdn.test")), loopback(ports)))
                .download(images(url));
    }

    private static MediaSlot images(String... urls) {
        return slot(MediaKind.IMAGE, urls);
    }

    /** A server that replies to a TLS handshake in plain HTTP. */
    private static ServerSocket withoutTls() throws IOException {
        ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try (Socket socket = server.accept()) {
                    socket.getInputStream().readNBytes(5);
                    socket.getOutputStream().write("HTTP/1.1 400 Bad\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                } catch (IOException _) {
                    // the test has ended, or the client closed the connection early
                }
            }
        });
        return server;
    }
}
