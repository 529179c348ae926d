package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Allowed URLs and addresses; {@link HostileAddressesTests} has the others. */
class MediaUrlTests extends MediaFixtures {

    private static final List<String> ALLOWED = urls("""
            https://sns-i10.rednotecdn.com/a http://xhscdn.com/a HTTP://SNS.XHSCDN.COM/a
            https://sns.xhscdn.com./a https://sns.xhscdn.com:443/a http://sns.xhscdn.com:80/a //sns.xhscdn.com/a
            http://127.0.0.1:8080/a http://[::1]:81/a
            """);
    private static final List<String> PUBLIC = urls("""
            1.1.1.1 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.167.1.1
            223.255.255.255 2400:3200::1 2606:4700::1111
            """);

    private final AllowedHosts allowed = hosts("xhscdn.com", "rednotecdn.com", "127.0.0.1:8080", "[::1]:81");

    @ParameterizedTest
    @FieldSource("ALLOWED")
    void allowedHostIsAccepted(String url) throws Exception {
        assertThat(MediaUrl.parse(url, allowed).target()).isEqualTo("/a");
    }

    @ParameterizedTest
    @FieldSource("PUBLIC")
    void publicAddressIsReturnedAsChecked(String address) throws Exception {
        InetAddress[] addresses = {InetAddress.getByName(address)};

        assertThat(new AllowedHosts(List.of(), _ -> addresses).resolve("sns.xhscdn.com", 443))
                .containsExactly(new InetSocketAddress(addresses[0], 443));
    }

    @Test
    void onlyTheLiteralWithItsPortIsExempt() throws Exception {
        assertThat(allowed.resolve("127.0.0.1", 8080)).hasSize(1);
        assertThat(allowed.resolve("[::1]", 81)).hasSize(1);
        assertThatExceptionOfType(FailedDownloadException.class)
                .isThrownBy(() -> allowed.resolve("127.0.0.1", 8081))
                .withMessage("host has a private address");
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

    @ParameterizedTest
    @CsvSource({
        "http://xhscdn.com/, true",
        "//xhscdn.com/, true",
        "https://xhscdn.com/, false",
        "http://127.0.0.1:8080/, false"
    })
    void onlyADomainWithHttpIsUpgraded(String url, boolean isUpgraded) throws Exception {
        assertThat(MediaUrl.parse(url, allowed).isUpgradable()).isEqualTo(isUpgraded);
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
    void blanksAroundAUrlAreDroppedAndItsTextHasNoPath() throws Exception {
        MediaUrl url = MediaUrl.parse(" http://xhscdn.com/a b?sign=abc ", allowed);

        assertThat(url.target()).isEqualTo("/a%20b?sign=abc");
        assertThat(url).hasToString("http://xhscdn.com");
    }

    private static List<String> urls(String text) {
        return List.of(text.strip().split("\\s+"));
    }
}
