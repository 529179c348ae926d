package io.github.notearchive.media;

import static io.github.notearchive.media.MediaFixtures.candidate;
import static io.github.notearchive.media.MediaFixtures.settings;
import static io.github.notearchive.media.MediaFixtures.slot;
import static org.assertj.core.api.Assertions.assertThat;

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
 * URLs of an attacker who wants this machine to request something else. Each is downloaded with real sockets: one is a
 * media server, the other a trap that receives every connection that is neither to the media server nor public.
 *
 * <p>The table is compared with {@code src/docs/hostile-addresses.md}.
 */
@Timeout(20)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileAddressesTests {

    private static final Path DOCUMENT = Path.of("src/docs/hostile-addresses.md");
    private static final String NOT_ALLOWED = "host not allowed";
    private static final String NOT_HTTP = "not an HTTP URL";
    private static final String PRIVATE = "host has a private address";
    private static final String PUBLIC = "8.8.8.8";
    private static final byte[] GIF =
            "GIF89a\u0001\u0000\u0001\u0000\u0000\u0000\u0000;".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    static Path spool;

    private final List<String> lookups = new CopyOnWriteArrayList<>();
    private final AtomicInteger caught = new AtomicInteger();
    private final List<ServerSocket> traps = new ArrayList<>();
    private ScriptedCdn cdn;

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
     * @param reason of the outcome
     */
    record Tried(String what, String address, int status, List<String> resolvesTo, Where where, String reason) {

        @Override
        public String toString() {
            return what + ": " + shown(address);
        }
    }

    static Stream<Tried> all() {
        return Stream.of(names(), writing(), schemes(), literals(), resolved(), redirected())
                .flatMap(List::stream);
    }

    private static List<Tried> names() {
        return List.of(
                before("allowed name in front of another", "http://xhscdn.com.evil.test/a"),
                before("allowed name without the dot", "http://evilxhscdn.com/a"),
                before("allowed name with a dash", "http://evil-xhscdn.com/a"),
                before("allowed name as a path", "http://evil.test/xhscdn.com"),
                before("allowed name as a fragment", "http://evil.test#.xhscdn.com/"),
                before("allowed name as a query", "http://evil.test?.xhscdn.com/"),
                before("one ending for another", "http://xhscdn.co/a"),
                before("the ending alone", "http://com/a"),
                before("two trailing dots", "http://xhscdn.com../a"),
                before("a leading dot", "http://.xhscdn.com/a"),
                before("an empty label", "http://a..xhscdn.com/a"),
                before("an underscore", "http://a_b.xhscdn.com/a"),
                before("a label of 64 letters", "http://" + "a".repeat(64) + ".xhscdn.com/a"),
                before("a name of 260 letters", "http://" + "a.".repeat(125) + "xhscdn.com/a"),
                before("a name of 4,000 labels", "http://" + "a.".repeat(4_000) + "xhscdn.com/a"),
                before("percent-encoded letters", "http://%78hscdn.com/a"),
                before("a percent-encoded dot", "http://xhscdn%2ecom/a"),
                before("an ideographic full stop", "http://xhscdn\u3002com/a"),
                before("a full-width full stop", "http://xhscdn\uff0ecom/a"),
                before("a half-width ideographic full stop", "http://xhscdn\uff61com/a"),
                before("full-width letters", "http://\uff58hscdn.com/a"),
                before("a Cyrillic letter", "http://xhscdn.\u0441om/a"),
                before("the Kelvin sign", "http://xhs\u212adn.com/a"),
                before("a soft hyphen", "http://xhs\u00adcdn.com/a"),
                before("a zero-width joiner", "http://xhscdn\u200d.com/a"),
                before("a right-to-left override", "http://\u202exhscdn.com/a"),
                before("punycode", "http://xn--xhscdn-9za.com/a"),
                before("this machine by name", "http://localhost:TRAP/a"),
                before("this machine below localhost", "http://a.localhost:TRAP/a"),
                before("metadata server by name", "http://metadata.google.internal/a"));
    }

    private static List<Tried> writing() {
        String user = "user info in the URL";
        String control = "control character in the URL";
        return List.of(
                before("user and password", "http://user:pw@xhscdn.com/a", user),
                before("allowed name as the user", "http://xhscdn.com@evil.test/a", user),
                before("allowed name as the password", "http://a:xhscdn.com@127.0.0.1:TRAP/", user),
                before("an empty user", "http://@xhscdn.com/a", user),
                before("two users", "http://a@evil.test@xhscdn.com/a", user),
                before("a backslash before the at sign", "http://evil.test\\@xhscdn.com/a", user),
                before("a backslash as a slash", "http://evil.test\\.xhscdn.com/a"),
                before("a backslash behind the name", "http://xhscdn.com\\.evil.test/a"),
                before("two backslashes", "http:\\\\evil.test\\a", NOT_HTTP),
                before("a tab in the name", "http://xhs\tcdn.com/a", control),
                before("a line break in the scheme", "ht\ntp://xhscdn.com/a", control),
                before("a header behind a line break", "http://xhscdn.com/a\r\nHost: evil", control),
                before("a NUL in the name", "http://xhscdn.com\0.evil.test/a", control),
                before("a NUL in the path", "http://xhscdn.com/a\0.jpg", control),
                before("a blank in the name", "http://xhscdn.com .evil.test/a"),
                before("an unpaired surrogate", "http://xhscdn.com/\ud800", "unpaired surrogate in the URL"),
                before("9,000 letters", "http://xhscdn.com/" + "a".repeat(9_000), "URL too long"),
                before("no name", "http:///a", "no host in the URL"),
                before("a dot as the name", "http://./a", "no host in the URL"),
                before("port 8080", "http://xhscdn.com:8080/a", "port 8080 not allowed"),
                before("port 22", "http://xhscdn.com:22/a", "port 22 not allowed"),
                before("the port of the other scheme", "https://xhscdn.com:80/a", "port 80 not allowed"),
                before("port 0", "http://xhscdn.com:0/a", "port 0 not allowed"),
                before("port 65536", "http://xhscdn.com:65536/a", "port 65536 not allowed"),
                before("port 65616, which is 80 in 16 bits", "http://xhscdn.com:65616/a", "port 65616 not allowed"),
                before("port -80", "http://xhscdn.com:-80/a", "invalid port"),
                before("no port behind the colon", "http://xhscdn.com:/a", "invalid port"),
                before("a hexadecimal port", "http://xhscdn.com:0x50/a", "invalid port"),
                before("two ports", "http://xhscdn.com:80:TRAP/a"));
    }

    private static List<Tried> schemes() {
        return Stream.of(
                        "file:///etc/passwd",
                        "file://xhscdn.com/etc/passwd",
                        "ftp://xhscdn.com/a",
                        "jar:http://xhscdn.com/a!/b",
                        "gopher://xhscdn.com:80/_GET",
                        "data:image/gif;base64,R0lGODlh",
                        "javascript://xhscdn.com/%0aalert(1)",
                        "ldap://xhscdn.com/a",
                        "dict://xhscdn.com/a",
                        "unix:///var/run/docker.sock",
                        "ws://xhscdn.com/a",
                        "httpx://xhscdn.com/a",
                        "http:xhscdn.com/a",
                        "xhscdn.com/a",
                        "/a")
                .map(address -> before("another scheme, or none", address, NOT_HTTP))
                .toList();
    }

    private static List<Tried> literals() {
        List<Tried> tried = new ArrayList<>();
        String hosts = "127.0.0.1 2130706433 017700000001 0177.0.0.1 0x7f000001 0x7f.1 127.1 127.0.1 127.0.0.1. "
                + "127.000.000.001 \u0661\u0662\u0667.0.0.1 \u2460\u2461\u2466.0.0.1 127\u30020\u30020\u30021 0 "
                + "0.0.0.0 [::1] [0:0:0:0:0:0:0:1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] "
                + "[64:ff9b::7f00:1] [2002:7f00:1::] [::1%25lo] [::1%lo] [fe80::1%25eth0] [::1].xhscdn.com "
                + "[xhscdn.com] [::1";
        for (String host : hosts.split(" ")) {
            tried.add(before("an IP address as the host", "http://" + host + ":TRAP/a"));
        }
        for (String host : List.of("169.254.169.254", "10.0.0.1", PUBLIC, "[fd00:ec2::254]")) {
            tried.add(before("an IP address as the host", "http://" + host + "/latest/meta-data"));
        }
        return tried;
    }

    private static List<Tried> resolved() {
        String domain = "http://a.xhscdn.com/a";
        Stream<Tried> kinds = """
                this machine: 127.0.0.1 127.255.255.254 0.0.0.0 :: ::1
                this network: 0.1.2.3
                private: 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1
                link-local: fe80::1
                link-local, metadata server: 169.254.169.254
                carrier-grade NAT: 100.64.0.1 100.127.255.255
                carrier-grade NAT, metadata server: 100.100.100.200
                protocol assignments: 192.0.0.1
                protocol assignments, metadata server: 192.0.0.192
                documentation: 192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1
                6to4 relay: 192.88.99.1
                benchmarks: 198.18.0.1 198.19.255.255
                multicast: 224.0.0.1 239.255.255.255 ff02::1
                reserved: 240.0.0.1
                broadcast: 255.255.255.255
                mapped IPv4: ::ffff:127.0.0.1
                compatible IPv4: ::127.0.0.1
                translated IPv4: ::ffff:0:127.0.0.1
                NAT64: 64:ff9b::7f00:1
                local NAT64: 64:ff9b:1::7f00:1
                discard: 100::1
                Teredo: 2001::1
                6to4: 2002:7f00:1::
                unique local: fc00::1
                unique local, metadata server: fd00:ec2::254
                site-local: fec0::1
                """.lines().map(line -> line.split(": ", 2)).flatMap(kind -> Stream.of(kind[1].split(" "))
                .map(address -> resolving(kind[0], domain, Where.RESOLVED, PRIVATE, address)));
        Stream<Tried> several = Stream.of(
                resolving(
                        "a public address, then a private one", domain, Where.RESOLVED, PRIVATE, PUBLIC + " 10.0.0.1"),
                resolving(
                        "a private address, then a public one",
                        "https://a.xhscdn.com/a",
                        Where.RESOLVED,
                        PRIVATE,
                        "10.0.0.1 " + PUBLIC),
                resolving(
                        "another address at the second lookup (rebinding)",
                        domain,
                        Where.RESOLVED,
                        PRIVATE,
                        PUBLIC,
                        "127.0.0.1"));
        Stream<Tried> followed = Stream.of("HTTP://A.XHSCDN.COM/a", "http://a.xhscdn.com./a", "//a.xhscdn.com/a")
                .map(url -> resolving("an allowed host", url, Where.FOLLOWED, "a.xhscdn.com", PUBLIC, PUBLIC));
        return Stream.of(kinds, several, followed).flatMap(all -> all).toList();
    }

    private static List<Tried> redirected() {
        String loop = "more than 5 redirects";
        String path = "/" + "a".repeat(8_000) + "/" + "b".repeat(1_000);
        List<Tried> tried = new ArrayList<>();
        for (int status : List.of(301, 302, 303, 307, 308)) {
            tried.add(redirect("to another host", status, "http://127.0.0.1:TRAP/a", NOT_ALLOWED));
        }
        tried.addAll(List.of(
                redirect("to the metadata server", 302, "http://169.254.169.254/latest/meta-data", NOT_ALLOWED),
                redirect("protocol-relative", 302, "//127.0.0.1:TRAP/a", NOT_ALLOWED),
                redirect("to this machine by number", 302, "http://2130706433:TRAP/a", NOT_ALLOWED),
                redirect("to IPv6", 302, "http://[::1]:TRAP/a", NOT_ALLOWED),
                redirect("to a similar name", 302, "http://xhscdn.com.evil.test/", NOT_ALLOWED),
                redirect("with a user", 302, "http://127.0.0.1:MEDIA@127.0.0.1:TRAP/", "user info in the URL"),
                redirect("to another port", 302, "http://xhscdn.com:TRAP/", "port TRAP not allowed"),
                redirect("to a file", 302, "file:///etc/passwd", NOT_HTTP),
                redirect("to another scheme", 307, "gopher://xhscdn.com/_GET", NOT_HTTP),
                redirect("to data", 302, "data:image/gif;base64,R0lGODlh", NOT_HTTP),
                redirect("with backslashes", 302, "http:\\\\127.0.0.1:TRAP\\a", NOT_HTTP),
                new Tried(
                        "to an allowed name with a private address",
                        "http://a.xhscdn.com/a",
                        302,
                        List.of("127.0.0.1"),
                        Where.REDIRECT,
                        PRIVATE),
                redirect("relative, to itself: a loop", 302, "r", loop),
                redirect("absolute, to itself: a loop", 301, "http://127.0.0.1:MEDIA/r", loop),
                redirect("a chain without end", 307, "?x", loop),
                redirect("an empty Location: the folder", 302, "", "HTTP 404"),
                redirect("a slash and a backslash: a path", 302, "/\\127.0.0.1:TRAP/a", "HTTP 404"),
                redirect("two leading backslashes", 302, "\\\\127.0.0.1:TRAP\\a", NOT_HTTP),
                redirect("9,000 letters", 302, path, "headers too long or too many")));
        return tried;
    }

    @BeforeAll
    void listen() throws IOException {
        cdn = new ScriptedCdn();
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
            cdn.on("/r", exchange -> {
                exchange.getResponseHeaders().set("Location", address);
                exchange.sendResponseHeaders(tried.status, -1);
            });
        }
        cdn.on("/a", ScriptedCdn.body(GIF));

        DownloadOutcome outcome = download(tried, tried.status == 0 ? address : cdn.url("/r"));

        assertThat(caught).as("connections to the trap").hasValue(0);
        switch (tried.where) {
            case BEFORE -> {
                assertThat(outcome).isEqualTo(new Failed("r: " + ports(tried.reason), false));
                assertThat(lookups).isEmpty();
                assertThat(cdn.requests()).isEmpty();
            }
            case RESOLVED -> {
                assertThat(outcome).isEqualTo(new Failed("r at a.xhscdn.com: " + tried.reason, false));
                assertThat(lookups).hasSameSizeAs(tried.resolvesTo);
                assertThat(cdn.requests()).isEmpty();
            }
            case REDIRECT -> {
                assertThat(outcome)
                        .isInstanceOfAny(Failed.class, Gone.class)
                        .asString()
                        .contains("r at 127.0.0.1: " + ports(tried.reason));
                assertThat(lookups).hasSameSizeAs(tried.resolvesTo);
                assertThat(cdn.requests()).hasSizeBetween(1, 6).doesNotContain("/a");
            }
            case FOLLOWED -> {
                MediaFixtures.downloaded(outcome).close();
                assertThat(lookups).containsOnly(tried.reason);
                assertThat(cdn.requests()).containsExactly("/a");
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

    @Test
    void documentHasTheSameTable() throws IOException {
        String table = table();
        Files.writeString(Path.of("target/hostile-addresses-table.md"), table);

        assertThat(Files.readString(DOCUMENT))
                .as("table in %s; the current one is target/hostile-addresses-table.md", DOCUMENT)
                .endsWith("\n\n" + table);
        assertThat(all().map(Tried::address).count()).isGreaterThan(60);
    }

    private static String table() {
        StringBuilder table = new StringBuilder();
        table.append("| attack | URL | rejected | reason |\n|---|---|---|---|\n");
        all().forEach(tried -> table.append("| ")
                .append(tried.status == 0 ? tried.what : "redirect " + tried.status + " " + tried.what)
                .append(" | ")
                .append(code(tried.address))
                .append(tried.resolvesTo.isEmpty() ? "" : " at " + code(String.join(", then ", tried.resolvesTo)))
                .append(" | ")
                .append(tried.where.words)
                .append(" | ")
                .append(tried.reason)
                .append(" |\n"));
        return table.toString();
    }

    private static String code(String text) {
        return text.isEmpty() ? "" : "`" + shown(text).replace("|", "\\|") + "`";
    }

    /** Replaces characters that are not ASCII by their number, and shortens the text. */
    private static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        text.chars()
                .limit(100)
                .forEach(c -> shown.append(c >= 0x20 && c < 0x7f ? String.valueOf((char) c) : "\\u%04x".formatted(c)));
        return text.length() > 100 ? shown + "…" : shown.toString();
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
        try (var downloads = MediaFixtures.downloader(spool, properties, new Diverted(guard))) {
            return downloads.download(slot(MediaKind.IMAGE, candidate("r", address)));
        }
    }

    /**
     * Keeps every connection on this machine: a public address leads to the media server, any other one to the trap.
     */
    private final class Diverted implements DnsResolver {

        private final DnsResolver guard;

        Diverted(DnsResolver guard) {
            this.guard = guard;
        }

        @Override
        public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
            return guard.resolve(host, port).stream().map(this::divert).toList();
        }

        private InetSocketAddress divert(InetSocketAddress to) {
            boolean isPublic = to.getAddress().getHostAddress().equals(PUBLIC);
            boolean isCdn = to.getAddress().isLoopbackAddress() && to.getPort() == cdn.port();
            // the media server speaks no TLS, so https has no server
            int cdnPort = to.getPort() == 443 ? 1 : cdn.port();
            return new InetSocketAddress(
                    InetAddress.getLoopbackAddress(),
                    isPublic || isCdn ? cdnPort : traps.getFirst().getLocalPort());
        }

        @Override
        public InetAddress[] resolve(String host) throws UnknownHostException {
            return guard.resolve(host);
        }

        @Override
        public String resolveCanonicalHostname(String host) {
            return host;
        }
    }

    private static Tried before(String what, String address) {
        return before(what, address, NOT_ALLOWED);
    }

    private static Tried before(String what, String address, String reason) {
        return new Tried(what, address, 0, List.of(), Where.BEFORE, reason);
    }

    private static Tried resolving(String what, String address, Where where, String reason, String... lookUps) {
        return new Tried(what, address, 0, List.of(lookUps), where, reason);
    }

    private static Tried redirect(String what, int status, String location, String reason) {
        return new Tried(what, location, status, List.of(), Where.REDIRECT, reason);
    }
}
