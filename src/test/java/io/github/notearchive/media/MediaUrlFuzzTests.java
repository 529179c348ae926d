package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.Fuzz;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No URL leads to a host that is not allowed. */
class MediaUrlFuzzTests {

    private static final List<String> NAMES = List.of("xhscdn.com", "rednotecdn.com", "127.0.0.1:8080", "[::1]:81");
    private static final List<String> PIECES = Stream.concat(
                    Stream.of("""
                            http https HTTP file jar : // / @ user:pw@ . .. ? # % %2e %2F %00 %40 | [ ] [::1] ::1 127.0.0.1
                            2130706433 0x7f.1 169.254.169.254 localhost :80 :443 :8080 :81 :0 :65536 xhscdn.com
                            sns-i10.rednotecdn.com XHSCDN.com .evil.test evil 。 ｘhscdn.com { ^ 😀 é /a/b?c=d
                            imageView2/2/w/576|imageMogr2/strip sign=a&t=b
                            """.strip().split("\\s+")), Stream.of("\\", "\u0000", "\r\n", "\t", " ", "\ud83d"))
            .toList();
    private static final List<String> WHOLE = List.of(
            "https://sns-i10.rednotecdn.com/1040g?imageView2/2/w/576/q/58|imageMogr2/strip&sign=ab&t=69",
            "http://xhscdn.com:80/a",
            "//sns.xhscdn.com/a?b#c",
            "http://127.0.0.1:8080/a",
            "http://[::1]:81/a",
            "http://xhscdn.com.evil.test/a",
            "http://user:pw@xhscdn.com/",
            "https://xhscdn.com\\@evil.test/");

    private final AllowedHosts allowed = new AllowedHosts(NAMES, InetAddress::getAllByName);

    @Test
    void urlIsAllowedAndLegalOrRejected() throws Exception {
        Fuzz.tries(20_000, random -> {
            try {
                check(MediaUrl.parse(address(random), allowed));
            } catch (FailedDownloadException rejected) {
                assertThat(rejected.reason).isNotBlank().hasSizeLessThan(100);
            }
        });
    }

    @Test
    void redirectIsAllowedAndLegalOrRejected() throws Exception {
        MediaUrl from = MediaUrl.parse("https://sns.xhscdn.com/a/b?c", allowed);
        MediaUrl literal = MediaUrl.parse("http://127.0.0.1:8080", allowed);

        Fuzz.tries(20_000, random -> {
            try {
                MediaUrl to = random.nextBoolean() ? from : literal;
                for (int hops = 1 + random.nextInt(3); hops > 0; hops--) {
                    to = to.redirected(address(random), allowed);
                    check(to);
                }
            } catch (FailedDownloadException rejected) {
                assertThat(rejected.reason).isNotBlank().hasSizeLessThan(100);
            }
        });
    }

    @Test
    void noAddressOfOurOwnNetworkIsPublic() throws Exception {
        Fuzz.tries(20_000, random -> {
            byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
            random.nextBytes(bytes);
            if (random.nextBoolean()) {
                // loopback, private, link-local, unique local, multicast, 6to4, Teredo
                byte[] begin = HexFormat.of()
                        .parseHex(Fuzz.oneOf(
                                random,
                                List.of("7f", "0a", "00", "c0a8", "ac10", "a9fe", "fe80", "fc", "ff", "2002", "2001")));
                System.arraycopy(begin, 0, bytes, 0, begin.length);
            }
            InetAddress address = InetAddress.getByAddress(bytes);
            boolean ours = address.isAnyLocalAddress()
                    || address.isLoopbackAddress()
                    || address.isLinkLocalAddress()
                    || address.isSiteLocalAddress()
                    || address.isMulticastAddress();
            assertThat(ours && AllowedHosts.isPublic(address)).isFalse();
        });
    }

    private static String address(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> Fuzz.pieces(random, PIECES);
            case 1 -> Fuzz.changed(random, Fuzz.oneOf(random, WHOLE));
            default ->
                Fuzz.oneOf(random, List.of("http://", "https://", "//", "", "/", "?"))
                        + Fuzz.oneOf(random, NAMES)
                        + Fuzz.pieces(random, PIECES);
        };
    }

    private static void check(MediaUrl url) throws UnknownHostException {
        String authority = url.host() + ":" + url.port();
        boolean domain = List.of("xhscdn.com", "rednotecdn.com").stream()
                .anyMatch(name -> ("." + url.host()).endsWith("." + name));
        boolean usual = url.port() == (url.scheme().equals("https") ? 443 : 80);
        assertThat(url.scheme()).isIn("http", "https");
        assertThat(domain && usual || NAMES.contains(authority) && url.literal())
                .as(authority)
                .isTrue();
        assertThat(url.host()).matches("[a-z0-9.:\\[\\]-]+");
        assertThat(url.target())
                .matches("/[!-~]*")
                .doesNotContainAnyWhitespaces()
                .doesNotContain("#");
        assertThat(url.target().length()).isLessThanOrEqualTo(9 * 8192);
        // java.net.URI rejects brackets in a path
        URI uri = URI.create(url.scheme() + "://" + authority + url.target().replaceAll("[\\[\\]]", "_"));
        assertThat(uri.getHost()).isEqualTo(url.host());
        assertThat(uri.getPort()).isEqualTo(url.port());
        assertThat(uri.getRawUserInfo()).isNull();
        assertThat(uri.getRawFragment()).isNull();
    }
}
