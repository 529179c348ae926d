package io.github.notearchive.telemetry.notify;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An address that may be its own password, as those of chat rooms and health checks are. It prints as scheme, host and
 * port.
 *
 * @param value the whole address; blank when none is set
 */
public record SecretUrl(String value) {

    public SecretUrl {
        value = value.strip();
    }

    public boolean isPresent() {
        return !value.isEmpty();
    }

    /** Whether there is none, or one that a request can be sent to. */
    public boolean isUsable() {
        URI uri = parsed();
        return !isPresent()
                || (uri != null
                        && ("http".equals(scheme(uri)) || "https".equals(scheme(uri)))
                        && uri.getHost() != null
                        && uri.getRawFragment() == null);
    }

    /** Where a request goes: without user and password, which go into a header. */
    public URI address() {
        URI uri = parsed();
        if (uri == null || uri.getRawUserInfo() == null) {
            return URI.create(value);
        }
        return URI.create(value.replaceFirst("//[^/?]*@", "//"));
    }

    /** The same with one more path segment or several, in front of its query. */
    public URI address(String below) {
        URI whole = address();
        String query = whole.getRawQuery();
        String base = query == null ? whole.toString() : whole.toString().split("\\?", 2)[0];
        return URI.create(base.replaceFirst("/+$", "") + below + (query == null ? "" : "?" + query));
    }

    /** The header {@code Authorization} of a user and password in the address. */
    public Optional<String> authorization() {
        URI uri = parsed();
        return Optional.ofNullable(uri == null ? null : uri.getUserInfo())
                .map(user -> "Basic " + Base64.getEncoder().encodeToString(user.getBytes(UTF_8)));
    }

    /** Like {@code https://hooks.example.org/***}. */
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
            return null; // its message would repeat the address
        }
    }
}
