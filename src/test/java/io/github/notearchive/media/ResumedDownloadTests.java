package io.github.notearchive.media;

import static io.github.notearchive.io.ScriptedServer.choice;
import static io.github.notearchive.io.ScriptedServer.closing;
import static io.github.notearchive.media.MediaFixtures.body;
import static io.github.notearchive.media.MediaFixtures.broken;
import static io.github.notearchive.media.MediaFixtures.downloaded;
import static io.github.notearchive.media.MediaFixtures.hex;
import static io.github.notearchive.media.MediaFixtures.part;
import static io.github.notearchive.media.MediaFixtures.rangeFrom;
import static io.github.notearchive.media.MediaFixtures.redirect;
import static io.github.notearchive.media.MediaFixtures.settings;
import static io.github.notearchive.media.MediaFixtures.slot;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.io.ScriptedServer.Reply;
import io.github.notearchive.io.ScriptedServer.Request;
import io.github.notearchive.media.DownloadOutcome.Failed;
import io.github.notearchive.note.MediaKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Incomplete bodies in detail; {@link CdnBehavioursTests} has the table of what servers do. */
class ResumedDownloadTests {

    private static final byte[] SOUND = wav(400_000, 7);
    private static final byte[] OTHER = wav(400_000, 8);
    private static final String TAG = "\"v1\"";
    private static final String ALL = rangeFrom(100_000, SOUND);
    private static final String REST = "bytes=100000-";

    @TempDir
    Path directory;

    private ScriptedServer cdn;
    private MediaDownloader downloader;

    @BeforeEach
    void start() {
        cdn = MediaFixtures.cdn();
        downloader = MediaFixtures.downloader(
                directory, settings(List.of(cdn.authority()), "max-file-size=" + SOUND.length + "B"));
    }

    @AfterEach
    void stop() {
        downloader.close();
        cdn.close();
    }

    /** Replies, the bytes that are expected, and the {@code Range} of each request. */
    static Stream<Arguments> replies() {
        Reply broken = broken(SOUND, 100_000, TAG);
        return Stream.concat(
                Stream.of(
                        resumed("twice", REST + " bytes=250000-", broken, rest(250_000), rest(SOUND.length)),
                        resumed(
                                "without a length until the rest",
                                REST + " bytes=250000-",
                                chunked(200, 0, 100_000),
                                chunked(206, 100_000, 250_000),
                                rest(SOUND.length)),
                        resumed("an unquoted validator", "", broken(SOUND, 100_000, "v1"), body(SOUND)),
                        resumed("an empty validator", "", broken(SOUND, 100_000, "\"\""), body(SOUND))),
                Stream.of(
                                part(OTHER, 100_000, null, ALL),
                                part(OTHER, 100_000, "W/\"v1\"", ALL),
                                part(OTHER, 100_000, TAG, "bytes */" + SOUND.length),
                                part(OTHER, 100_000, TAG, "bytes 100000-100001/100002"),
                                part(OTHER, 100_000, TAG, rangeFrom(0, SOUND)),
                                part(OTHER, 100_001, TAG, rangeFrom(100_001, SOUND)),
                                part(OTHER, 99_999, TAG, rangeFrom(99_999, SOUND)),
                                part(OTHER, 100_000, TAG, ALL.replace("bytes", "lines")),
                                part(OTHER, 100_000, TAG, ALL.replace("100000-", "100000-9")),
                                part(OTHER, 100_000, TAG, "bytes 100000-99999999999999999999/999"))
                        .map(other -> resumed("the rest of other bytes", REST + " ", broken, other, body(SOUND))));
    }

    private static Arguments resumed(String name, String ranges, Reply... replies) {
        return Arguments.of(name, List.of((" " + ranges).split(" ", -1)), replies);
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("replies")
    void fileIsComplete(String name, List<String> ranges, Reply[] replies) {
        cdn.on("/a", replies);

        DownloadedMedia media = download("/a");

        assertComplete(media, SOUND);
        assertThat(ranges()).isEqualTo(ranges);
        assertThat(cdn.requests())
                .extracting(Request::headers)
                .allSatisfy(headers ->
                        assertThat(headers.get("If-Range")).isEqualTo(headers.containsKey("Range") ? TAG : null));
        if (!ranges.getLast().isEmpty()) {
            assertThat(downloader.traffic().bytes()).as("no byte twice").isEqualTo(SOUND.length);
        }
    }

    @Test
    void restMayComeFromTheTargetOfARedirect() {
        cdn.on("/a", broken(SOUND, 100_000, TAG), redirect("/b")).on("/b", rest(SOUND.length));

        assertComplete(download("/a"), SOUND);

        assertThat(ranges()).containsExactly("", REST, REST);
    }

    @Test
    void anotherUrlRestarts() {
        cdn.on("/a", broken(SOUND, 100_000, TAG)).on("/b", rest(SOUND.length));

        assertComplete(download("/a", "/b"), SOUND);

        assertThat(cdn.targets()).containsExactly("/a", "/a", "/a", "/b");
        assertThat(ranges().getLast()).isEmpty();
    }

    @Test
    void restWithoutEndIsRejectedAtTheLimit() {
        byte[] endless = Arrays.copyOf(SOUND, 4 * SOUND.length);
        cdn.on(
                "/a",
                broken(SOUND, 100_000, TAG),
                closing(partHead(100_000), Arrays.copyOfRange(endless, 100_000, endless.length)));

        DownloadOutcome outcome = downloader.download(slot(MediaKind.AUDIO, cdn.address() + "/a"));

        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Failed.class,
                        failed -> assertThat(failed.reason()).contains("longer than archive.media.max-file-size"));
        assertThat(directory).isEmptyDirectory();
    }

    private DownloadedMedia download(String... paths) {
        String[] urls = Stream.of(paths).map(path -> cdn.address() + path).toArray(String[]::new);
        return downloaded(downloader.download(slot(MediaKind.AUDIO, urls)));
    }

    private void assertComplete(DownloadedMedia media, byte[] bytes) {
        assertThat(media.file().onDisk()).hasBinaryContent(bytes);
        assertThat(media.size()).isEqualTo(bytes.length);
        assertThat(media.sha256()).isEqualTo(hex("SHA-256", bytes));
        assertThat(directory.toFile().list()).hasSize(1);
        media.close();
        assertThat(directory).isEmptyDirectory();
    }

    /** The range of each request, empty for a whole file. */
    private List<String> ranges() {
        return cdn.requests().stream()
                .map(request -> request.headers().getOrDefault("Range", ""))
                .toList();
    }

    /** Sends a part without a length, and closes the connection before its end. */
    private static Reply chunked(int status, int from, int end) {
        String head = status == 206 ? partHead(from) : "HTTP/1.1 200 x\r\nETag: " + TAG + "\r\n\r\n";
        return closing(
                head.replace(
                        "\r\n\r\n",
                        "\r\nTransfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(end - from) + "\r\n"),
                Arrays.copyOfRange(SOUND, from, end));
    }

    /** Sends the rest up to this byte for the right validator, else the beginning of the file up to this byte. */
    private static Reply rest(int end) {
        return choice(request -> {
            String range = request.headers().get("Range");
            if (range == null || !TAG.equals(request.headers().get("If-Range"))) {
                return broken(SOUND, end, TAG);
            }
            int from = Integer.parseInt(range.replaceAll("\\D", ""));
            String length = "\r\nContent-Length: " + (SOUND.length - from) + "\r\n\r\n";
            return closing(
                    partHead(from).replace("\r\n\r\n", length), Arrays.copyOfRange(SOUND, from, Math.max(from, end)));
        });
    }

    private static String partHead(int from) {
        return "HTTP/1.1 206 x\r\nETag: " + TAG + "\r\nContent-Range: " + rangeFrom(from, SOUND) + "\r\n\r\n";
    }

    /** A complete sound. */
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
}
