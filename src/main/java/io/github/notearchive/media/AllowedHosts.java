package io.github.notearchive.media;

import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Hosts that media may be requested from: domains with their subdomains, and IP literals with port. */
final class AllowedHosts {

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

    AllowedHosts(Collection<String> names) {
        for (String name : names) {
            if (!isValid(name)) {
                throw new IllegalArgumentException(
                        "A media host must be a domain or an IP literal with port, not \"" + name + "\"");
            }
            String normal = normalize(name);
            (LITERAL.matcher(normal).matches() ? literals : domains).add(normal);
        }
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

    /** Whether exactly this IP literal and port is allowed. */
    boolean allowsLiteral(String host, int port) {
        return literals.contains(host + ":" + port);
    }

    private static String normalize(String name) {
        String lower = name.strip().toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }
}
