package io.github.notearchive.provider;

import io.github.notearchive.io.DeadlineHttpClient;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.utils.DateUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Finds out without a paid call whether the provider can be reached: any HTTP answer to {@code /ping} will do. */
@Component
public class ProviderPing {

    private static final Logger log = LoggerFactory.getLogger(ProviderPing.class);
    private static final Duration LIMIT = Duration.ofSeconds(15);

    private final NoteSourceProperties settings;

    public ProviderPing(NoteSourceProperties settings) {
        this.settings = settings;
    }

    /**
     * An answer to {@code /ping}.
     *
     * @param status its HTTP status
     * @param date what time it is by the server's own clock, to the second; null when it does not say
     */
    public record Pong(int status, @Nullable Instant date) {

        /**
         * How far the server's clock is ahead of ours, within a second; empty when it does not say.
         *
         * @param asked what time it was by ours before the request
         * @param answered and after the response
         */
        public Optional<Duration> ahead(Instant asked, Instant answered) {
            Duration took = Duration.between(asked, answered);
            return Optional.ofNullable(date).map(theirs -> Duration.between(asked.plus(took.dividedBy(2)), theirs));
        }
    }

    /**
     * Asks, and once more after a fault.
     *
     * @throws IOException when there is no answer; its message names the host and never the token
     */
    public Pong send() throws IOException {
        try (DeadlineHttpClient http = settings.httpClient()) {
            try {
                return sendOnce(http);
            } catch (IOException _) {
                return sendOnce(http); // a single lost connection is no outage
            }
        }
    }

    private Pong sendOnce(DeadlineHttpClient http) throws IOException {
        HttpGet request = new HttpGet(settings.baseUrl().resolve("/ping"));
        try {
            Pong pong = http.execute(
                    request,
                    LIMIT,
                    response -> new Pong(response.getCode(), DateUtils.parseStandardDate(response, "Date")));
            log.debug("The provider responds to /ping with HTTP {}", pong.status());
            return pong;
        } catch (IOException e) {
            String reason = new TokenRedactor(settings.token()).describe(e);
            throw new IOException("The provider at " + settings.baseUrl() + " cannot be reached: " + reason);
        }
    }
}
