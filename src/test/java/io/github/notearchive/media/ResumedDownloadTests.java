package io.github.notearchive.media;

import static io.github.notearchive.media.MediaFixtures.downloaded;
import static io.github.notearchive.media.MediaFixtures.hex;
import static io.github.notearchive.media.MediaFixtures.settings;
import static io.github.notearchive.media.MediaFixtures.slot;
import static io.github.notearchive.media.ScriptedCdn.body;
import static io.github.notearchive.media.ScriptedCdn.broken;
import static io.github.notearchive.media.ScriptedCdn.part;
import static io.github.notearchive.media.ScriptedCdn.rangeFrom;
import static io.github.notearchive.media.ScriptedCdn.redirect;
import static io.github.notearchive.media.ScriptedCdn.status;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import io.github.notearchive.media.DownloadOutcome.Failed;
import io.github.notearchive.media.ScriptedCdn.Reply;
import io.github.notearchive.note.MediaKind;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
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

    private ScriptedCdn cdn;
    private MediaDownloader downloader;

    @BeforeEach
    void start() throws IOException {
        cdn = new ScriptedCdn();
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
        assertThat(cdn.headers())
                .allSatisfy(headers -> assertThat(headers.get("If-range"))
                        .isEqualTo(headers.containsKey("Range") ? List.of(TAG) : null));
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

        assertThat(cdn.requests()).containsExactly("/a", "/a", "/a", "/b");
        assertThat(ranges().getLast()).isEmpty();
    }

    @Test
    void restWithoutEndIsRejectedAtTheLimit() {
        byte[] endless = Arrays.copyOf(SOUND, 4 * SOUND.length);
        cdn.on("/a", broken(SOUND, 100_000, TAG), exchange -> {
            sendPartHeaders(exchange, 100_000, 0);
            exchange.getResponseBody().write(endless, 100_000, 3 * SOUND.length);
        });

        DownloadOutcome outcome = downloader.download(slot(MediaKind.AUDIO, cdn.url("/a")));

        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Failed.class,
                        failed -> assertThat(failed.reason()).contains("longer than archive.media.max-file-size"));
        assertThat(directory).isEmptyDirectory();
    }

    private DownloadedMedia download(String... paths) {
        String[] urls = Stream.of(paths).map(cdn::url).toArray(String[]::new);
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
        return cdn.headers().stream()
                .map(headers -> headers.getOrDefault("Range", List.of("")).getFirst())
                .toList();
    }

    /** Sends a part without a length, and closes the connection before its end. */
    private static Reply chunked(int status, int from, int end) {
        return exchange -> {
            if (status == 206) {
                sendPartHeaders(exchange, from, 0);
            } else {
                exchange.getResponseHeaders().set("ETag", TAG);
                exchange.sendResponseHeaders(status, 0);
            }
            exchange.getResponseBody().write(SOUND, from, end - from);
            exchange.getResponseBody().flush();
            if (status == 200) {
                exchange.setStreams(null, new FilterOutputStream(OutputStream.nullOutputStream()) {
                    @Override
                    public void close() throws IOException {
                        throw new IOException("Connection closed before the end");
                    }
                });
            }
        };
    }

    /** Sends the rest up to this byte for the right validator, else the beginning of the file up to this byte. */
    private static Reply rest(int end) {
        return exchange -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            int from = 0;
            if (range != null && TAG.equals(exchange.getRequestHeaders().getFirst("If-Range"))) {
                from = Integer.parseInt(range.replaceAll("\\D", ""));
                sendPartHeaders(exchange, from, SOUND.length - from);
            } else {
                exchange.getResponseHeaders().set("ETag", TAG);
                exchange.sendResponseHeaders(200, SOUND.length);
            }
            exchange.getResponseBody().write(SOUND, from, Math.max(0, end - from));
            exchange.getResponseBody().flush();
        };
    }

    private static void sendPartHeaders(HttpExchange exchange, int from, int length) throws IOException {
        exchange.getResponseHeaders().set("ETag", TAG);
        exchange.getResponseHeaders().set("Content-Range", rangeFrom(from, SOUND));
        exchange.sendResponseHeaders(206, length);
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
