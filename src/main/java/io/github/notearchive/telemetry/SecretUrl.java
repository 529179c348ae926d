package io.github.notearchive.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

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
        return !isPresent()
                || withHost()
                        .filter(uri -> value.matches("(?i)https?:.*") && uri.getRawFragment() == null)
                        .isPresent();
    }

    /** Returns the URL without user and password, which {@link #authorizationHeader} contains. */
    URI address() {
        boolean hasUser = withHost().map(URI::getRawUserInfo).isPresent();
        return URI.create(hasUser ? value.replaceFirst("//[^/?]*@", "//") : value);
    }

    /** Returns the URL with a path appended in front of the query. */
    URI address(String path) {
        String[] parts = address().toString().split("\\?", 2);
        return URI.create(parts[0].replaceFirst("/+$", "") + path + (parts.length == 1 ? "" : "?" + parts[1]));
    }

    /** Returns the header {@code Authorization} of the user and password in the URL; empty if there are none. */
    Map<String, String> authorizationHeader() {
        return withHost()
                .map(URI::getUserInfo)
                .map(user -> Base64.getEncoder().encodeToString(user.getBytes(UTF_8)))
                .map(encoded -> Map.of("Authorization", "Basic " + encoded))
                .orElse(Map.of());
    }

    /** Returns the URL without secrets, such as {@code https://hooks.example.org/***}. */
    @Override
    public String toString() {
        return withHost()
                .map(uri -> uri.getScheme() + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort())
                        + "/***")
                .orElse(isPresent() ? "***" : "");
    }

    /** Returns the parsed URL; empty if it is invalid or has no host. */
    private Optional<URI> withHost() {
        try {
            return Optional.of(new URI(value)).filter(uri -> uri.getHost() != null);
        } catch (URISyntaxException _) {
            return Optional.empty(); // its message would contain the URL
        }
    }
}
