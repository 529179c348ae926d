package io.github.notearchive.media;

import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.apache.commons.io.function.IOFunction;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;

/**
 * A URL that may be requested: its host is allowed, and its target is legal in a request line.
 *
 * <p>The host is compared as text, before it is resolved; {@link AllowedHosts} checks the addresses, too. The target
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

    /** Scheme, authority, and the rest. One without a scheme is http. */
    private static final Pattern URL =
            Pattern.compile("(?:(https?):)?//([^/?#]*)(.*)", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    /** Host without user, and port; an invalid port remains part of the host. */
    private static final Pattern AUTHORITY = Pattern.compile("([^@]*?)(?::([0-9]{1,5}))?");

    private static final Pattern WITH_SCHEME = Pattern.compile("[^:/?#]*:.*", Pattern.DOTALL);
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\x00-\\x1f\\x7f\\p{Cs}]");

    /** Matches most URLs in one pass: without it, URLs cost a thirtieth of the CPU time of a note. */
    private static final Pattern ASCII = Pattern.compile("[ -~]*+");

    /** Matches most targets: characters that are legal in a request line, without percent signs. */
    private static final Pattern LEGAL = Pattern.compile("[!#$&-;=?-\\[\\]_a-z~]*+");

    /** Characters that are illegal in a request line, and percent signs that start no escape. */
    private static final Pattern ILLEGAL = Pattern.compile("%(?![0-9a-fA-F]{2})|[^!-~]|[\"<>\\\\^`{|}]");

    /**
     * Parses and checks a URL.
     *
     * @throws FailedDownloadException if it must not be requested
     */
    static MediaUrl parse(String text, AllowedHosts allowed) throws FailedDownloadException {
        Matcher url = URL.matcher(printable(text));
        if (!url.matches()) {
            throw FailedDownloadException.rejected("not an HTTP URL");
        }
        String scheme = url.group(1) == null ? "http" : url.group(1).toLowerCase(Locale.ROOT);
        Matcher authority = AUTHORITY.matcher(url.group(2));
        if (!authority.matches()) {
            throw FailedDownloadException.rejected("user info in the URL");
        }
        int defaultPort = scheme.equals("https") ? 443 : 80;
        int port = authority.group(2) == null ? defaultPort : Integer.parseInt(authority.group(2));
        String name = authority.group(1).toLowerCase(Locale.ROOT);
        String host = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        if (host.isEmpty()) {
            throw FailedDownloadException.rejected("no host in the URL");
        }
        boolean literal = allowed.allowsLiteral(host, port);
        if (!literal && !allowed.allowsDomain(host)) {
            throw FailedDownloadException.rejected("host not allowed");
        }
        if (!literal && port != defaultPort) {
            throw FailedDownloadException.rejected("port " + port + " not allowed");
        }
        return new MediaUrl(scheme, host, port, encode(url.group(3)), literal);
    }

    /** Resolves and checks the target of a redirect. */
    MediaUrl redirected(String location, AllowedHosts allowed) throws FailedDownloadException {
        String to = printable(location);
        if (to.startsWith("//")) {
            return parse(scheme + ":" + to, allowed);
        }
        if (WITH_SCHEME.matcher(to).matches()) {
            MediaUrl other = parse(to, allowed);
            // https is never downgraded
            return scheme.equals("https") && other.isUpgradable() ? other.upgraded() : other;
        }
        String path = target.split("\\?", 2)[0];
        String folder = path.substring(0, path.lastIndexOf('/') + 1);
        String base = to.startsWith("/") ? "" : to.startsWith("?") ? path : folder;
        return new MediaUrl(scheme, host, port, encode(base + to), literal);
    }

    /** Sends a request to this URL; for http, first to the same URL with https. */
    <T> T preferHttps(IOFunction<MediaUrl, T> send) throws IOException {
        if (isUpgradable()) {
            try {
                return send.apply(upgraded());
            } catch (SSLException | SocketException | ConnectTimeoutException _) {
                // http is what was given
            }
        }
        return send.apply(this);
    }

    boolean isUpgradable() {
        return scheme.equals("http") && !literal;
    }

    private MediaUrl upgraded() {
        return new MediaUrl("https", host, 443, target, literal);
    }

    HttpUriRequestBase request() {
        String authority = literal ? host + ":" + port : host;
        HttpUriRequestBase request = new HttpUriRequestBase("GET", URI.create(scheme + "://" + authority + "/"));
        // not through java.net.URI, which rejects some targets and rewrites others
        request.setPath(target);
        return request;
    }

    /** Omits path and query, whose signature must not be logged. */
    @Override
    public String toString() {
        return scheme + "://" + host;
    }

    private static String printable(String text) throws FailedDownloadException {
        String url = text.strip();
        if (url.length() > MAX_LENGTH) {
            throw FailedDownloadException.rejected("URL too long");
        }
        if (!ASCII.matcher(url).matches() && UNPRINTABLE.matcher(url).find()) {
            throw FailedDownloadException.rejected("control character or unpaired surrogate in the URL");
        }
        return url;
    }

    private static String encode(String rest) {
        String text = rest.split("#", 2)[0];
        String target = text.startsWith("/") ? text : "/" + text;
        if (LEGAL.matcher(target).matches()) {
            return target;
        }
        return ILLEGAL.matcher(target)
                .replaceAll(illegal -> URLEncoder.encode(illegal.group(), StandardCharsets.UTF_8)
                        .replace("+", "%20"));
    }
}
