package io.github.notearchive.media;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Resolves a host and lets through public addresses only, so that a name which points into our own network is refused.
 * The connection goes to the addresses given here: nobody resolves a second time.
 *
 * <p>Public is what the registries of special-purpose addresses (RFC 6890 and its IANA tables) leave over. Addresses
 * that carry an IPv4 address within (mapped, 6to4, NAT64, Teredo) are refused as a whole. One bad address among several
 * spoils the name.
 */
final class PublicAddresses implements DnsResolver {

    private static final List<Range> REFUSED_V4 = List.of(
            Range.v4(0, 0, 0, 8),
            Range.v4(10, 0, 0, 8),
            Range.v4(100, 64, 0, 10),
            Range.v4(127, 0, 0, 8),
            Range.v4(169, 254, 0, 16),
            Range.v4(172, 16, 0, 12),
            Range.v4(192, 0, 0, 24),
            Range.v4(192, 0, 2, 24),
            Range.v4(192, 88, 99, 24),
            Range.v4(192, 168, 0, 16),
            Range.v4(198, 18, 0, 15),
            Range.v4(198, 51, 100, 24),
            Range.v4(203, 0, 113, 24),
            Range.v4(224, 0, 0, 3));

    /** The only block that is handed out for public use. */
    private static final Range GLOBAL_V6 = Range.v6(0x2000, 0, 3);

    private static final List<Range> REFUSED_V6 = List.of(
            Range.v6(0x2001, 0, 23), Range.v6(0x2001, 0xdb8, 32), Range.v6(0x2002, 0, 16), Range.v6(0x3fff, 0, 20));

    private final AllowedHosts allowed;
    private final Lookup lookup;

    /** Asks the name service. */
    @FunctionalInterface
    interface Lookup {
        InetAddress[] addresses(String host) throws UnknownHostException;
    }

    PublicAddresses(AllowedHosts allowed, Lookup lookup) {
        this.allowed = allowed;
        this.lookup = lookup;
    }

    @Override
    public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
        // a literal that the settings name is followed although private; it costs no look-up
        InetAddress[] addresses =
                allowed.allowsLiteral(bracketed(host), port) ? InetAddress.getAllByName(host) : resolve(host);
        List<InetSocketAddress> result = new ArrayList<>();
        for (InetAddress address : addresses) {
            result.add(new InetSocketAddress(address, port));
        }
        return result;
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        InetAddress[] addresses = lookup.addresses(host);
        if (!Arrays.stream(addresses).allMatch(PublicAddresses::isPublic)) {
            throw new RefusedAddressException("the host has a private address");
        }
        return addresses;
    }

    @Override
    public String resolveCanonicalHostname(String host) {
        return host;
    }

    static boolean isPublic(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (address instanceof Inet4Address) {
            return REFUSED_V4.stream().noneMatch(range -> range.holds(bytes));
        }
        return GLOBAL_V6.holds(bytes) && REFUSED_V6.stream().noneMatch(range -> range.holds(bytes));
    }

    private static String bracketed(String host) {
        return host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
    }

    /**
     * A block of addresses, compared within its first four bytes.
     *
     * @param prefix the first four bytes
     * @param bits how many of them count
     */
    private record Range(int prefix, int bits) {

        static Range v4(int first, int second, int third, int bits) {
            return new Range(first << 24 | second << 16 | third << 8, bits);
        }

        static Range v6(int first, int second, int bits) {
            return new Range(first << 16 | second, bits);
        }

        boolean holds(byte[] address) {
            int start = (address[0] & 0xff) << 24
                    | (address[1] & 0xff) << 16
                    | (address[2] & 0xff) << 8
                    | (address[3] & 0xff);
            return (start ^ prefix) >>> (32 - bits) == 0;
        }
    }
}
