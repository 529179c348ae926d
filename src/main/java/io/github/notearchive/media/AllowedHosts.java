package io.github.notearchive.media;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Hosts that media may be requested from: domains with their subdomains, and IP literals with port.
 *
 * <p>As a resolver, it rejects hosts with a non-public address, so that no name leads into our own network. The
 * connection is opened to the returned addresses; no second lookup is made. Public is what the registries of
 * special-purpose addresses (RFC 6890 and its IANA tables) do not reserve. Addresses that contain an IPv4 address
 * (mapped, 6to4, NAT64, Teredo) are not public. One non-public address rejects the host.
 */
final class AllowedHosts implements DnsResolver {

    private static final List<Block> RESERVED_V4 =
            blocks("0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24"
                    + " 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24"
                    + " 224.0.0.0/3");

    /** The only block that is assigned for public use. */
    private static final Block GLOBAL_V6 = Block.of("2000::/3");

    private static final List<Block> RESERVED_V6 = blocks("2001::/23 2001:db8::/32 2002::/16 3fff::/20");

    /** Limit of the name service (RFC 1035, section 2.3.4). */
    private static final int MAX_NAME = 253;

    private static final Pattern DOMAIN =
            Pattern.compile("(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?");
    private static final String OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private static final String PORT =
            "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})";
    private static final Pattern LITERAL =
            Pattern.compile("(?:" + OCTET + "(?:\\." + OCTET + "){3}|\\[[0-9a-f:.]{2,45}]):" + PORT);

    private final Set<String> domains = new HashSet<>();
    private final Set<String> literals = new HashSet<>();
    private final Lookup lookup;

    @FunctionalInterface
    interface Lookup {
        InetAddress[] addresses(String host) throws UnknownHostException;
    }

    /** @param names domains and IP literals, each {@linkplain #isValid valid} */
    AllowedHosts(Collection<String> names, Lookup lookup) {
        for (String name : names) {
            String normal = normalize(name);
            (LITERAL.matcher(normal).matches() ? literals : domains).add(normal);
        }
        this.lookup = lookup;
    }

    static boolean isValid(String name) {
        String normal = normalize(name);
        return LITERAL.matcher(normal).matches() || DOMAIN.matcher(normal).matches();
    }

    /** Whether this lower-case host without trailing dot is an allowed domain or a subdomain of one. */
    boolean allowsDomain(String host) {
        // the length first: the pattern uses stack for every label
        if (host.length() > MAX_NAME || !DOMAIN.matcher(host).matches()) {
            return false;
        }
        return domains.stream().anyMatch(domain -> host.equals(domain) || host.endsWith("." + domain));
    }

    boolean allowsLiteral(String host, int port) {
        return literals.contains(host + ":" + port);
    }

    @Override
    public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
        // an IP literal in the settings may be private, and needs no lookup
        InetAddress[] addresses = allowsLiteral(host, port) ? InetAddress.getAllByName(host) : resolve(host);
        return Arrays.stream(addresses)
                .map(address -> new InetSocketAddress(address, port))
                .toList();
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        InetAddress[] addresses = lookup.addresses(host);
        if (!Arrays.stream(addresses).allMatch(AllowedHosts::isPublic)) {
            throw FailedDownloadException.rejected("host has a private address");
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

    private static String normalize(String name) {
        String lower = name.strip().toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }

    private static List<Block> blocks(String cidrs) {
        return Stream.of(cidrs.split(" ")).map(Block::of).toList();
    }

    /**
     * A block of addresses of one IP version.
     *
     * @param prefix first four bytes
     * @param bits number of its leading bits that are compared
     */
    private record Block(int prefix, int bits) {

        static Block of(String cidr) {
            String[] parts = cidr.split("/", 2);
            return new Block(firstBytes(InetAddress.ofLiteral(parts[0])), Integer.parseInt(parts[1]));
        }

        boolean contains(InetAddress address) {
            return (firstBytes(address) ^ prefix) >>> (32 - bits) == 0;
        }

        private static int firstBytes(InetAddress address) {
            return ByteBuffer.wrap(address.getAddress()).getInt();
        }
    }
}
