package io.github.notearchive.telemetry;

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

    boolean isPresent() {
        return !value.isEmpty();
    }

    /** Returns whether the URL is empty or a valid HTTP URL. */
    boolean isUsable() {
        URI uri = parsed();
        return !isPresent()
                || (uri != null
                        && scheme(uri).matches("https?")
                        && uri.getHost() != null
                        && uri.getRawFragment() == null);
    }

    /** Returns the URL without user and password, which {@link #authorizationHeader} contains. */
    URI address() {
        URI uri = parsed();
        boolean hasUser = uri != null && uri.getRawUserInfo() != null;
        return URI.create(hasUser ? value.replaceFirst("//[^/?]*@", "//") : value);
    }

    /** Returns the URL with a path appended in front of the query. */
    URI address(String path) {
        String[] parts = address().toString().split("\\?", 2);
        return URI.create(parts[0].replaceFirst("/+$", "") + path + (parts.length == 1 ? "" : "?" + parts[1]));
    }

    /** Returns the header {@code Authorization} of the user and password in the URL; empty if there are none. */
    Map<String, String> authorizationHeader() {
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
        return scheme(uri) + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort()) + "/***";
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
