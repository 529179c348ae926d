package io.github.notearchive.telemetry.notify;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * URL that may be a credential itself, as those of chat webhooks and health checks are. Its string form contains only
 * scheme, host and port.
 *
 * @param value the whole URL; empty if none is configured
 */
public record SecretUrl(String value) {

    public SecretUrl {
        value = value.strip();
    }

    public boolean isPresent() {
        return !value.isEmpty();
    }

    /** Returns whether the URL is empty or a valid HTTP URL. */
    public boolean isUsable() {
        URI uri = parsed();
        return !isPresent()
                || (uri != null
                        && ("http".equals(scheme(uri)) || "https".equals(scheme(uri)))
                        && uri.getHost() != null
                        && uri.getRawFragment() == null);
    }

    /** Returns the URL without user and password, which {@link #authorizationHeader} contains. */
    public URI address() {
        URI uri = parsed();
        if (uri == null || uri.getRawUserInfo() == null) {
            return URI.create(value);
        }
        return URI.create(value.replaceFirst("//[^/?]*@", "//"));
    }

    /** Returns the URL with a path appended in front of the query. */
    public URI address(String path) {
        URI whole = address();
        String query = whole.getRawQuery();
        String base = query == null ? whole.toString() : whole.toString().split("\\?", 2)[0];
        return URI.create(base.replaceFirst("/+$", "") + path + (query == null ? "" : "?" + query));
    }

    /** Returns the header {@code Authorization} of the user and password in the URL; empty if there are none. */
    public Map<String, String> authorizationHeader() {
        URI uri = parsed();
        String user = uri == null ? null : uri.getUserInfo();
        return user == null
                ? Map.of()
                : Map.of("Authorization", "Basic " + Base64.getEncoder().encodeToString(user.getBytes(UTF_8)));
    }

    /** Returns the URL without secrets, such as {@code https://hooks.example.org/***}. */
    @Override
    public String toString() {
        URI uri = parsed();
        if (uri == null || uri.getHost() == null) {
            return isPresent() ? "***" : "";
        }
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        return scheme(uri) + "://" + uri.getHost() + port + "/***";
    }

    private static String scheme(URI uri) {
        return String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    }

    private @Nullable URI parsed() {
        try {
            return new URI(value);
        } catch (URISyntaxException e) {
            return null; // its message would contain the URL
        }
    }
}
