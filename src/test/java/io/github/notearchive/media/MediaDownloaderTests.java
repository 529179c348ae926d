package io.github.notearchive.media;

import static io.github.notearchive.media.ScriptedCdn.body;
import static io.github.notearchive.media.ScriptedCdn.chunked;
import static io.github.notearchive.media.ScriptedCdn.encoded;
import static io.github.notearchive.media.ScriptedCdn.redirect;
import static io.github.notearchive.media.ScriptedCdn.status;
import static io.github.notearchive.media.ScriptedCdn.truncated;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.media.DownloadOutcome.Dead;
import io.github.notearchive.media.DownloadOutcome.Downloaded;
import io.github.notearchive.media.DownloadOutcome.Troubled;
import io.github.notearchive.media.DownloadedMedia.Comparison;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntUnaryOperator;
import java.util.zip.GZIPOutputStream;
import org.apache.hc.client5.http.DnsResolver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

/** A slot's file comes from the first address that gives it, complete and of the right sort. */
@Timeout(20)
class MediaDownloaderTests {

    private static final byte[] JPEG =
            file("\u00ff\u00d8\u00ff\u00e0\u0000\u0002\u00ff\u00da\u0000\u0002", 200_000, "\u00ff\u00d9");
    private static final byte[] MP4 =
            file("\u0000\u0000\u0000\u0018ftypisom" + "\u0000".repeat(12) + "\u0000\u0000\u0000\u0000mdat", 50_000, "");

    @TempDir
    Path directory;

    ScriptedCdn cdn;
    private final List<MediaDownloader> downloaders = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        cdn = new ScriptedCdn();
    }

    @AfterEach
    void stop() {
        downloaders.forEach(MediaDownloader::close);
        cdn.close();
    }

    @Test
    void aCompleteFileLiesInTheSpoolWithItsDigestsUntilItIsClosed() throws Exception {
        cdn.on("/a", body(JPEG));
        MediaDownloader downloader = downloader(new Settings());

        DownloadedMedia media = downloaded(downloader.download(images(cdn.url("/a"))));

        assertThat(media.file().onDisk()).hasBinaryContent(JPEG).hasParent(directory);
        assertThat(media.size()).isEqualTo(JPEG.length);
        assertThat(media.sha256()).isEqualTo(hex("SHA-256", JPEG));
        assertThat(media.type()).isEqualTo(MediaType.JPEG);
        assertThat(media.host()).isEqualTo("127.0.0.1");
        assertThat(media.length()).isEqualTo(Comparison.MATCH);
        assertThat(media.promisedSize()).isEqualTo(Comparison.NONE);
        assertThat(media.promisedMd5()).isEqualTo(Comparison.NONE);
        assertThat(downloader.traffic()).isEqualTo(new MediaTraffic(1, JPEG.length, 1));
        assertThat(cdn.headers().getFirst())
                .containsEntry("User-agent", List.of("note-archive"))
                .containsEntry("Accept-encoding", List.of("identity"))
                .doesNotContainKeys("Cookie", "Authorization", "Upgrade", "Referer");

        media.close();
        media.close();

        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aFileWithoutLengthIsTakenToItsEnd() {
        cdn.on("/a", chunked(JPEG));

        DownloadedMedia media = downloaded(download(images(cdn.url("/a"))));

        assertThat(media.file().onDisk()).hasBinaryContent(JPEG);
        assertThat(media.length()).isEqualTo(Comparison.NONE);
    }

    @Test
    void theTypeIsThatOfTheBytesNotOfTheName() {
        cdn.on("/a_0.wav", body(MP4));

        DownloadedMedia media = downloaded(download(slot(MediaKind.AUDIO, candidate(cdn.url("/a_0.wav")))));

        assertThat(media.type()).isEqualTo(MediaType.MP4);
        assertThat(media.type().extension()).isEqualTo("mp4");
        assertThat(media.type().contentType()).isEqualTo("video/mp4");
    }

    @Test
    void theTargetGoesOnTheWireByteForByteButForIllegalCharacters() throws Exception {
        String query = "?imageView2/2/w/576/q/58|strip&b=%7c%2F[x]&&sign=A%3d+~'()/../&t=6a";
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<String> line = CompletableFuture.supplyAsync(() -> answerRaw(server, JPEG));
            String authority = "127.0.0.1:" + server.getLocalPort();
            MediaDownloader downloader = downloader(new Settings().hosts(authority));

            downloaded(downloader.download(images("http://" + authority + "//a/./b[1]" + query)));

            assertThat(line.get(5, TimeUnit.SECONDS))
                    .isEqualTo("GET //a/./b[1]" + query.replace("|", "%7C") + " HTTP/1.1");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 404, 410})
    void aDeadAddressIsLeftAtOnceForTheNext(int status) {
        cdn.on("/dead", status(status)).on("/alive", body(JPEG));

        DownloadedMedia media = downloaded(download(images(cdn.url("/dead"), cdn.url("/alive"))));

        assertThat(media.candidate().rendition()).isEqualTo("r1");
        assertThat(cdn.requests()).containsExactly("/dead", "/alive");
    }

    @Test
    void aSlotIsDeadWhenEveryAddressIs() {
        cdn.on("/a", status(403)).on("/b", status(404));

        DownloadOutcome outcome = download(images(cdn.url("/a?sign=secret"), cdn.url("/b?sign=secret")));

        assertThat(outcome).isEqualTo(new Dead("r0 at 127.0.0.1: HTTP 403; r1 at 127.0.0.1: HTTP 404"));
        assertThat(cdn.requests()).hasSize(2);
    }

    @Test
    void aSlotWithoutAddressIsDead() {
        assertThat(download(images())).isEqualTo(new Dead("no address in the answer"));
        assertThat(download(images("", " "))).isEqualTo(new Dead("no address in the answer"));
    }

    @Test
    void anAddressGivenTwiceIsTriedOnce() {
        cdn.on("/a", status(404));

        DownloadOutcome outcome = download(images(cdn.url("/a"), cdn.url("/a")));

        assertThat(outcome).isInstanceOf(Dead.class);
        assertThat(cdn.requests()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 503, 429, 400, 204, 206, 302, 304})
    void whatMayPassIsTriedAgainAndThenLeftForTheNext(int status) {
        cdn.on("/a", status(status)).on("/b", status(404));

        DownloadOutcome outcome = download(images(cdn.url("/a"), cdn.url("/b")));

        assertThat(outcome)
                .isEqualTo(new Troubled("r0 at 127.0.0.1: HTTP " + status + "; r1 at 127.0.0.1: HTTP 404", true));
        assertThat(cdn.requests()).containsExactly("/a", "/a", "/a", "/b");
    }

    @Test
    void aTruncatedFileIsDownloadedAgain() {
        cdn.on("/a", truncated(JPEG), body(JPEG));

        DownloadedMedia media = downloaded(download(images(cdn.url("/a"))));

        assertThat(media.file().onDisk()).hasBinaryContent(JPEG);
        assertThat(cdn.requests()).hasSize(2);
        assertThat(directory.toFile().list()).hasSize(1);
    }

    @Test
    void aFileThatStaysTruncatedIsTroubleAndLeavesNothing() {
        cdn.on("/a", truncated(JPEG)).on("/b", truncated(file("GIF89a", 100, ";")));

        DownloadOutcome outcome = download(images(cdn.url("/a"), cdn.url("/b")));

        assertThat(outcome)
                .isEqualTo(new Troubled(
                        "r0 at 127.0.0.1: the body broke off;" + " r1 at 127.0.0.1: the body broke off", true));
        assertThat(cdn.requests()).hasSize(6);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aFileThatIsCutWithinIsTriedAgainAndThenLeftForTheNextAddress() {
        cdn.on("/cut", body(Samples.without("picture.heic", 1)))
                .on("/whole", body(Samples.bytes("tiles.heic")))
                .on("/film/cut", body(Samples.without("faststart.mp4", 1)))
                .on("/film/whole", body(Samples.bytes("film.mp4")));

        DownloadedMedia picture = downloaded(download(images(cdn.url("/cut"), cdn.url("/whole"))));
        DownloadedMedia film = downloaded(
                download(slot(MediaKind.VIDEO, candidate(cdn.url("/film/cut")), candidate(cdn.url("/film/whole")))));

        assertThat(picture.file().onDisk()).hasBinaryContent(Samples.bytes("tiles.heic"));
        assertThat(picture.remarks()).isEmpty();
        assertThat(film.file().onDisk()).hasBinaryContent(Samples.bytes("film.mp4"));
        assertThat(cdn.requests())
                .containsExactly(
                        "/cut", "/cut", "/cut", "/whole", "/film/cut", "/film/cut", "/film/cut", "/film/whole");
        assertThat(directory.toFile().list()).hasSize(2);
    }

    @Test
    void aFileThatIsCutEverywhereIsTroubleThatSaysWhere() {
        cdn.on("/a", body(Samples.without("baseline.jpg", 1))).on("/b", chunked(Samples.without("lossy.webp", 1)));

        DownloadOutcome outcome = download(images(cdn.url("/a"), cdn.url("/b")));

        assertThat(outcome)
                .isEqualTo(new Troubled(
                        "r0 at 127.0.0.1: cut: no end of the picture, the file ends at 649;"
                                + " r1 at 127.0.0.1: cut: the RIFF of 330 bytes at byte 0"
                                + " is not all there, the file ends at 329",
                        true));
        assertThat(cdn.requests()).hasSize(6);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void soundThatIsCalledWavMayBeM4a() {
        cdn.on("/a_0.wav", body(Samples.bytes("sound.m4a")));

        DownloadedMedia media = downloaded(download(slot(MediaKind.AUDIO, candidate(cdn.url("/a_0.wav")))));

        assertThat(media.type()).isEqualTo(MediaType.M4A);
        assertThat(media.remarks()).isEmpty();
        assertThat(cdn.requests()).hasSize(1);
    }

    /** The sample is of 48 by 32 pixels, and a placeholder where more than 4 times is promised. */
    @ParameterizedTest
    @CsvSource({
        "48, 32,",
        "32, 48,",
        "96, 64, 'pixels 48x32, promised 96x64'",
        "1080, 128, 'pixels 48x32, promised 1080x128'",
        "192, 128, 'pixels 48x32, promised 192x128'",
        "0, 1440,",
        ", 1440,",
        ",,",
    })
    void otherDimensionsThanPromisedAreARemark(
            @Nullable Integer width, @Nullable Integer height, @Nullable String remark) {
        cdn.on("/a", body(Samples.bytes("picture.heic")));

        DownloadedMedia media = downloaded(
                download(slot(MediaKind.IMAGE, new MediaCandidate(cdn.url("/a"), "r0", null, width, height, null))));

        assertThat(media.remarks()).isEqualTo(remark == null ? List.of() : List.of(remark));
    }

    @Test
    void aTinyPictureInPlaceOfALargeOneIsAPlaceholder() {
        cdn.on("/a", body(Samples.bytes("picture.heic"))).on("/b", body(Samples.bytes("still.gif")));

        DownloadOutcome outcome =
                download(slot(MediaKind.IMAGE, new MediaCandidate(cdn.url("/a"), "8k", null, 1080, 1440, null)));
        DownloadedMedia unpromised = downloaded(download(slot(
                MediaKind.IMAGE,
                new MediaCandidate(cdn.url("/a"), "8k", null, 193, 129, null),
                candidate(cdn.url("/b")))));

        assertThat(outcome).isEqualTo(new Troubled("8k at 127.0.0.1: placeholder of 48x32, promised 1080x1440", true));
        assertThat(unpromised.file().onDisk()).hasBinaryContent(Samples.bytes("still.gif"));
        assertThat(cdn.requests()).containsExactly("/a", "/a", "/a", "/a", "/a", "/a", "/b");
    }

    @Test
    void aSmallFilmIsNoPlaceholder() {
        cdn.on("/a", body(Samples.bytes("film.mp4")));

        DownloadedMedia media = downloaded(
                download(slot(MediaKind.MOTION, new MediaCandidate(cdn.url("/a"), "h265", null, 1080, 1440, null))));

        assertThat(media.remarks()).containsExactly("pixels 64x48, promised 1080x1440");
    }

    @Test
    void aPageInPlaceOfMediaIsTrouble() {
        cdn.on("/html", body("<html>sorry</html>".getBytes(StandardCharsets.UTF_8)))
                .on("/json", body("{\"error\":1}".getBytes(StandardCharsets.UTF_8)))
                .on("/xml", body("<?xml version='1.0'?><Error/>".getBytes(StandardCharsets.UTF_8)))
                .on("/empty", body(new byte[0]))
                .on("/film", body(MP4));
        Settings once = new Settings().tries(1);

        for (String path : List.of("/html", "/json", "/xml", "/empty", "/film")) {
            DownloadOutcome outcome = downloader(once).download(images(cdn.url(path)));

            assertThat(outcome).isInstanceOfSatisfying(Troubled.class, trouble -> {
                assertThat(trouble.soon()).isTrue();
                assertThat(trouble.reason())
                        .startsWith("r0 at 127.0.0.1: ")
                        .containsAnyOf("in place of media", "an empty body", "video/mp4 in place of IMAGE");
            });
        }
        assertThat(cdn.requests()).hasSize(5);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aBodyIsKeptAsItWasSentWhateverItsEncodingIsCalled() throws Exception {
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
            gzip.write(JPEG);
        }
        cdn.on("/plain", encoded("gzip", JPEG)).on("/zipped", encoded("gzip", zipped.toByteArray()));

        DownloadedMedia media = downloaded(download(images(cdn.url("/plain"))));
        DownloadOutcome outcome = download(images(cdn.url("/zipped")));

        assertThat(media.file().onDisk()).hasBinaryContent(JPEG);
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Troubled.class, trouble -> assertThat(trouble.reason()).contains("no known media", "1f8b"));
    }

    @Test
    void aSizeThatIsNotThePromisedOneIsCheckedOnceMoreAndThenNoted() {
        cdn.on("/a", body(MP4)).on("/b", body(MP4), body(JPEG));

        DownloadedMedia media = downloaded(
                download(slot(MediaKind.VIDEO, new MediaCandidate(cdn.url("/a"), "h265", 49_999L, 1, 1, "ab"))));

        assertThat(media.promisedSize()).isEqualTo(Comparison.MISMATCH);
        assertThat(media.promisedMd5()).isEqualTo(Comparison.MISMATCH);
        assertThat(media.file().onDisk()).hasBinaryContent(MP4);
        assertThat(cdn.requests()).hasSize(2);
        assertThat(directory.toFile().list()).hasSize(1);

        DownloadedMedia kept = downloaded(
                download(slot(MediaKind.VIDEO, new MediaCandidate(cdn.url("/b"), "h265", 49_999L, 1, 1, null))));

        assertThat(kept.promisedSize()).isEqualTo(Comparison.MISMATCH);
        assertThat(kept.file().onDisk()).hasBinaryContent(MP4);
        assertThat(cdn.requests()).hasSize(4);
    }

    @Test
    void aFileThatIsCheckedOnceMoreIsNotLeftBehindByADiskThatTakesNoSecondOne() throws Exception {
        cdn.on("/a", body(MP4));
        // there is memory for the first, and for the second no directory
        Spool spool = new Spool(Files.createFile(directory.resolve("taken")), 64 << 10);
        var downloader = new MediaDownloader(new Settings().properties(cdn), spool);
        downloaders.add(downloader);
        MediaSlot video = slot(MediaKind.VIDEO, new MediaCandidate(cdn.url("/a"), "h265", 49_999L, 1, 1, null));

        assertThatThrownBy(() -> downloader.download(video)).isInstanceOf(UncheckedIOException.class);

        assertThat(cdn.requests()).hasSize(2);
        assertThat(spool.held()).isEqualTo(new Spool.Held(0, 0));
    }

    @Test
    void aPromiseThatIsKeptIsNoted() throws Exception {
        cdn.on("/a", body(MP4));
        String md5 = hex("MD5", MP4).toUpperCase(Locale.ROOT);

        DownloadedMedia media = downloaded(
                download(slot(MediaKind.MOTION, new MediaCandidate(cdn.url("/a"), "h265", 50_000L, null, null, md5))));

        assertThat(media.promisedSize()).isEqualTo(Comparison.MATCH);
        assertThat(media.promisedMd5()).isEqualTo(Comparison.MATCH);
        assertThat(cdn.requests()).hasSize(1);
    }

    @Test
    void aRefusedAddressIsNotADeadOne() {
        cdn.on("/a", status(404));

        DownloadOutcome outcome =
                download(images("http://xhscdn.com.evil.test/a?sign=secret", "file:///etc/passwd", cdn.url("/a")));

        assertThat(outcome)
                .isEqualTo(new Troubled(
                        "r0: the host is not allowed; r1: not an http address;" + " r2 at 127.0.0.1: HTTP 404", false));
        assertThat(cdn.requests()).hasSize(1);
    }

    @Test
    void aHostWithAPrivateAddressIsRefusedWithoutARequest() {
        PublicAddresses resolver = new PublicAddresses(
                new AllowedHosts(List.of("cdn.test")), _ -> new InetAddress[] {InetAddress.getLoopbackAddress()});

        DownloadOutcome outcome =
                downloader(new Settings().hosts("cdn.test"), resolver).download(images("https://cdn.test/a"));

        assertThat(outcome).isEqualTo(new Troubled("r0 at cdn.test: the host has a private address", false));
        assertThat(cdn.requests()).isEmpty();
    }

    @Test
    void redirectsAreFollowedAndTheLastHostIsNoted() {
        cdn.on("/a", redirect("/b?x=|")).on("/b", redirect(cdn.url("/c"))).on("/c", body(JPEG));

        DownloadedMedia media = downloaded(download(images(cdn.url("/a"))));

        assertThat(media.file().onDisk()).hasBinaryContent(JPEG);
        assertThat(cdn.requests()).containsExactly("/a", "/b?x=%7C", "/c");
    }

    @Test
    void aRedirectIsRefusedWhereAnAddressWouldBe() throws Exception {
        try (ScriptedCdn elsewhere = new ScriptedCdn()) {
            for (String to : List.of(
                    "http://169.254.169.254/latest/meta-data",
                    elsewhere.url("/a"),
                    "//169.254.169.254/",
                    "file:///etc/passwd",
                    "http://evil.test/")) {
                cdn.on("/a", redirect(to));
                cdn.requests().clear();

                DownloadOutcome outcome = download(images(cdn.url("/a")));

                assertThat(outcome).isInstanceOfSatisfying(Troubled.class, trouble -> {
                    assertThat(trouble.soon()).isFalse();
                    assertThat(trouble.reason()).startsWith("r0 at 127.0.0.1: ");
                });
                assertThat(cdn.requests()).hasSize(1);
            }
            assertThat(elsewhere.requests()).isEmpty();
        }
    }

    @Test
    void redirectsThatGoRoundEnd() {
        cdn.on("/a", redirect("/a"));

        DownloadOutcome outcome = download(images(cdn.url("/a")));

        assertThat(outcome).isEqualTo(new Troubled("r0 at 127.0.0.1: more than 5 redirects", true));
        assertThat(cdn.requests()).hasSize(6);
    }

    @Test
    void aFileThatIsTooLongIsRefused() {
        cdn.on("/told", body(JPEG)).on("/untold", chunked(JPEG));
        MediaDownloader downloader = downloader(new Settings().max(DataSize.ofKilobytes(100)));

        DownloadOutcome outcome = downloader.download(images(cdn.url("/told"), cdn.url("/untold")));

        assertThat(outcome).isInstanceOfSatisfying(Troubled.class, trouble -> {
            assertThat(trouble.soon()).isFalse();
            assertThat(trouble.reason()).contains("archive.media.max-file-size");
        });
        assertThat(cdn.requests()).hasSize(2);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void nothingListeningIsTroubleThatMayPass() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        MediaDownloader downloader = downloader(new Settings().hosts("127.0.0.1:" + port));

        DownloadOutcome outcome = downloader.download(images("http://127.0.0.1:" + port + "/a"));

        assertThat(outcome).isEqualTo(new Troubled("r0 at 127.0.0.1: no connection, or a lost one", true));
        assertThat(downloader.traffic().requests()).isEqualTo(3);
    }

    @Test
    void aServerThatFallsSilentIsTriedAgain() {
        cdn.on("/a", cdn.silence(), body(JPEG));

        DownloadedMedia media = downloaded(
                downloader(new Settings().idle(Duration.ofMillis(300))).download(images(cdn.url("/a"))));

        assertThat(media.file().onDisk()).hasBinaryContent(JPEG);
        assertThat(cdn.requests()).hasSize(2);
    }

    @Test
    void aServerThatDripsIsEndedByTheBox() {
        cdn.on("/a", cdn.dripping(JPEG, new CountDownLatch(1)));

        DownloadOutcome outcome =
                downloader(new Settings().box(Duration.ofMillis(400))).download(images(cdn.url("/a")));

        assertThat(outcome).isEqualTo(new Troubled("r0 at 127.0.0.1: not done in time", true));
        assertThat(cdn.requests()).hasSize(1);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aServerThatDripsLeavesTimeForTheNext() {
        cdn.on("/a", cdn.dripping(JPEG, new CountDownLatch(1))).on("/b", body(JPEG));

        DownloadedMedia media = downloaded(
                downloader(new Settings().box(Duration.ofSeconds(1))).download(images(cdn.url("/a"), cdn.url("/b"))));

        assertThat(media.candidate().rendition()).isEqualTo("r1");
        assertThat(cdn.requests()).containsExactly("/a", "/b");
    }

    @Test
    void aDomainGivenByHttpIsAskedByHttpsFirstAndThenAsGiven() throws Exception {
        cdn.on("/a", body(JPEG));
        List<Integer> ports = new ArrayList<>();
        Settings settings = new Settings().hosts("cdn.test");

        try (ServerSocket tongueless = withoutTls()) {
            // first a server that does not speak TLS, then none at all
            for (int https : List.of(tongueless.getLocalPort(), 1)) {
                ports.clear();
                cdn.requests().clear();
                DownloadOutcome outcome = downloader(settings, toLoopback(port -> {
                            ports.add(port);
                            return port == 443 ? https : cdn.port();
                        }))
                        .download(images("http://cdn.test/a"));

                assertThat(downloaded(outcome).host()).isEqualTo("cdn.test");
                assertThat(ports).containsExactly(443, 80);
                assertThat(cdn.requests()).containsExactly("/a");
            }
        }
    }

    @Test
    void anAddressGivenByHttpsNeverFallsBackToHttp() throws Exception {
        cdn.on("/a", body(JPEG));
        List<Integer> ports = new ArrayList<>();

        try (ServerSocket tongueless = withoutTls()) {
            DownloadOutcome outcome = downloader(
                            new Settings().hosts("cdn.test").tries(2), toLoopback(port -> {
                                ports.add(port);
                                return tongueless.getLocalPort();
                            }))
                    .download(images("https://cdn.test/a"));

            assertThat(outcome).isEqualTo(new Troubled("r0 at cdn.test: TLS failed", true));
            assertThat(ports).containsExactly(443, 443);
        }
        assertThat(cdn.requests()).isEmpty();
    }

    @Test
    void anAbortEndsWhatIsInFlightAndWhatWaitsUntilItIsResumed() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        cdn.on("/drip", cdn.dripping(JPEG, begun)).on("/busy", status(503)).on("/a", body(JPEG));
        MediaDownloader downloader = downloader(new Settings().inFlight(2).backoff(Duration.ofHours(1)));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var dripping = threads.submit(() -> downloader.download(images(cdn.url("/drip"))));
            begun.await();
            var backingOff = threads.submit(() -> downloader.download(images(cdn.url("/busy"))));
            while (cdn.requests().size() < 2) {
                Thread.onSpinWait();
            }
            var queueing = threads.submit(() -> downloader.download(images(cdn.url("/a"))));

            downloader.abort();

            var stopped = new Troubled("downloads are stopped", true);
            assertThat(dripping.get(5, TimeUnit.SECONDS)).isEqualTo(stopped);
            assertThat(backingOff.get(5, TimeUnit.SECONDS)).isEqualTo(stopped);
            assertThat(queueing.get(5, TimeUnit.SECONDS)).isEqualTo(stopped);
            assertThat(downloader.download(images(cdn.url("/a")))).isEqualTo(stopped);
            assertThat(cdn.requests()).containsExactly("/drip", "/busy");
            assertThat(directory).isEmptyDirectory();
        }

        downloader.resume();

        assertThat(downloaded(downloader.download(images(cdn.url("/a")))).size())
                .isEqualTo(JPEG.length);
    }

    @Test
    void anInterruptedThreadKeepsItsInterruptAndGetsTrouble() throws Exception {
        cdn.on("/busy", status(503)).on("/drip", cdn.dripping(JPEG, new CountDownLatch(1)));
        MediaDownloader downloader = downloader(new Settings().backoff(Duration.ofHours(1)));

        for (String path : List.of("/busy", "/drip")) {
            cdn.requests().clear();
            AtomicReference<DownloadOutcome> outcome = new AtomicReference<>();
            CompletableFuture<Boolean> flag = new CompletableFuture<>();
            Thread thread = Thread.ofVirtual().start(() -> {
                outcome.set(downloader.download(images(cdn.url(path))));
                flag.complete(Thread.currentThread().isInterrupted());
            });
            while (cdn.requests().isEmpty()) {
                Thread.onSpinWait();
            }

            thread.interrupt();

            assertThat(flag.get(5, TimeUnit.SECONDS)).isTrue();
            assertThat(outcome.get()).isEqualTo(new Troubled("downloads are stopped", true));
            assertThat(cdn.requests()).hasSize(1);
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void noMoreDownloadsAreInFlightThanAllowed() throws Exception {
        CountDownLatch begun = new CountDownLatch(2);
        cdn.on("/drip", cdn.dripping(JPEG, begun)).on("/a", body(JPEG));
        MediaDownloader downloader = downloader(new Settings().inFlight(2));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            threads.submit(() -> downloader.download(images(cdn.url("/drip"))));
            threads.submit(() -> downloader.download(images(cdn.url("/drip"))));
            begun.await();
            CountDownLatch asked = new CountDownLatch(1);
            var third = threads.submit(() -> {
                asked.countDown();
                return downloader.download(images(cdn.url("/a")));
            });
            asked.await();

            assertThat(third).isNotDone();
            assertThat(cdn.requests()).doesNotContain("/a");

            downloader.abort();
        }
    }

    private MediaDownloader downloader(Settings settings) {
        var downloader = new MediaDownloader(settings.properties(cdn), new Spool(directory));
        downloaders.add(downloader);
        return downloader;
    }

    private MediaDownloader downloader(Settings settings, DnsResolver resolver) {
        var downloader = new MediaDownloader(settings.properties(cdn), new Spool(directory), resolver);
        downloaders.add(downloader);
        return downloader;
    }

    private DownloadOutcome download(MediaSlot slot) {
        return downloader(new Settings()).download(slot);
    }

    private static DownloadedMedia downloaded(DownloadOutcome outcome) {
        assertThat(outcome).isInstanceOf(Downloaded.class);
        return ((Downloaded) outcome).media();
    }

    private static MediaSlot images(String... urls) {
        MediaCandidate[] candidates = new MediaCandidate[urls.length];
        for (int i = 0; i < urls.length; i++) {
            candidates[i] = new MediaCandidate(urls[i], "r" + i, null, null, null, null);
        }
        return slot(MediaKind.IMAGE, candidates);
    }

    private static MediaSlot slot(MediaKind kind, MediaCandidate... candidates) {
        return new MediaSlot(kind, 0, "id", List.of(candidates), null);
    }

    private static MediaCandidate candidate(String url) {
        return new MediaCandidate(url, "r0", null, null, null, null);
    }

    private static byte[] file(String start, int length, String end) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + i / 251 & 0x7f);
        }
        byte[] head = start.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(head, 0, bytes, 0, head.length);
        byte[] tail = end.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(tail, 0, bytes, length - tail.length, tail.length);
        return bytes;
    }

    private static String hex(String algorithm, byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
    }

    private static String answerRaw(ServerSocket server, byte[] body) {
        try (Socket socket = server.accept()) {
            InputStream in = socket.getInputStream();
            StringBuilder request = new StringBuilder();
            while (request.indexOf("\r\n\r\n") < 0) {
                request.append((char) in.read());
            }
            socket.getOutputStream()
                    .write(("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().write(body);
            return request.substring(0, request.indexOf("\r\n"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A server that knows no TLS and says so at once. */
    private static ServerSocket withoutTls() throws IOException {
        ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try (Socket socket = server.accept()) {
                    socket.getInputStream().readNBytes(5);
                    socket.getOutputStream().write("HTTP/1.1 400 Bad\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                } catch (IOException _) {
                    // the test is over, or the other side is content with less
                }
            }
        });
        return server;
    }

    private static DnsResolver toLoopback(IntUnaryOperator ports) {
        return new DnsResolver() {
            @Override
            public List<InetSocketAddress> resolve(String host, int port) {
                return List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), ports.applyAsInt(port)));
            }

            @Override
            public InetAddress[] resolve(String host) throws UnknownHostException {
                throw new UnknownHostException(host);
            }

            @Override
            public String resolveCanonicalHostname(String host) {
                return host;
            }
        };
    }

    /** Settings that are quick, each changed where a test is about it. */
    private static final class Settings {
        private List<String> hosts = List.of();
        private Duration idle = Duration.ofSeconds(5);
        private Duration box = Duration.ofSeconds(10);
        private Duration backoff = Duration.ofMillis(1);
        private DataSize max = DataSize.ofMegabytes(10);
        private int tries = 3;
        private int inFlight = 8;

        Settings hosts(String... names) {
            hosts = List.of(names);
            return this;
        }

        Settings idle(Duration time) {
            idle = time;
            return this;
        }

        Settings box(Duration time) {
            box = time;
            return this;
        }

        Settings backoff(Duration time) {
            backoff = time;
            box = time.multipliedBy(10);
            return this;
        }

        Settings max(DataSize size) {
            max = size;
            return this;
        }

        Settings tries(int number) {
            tries = number;
            return this;
        }

        Settings inFlight(int number) {
            inFlight = number;
            return this;
        }

        MediaProperties properties(ScriptedCdn cdn) {
            return new MediaProperties(
                    hosts.isEmpty() ? List.of(cdn.authority()) : hosts,
                    Duration.ofSeconds(2),
                    idle,
                    box,
                    inFlight,
                    inFlight,
                    max,
                    max.toBytes() > DataSize.ofMegabytes(100).toBytes() ? max : DataSize.ofMegabytes(100),
                    DataSize.ofBytes(0),
                    5,
                    tries,
                    List.of(backoff));
        }
    }
}
