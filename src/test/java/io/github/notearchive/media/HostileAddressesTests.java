package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.media.DownloadOutcome.Failed;
import io.github.notearchive.media.DownloadOutcome.Gone;
import io.github.notearchive.note.MediaKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hc.client5.http.DnsResolver;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * URLs of an attacker who wants this machine to request something else, from {@code src/docs/hostile-addresses.md}.
 * Each is downloaded with real sockets: one is a media server, the other a trap that receives every connection that is
 * neither to the media server nor public.
 */
@Timeout(20)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileAddressesTests extends MediaFixtures {

    private static final Path DOCUMENT = Path.of("src/docs/hostile-addresses.md");
    private static final Pattern ROW = Pattern.compile(
            "\\| (?:redirect (\\d{3}) )?(.*?) \\| (?:`(.*?)`)?(?: at `(.*?)`)? \\| (.*?) \\| (.*?) \\|");
    private static final String PUBLIC = "8.8.8.8";
    private static final byte[] GIF =
            "GIF89a\u0001\u0000\u0001\u0000\u0000\u0000\u0000;".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    static Path spool;

    private final List<String> lookups = new CopyOnWriteArrayList<>();
    private final AtomicInteger caught = new AtomicInteger();
    private final List<ServerSocket> traps = new ArrayList<>();
    private ScriptedServer cdn;

    /** Where a URL is rejected. */
    enum Where {
        BEFORE("before any lookup or connection"),
        RESOLVED("after resolution, before a connection"),
        REDIRECT("at the redirect, before a connection"),
        FOLLOWED("not rejected: requested from the public address");

        private final String words;

        Where(String words) {
            this.words = words;
        }
    }

    /**
     * One URL.
     *
     * @param what purpose of the attacker
     * @param address the URL, with {@code TRAP} for the port of the trap and {@code MEDIA} for that of the media server
     * @param status of the redirect that leads to the URL; 0 if the response has it
     * @param resolvesTo addresses of its host for each lookup, separated by spaces; empty for none
     * @param reason of the outcome; for a URL that is followed, its host
     */
    record Tried(String what, String address, int status, List<String> resolvesTo, Where where, String reason) {

        /** Reads a row of the table, with characters by number and repetitions as {@code {9000×a}}. */
        static Tried of(String row) {
            Matcher cells = ROW.matcher(row);
            assertThat(cells.matches()).as(row).isTrue();
            String address = Pattern.compile("\\\\u([0-9a-f]{4})")
                    .matcher(cells.group(3) == null ? "" : cells.group(3))
                    .replaceAll(c -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(c.group(1), 16))));
            address = Pattern.compile("\\{(\\d+)×(.*?)}")
                    .matcher(address)
                    .replaceAll(times -> times.group(2).repeat(Integer.parseInt(times.group(1))));
            return new Tried(
                    cells.group(2),
                    address,
                    cells.group(1) == null ? 0 : Integer.parseInt(cells.group(1)),
                    cells.group(4) == null ? List.of() : List.of(cells.group(4).split(", then ")),
                    Stream.of(Where.values())
                            .filter(where -> where.words.equals(cells.group(5)))
                            .findFirst()
                            .orElseThrow(),
                    cells.group(6));
        }

        @Override
        public String toString() {
            return what;
        }
    }

    static List<Tried> all() throws IOException {
        List<Tried> rows = Files.readAllLines(DOCUMENT).stream()
                .filter(line -> line.startsWith("| "))
                .skip(1)
                .map(Tried::of)
                .toList();
        assertThat(rows).hasSizeGreaterThan(160);
        return rows;
    }

    @BeforeAll
    void listen() throws IOException {
        cdn = cdn();
        ServerSocket trap = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        traps.add(trap);
        try {
            traps.add(new ServerSocket(trap.getLocalPort(), 50, InetAddress.getByName("::1")));
        } catch (IOException _) {
            // a machine without IPv6
        }
        for (ServerSocket each : traps) {
            Thread.ofVirtual().start(() -> {
                while (!each.isClosed()) {
                    try (var _ = each.accept()) {
                        caught.incrementAndGet();
                    } catch (IOException _) {
                        // closed
                    }
                }
            });
        }
    }

    @AfterAll
    void close() throws IOException {
        for (ServerSocket trap : traps) {
            trap.close();
        }
        cdn.close();
    }

    @BeforeEach
    void reset() {
        lookups.clear();
        caught.set(0);
        cdn.requests().clear();
    }

    @ParameterizedTest
    @MethodSource("all")
    void onlyAllowedHostsAreRequested(Tried tried) {
        String address = ports(tried.address);
        if (tried.status != 0) {
            cdn.on("/r", ScriptedServer.status(tried.status, "Location: " + address));
        }
        cdn.on("/a", body(GIF));

        DownloadOutcome outcome = download(tried, tried.status == 0 ? address : cdn.address() + "/r");

        assertThat(caught).as("connections to the trap").hasValue(0);
        switch (tried.where) {
            case BEFORE -> {
                assertThat(outcome).isEqualTo(new Failed("r: " + ports(tried.reason), false));
                assertThat(lookups).isEmpty();
                assertThat(cdn.targets()).isEmpty();
            }
            case RESOLVED -> {
                assertThat(outcome).isEqualTo(new Failed("r at a.xhscdn.com: " + tried.reason, false));
                assertThat(lookups).hasSameSizeAs(tried.resolvesTo);
                assertThat(cdn.targets()).isEmpty();
            }
            case REDIRECT -> {
                assertThat(outcome)
                        .isInstanceOfAny(Failed.class, Gone.class)
                        .asString()
                        .contains("r at 127.0.0.1: " + ports(tried.reason));
                assertThat(lookups).hasSameSizeAs(tried.resolvesTo);
                assertThat(cdn.targets()).hasSizeBetween(1, 6).doesNotContain("/a");
            }
            case FOLLOWED -> {
                downloaded(outcome).close();
                assertThat(lookups).containsOnly(tried.reason);
                assertThat(cdn.targets()).containsExactly("/a");
            }
        }
    }

    @Test
    void trapCountsConnections() throws Exception {
        try (var socket = new Socket("127.0.0.1", traps.getFirst().getLocalPort())) {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }

        assertThat(caught).hasValue(1);
    }

    private String ports(String text) {
        return text.replace("TRAP", String.valueOf(traps.getFirst().getLocalPort()))
                .replace("MEDIA", String.valueOf(cdn.port()));
    }

    private DownloadOutcome download(Tried tried, String address) {
        AllowedHosts guard = new AllowedHosts(List.of("xhscdn.com", cdn.authority()), host -> {
            int number = lookups.size();
            lookups.add(host);
            if (number >= tried.resolvesTo.size()) {
                throw new UnknownHostException(host);
            }
            String[] results = tried.resolvesTo.get(number).split(" ");
            InetAddress[] addresses = new InetAddress[results.length];
            for (int i = 0; i < results.length; i++) {
                addresses[i] = InetAddress.getByName(results[i]);
            }
            return addresses;
        });
        MediaProperties properties = settings(List.of("xhscdn.com", cdn.authority()), "tries-per-candidate=1");
        DnsResolver diverted = resolver((host, port) ->
                guard.resolve(host, port).stream().map(this::divert).toList());
        try (var downloads = downloader(spool, properties, diverted)) {
            return downloads.download(slot(MediaKind.IMAGE, candidate("r", address)));
        }
    }

    /**
     * Keeps every connection on this machine: a public address leads to the media server, any other one to the trap.
     */
    private InetSocketAddress divert(InetSocketAddress to) {
        boolean isPublic = to.getAddress().getHostAddress().equals(PUBLIC);
        boolean isCdn = to.getAddress().isLoopbackAddress() && to.getPort() == cdn.port();
        // the media server speaks no TLS, so https has no server
        int cdnPort = to.getPort() == 443 ? 1 : cdn.port();
        return new InetSocketAddress(
                InetAddress.getLoopbackAddress(),
                isPublic || isCdn ? cdnPort : traps.getFirst().getLocalPort());
    }
}
