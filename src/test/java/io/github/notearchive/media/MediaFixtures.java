package io.github.notearchive.media;

import static io.github.notearchive.io.ScriptedServer.closing;
import static io.github.notearchive.io.ScriptedServer.raw;
import static io.github.notearchive.io.ScriptedServer.reply;
import static io.github.notearchive.io.ScriptedServer.status;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.io.ScriptedServer.Reply;
import io.github.notearchive.media.DownloadOutcome.Downloaded;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hc.client5.http.DnsResolver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Settings, slots and resolvers for tests of downloads. */
abstract class MediaFixtures {

    @TempDir
    Path directory;

    private static final List<String> QUICK = List.of(
            "connect-timeout=5s",
            "idle-timeout=15s",
            "file-timeout=15s",
            "downloads-in-flight=8",
            "downloads-per-host=8",
            "max-file-size=10MB",
            "max-spool-size=100MB",
            "max-memory=0B",
            "backoff=1ms");

    /** Settings for these hosts with short pauses, and with these changes, such as {@code file-timeout=1s}. */
    static MediaProperties settings(List<String> hosts, String... changes) {
        Map<String, String> values = new HashMap<>();
        values.put("archive.media.allowed-hosts", String.join(",", hosts));
        Stream.concat(QUICK.stream(), Stream.of(changes))
                .map(setting -> setting.split("="))
                .forEach(setting -> values.put("archive.media." + setting[0], setting[1]));
        return bound(values);
    }

    /** A downloader with these settings and a spool in this directory. */
    static MediaDownloader downloader(Path spool, MediaProperties settings) {
        return new MediaDownloader(settings, new Spool(spool, settings));
    }

    static MediaDownloader downloader(Path spool, MediaProperties settings, DnsResolver resolver) {
        return new MediaDownloader(settings, new Spool(spool, settings), resolver);
    }

    static AllowedHosts hosts(String... names) {
        return new AllowedHosts(List.of(names), InetAddress::getAllByName);
    }

    static MediaProperties bound(Map<String, String> values) {
        return new Binder(new MapConfigurationPropertySource(values))
                .bindOrCreate("archive.media", MediaProperties.class);
    }

    /** A media server, which answers 404 for paths that are not scripted. */
    static ScriptedServer cdn() {
        return new ScriptedServer().always(status(404));
    }

    static Reply body(byte[] bytes, String... headers) {
        return reply(200, bytes, headers);
    }

    static Reply redirect(String location) {
        return status(302, "Location: " + location);
    }

    /** States the length of all bytes, and closes the connection after {@code count} of them. */
    static Reply broken(byte[] bytes, int count) {
        return closing("HTTP/1.1 200 x\r\nContent-Length: " + bytes.length + "\r\n\r\n", Arrays.copyOf(bytes, count));
    }

    /** Sends these bytes of a longer body, then single bytes until the client closes the connection. */
    static Reply dripping(ScriptedServer server, byte[] start, CountDownLatch started) {
        return server.drip(raw("HTTP/1.1 200 x\r\nContent-Length: 1000000\r\n\r\n", start), "\0", started);
    }

    /** A slot whose candidates are these URLs, as renditions r0, r1 and so on. */
    static MediaSlot slot(MediaKind kind, String... urls) {
        return slot(
                kind,
                IntStream.range(0, urls.length)
                        .mapToObj(i -> candidate("r" + i, urls[i]))
                        .toArray(MediaCandidate[]::new));
    }

    static MediaSlot slot(MediaKind kind, MediaCandidate... candidates) {
        return new MediaSlot(kind, 0, "id", List.of(candidates), null);
    }

    static MediaCandidate candidate(String rendition, String url) {
        return new MediaCandidate(url, rendition, null, null, null, null);
    }

    static MediaCandidate sized(String rendition, String url, @Nullable Integer width, @Nullable Integer height) {
        return new MediaCandidate(url, rendition, null, width, height, null);
    }

    static DownloadedMedia downloaded(DownloadOutcome outcome) {
        assertThat(outcome).isInstanceOf(Downloaded.class);
        return ((Downloaded) outcome).media();
    }

    /** Resolves every host to this machine, at the port that is chosen for the requested one. */
    static DnsResolver loopback(IntUnaryOperator ports) {
        return resolver(
                (_, port) -> List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), ports.applyAsInt(port))));
    }

    @FunctionalInterface
    interface Resolution {
        List<InetSocketAddress> addresses(String host, int port) throws UnknownHostException;
    }

    static DnsResolver resolver(Resolution resolution) {
        return new DnsResolver() {
            @Override
            public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
                return resolution.addresses(host, port);
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

    static String hex(String algorithm, byte[] bytes) {
        return new DigestUtils(algorithm).digestAsHex(bytes);
    }
}
