package io.github.notearchive.browse;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Hosts by which the pages are reached: loopback addresses, {@code localhost}, and configured names. */
record KnownHosts(List<String> names) {

    /** Returns the configured hosts, and the address that the server listens on. */
    static KnownHosts of(BrowseProperties settings) {
        boolean isOneAddress = address(settings.listen())
                .filter(InetAddress::isAnyLocalAddress)
                .isEmpty();
        return new KnownHosts(
                Stream.concat(settings.hosts().stream(), isOneAddress ? Stream.of(settings.listen()) : Stream.empty())
                        .toList());
    }

    /** Compares names without case, and addresses by value, so that no spelling of another address is accepted. */
    boolean include(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return name.equals("localhost") || names.contains(name) || isLoopback(name) || isListed(name);
    }

    private boolean isListed(String host) {
        Optional<InetAddress> address = address(host);
        return address.isPresent() && names.stream().map(KnownHosts::address).anyMatch(address::equals);
    }

    static boolean isLoopback(String host) {
        return address(host).filter(InetAddress::isLoopbackAddress).isPresent();
    }

    /** Parses an IP address, with or without brackets; empty for a name, which is not looked up. */
    static Optional<InetAddress> address(String host) {
        boolean isBracketed = host.startsWith("[") && host.endsWith("]");
        try {
            return Optional.of(InetAddress.ofLiteral(isBracketed ? host.substring(1, host.length() - 1) : host));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }
}
