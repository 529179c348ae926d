package io.github.notearchive.media;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A URL that may be requested: its host is allowed, and its target is legal in a request line.
 *
 * <p>The host is compared as text, before it is resolved; {@link PublicAddresses} checks the addresses. The target
 * keeps the bytes of the URL, except for characters that are illegal in a request line: a signature over it must stay
 * valid.
 *
 * @param scheme {@code http} or {@code https}
 * @param host in lower case, without trailing dot; an IPv6 literal has its brackets
 * @param port to connect to
 * @param target path and query as sent; starts with a slash
 * @param literal whether the host is an IP literal that the settings name
 */
record MediaUrl(String scheme, String host, int port, String target, boolean literal) {

    private static final int MAX_LENGTH = 8192;
    private static final String ILLEGAL = " \"<>\\^`{|}";

    /**
     * Parses and checks a URL. One without a scheme is http.
     *
     * @throws RejectedUrlException if it must not be requested
     */
    static MediaUrl parse(String text, AllowedHosts allowed) throws RejectedUrlException {
        String url = text.strip();
        if (url.length() > MAX_LENGTH) {
            throw new RejectedUrlException("URL too long");
        }
        if (url.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
            throw new RejectedUrlException("control character in the URL");
        }
        if (url.startsWith("//")) {
            url = "http:" + url;
        }
        int colon = url.indexOf("://");
        if (colon < 0) {
            throw new RejectedUrlException("not an HTTP URL");
        }
        String scheme = url.substring(0, colon).toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new RejectedUrlException("not an HTTP URL");
        }
        int start = colon + 3;
        int end = start;
        while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
            end++;
        }
        return checked(scheme, url.substring(start, end), url.substring(end), allowed);
    }

    /** Resolves and checks the target of a redirect. */
    MediaUrl redirected(String location, AllowedHosts allowed) throws RejectedUrlException {
        String to = location.strip();
        if (to.startsWith("//")) {
            return parse(scheme + ":" + to, allowed);
        }
        int delimiter = firstOf(to, ":/?#");
        if (delimiter < to.length() && to.charAt(delimiter) == ':') {
            MediaUrl other = parse(to, allowed);
            // https is never downgraded
            return scheme.equals("https") && other.isUpgradable() ? other.upgraded() : other;
        }
        if (to.chars().anyMatch(c -> c < 0x20 || c == 0x7f) || to.length() > MAX_LENGTH) {
            throw new RejectedUrlException("invalid redirect");
        }
        String path = target.substring(0, firstOf(target, "?"));
        String resolved = to.startsWith("/")
                ? to
                : to.startsWith("?") ? path + to : path.substring(0, path.lastIndexOf('/') + 1) + to;
        return new MediaUrl(scheme, host, port, encode(resolved), literal);
    }

    /** Whether https is tried first, with this URL as fallback. */
    boolean isUpgradable() {
        return scheme.equals("http") && !literal;
    }

    /** Returns the same URL with https. */
    MediaUrl upgraded() {
        return new MediaUrl("https", host, 443, target, literal);
    }

    /** Omits path and query, whose signature must not be logged. */
    @Override
    public String toString() {
        return scheme + "://" + host;
    }

    private static MediaUrl checked(String scheme, String authority, String rest, AllowedHosts allowed)
            throws RejectedUrlException {
        if (authority.indexOf('@') >= 0) {
            throw new RejectedUrlException("user info in the URL");
        }
        int defaultPort = scheme.equals("https") ? 443 : 80;
        int port = defaultPort;
        String host = authority;
        int colon = authority.lastIndexOf(':');
        if (colon > authority.lastIndexOf(']')) {
            host = authority.substring(0, colon);
            port = port(authority.substring(colon + 1));
        }
        if (!host.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
            throw new RejectedUrlException("host not allowed");
        }
        host = host.toLowerCase(Locale.ROOT);
        if (host.endsWith(".")) {
            host = host.substring(0, host.length() - 1);
        }
        if (host.isEmpty()) {
            throw new RejectedUrlException("no host in the URL");
        }
        boolean literal = allowed.allowsLiteral(host, port);
        if (!literal && !allowed.allowsDomain(host)) {
            throw new RejectedUrlException("host not allowed");
        }
        if (!literal && port != defaultPort) {
            throw new RejectedUrlException("port " + port + " not allowed");
        }
        return new MediaUrl(scheme, host, port, encode(rest), literal);
    }

    private static int port(String digits) throws RejectedUrlException {
        if (digits.isEmpty() || digits.length() > 5 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new RejectedUrlException("invalid port");
        }
        return Integer.parseInt(digits);
    }

    private static String encode(String rest) throws RejectedUrlException {
        String text = rest.substring(0, firstOf(rest, "#"));
        StringBuilder target = new StringBuilder(text.length() + 16);
        if (!text.startsWith("/")) {
            target.append('/');
        }
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                throw new RejectedUrlException("unpaired surrogate in the URL");
            }
            boolean legal = c == '%' ? isHex(text, i + 1) && isHex(text, i + 2) : c < 0x7f && ILLEGAL.indexOf(c) < 0;
            if (legal) {
                target.append((char) c);
            } else {
                for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                    target.append('%')
                            .append(Character.toUpperCase(Character.forDigit((b >> 4) & 0xf, 16)))
                            .append(Character.toUpperCase(Character.forDigit(b & 0xf, 16)));
                }
            }
            i += Character.charCount(c);
        }
        return target.toString();
    }

    private static boolean isHex(String text, int index) {
        return index < text.length() && "0123456789abcdefABCDEF".indexOf(text.charAt(index)) >= 0;
    }

    private static int firstOf(String text, String delimiters) {
        int i = 0;
        while (i < text.length() && delimiters.indexOf(text.charAt(i)) < 0) {
            i++;
        }
        return i;
    }
}
