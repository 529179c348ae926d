package io.github.notearchive.media;

import static io.github.notearchive.io.ScriptedServer.closing;
import static io.github.notearchive.io.ScriptedServer.gzipped;
import static io.github.notearchive.io.ScriptedServer.reply;
import static io.github.notearchive.io.ScriptedServer.status;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.PublishedTable;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.io.ScriptedServer.Reply;
import io.github.notearchive.media.DownloadOutcome.Downloaded;
import io.github.notearchive.media.DownloadOutcome.Failed;
import io.github.notearchive.media.DownloadOutcome.Gone;
import io.github.notearchive.media.DownloadOutcome.NoRoom;
import io.github.notearchive.media.format.Samples;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.lang3.ArrayUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Behaviours of media servers, the number of requests, and the outcome, compared with
 * {@code src/docs/media-behaviours.md}.
 */
@Timeout(20)
class CdnBehavioursTests extends MediaFixtures {

    private static final PublishedTable TABLE = new PublishedTable("media-behaviours.md", "One file");

    private static final byte[] HEIC = Samples.bytes("tiles.heic");
    private static final byte[] OTHER_HEIC = Samples.bytes("picture.heic");
    private static final byte[] JPEG = Samples.bytes("baseline.jpg");
    private static final byte[] FILM = Samples.bytes("film.mp4");
    private static final String FILM_MD5 = hex("MD5", FILM).toUpperCase(Locale.ROOT);
    private static final byte[] SOUND = Samples.bytes("sound.m4a");
    private static final byte[] AAC = Samples.bytes("sound.aac");
    private static final byte[] PART_OF_AAC = Samples.without("sound.aac", 500);
    private static final List<String> ALL = Stream.of(HEIC, OTHER_HEIC, JPEG, FILM, SOUND, AAC, PART_OF_AAC)
            .map(file -> new String(file, ISO_8859_1))
            .toList();

    private ScriptedServer cdn;
    private ScriptedServer elsewhere;

    @BeforeEach
    void start() {
        cdn = cdn();
        elsewhere = cdn();
    }

    @AfterEach
    void stop() {
        elsewhere.close();
        cdn.close();
    }

    /**
     * A behaviour of a server.
     *
     * @param name as in the table
     * @param script sets the replies and returns what to download
     * @param settings that differ, in pairs of name and value
     */
    private record Behaviour(String name, Function<CdnBehavioursTests, MediaSlot> script, String[] settings) {

        @Override
        public String toString() {
            return name;
        }
    }

    private static Behaviour scripted(String name, Function<CdnBehavioursTests, MediaSlot> script, String... settings) {
        return new Behaviour(name, script, ArrayUtils.add(settings, "max-file-size=1500000B"));
    }

    /** The server replies so for the first URL, and with a complete picture for the second one, if there is one. */
    private static Behaviour when(String name, int addresses, Reply... replies) {
        return when(name, test -> test.picture(addresses), replies);
    }

    private static Behaviour when(String name, Function<CdnBehavioursTests, MediaSlot> slot, Reply... replies) {
        return scripted(name, test -> {
            test.cdn.on("/1", replies).on("/2", body(JPEG));
            return slot.apply(test);
        });
    }

    static List<Behaviour> behaviours() {
        byte[] page = "<!DOCTYPE html><title>403</title>".getBytes(UTF_8);
        byte[] json = "{\"error\":\"expired\"}".getBytes(UTF_8);
        return List.of(
                when("sends the complete file", 1, body(HEIC)),
                when("sends it without a length", 1, closing("HTTP/1.1 200 x\r\n\r\n", HEIC)),
                scripted("names an M4A `.wav` and `audio/wav`", test -> {
                    test.cdn.on("/1_0.wav", body(SOUND, "Content-Type: audio/wav"));
                    return slot(MediaKind.AUDIO, test.at("first", "/1_0.wav"));
                }),
                when("sends a plain file with `Content-Encoding: gzip`", 1, body(HEIC, "Content-Encoding: gzip")),
                when("sends an incomplete body, then another file", 1, broken(HEIC, 300), body(OTHER_HEIC)),
                when("sends an incomplete body, then 206", 1, broken(HEIC, 300), reply(206, OTHER_HEIC), body(HEIC)),
                when("sends an incomplete body each time", 1, broken(HEIC, 300)),
                when("answers 401; the next URL works", 2, status(401)),
                when("answers 403; the next URL works", 2, status(403)),
                when("answers 404; the next URL works", 2, status(404)),
                when("answers 410; the next URL works", 2, status(410)),
                when("answers 403, at the only URL", 1, status(403)),
                when("answers 503 once", 1, status(503), body(HEIC)),
                when("answers 500 each time; the next URL works", 2, status(500)),
                when("answers 429 each time, at the only URL", 1, status(429)),
                scripted("redirects to another path", test -> {
                    test.cdn.on("/1", redirect("/there")).on("/there", body(HEIC));
                    return test.picture(1);
                }),
                scripted("redirects to another host that is allowed", test -> {
                    test.elsewhere.on("/there", body(HEIC));
                    test.cdn.on("/1", redirect(test.elsewhere.address() + "/there"));
                    return test.picture(1);
                }),
                when("redirects to a host that is not allowed", 1, redirect("http://169.254.169.254/")),
                when("redirects in a circle", 1, redirect("/1")),
                scripted(
                        "sends nothing",
                        test -> {
                            test.cdn.on("/1", test.cdn.silence());
                            return test.picture(1);
                        },
                        "idle-timeout=300ms"),
                scripted(
                        "sends single bytes without end",
                        test -> {
                            test.cdn.on("/1", dripping(test.cdn, JPEG, new CountDownLatch(1)));
                            return test.picture(1);
                        },
                        "file-timeout=1s"),
                when("sends a page of HTML; the next URL works", 2, body(page)),
                when("sends JSON", 1, body(json)),
                when("sends an empty body", 1, body(new byte[0])),
                when("sends a film instead of a picture", 1, body(FILM)),
                when("sends the file compressed, which was not requested", 1, gzipped(HEIC)),
                when(
                        "sends a picture of 64x64 where 1080x1440 are promised",
                        test -> slot(
                                MediaKind.IMAGE,
                                sized("first", test.cdn.address() + "/1", 1080, 1440),
                                test.at("second", "/2")),
                        body(OTHER_HEIC)),
                when("sends more than `archive.media.max-file-size`", 1, body(new byte[1_600_000])),
                truncated("tiles.heic"),
                truncated("picture.avif"),
                truncated("baseline.jpg"),
                truncated("rgb.png"),
                truncated("lossy.webp"),
                truncated("still.gif"),
                when(
                        "sends all of `faststart.mp4` but its last byte",
                        test -> slot(MediaKind.VIDEO, test.at("first", "/1")),
                        body(Samples.without("faststart.mp4", 1))),
                sound("sends half of `sound.wav`", body(Samples.without("sound.wav", 839))),
                sound("sends half of `sound.ogg`", body(Samples.without("sound.ogg", 2459))),
                sound("sends half of `variable.mp3`", body(Samples.without("variable.mp3", 1427))),
                sound(
                        "sends a truncated AAC once, then one with the MD5 of the response",
                        body(PART_OF_AAC),
                        body(AAC)),
                sound("sends a truncated AAC each time, with another MD5", body(PART_OF_AAC)),
                sound(
                        "sends another truncated AAC each time, with other MD5s",
                        body(PART_OF_AAC),
                        body(Samples.without("sound.aac", 400)),
                        body(Samples.without("sound.aac", 300))),
                scripted("sends a truncated AAC each time, with another MD5; its backup URL works", test -> {
                    test.cdn.on("/1", body(PART_OF_AAC)).on("/2", body(AAC));
                    return slot(
                            MediaKind.AUDIO,
                            test.withMd5("h/master_url", "/1", AAC),
                            test.withMd5("h/backup_urls[0]", "/2", AAC));
                }),
                when(
                        "sends a truncated file once, then the complete one",
                        1,
                        body(Samples.without("tiles.heic", 9)),
                        body(HEIC)),
                film("sends the size and the MD5 of the response", (long) FILM.length, FILM_MD5),
                film("sends another size than that of the response", FILM.length + 1L, null),
                film("sends another MD5 than that of the response", null, "0123456789abcdef0123456789abcdef"),
                when(
                        "sends other dimensions than those of the response",
                        test -> slot(MediaKind.IMAGE, sized("first", test.cdn.address() + "/1", 128, 96)),
                        body(OTHER_HEIC)),
                when(
                        "has the same URL twice, and answers 404",
                        test -> slot(MediaKind.IMAGE, test.at("first", "/1"), test.at("second", "/1")),
                        status(404)),
                when(
                        "has a bar in its URL, which is illegal",
                        test -> slot(MediaKind.IMAGE, test.at("first", "/1?q/58|strip&sign=a%2Fb")),
                        body(HEIC)),
                when(
                        "has an http URL, and no https",
                        _ -> slot(MediaKind.IMAGE, candidate("first", "http://cdn.test/1")),
                        body(HEIC)),
                when(
                        "has an https URL, and no https",
                        _ -> slot(MediaKind.IMAGE, candidate("first", "https://cdn.test/1")),
                        body(HEIC)),
                when(
                        "has a host that is not allowed; the next URL works",
                        test -> slot(
                                MediaKind.IMAGE,
                                candidate("first", "http://xhscdn.com.evil.test/1"),
                                test.at("second", "/2")),
                        body(HEIC)),
                when("has no URL in the response", _ -> slot(MediaKind.IMAGE, new String[0]), body(HEIC)));
    }

    private static Behaviour truncated(String sample) {
        String name = "sends all of `" + sample + "` but its last byte; the next URL works";
        return when(name, 2, body(Samples.without(sample, 1)));
    }

    /** The only URL of a sound, with its MD5. */
    private static Behaviour sound(String name, Reply... replies) {
        return when(name, test -> slot(MediaKind.AUDIO, test.withMd5("first", "/1", AAC)), replies);
    }

    private MediaCandidate withMd5(String rendition, String path, byte[] file) {
        return new MediaCandidate(cdn.address() + path, rendition, null, null, null, hex("MD5", file));
    }

    private static Behaviour film(String name, @Nullable Long size, @Nullable String md5) {
        return when(
                name,
                test -> slot(
                        MediaKind.VIDEO, new MediaCandidate(test.cdn.address() + "/1", "first", size, null, null, md5)),
                body(FILM));
    }

    @ParameterizedTest
    @MethodSource("behaviours")
    void requestsAndOutcomeAreThoseOfTheTable(Behaviour behaviour) {
        MediaSlot slot = behaviour.script.apply(this);

        try (MediaDownloader downloader = downloader(behaviour)) {
            DownloadOutcome outcome = downloader.download(slot);

            TABLE.assertHolds("| %s | %d | %s |"
                    .formatted(behaviour.name, downloader.traffic().requests(), describe(outcome)));
            assertThat(cdn.targets().size() + elsewhere.targets().size() + withoutTls(slot))
                    .as("what the servers saw")
                    .isEqualTo(Math.toIntExact(downloader.traffic().requests()));
            assertThat(cdn.targets()).noneMatch(target -> target.contains("|"));
        }
        assertThat(directory).as("the spool").isEmptyDirectory();
    }

    @Test
    void documentHasAllBehaviours() {
        TABLE.assertIsAbout(behaviours().stream().map(Behaviour::name).toList());
    }

    /** Requests that found no TLS server. */
    private static int withoutTls(MediaSlot slot) {
        String url =
                slot.candidates().isEmpty() ? "" : slot.candidates().getFirst().url();
        return url.startsWith("http://cdn.test/") ? 1 : url.startsWith("https://cdn.test/") ? 3 : 0;
    }

    private static String describe(DownloadOutcome outcome) {
        return switch (outcome) {
            case Downloaded(var media, var lesserBecause, var _) -> {
                assertThat(media.file().onDisk()).content(ISO_8859_1).isIn(ALL);
                media.close();
                yield "taken from the %s: %s, %d bytes%s%s"
                        .formatted(
                                media.candidate().rendition(),
                                media.type(),
                                media.size(),
                                media.checks() == null ? "" : ", " + media.checks(),
                                lesserBecause == null ? "" : "; " + lesserBecause);
            }
            case Gone(var reason) -> "gone: " + reason;
            case NoRoom(var reason) -> "released: " + reason;
            case Failed(var reason, var retryable) ->
                (retryable ? "missing, again within minutes: " : "missing, again on a later night: ") + reason;
        };
    }

    private MediaDownloader downloader(Behaviour behaviour) {
        List<String> hosts = List.of(cdn.authority(), elsewhere.authority(), "cdn.test");
        // the domain has the media server for http, and no server for https
        return downloader(
                directory,
                settings(hosts, behaviour.settings),
                loopback(port -> port == 80 ? cdn.port() : port == 443 ? 1 : port));
    }

    private MediaSlot picture(int addresses) {
        return addresses == 1
                ? slot(MediaKind.IMAGE, at("first", "/1"))
                : slot(MediaKind.IMAGE, at("first", "/1"), at("second", "/2"));
    }

    private MediaCandidate at(String rendition, String path) {
        return candidate(rendition, cdn.address() + path);
    }
}
