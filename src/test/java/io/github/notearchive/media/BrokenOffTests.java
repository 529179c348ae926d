package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.media.DownloadOutcome.Downloaded;
import io.github.notearchive.media.DownloadOutcome.Troubled;
import io.github.notearchive.media.ScriptedCdn.Reply;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

/**
 * A body that breaks off is continued where it broke, if the server shows that the rest is that of the same bytes, and
 * is asked for anew in every other case.
 */
class BrokenOffTests {

    private static final byte[] SOUND = wav(400_000, 7);
    private static final byte[] OTHER = wav(400_000, 8);
    private static final String TAG = "\"v1\"";

    @TempDir
    Path directory;

    private ScriptedCdn cdn;
    private MediaDownloader downloader;

    @BeforeEach
    void start() throws IOException {
        cdn = new ScriptedCdn();
        downloader = downloader(DataSize.ofMegabytes(1));
    }

    @AfterEach
    void stop() {
        downloader.close();
        cdn.close();
    }

    @Test
    void theRestIsAskedForAndTheWholeIsRight() throws Exception {
        cdn.on("/a", broken(SOUND, 100_000, TAG), rest(SOUND, TAG));

        DownloadedMedia media = downloaded();

        assertWhole(media, SOUND);
        assertThat(cdn.requests()).hasSize(2);
        assertThat(cdn.headers().get(0)).doesNotContainKeys("Range", "If-range");
        assertThat(cdn.headers().get(1))
                .containsEntry("Range", List.of("bytes=100000-"))
                .containsEntry("If-range", List.of(TAG));
        assertThat(downloader.traffic().bytes()).as("no byte twice").isEqualTo(SOUND.length);
    }

    @Test
    void itMayBreakOffSeveralTimes() throws Exception {
        cdn.on("/a", broken(SOUND, 100_000, TAG), brokenRest(SOUND, 250_000, TAG), rest(SOUND, TAG));

        assertWhole(downloaded(), SOUND);

        assertThat(ranges()).containsExactly("", "bytes=100000-", "bytes=250000-");
        assertThat(downloader.traffic().bytes()).isEqualTo(SOUND.length);
    }

    @Test
    void aLengthThatOnlyTheRestNamesIsHeldAgainstWhatComes() throws Exception {
        cdn.on(
                "/a",
                chunked(200, SOUND, 0, 100_000, true),
                chunked(206, SOUND, 100_000, 250_000, false),
                rest(SOUND, TAG));

        assertWhole(downloaded(), SOUND);

        assertThat(ranges()).containsExactly("", "bytes=100000-", "bytes=250000-");
        assertThat(downloader.traffic().bytes()).isEqualTo(SOUND.length);
    }

    @Test
    void aFaultInBetweenDoesNotLoseWhatHasCome() throws Exception {
        cdn.on("/a", broken(SOUND, 100_000, TAG), ScriptedCdn.status(503), rest(SOUND, TAG));

        assertWhole(downloaded(), SOUND);

        assertThat(ranges()).containsExactly("", "bytes=100000-", "bytes=100000-");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "W/\"v1\"", "v1", "\"\""})
    void withoutAStrongValidatorItBeginsAnew(String tag) throws Exception {
        cdn.on("/a", broken(SOUND, 100_000, tag), ScriptedCdn.body(SOUND));

        assertWhole(downloaded(), SOUND);

        assertThat(ranges()).containsExactly("", "");
    }

    static Stream<Reply> restsOfSomethingElse() {
        String all = "bytes 100000-%d/%d".formatted(SOUND.length - 1, SOUND.length);
        return Stream.of(
                part(OTHER, 100_000, "\"v2\"", all),
                part(OTHER, 100_000, null, all),
                part(OTHER, 100_000, "W/\"v1\"", all),
                part(OTHER, 100_000, TAG, null),
                part(OTHER, 100_000, TAG, "bytes */" + SOUND.length),
                part(OTHER, 100_000, TAG, "bytes 100000-100001/100002"),
                part(OTHER, 100_000, TAG, "bytes 0-%d/%d".formatted(SOUND.length - 1, SOUND.length)),
                part(OTHER, 100_001, TAG, all.replace("100000-", "100001-")),
                part(OTHER, 99_999, TAG, all.replace("100000-", "99999-")),
                part(OTHER, 100_000, TAG, all.replace("bytes", "lines")),
                part(OTHER, 100_000, TAG, all.replace("100000-", "100000-9")),
                part(OTHER, 100_000, TAG, "bytes 100000-99999999999999999999/999"),
                ScriptedCdn.status(416));
    }

    @ParameterizedTest
    @MethodSource("restsOfSomethingElse")
    void aRestThatIsNotOurBytesIsNeverAddedToThem(Reply notOurs) throws Exception {
        cdn.on("/a", broken(SOUND, 100_000, TAG), notOurs, ScriptedCdn.body(SOUND));

        assertWhole(downloaded(), SOUND);

        assertThat(ranges()).containsExactly("", "bytes=100000-", "");
    }

    @Test
    void aFileThatChangedMeanwhileIsTakenAsAWhole() throws Exception {
        cdn.on("/a", broken(SOUND, 100_000, TAG), ScriptedCdn.body(OTHER));

        assertWhole(downloaded(), OTHER);

        assertThat(cdn.requests()).hasSize(2);
    }

    @Test
    void theRestMayComeFromWhereverTheAddressLeadsNow() throws Exception {
        cdn.on("/a", broken(SOUND, 100_000, TAG), ScriptedCdn.redirect("/b")).on("/b", rest(SOUND, TAG));

        assertWhole(downloaded(), SOUND);

        assertThat(ranges()).containsExactly("", "bytes=100000-", "bytes=100000-");
    }

    @Test
    void anotherAddressBeginsAnew() throws Exception {
        cdn.on("/a", broken(SOUND, 100_000, TAG)).on("/b", rest(SOUND, TAG));

        DownloadedMedia media = ((Downloaded) downloader.download(sound(cdn.url("/a"), cdn.url("/b")))).media();

        assertWhole(media, SOUND);
        assertThat(cdn.requests()).containsExactly("/a", "/a", "/a", "/b");
        assertThat(ranges().getLast()).isEmpty();
    }

    @Test
    void aRestWithoutEndIsGivenUpAtTheLimit() {
        downloader.close();
        downloader = downloader(DataSize.ofBytes(SOUND.length));
        byte[] endless = Arrays.copyOf(SOUND, 4 * SOUND.length);
        cdn.on("/a", broken(SOUND, 100_000, TAG), exchange -> {
            exchange.getResponseHeaders().set("ETag", TAG);
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes 100000-%d/%d".formatted(SOUND.length - 1, SOUND.length));
            exchange.sendResponseHeaders(206, 0);
            exchange.getResponseBody().write(endless, 100_000, 3 * SOUND.length);
        });

        DownloadOutcome outcome = downloader.download(sound(cdn.url("/a")));

        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Troubled.class,
                        trouble -> assertThat(trouble.reason()).contains("longer than archive.media.max-file-size"));
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void whatNeverBecomesWholeLeavesNothing() {
        cdn.on("/a", broken(SOUND, 100_000, TAG), brokenRest(SOUND, 100_001, TAG));

        DownloadOutcome outcome = downloader.download(sound(cdn.url("/a")));

        assertThat(outcome).isEqualTo(new Troubled("r0 at 127.0.0.1: the body broke off", true));
        assertThat(cdn.requests()).hasSize(3);
        assertThat(directory).isEmptyDirectory();
    }

    private MediaDownloader downloader(DataSize limit) {
        MediaProperties properties = new MediaProperties(
                List.of(cdn.authority()),
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                Duration.ofSeconds(20),
                4,
                4,
                limit,
                DataSize.ofMegabytes(16),
                DataSize.ofBytes(0),
                3,
                3,
                List.of(Duration.ofMillis(1)));
        return new MediaDownloader(properties, new Spool(directory));
    }

    private DownloadedMedia downloaded() {
        DownloadOutcome outcome = downloader.download(sound(cdn.url("/a")));
        assertThat(outcome).isInstanceOf(Downloaded.class);
        return ((Downloaded) outcome).media();
    }

    private void assertWhole(DownloadedMedia media, byte[] bytes) throws Exception {
        assertThat(media.file().onDisk()).hasBinaryContent(bytes);
        assertThat(media.size()).isEqualTo(bytes.length);
        assertThat(media.sha256()).isEqualTo(hex("SHA-256", bytes));
        assertThat(media.length()).isEqualTo(DownloadedMedia.Comparison.MATCH);
        assertThat(directory.toFile().list()).hasSize(1);
        media.close();
        assertThat(directory).isEmptyDirectory();
    }

    /** The range of each request, empty where a whole file was asked for. */
    private List<String> ranges() {
        return cdn.headers().stream().map(BrokenOffTests::range).toList();
    }

    private static String range(Map<String, List<String>> headers) {
        return headers.getOrDefault("Range", List.of("")).getFirst();
    }

    private static MediaSlot sound(String... urls) {
        MediaCandidate[] candidates = new MediaCandidate[urls.length];
        for (int i = 0; i < urls.length; i++) {
            candidates[i] = new MediaCandidate(urls[i], "r" + i, null, null, null, null);
        }
        return new MediaSlot(MediaKind.AUDIO, 0, "id", List.of(candidates), null);
    }

    /** Promises all of it, and hangs up after so many bytes. */
    private static Reply broken(byte[] bytes, int count, String tag) {
        return exchange -> {
            if (!tag.isEmpty()) {
                exchange.getResponseHeaders().set("ETag", tag);
            }
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes, 0, count);
            exchange.getResponseBody().flush();
        };
    }

    /** A part whose length only its {@code Content-Range} says, if it has one. */
    private static Reply chunked(int status, byte[] bytes, int from, int end, boolean breaksOff) {
        return exchange -> {
            exchange.getResponseHeaders().set("ETag", TAG);
            if (status == 206) {
                exchange.getResponseHeaders()
                        .set("Content-Range", "bytes %d-%d/%d".formatted(from, bytes.length - 1, bytes.length));
            }
            exchange.sendResponseHeaders(status, 0);
            exchange.getResponseBody().write(bytes, from, end - from);
            exchange.getResponseBody().flush();
            if (breaksOff) {
                exchange.setStreams(null, hangingUp());
            }
        };
    }

    /** A stream whose end never comes: the server closes the connection. */
    private static OutputStream hangingUp() {
        return new FilterOutputStream(OutputStream.nullOutputStream()) {
            @Override
            public void close() throws IOException {
                throw new IOException("hangs up");
            }
        };
    }

    /** What a server does that knows ranges: the rest for the right validator, else all of it. */
    private static Reply rest(byte[] bytes, String tag) {
        return brokenRest(bytes, bytes.length, tag);
    }

    /** The same, up to this byte. */
    private static Reply brokenRest(byte[] bytes, int end, String tag) {
        return exchange -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            if (range == null || !tag.equals(exchange.getRequestHeaders().getFirst("If-Range"))) {
                exchange.getResponseHeaders().set("ETag", tag);
                exchange.sendResponseHeaders(200, bytes.length);
                exchange.getResponseBody().write(bytes, 0, end);
                exchange.getResponseBody().flush();
                return;
            }
            int from = Integer.parseInt(range.replaceAll("\\D", ""));
            exchange.getResponseHeaders().set("ETag", tag);
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes %d-%d/%d".formatted(from, bytes.length - 1, bytes.length));
            exchange.sendResponseHeaders(206, bytes.length - from);
            exchange.getResponseBody().write(bytes, from, Math.max(0, end - from));
            exchange.getResponseBody().flush();
        };
    }

    /** A part, and what is said of it. */
    private static Reply part(byte[] bytes, int from, @Nullable String tag, @Nullable String contentRange) {
        return exchange -> {
            if (tag != null) {
                exchange.getResponseHeaders().set("ETag", tag);
            }
            if (contentRange != null) {
                exchange.getResponseHeaders().set("Content-Range", contentRange);
            }
            exchange.sendResponseHeaders(206, bytes.length - from);
            exchange.getResponseBody().write(bytes, from, bytes.length - from);
        };
    }

    /** A sound as long as it says. */
    private static byte[] wav(int length, int seed) {
        ByteBuffer wav = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(length - 8);
        wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        wav.putShort((short) 1).putShort((short) 1).putInt(8000).putInt(16_000);
        wav.putShort((short) 2).putShort((short) 16);
        wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(length - 44);
        for (int i = 0; wav.hasRemaining(); i++) {
            wav.put((byte) (i * seed + i / 251));
        }
        return wav.array();
    }

    private static String hex(String algorithm, byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
    }
}
