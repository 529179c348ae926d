package io.github.notearchive.telemetry.notify;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.telemetry.notify.WebhookClient.Result;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hc.core5.http.ContentType;

/**
 * Pings to a service that raises the alarm when none comes: {@code /start} when an execution begins, the address itself
 * for an end in order, {@code /<exit code>} for a failure. The protocol is that of <a
 * href="https://healthchecks.io/docs/http_api/">healthchecks.io</a>, which takes any exit code but 0 for a failure. All
 * pings of a run have the same {@code rid}, by which it measures the time.
 */
final class HealthcheckPing {

    private final SecretUrl url;
    private final WebhookClient sending;
    private final UUID run = UUID.randomUUID();

    HealthcheckPing(SecretUrl url, WebhookClient sending) {
        this.url = url;
        this.sending = sending;
    }

    SecretUrl url() {
        return url;
    }

    /** What comes behind the address at the end; empty for an end that nobody waits for. */
    static Optional<String> below(Ended end) {
        return switch (end.event()) {
            case SUCCESS, ATTENTION -> Optional.of("");
            case FAILURE -> Optional.of("/" + end.exitCode().number());
            case OVERLAP, START -> Optional.empty();
        };
    }

    /**
     * Pings once.
     *
     * @param text what the service keeps with it
     */
    Result ping(String below, String text, Duration atMost) {
        URI address = url.address(below);
        URI withRun = URI.create(address + (address.getRawQuery() == null ? "?" : "&") + "rid=" + run);
        return sending.post(
                withRun,
                text.getBytes(UTF_8),
                ContentType.TEXT_PLAIN.withCharset(UTF_8),
                url.authorization().map(user -> Map.of("Authorization", user)).orElse(Map.of()),
                atMost);
    }
}
