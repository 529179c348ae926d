package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** URLs are accepted only for hosts that the settings allow. */
class MediaUrlTests {

    private static final List<String> ALLOWED = urls("""
            https://sns-i10.rednotecdn.com/a http://xhscdn.com/a HTTP://SNS.XHSCDN.COM/a
            https://sns.xhscdn.com./a https://sns.xhscdn.com:443/a http://sns.xhscdn.com:80/a //sns.xhscdn.com/a
            http://127.0.0.1:8080/a http://[::1]:81/a
            """);
    private static final List<String> OTHER = urls("""
            http://xhscdn.com.evil.test/a http://evilxhscdn.com/a http://evil.test/xhscdn.com
            http://user:pw@xhscdn.com/a http://xhscdn.com@evil.test/a http://evil.test\\@xhscdn.com/a
            http://xhscdn.com\\.evil.test/a http://evil.test#.xhscdn.com/ http://evil.test?.xhscdn.com/
            http://xhscdn.com:8080/a https://xhscdn.com:80/a http://xhscdn.com:/a http://xhscdn.com:99999/a
            http://xhscdn.com:0x50/a http://xhscdn.com../a http://.xhscdn.com/a http://a..xhscdn.com/a
            http://%78hscdn.com/a http://xhscdn\u3002com/a http://\uff58hscdn.com/a http://xhscdn.\u0441om/a
            http://xhs\u212adn.com/a http://xn--xhscdn-9za.com/a http://2130706433/a http://0x7f.1/a
            http://0177.0.0.1/a http://127.0.0.1/a http://127.0.0.1:8081/a http://127.1:8080/a
            http://0x7f000001:8080/a http://[::1]:8080/a http://[::ffff:127.0.0.1]:8080/a
            http://169.254.169.254/latest http://localhost:8080/a http:///a http:xhscdn.com/a file:///etc/passwd
            ftp://xhscdn.com/a javascript:alert(1)//xhscdn.com xhscdn.com/a /a http://xhscdn.com/\ud800
            """);

    private final AllowedHosts allowed =
            new AllowedHosts(List.of("xhscdn.com", "rednotecdn.com", "127.0.0.1:8080", "[::1]:81"));

    @ParameterizedTest
    @FieldSource("ALLOWED")
    void allowedHostIsAccepted(String url) throws Exception {
        assertThat(MediaUrl.parse(url, allowed).target()).isEqualTo("/a");
    }

    @ParameterizedTest
    @FieldSource("OTHER")
    void otherUrlIsRejected(String url) {
        assertThatExceptionOfType(RejectedUrlException.class)
                .isThrownBy(() -> MediaUrl.parse(url, allowed))
                .satisfies(e -> assertThat(e.reason()).isNotBlank().doesNotContain("evil", "pw"));
    }

    @Test
    void longUrlAndControlCharactersAreRejected() {
        for (String path : List.of("a".repeat(10_000), "a\r\nHost: evil.test", "a\tb")) {
            assertThatExceptionOfType(RejectedUrlException.class)
                    .isThrownBy(() -> MediaUrl.parse("http://xhscdn.com/" + path, allowed))
                    .satisfies(e -> assertThat(e.reason()).isNotBlank().doesNotContain("evil"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            quoteCharacter = '~',
            value = {
                "/q/58|strip&sign=ab /q/58%7Cstrip&sign=ab",
                "/a{b}^`<>\\ /a%7Bb%7D%5E%60%3C%3E%5C",
                "/a\"b /a%22b",
                "/%7C%e4%E4 /%7C%e4%E4",
                "/100%&b=%zz&c=%4 /100%25&b=%25zz&c=%254",
                "/图?a=é /%E5%9B%BE?a=%C3%A9",
                "/😀 /%F0%9F%98%80",
                "/a[1]'();,!$*+=:@~ /a[1]'();,!$*+=:@~",
                "/a/../b//c/./d /a/../b//c/./d",
                "?a=1?b /?a=1?b",
                "/a?b#fragment /a?b"
            })
    void onlyIllegalCharactersOfTheTargetAreEncoded(String given, String onTheWire) throws Exception {
        assertThat(MediaUrl.parse("http://xhscdn.com" + given, allowed).target())
                .isEqualTo(onTheWire);
    }

    @Test
    void blankWithinTheTargetIsEncodedAndOneAroundItDropped() throws Exception {
        assertThat(MediaUrl.parse(" http://xhscdn.com/a b ", allowed).target()).isEqualTo("/a%20b");
    }

    @Test
    void onlyADomainWithHttpIsUpgraded() throws Exception {
        assertThat(MediaUrl.parse("http://xhscdn.com/", allowed).isUpgradable()).isTrue();
        assertThat(MediaUrl.parse("//xhscdn.com/", allowed).isUpgradable()).isTrue();
        assertThat(MediaUrl.parse("https://xhscdn.com/", allowed).isUpgradable())
                .isFalse();
        assertThat(MediaUrl.parse("http://127.0.0.1:8080/", allowed).isUpgradable())
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "/x?y=1, xhscdn.com, /x?y=1",
        "x, xhscdn.com, /a/x",
        "?z, xhscdn.com, /a/b?z",
        "//rednotecdn.com/x, rednotecdn.com, /x",
        "https://rednotecdn.com/x|y, rednotecdn.com, /x%7Cy"
    })
    void redirectIsResolvedAndCheckedLikeAUrl(String location, String host, String target) throws Exception {
        MediaUrl to = MediaUrl.parse("http://xhscdn.com/a/b?c=/d", allowed).redirected(location, allowed);

        assertThat(to.host()).isEqualTo(host);
        assertThat(to.target()).isEqualTo(target);
    }

    @Test
    void httpsIsNeverDowngraded() throws Exception {
        MediaUrl secure = MediaUrl.parse("https://xhscdn.com/a", allowed);
        MediaUrl plain = MediaUrl.parse("http://xhscdn.com/a", allowed);

        assertThat(secure.redirected("http://rednotecdn.com/x?y", allowed))
                .isEqualTo(MediaUrl.parse("https://rednotecdn.com/x?y", allowed));
        assertThat(secure.redirected("//rednotecdn.com/x", allowed).isUpgradable())
                .isFalse();
        assertThat(secure.redirected("http://127.0.0.1:8080/x", allowed).scheme())
                .isEqualTo("http");
        assertThat(plain.redirected("http://rednotecdn.com/x", allowed).isUpgradable())
                .isTrue();
    }

    @Test
    void textHasNeitherPathNorSignature() throws Exception {
        assertThat(MediaUrl.parse("http://xhscdn.com/secret?sign=abc", allowed)).hasToString("http://xhscdn.com");
    }

    private static List<String> urls(String text) {
        return List.of(text.strip().split("\\s+"));
    }
}
