package io.github.notearchive.media;

import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Which hosts media may be fetched from: domains with their subdomains, and single literal addresses with port. */
final class AllowedHosts {

    /** What the name service can look up (RFC 1035, section 2.3.4). */
    private static final int LONGEST_NAME = 253;

    private static final Pattern DOMAIN =
            Pattern.compile("(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?");
    private static final String OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private static final String PORT =
            "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}" + "|[1-9][0-9]{0,3})";
    private static final Pattern LITERAL =
            Pattern.compile("(?:" + OCTET + "(?:\\." + OCTET + "){3}|\\[[0-9a-f:.]{2,45}]):" + PORT);

    private final Set<String> domains = new HashSet<>();
    private final Set<String> literals = new HashSet<>();

    AllowedHosts(Collection<String> names) {
        for (String name : names) {
            String normal = normalise(name);
            if (LITERAL.matcher(normal).matches()) {
                literals.add(normal);
            } else if (DOMAIN.matcher(normal).matches()) {
                domains.add(normal);
            } else {
                throw new IllegalArgumentException(
                        "A media host is a domain or a literal address with port, not \"" + name + "\"");
            }
        }
    }

    static boolean isReadable(String name) {
        String normal = normalise(name);
        return LITERAL.matcher(normal).matches() || DOMAIN.matcher(normal).matches();
    }

    /** Whether this lower-case host without trailing dot is a named domain or lies below one. */
    boolean allowsDomain(String host) {
        // the length first: the pattern takes stack for every label
        if (host.length() > LONGEST_NAME || !DOMAIN.matcher(host).matches()) {
            return false;
        }
        return domains.stream().anyMatch(domain -> host.equals(domain) || host.endsWith("." + domain));
    }

    /** Whether exactly this literal address and port is named. */
    boolean allowsLiteral(String host, int port) {
        return literals.contains(host + ":" + port);
    }

    private static String normalise(String name) {
        String lower = name.strip().toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }
}
