package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Hosts that resolve to an address of our own network are rejected. */
class PublicAddressesTests {

    private static final List<String> RESERVED = words("""
            0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254
            172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.7 203.0.113.9
            224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
            64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe::1
            3fff::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1
            """);
    private static final List<String> PUBLIC = words("""
            1.1.1.1 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.167.1.1
            223.255.255.255 2400:3200::1 2606:4700::1111
            """);

    private final AllowedHosts allowed = new AllowedHosts(List.of("xhscdn.com", "127.0.0.1:8080"));

    @ParameterizedTest
    @FieldSource("RESERVED")
    void reservedAddressIsRejected(String address) throws Exception {
        var addresses = addresses(address);

        assertThatExceptionOfType(RejectedUrlException.class)
                .isThrownBy(() -> addresses.resolve("sns.xhscdn.com", 443))
                .withMessage("host has a private address");
    }

    @ParameterizedTest
    @FieldSource("PUBLIC")
    void publicAddressIsReturnedAsChecked(String address) throws Exception {
        assertThat(addresses(address).resolve("sns.xhscdn.com", 443))
                .containsExactly(new InetSocketAddress(InetAddress.getByName(address), 443));
    }

    @Test
    void onePrivateAddressAmongSeveralRejectsTheHost() throws Exception {
        var addresses = addresses("1.1.1.1", "10.0.0.1");

        assertThatExceptionOfType(RejectedUrlException.class)
                .isThrownBy(() -> addresses.resolve("sns.xhscdn.com", 443));
    }

    @Test
    void onlyTheLiteralWithItsPortIsExempt() throws Exception {
        var addresses = addresses("127.0.0.1");

        assertThat(addresses.resolve("127.0.0.1", 8080)).hasSize(1);
        assertThatExceptionOfType(RejectedUrlException.class).isThrownBy(() -> addresses.resolve("127.0.0.1", 8081));
    }

    private static List<String> words(String text) {
        return List.of(text.strip().split("\\s+"));
    }

    private PublicAddresses addresses(String... results) throws Exception {
        InetAddress[] resolved = new InetAddress[results.length];
        for (int i = 0; i < results.length; i++) {
            resolved[i] = InetAddress.getByName(results[i]);
        }
        return new PublicAddresses(allowed, _ -> resolved);
    }
}
