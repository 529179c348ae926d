package io.github.notearchive.media;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Resolver that rejects hosts with a non-public address, so that no name leads into our own network. The connection is
 * opened to the returned addresses; no second lookup is made.
 *
 * <p>Public is what the registries of special-purpose addresses (RFC 6890 and its IANA tables) do not reserve.
 * Addresses that contain an IPv4 address (mapped, 6to4, NAT64, Teredo) are not public. One non-public address rejects
 * the host.
 */
final class PublicAddresses implements DnsResolver {

    private static final List<Block> RESERVED_V4 = blocks(
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3");

    /** The only block that is assigned for public use. */
    private static final Block GLOBAL_V6 = Block.of("2000::/3");

    private static final List<Block> RESERVED_V6 = blocks("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

    private final AllowedHosts allowed;
    private final Lookup lookup;

    /** Queries the name service. */
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
        // an IP literal in the settings may be private, and needs no lookup
        InetAddress[] addresses =
                allowed.allowsLiteral(bracketed(host), port) ? InetAddress.getAllByName(host) : resolve(host);
        return Arrays.stream(addresses)
                .map(address -> new InetSocketAddress(address, port))
                .toList();
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        InetAddress[] addresses = lookup.addresses(host);
        if (!Arrays.stream(addresses).allMatch(PublicAddresses::isPublic)) {
            throw new RejectedUrlException("host has a private address");
        }
        return addresses;
    }

    @Override
    public String resolveCanonicalHostname(String host) {
        return host;
    }

    static boolean isPublic(InetAddress address) {
        return address instanceof Inet4Address
                ? RESERVED_V4.stream().noneMatch(block -> block.contains(address))
                : GLOBAL_V6.contains(address) && RESERVED_V6.stream().noneMatch(block -> block.contains(address));
    }

    private static String bracketed(String host) {
        return host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
    }

    private static List<Block> blocks(String... cidrs) {
        return Stream.of(cidrs).map(Block::of).toList();
    }

    /**
     * A block of addresses of one IP version.
     *
     * @param prefix first four bytes
     * @param bits number of its leading bits that are compared
     */
    private record Block(int prefix, int bits) {

        static Block of(String cidr) {
            int slash = cidr.indexOf('/');
            return new Block(
                    firstBytes(InetAddress.ofLiteral(cidr.substring(0, slash))),
                    Integer.parseInt(cidr.substring(slash + 1)));
        }

        boolean contains(InetAddress address) {
            return (firstBytes(address) ^ prefix) >>> (32 - bits) == 0;
        }

        private static int firstBytes(InetAddress address) {
            return ByteBuffer.wrap(address.getAddress()).getInt();
        }
    }
}
