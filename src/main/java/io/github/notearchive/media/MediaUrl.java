package io.github.notearchive.media;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * An address that may be followed: checked against the allowed hosts, and legal on the wire.
 *
 * <p>The host is compared as text, before anyone resolves it; what it resolves to is checked by
 * {@link PublicAddresses}. The target is what stood in the address byte for byte, except for characters that are
 * illegal in a request line: a signature over it must stay valid.
 *
 * @param scheme {@code http} or {@code https}
 * @param host in lower case, without trailing dot; a literal IPv6 address with its brackets
 * @param port the port to connect to
 * @param target path and query as they go on the wire; begins with a slash
 * @param literal whether the host is a literal address that the settings name
 */
record MediaUrl(String scheme, String host, int port, String target, boolean literal) {

    private static final int MAX_LENGTH = 8192;
    private static final String ILLEGAL = " \"<>\\^`{|}";

    /** The address that this text spells; one without a scheme counts as http. */
    static MediaUrl parse(String text, AllowedHosts allowed) throws RefusedAddressException {
        String url = text.strip();
        if (url.length() > MAX_LENGTH) {
            throw new RefusedAddressException("the address is too long");
        }
        if (url.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
            throw new RefusedAddressException("a control character in the address");
        }
        if (url.startsWith("//")) {
            url = "http:" + url;
        }
        int colon = url.indexOf("://");
        if (colon < 0) {
            throw new RefusedAddressException("not an http address");
        }
        String scheme = url.substring(0, colon).toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new RefusedAddressException("not an http address");
        }
        int start = colon + 3;
        int end = start;
        while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
            end++;
        }
        return checked(scheme, url.substring(start, end), url.substring(end), allowed);
    }

    /** Where a redirect from here leads to. */
    MediaUrl redirected(String location, AllowedHosts allowed) throws RefusedAddressException {
        String to = location.strip();
        if (to.startsWith("//")) {
            return parse(scheme + ":" + to, allowed);
        }
        int delimiter = firstOf(to, ":/?#");
        if (delimiter < to.length() && to.charAt(delimiter) == ':') {
            MediaUrl elsewhere = parse(to, allowed);
            // what was to be fetched by https is not fetched by less
            return scheme.equals("https") && elsewhere.isUpgradable() ? elsewhere.upgraded() : elsewhere;
        }
        if (to.chars().anyMatch(c -> c < 0x20 || c == 0x7f) || to.length() > MAX_LENGTH) {
            throw new RefusedAddressException("a redirect that cannot be read");
        }
        String path = target.substring(0, firstOf(target, "?"));
        String resolved = to.startsWith("/")
                ? to
                : to.startsWith("?") ? path + to : path.substring(0, path.lastIndexOf('/') + 1) + to;
        return new MediaUrl(scheme, host, port, encode(resolved), literal);
    }

    /** Whether https is to be tried first, with this address to fall back to. */
    boolean isUpgradable() {
        return scheme.equals("http") && !literal;
    }

    /** The same address by https. */
    MediaUrl upgraded() {
        return new MediaUrl("https", host, 443, target, literal);
    }

    /** Prints without path and query, whose signature belongs in no log. */
    @Override
    public String toString() {
        return scheme + "://" + host;
    }

    private static MediaUrl checked(String scheme, String authority, String rest, AllowedHosts allowed)
            throws RefusedAddressException {
        if (authority.indexOf('@') >= 0) {
            throw new RefusedAddressException("user information in the address");
        }
        int usual = scheme.equals("https") ? 443 : 80;
        int port = usual;
        String host = authority;
        int colon = authority.lastIndexOf(':');
        if (colon > authority.lastIndexOf(']')) {
            host = authority.substring(0, colon);
            port = port(authority.substring(colon + 1));
        }
        if (!host.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
            throw new RefusedAddressException("the host is not allowed");
        }
        host = host.toLowerCase(Locale.ROOT);
        if (host.endsWith(".")) {
            host = host.substring(0, host.length() - 1);
        }
        if (host.isEmpty()) {
            throw new RefusedAddressException("no host in the address");
        }
        boolean literal = allowed.allowsLiteral(host, port);
        if (!literal && !allowed.allowsDomain(host)) {
            throw new RefusedAddressException("the host is not allowed");
        }
        if (!literal && port != usual) {
            throw new RefusedAddressException("port " + port + " is not allowed");
        }
        return new MediaUrl(scheme, host, port, encode(rest), literal);
    }

    private static int port(String digits) throws RefusedAddressException {
        if (digits.isEmpty() || digits.length() > 5 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new RefusedAddressException("a port that cannot be read");
        }
        return Integer.parseInt(digits);
    }

    private static String encode(String rest) throws RefusedAddressException {
        String text = rest.substring(0, firstOf(rest, "#"));
        StringBuilder target = new StringBuilder(text.length() + 16);
        if (!text.startsWith("/")) {
            target.append('/');
        }
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                throw new RefusedAddressException("half a character in the address");
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
