package io.github.notearchive.browse;

import io.github.notearchive.archive.query.NoteResults;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.security.web.util.matcher.IpAddressMatcher;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Access to the web pages, and how pictures are shown.
 *
 * @param listen address on which the pages are served. One that other machines reach requires
 *     {@code archive.browse.users-file} or {@code archive.browse.trusted-proxies}
 * @param port port of the pages; 0: any free one
 * @param hosts names, beside loopback addresses and {@code localhost}, under which browsers reach the pages
 * @param usersFile file with lines {@code name:hash}, bcrypt as {@code htpasswd -B} writes it. Empty: none
 * @param trustedProxies addresses or networks of proxies that authenticate users, such as {@code 10.0.0.0/8}
 * @param userHeader header in which such a proxy sends the name of the user
 * @param heifCommand program below {@code /usr} that converts HEIF and AVIF pictures to JPEG or PNG, also for folder
 *     exports, with the names of the files as input and output in braces, and the longest edge as size in braces. It is
 *     isolated by bubblewrap. Empty: pages show previews
 * @param cacheSize maximum size of all thumbnails on the disk
 * @param zipNotes most notes of a zip
 * @param zipSize most bytes of the files of a zip
 */
@Validated
@ConfigurationProperties("archive.browse")
public record BrowseProperties(
        @DefaultValue("127.0.0.1") String listen,
        @DefaultValue("7070") @Min(0) @Max(65_535) int port,
        @DefaultValue List<String> hosts,
        @DefaultValue("") String usersFile,
        @DefaultValue List<String> trustedProxies,
        @DefaultValue("X-Forwarded-User") String userHeader,
        @DefaultValue("") String heifCommand,
        @DefaultValue("2GB") DataSize cacheSize,
        @DefaultValue("1000") @Min(1) @Max(NoteResults.MOST) int zipNotes,
        @DefaultValue("10GB") DataSize zipSize) {

    @AssertTrue(message = "archive.browse.heif-command must have input and output in braces")
    boolean isHeifCommandComplete() {
        return heifCommand.isBlank() || (heifCommand.contains("{input}") && heifCommand.contains("{output}"));
    }

    @AssertTrue(message = "archive.browse.trusted-proxies must be addresses or networks, such as 10.0.0.0/8")
    boolean isEachProxyAnAddress() {
        try {
            trustedProxies.forEach(IpAddressMatcher::new);
            return true;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    @AssertTrue(
            message = "archive.browse.listen must be a loopback address, unless archive.browse.users-file or "
                    + "archive.browse.trusted-proxies authenticates readers")
    boolean isListenSafe() {
        return address(listen).filter(InetAddress::isLoopbackAddress).isPresent()
                || !usersFile.isBlank()
                || !trustedProxies.isEmpty();
    }

    @AssertTrue(message = "archive.browse.listen must be an IP address, such as 127.0.0.1 or 0.0.0.0")
    boolean isListenAnAddress() {
        return address(listen).isPresent();
    }

    /** Parses an IP address, with or without brackets; empty for a name, which is not looked up. */
    static Optional<InetAddress> address(String host) {
        try {
            return Optional.of(InetAddress.ofLiteral(host.replaceFirst("^\\[(.*)]$", "$1")));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /** Compares names without case, and addresses by value, so that no spelling of another address is accepted. */
    boolean isKnownHost(String host) {
        Stream<String> known = Stream.concat(hosts.stream(), Stream.of("localhost", listen));
        return address(host)
                .map(address -> address.isLoopbackAddress()
                        || (!address.isAnyLocalAddress()
                                && known.map(BrowseProperties::address).anyMatch(Optional.of(address)::equals)))
                .orElseGet(() -> known.anyMatch(host::equalsIgnoreCase));
    }

    /** Returns the host of the link on this machine, with brackets around an IPv6 address. */
    public String linkHost() {
        String host = listen.equals("0.0.0.0") || listen.equals("::") ? "127.0.0.1" : listen;
        return host.indexOf(':') < 0 ? host : "[" + host + "]";
    }
}
