package io.github.notearchive.provider;

import io.github.notearchive.io.http.DeadlineHttpClient;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.utils.DateUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Checks without a paid call whether the provider is reachable: by any HTTP response to {@code /ping}. */
@Component
public final class ProviderPing {

    private static final Duration LIMIT = Duration.ofSeconds(15);

    private final NoteSourceProperties settings;

    ProviderPing(NoteSourceProperties settings) {
        this.settings = settings;
    }

    /**
     * A response to {@code /ping}.
     *
     * @param date time of the server's clock, in seconds; null if it sent none
     */
    public record Pong(int status, @Nullable Instant date) {

        /** Returns by how much the server's clock is ahead of ours, within a second; empty if it sent no time. */
        public Optional<Duration> ahead(Instant sentAt, Instant receivedAt) {
            Duration half = Duration.between(sentAt, receivedAt).dividedBy(2);
            return Optional.ofNullable(date).map(theirs -> Duration.between(sentAt.plus(half), theirs));
        }
    }

    /**
     * Sends a ping, and a second one after a fault, since a single lost connection is no outage.
     *
     * @throws IOException if there is no response; its message names the host and no token
     */
    public Pong send() throws IOException {
        try (DeadlineHttpClient http = settings.httpClient()) {
            try {
                return send(http);
            } catch (IOException _) {
                return send(http);
            }
        } catch (IOException e) {
            String reason = new TokenRedactor(settings.token()).describe(e);
            throw new IOException("The provider at " + settings.baseUrl() + " cannot be reached: " + reason);
        }
    }

    private Pong send(DeadlineHttpClient http) throws IOException {
        return http.execute(
                new HttpGet(settings.baseUrl().resolve("/ping")),
                LIMIT,
                response -> new Pong(response.getCode(), DateUtils.parseStandardDate(response, "Date")));
    }
}
