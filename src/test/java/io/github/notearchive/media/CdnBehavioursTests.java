package io.github.notearchive.media;

import static io.github.notearchive.media.ScriptedCdn.body;
import static io.github.notearchive.media.ScriptedCdn.chunked;
import static io.github.notearchive.media.ScriptedCdn.encoded;
import static io.github.notearchive.media.ScriptedCdn.redirect;
import static io.github.notearchive.media.ScriptedCdn.status;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.PublishedTable;
import io.github.notearchive.media.DownloadOutcome.Dead;
import io.github.notearchive.media.DownloadOutcome.Downloaded;
import io.github.notearchive.media.DownloadOutcome.NoRoom;
import io.github.notearchive.media.DownloadOutcome.Troubled;
import io.github.notearchive.media.DownloadedMedia.Comparison;
import io.github.notearchive.media.ScriptedCdn.Reply;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.hc.client5.http.DnsResolver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.util.unit.DataSize;

/**
 * What a media server may do when it is asked for a file, how often it is asked then, and what comes of it, as
 * {@code src/docs/media-behaviours.md} tells it.
 */
@Timeout(20)
class CdnBehavioursTests {

    private static final PublishedTable TABLE = new PublishedTable("media-behaviours.md", "One file");

    private static final Duration LONG = Duration.ofSeconds(15);
    private static final String TAG = "\"v1\"";
    private static final byte[] HEIC = Samples.bytes("tiles.heic");
    private static final byte[] OTHER_HEIC = Samples.bytes("picture.heic");
    private static final byte[] JPEG = Samples.bytes("baseline.jpg");
    private static final byte[] FILM = Samples.bytes("film.mp4");
    private static final byte[] SOUND = Samples.bytes("sound.m4a");
    private static final List<byte[]> ALL = List.of(HEIC, OTHER_HEIC, JPEG, FILM, SOUND);
    private static final int BROKEN_AT = 300;

    @TempDir
    Path directory;

    private ScriptedCdn cdn;
    private ScriptedCdn elsewhere;

    @BeforeEach
    void start() throws IOException {
        cdn = new ScriptedCdn();
        elsewhere = new ScriptedCdn();
    }

    @AfterEach
    void stop() {
        elsewhere.close();
        cdn.close();
    }

    /**
     * Something that a server does.
     *
     * @param name in the words of the table
     * @param idle how long it may be silent
     * @param box how long the file may take
     * @param script tells the server, and returns what is asked for
     */
    private record Behaviour(String name, Duration idle, Duration box, Script script) {

        @Override
        public String toString() {
            return name;
        }
    }

    private interface Script {
        MediaSlot tell(CdnBehavioursTests test);
    }

    private static Behaviour when(String name, Script script) {
        return new Behaviour(name, LONG, LONG, script);
    }

    /** The picture at the first address behaves so, and is whole at the second, if there is one. */
    private static Behaviour when(String name, int addresses, Reply... replies) {
        return when(name, test -> {
            test.cdn.on("/1", replies).on("/2", body(JPEG));
            return test.picture(addresses);
        });
    }

    static Stream<Behaviour> behaviours() {
        return Stream.of(
                        whole(),
                        brokenOff(),
                        notThere(),
                        elsewhere(),
                        slow(),
                        notTheFile(),
                        cut(),
                        promises(),
                        addresses())
                .flatMap(List::stream);
    }

    private static List<Behaviour> whole() {
        return List.of(
                when("sends the whole file", 1, body(HEIC)),
                when("sends it without a length", 1, chunked(HEIC)),
                when("calls an M4A `.wav` and `audio/wav`", test -> {
                    test.cdn.on("/1_0.wav", exchange -> {
                        exchange.getResponseHeaders().set("Content-Type", "audio/wav");
                        body(SOUND).to(exchange);
                    });
                    return slot(MediaKind.AUDIO, test.at("first", "/1_0.wav"));
                }),
                when("calls a plain file `Content-Encoding: gzip`", 1, encoded("gzip", HEIC)));
    }

    private static List<Behaviour> brokenOff() {
        return List.of(
                when(
                        "breaks off, and has the rest under the same strong validator",
                        1,
                        broken(HEIC, TAG),
                        rest(HEIC, TAG)),
                when("breaks off, answers 503, then has the rest", 1, broken(HEIC, TAG), status(503), rest(HEIC, TAG)),
                when("breaks off, and gave no validator", 1, broken(HEIC, ""), body(HEIC)),
                when("breaks off, and gave a weak validator", 1, broken(HEIC, "W/" + TAG), body(HEIC)),
                when(
                        "breaks off, then answers 206 with another validator",
                        1,
                        broken(HEIC, TAG),
                        part(OTHER_HEIC, "\"v2\"", true),
                        body(HEIC)),
                when(
                        "breaks off, then answers 206 without `Content-Range`",
                        1,
                        broken(HEIC, TAG),
                        part(OTHER_HEIC, TAG, false),
                        body(HEIC)),
                when("breaks off, then answers 416", 1, broken(HEIC, TAG), status(416), body(HEIC)),
                when("breaks off, then has another file, whole", 1, broken(HEIC, TAG), body(OTHER_HEIC)),
                when("breaks off each time", 1, broken(HEIC, "")));
    }

    private static List<Behaviour> notThere() {
        List<Behaviour> gone = new ArrayList<>();
        for (int status : new int[] {401, 403, 404, 410}) {
            gone.add(when("answers " + status + "; the next address works", 2, status(status)));
        }
        gone.add(when("answers 403, at the only address", 1, status(403)));
        gone.add(when("answers 503 once", 1, status(503), body(HEIC)));
        gone.add(when("answers 500 each time; the next address works", 2, status(500)));
        gone.add(when("answers 429 each time, at the only address", 1, status(429)));
        return gone;
    }

    private static List<Behaviour> elsewhere() {
        return List.of(
                when("redirects to another path", test -> {
                    test.cdn.on("/1", redirect("/there")).on("/there", body(HEIC));
                    return test.picture(1);
                }),
                when("redirects to another host that is allowed", test -> {
                    test.elsewhere.on("/there", body(HEIC));
                    test.cdn.on("/1", redirect(test.elsewhere.url("/there")));
                    return test.picture(1);
                }),
                when("redirects to a host that is not allowed", 1, redirect("http://169.254.169.254/")),
                when("redirects in a circle", 1, redirect("/1")));
    }

    private static List<Behaviour> slow() {
        return List.of(
                new Behaviour("says nothing", Duration.ofMillis(300), LONG, test -> {
                    test.cdn.on("/1", test.cdn.silence());
                    return test.picture(1);
                }),
                new Behaviour("drips without end", LONG, Duration.ofSeconds(1), test -> {
                    test.cdn.on("/1", test.cdn.dripping(JPEG, new CountDownLatch(1)));
                    return test.picture(1);
                }));
    }

    private static List<Behaviour> notTheFile() {
        byte[] page = "<!DOCTYPE html><title>403</title>".getBytes(UTF_8);
        byte[] json = "{\"error\":\"expired\"}".getBytes(UTF_8);
        return List.of(
                when("sends a page of HTML; the next address works", 2, body(page)),
                when("sends JSON", 1, body(json)),
                when("sends nothing", 1, body(new byte[0])),
                when("sends a film in place of a picture", 1, body(FILM)),
                when("sends the file compressed, as nobody asked for", 1, encoded("gzip", gzip(HEIC))),
                when("sends a picture of 48x32 where 1080x1440 are promised", test -> {
                    test.cdn.on("/1", body(OTHER_HEIC)).on("/2", body(JPEG));
                    return slot(
                            MediaKind.IMAGE,
                            test.promised("first", "/1", null, 1080, 1440, null),
                            test.at("second", "/2"));
                }),
                when("sends more than `archive.media.max-file-size`", 1, body(new byte[1_600_000])));
    }

    private static List<Behaviour> cut() {
        List<Behaviour> cut = new ArrayList<>();
        for (String name : List.of("tiles.heic", "picture.avif", "baseline.jpg", "rgb.png", "lossy.webp")) {
            cut.add(when(
                    "has all of `" + name + "` but its last byte; the next address works",
                    2,
                    body(Samples.without(name, 1))));
        }
        cut.add(when("has all of `faststart.mp4` but its last byte", test -> {
            test.cdn.on("/1", body(Samples.without("faststart.mp4", 1)));
            return slot(MediaKind.VIDEO, test.at("first", "/1"));
        }));
        cut.add(when("has a cut file once, then the whole one", 1, body(Samples.without("tiles.heic", 9)), body(HEIC)));
        return cut;
    }

    private static List<Behaviour> promises() {
        return List.of(
                when(
                        "has as many bytes, and the MD5, as the answer says",
                        test -> test.promisedFilm((long) FILM.length, md5(FILM).toUpperCase(Locale.ROOT))),
                when("has another length than the answer says", test -> test.promisedFilm(FILM.length + 1L, null)),
                when(
                        "has another MD5 than the answer says",
                        test -> test.promisedFilm(null, "0123456789abcdef0123456789abcdef")),
                when("has other dimensions than the answer says", test -> {
                    test.cdn.on("/1", body(OTHER_HEIC));
                    return slot(MediaKind.IMAGE, test.promised("first", "/1", null, 96, 64, null));
                }));
    }

    private static List<Behaviour> addresses() {
        return List.of(
                when(
                        "stands twice among the addresses, and answers 404",
                        test -> slot(MediaKind.IMAGE, test.at("first", "/1"), test.at("second", "/1"))),
                when("has a bar in its address, which no URI may have", test -> {
                    test.cdn.on("/1", body(HEIC));
                    return slot(MediaKind.IMAGE, test.at("first", "/1?q/58|strip&sign=a%2Fb"));
                }),
                when("is given as http, and knows no https", test -> {
                    test.cdn.on("/1", body(HEIC));
                    return slot(MediaKind.IMAGE, byName("http://cdn.test/1"));
                }),
                when("is given as https, and knows none", test -> {
                    test.cdn.on("/1", body(HEIC));
                    return slot(MediaKind.IMAGE, byName("https://cdn.test/1"));
                }),
                when("is at a host that is not allowed; the next address works", test -> {
                    test.cdn.on("/2", body(JPEG));
                    return slot(MediaKind.IMAGE, byName("http://xhscdn.com.evil.test/1"), test.at("second", "/2"));
                }),
                when("is not in the answer at all", _ -> slot(MediaKind.IMAGE)));
    }

    @ParameterizedTest
    @MethodSource("behaviours")
    void isAskedThisOftenAndComesToThis(Behaviour behaviour) {
        MediaSlot slot = behaviour.script.tell(this);

        try (MediaDownloader downloader = downloader(behaviour)) {
            DownloadOutcome outcome = downloader.download(slot);

            long ranges =
                    cdn.headers().stream().filter(h -> h.containsKey("Range")).count();
            TABLE.assertHolds("| %s | %d%s | %s |"
                    .formatted(
                            behaviour.name,
                            downloader.traffic().requests(),
                            ranges == 0 ? "" : ", " + ranges + " for the rest",
                            told(outcome)));
            assertThat(cdn.requests().size() + elsewhere.requests().size() + withoutTls(slot))
                    .as("what the servers saw")
                    .isEqualTo(Math.toIntExact(downloader.traffic().requests()));
            assertThat(cdn.requests()).noneMatch(target -> target.contains("|"));
        }
        assertThat(directory).as("the spool").isEmptyDirectory();
    }

    @Test
    void theDocumentIsAboutAllOfThese() {
        TABLE.assertIsAbout(behaviours().map(Behaviour::name).toList());
    }

    /** Requests that found nobody who speaks TLS. */
    private static int withoutTls(MediaSlot slot) {
        String url =
                slot.candidates().isEmpty() ? "" : slot.candidates().getFirst().url();
        return url.startsWith("http://cdn.test/") ? 1 : url.startsWith("https://cdn.test/") ? 3 : 0;
    }

    private static String told(DownloadOutcome outcome) {
        return switch (outcome) {
            case Downloaded(var media, var lesserBecause, var _) -> {
                StringBuilder told = new StringBuilder("taken from the ");
                told.append(media.candidate().rendition()).append(": ").append(media.type());
                told.append(", ").append(media.size()).append(" bytes");
                compared(told, "length", media.length());
                compared(told, "size", media.promisedSize());
                compared(told, "md5", media.promisedMd5());
                assertThat(media.file().onDisk())
                        .content(ISO_8859_1)
                        .isIn(ALL.stream()
                                .map(file -> new String(file, ISO_8859_1))
                                .toList());
                media.remarks().forEach(remark -> told.append(", ").append(remark));
                if (lesserBecause != null) {
                    told.append("; ").append(lesserBecause);
                }
                media.close();
                yield told.toString();
            }
            case Dead(var reason) -> "dead: " + reason;
            case NoRoom(var reason) -> "released: " + reason;
            case Troubled(var reason, var soon) ->
                (soon ? "missing, again within minutes: " : "missing, again on a later night: ") + reason;
        };
    }

    private static void compared(StringBuilder told, String what, Comparison comparison) {
        if (comparison != Comparison.NONE) {
            told.append(", ").append(what).append(' ');
            told.append(comparison.name().toLowerCase(Locale.ROOT));
        }
    }

    private MediaDownloader downloader(Behaviour behaviour) {
        List<String> hosts = List.of(cdn.authority(), elsewhere.authority(), "cdn.test");
        return new MediaDownloader(
                new MediaProperties(
                        hosts,
                        Duration.ofSeconds(5),
                        behaviour.idle,
                        behaviour.box,
                        4,
                        4,
                        DataSize.ofBytes(1_500_000),
                        DataSize.ofMegabytes(10),
                        DataSize.ofBytes(0),
                        5,
                        3,
                        List.of(Duration.ofMillis(1))),
                new Spool(directory),
                new Names());
    }

    /** One domain: by http it leads to the server, by https to nobody. */
    private final class Names implements DnsResolver {

        @Override
        public List<InetSocketAddress> resolve(String host, int port) {
            int there = port == 80 ? cdn.port() : port == 443 ? 1 : port;
            return List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), there));
        }

        @Override
        public InetAddress[] resolve(String host) throws UnknownHostException {
            throw new UnknownHostException(host);
        }

        @Override
        public String resolveCanonicalHostname(String host) {
            return host;
        }
    }

    private MediaSlot picture(int addresses) {
        return addresses == 1
                ? slot(MediaKind.IMAGE, at("first", "/1"))
                : slot(MediaKind.IMAGE, at("first", "/1"), at("second", "/2"));
    }

    private MediaSlot promisedFilm(@Nullable Long size, @Nullable String md5) {
        cdn.on("/1", body(FILM));
        return slot(MediaKind.VIDEO, promised("first", "/1", size, null, null, md5));
    }

    private MediaCandidate at(String rendition, String path) {
        return promised(rendition, path, null, null, null, null);
    }

    private static MediaCandidate byName(String url) {
        return new MediaCandidate(url, "first", null, null, null, null);
    }

    private MediaCandidate promised(
            String rendition,
            String path,
            @Nullable Long size,
            @Nullable Integer width,
            @Nullable Integer height,
            @Nullable String md5) {
        return new MediaCandidate(cdn.url(path), rendition, size, width, height, md5);
    }

    private static MediaSlot slot(MediaKind kind, MediaCandidate... candidates) {
        return new MediaSlot(kind, 0, "id", List.of(candidates), null);
    }

    private static Reply broken(byte[] bytes, String tag) {
        return exchange -> {
            if (!tag.isEmpty()) {
                exchange.getResponseHeaders().set("ETag", tag);
            }
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes, 0, BROKEN_AT);
            exchange.getResponseBody().flush();
        };
    }

    private static Reply rest(byte[] bytes, String tag) {
        return exchange -> {
            assertThat(exchange.getRequestHeaders().getFirst("Range")).isEqualTo("bytes=" + BROKEN_AT + "-");
            assertThat(exchange.getRequestHeaders().getFirst("If-Range")).isEqualTo(tag);
            part(bytes, tag, true).to(exchange);
        };
    }

    private static Reply part(byte[] bytes, String tag, boolean isSaidToBe) {
        return exchange -> {
            exchange.getResponseHeaders().set("ETag", tag);
            if (isSaidToBe) {
                exchange.getResponseHeaders()
                        .set("Content-Range", "bytes %d-%d/%d".formatted(BROKEN_AT, bytes.length - 1, bytes.length));
            }
            exchange.sendResponseHeaders(206, bytes.length - BROKEN_AT);
            exchange.getResponseBody().write(bytes, BROKEN_AT, bytes.length - BROKEN_AT);
        };
    }

    private static String md5(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
            zip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
