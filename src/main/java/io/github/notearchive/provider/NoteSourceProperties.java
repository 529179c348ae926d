package io.github.notearchive.provider;

import io.github.notearchive.io.http.DeadlineHttpClient;
import io.github.notearchive.io.text.Secret;
import io.github.notearchive.note.Endpoint;
import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.util.Currency;
import java.util.Locale;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Address, account, rate and limits of the note provider.
 *
 * @param baseUrl URL of the provider, without a path
 * @param token secret of the account; comes from the environment, never from a file in the repository
 * @param allowPlainHttp whether the token may be sent unencrypted to another host than this one
 * @param callsPerSecond maximum rate of all nodes of a database together; the same on all of them
 * @param callsInFlight maximum number of calls that wait for their responses
 * @param callsPerNight own limit of calls in one night; 0 for no limit
 * @param costPerNight own limit of the cost of calls in one night, by {@code archive.source.price}; a call counts until
 *     its response shows that it is not billed; 0 for no limit
 * @param price prices of calls
 * @param connectTimeout timeout of a connection; nothing is billed before it exists
 * @param responseTimeout timeout of a call; an aborted call may be billed
 * @param maxResponseSize maximum length of a response; a longer one is unreadable
 * @param maxPause maximum pause after code 302, even if the provider requests a longer one
 */
@Validated
@ConfigurationProperties("archive.source")
public record NoteSourceProperties(
        @DefaultValue("https://api.justoneapi.com") @NotNull URI baseUrl,
        @DefaultValue("") @NotNull Secret token,
        @DefaultValue("false") boolean allowPlainHttp,

        @DefaultValue("2") @DecimalMin("0.01") @DecimalMax("1000")
        double callsPerSecond,

        @DefaultValue("32") @Min(1) @Max(256) int callsInFlight,
        @DefaultValue("0") @Min(0) int callsPerNight,
        @DefaultValue("0") @NotNull @DecimalMin("0") BigDecimal costPerNight,
        @DefaultValue @Valid CallPrices price,
        @DefaultValue("10s") @DurationMin(millis = 100) Duration connectTimeout,

        @DefaultValue("120s") @DurationMin(millis = 100) @DurationMax(minutes = 30)
        Duration responseTimeout,

        @DefaultValue("4MB") @NotNull DataSize maxResponseSize,

        @DefaultValue("15m") @DurationMin(seconds = 1) @DurationMax(hours = 2)
        Duration maxPause) {

    public NoteSourceProperties {
        token = token.stripped();
    }

    @AssertTrue(message = "archive.source.base-url must be an http or https URL without a path, query or user")
    boolean isBaseUrlPlain() {
        return ("http".equals(scheme()) || "https".equals(scheme()))
                && baseUrl.getHost() != null
                && baseUrl.getRawUserInfo() == null
                && baseUrl.getRawQuery() == null
                && (baseUrl.getRawPath().isEmpty() || "/".equals(baseUrl.getRawPath()));
    }

    @AssertTrue(
            message = "archive.source.base-url is plain HTTP to another host, which would send the token unencrypted: "
                    + "use https,"
                    + " or set JUSTONEAPI_ALLOW_PLAIN_HTTP=true if you accept that")
    boolean isTokenProtected() {
        return !"http".equals(scheme()) || allowPlainHttp || isLoopback();
    }

    @AssertTrue(
            message = "archive.source.response-timeout must be at least 60s (the provider's advice: a call that is "
                    + "aborted"
                    + " earlier may be billed)")
    boolean isResponseTimeoutLongEnough() {
        return isLoopback() || responseTimeout.compareTo(Duration.ofSeconds(60)) >= 0;
    }

    @AssertTrue(message = "archive.source.response-timeout must be longer than archive.source.connect-timeout")
    boolean isResponseTimeoutLonger() {
        return responseTimeout.compareTo(connectTimeout) > 0;
    }

    @AssertTrue(message = "archive.source.cost-per-night needs archive.source.price.note")
    boolean isPriceOfCostSet() {
        return costPerNight.signum() == 0 || price.isSet();
    }

    @AssertTrue(message = "archive.source.max-response-size must be between 1KB and 1GB")
    boolean isMaxResponseSizeUsable() {
        return maxResponseSize.compareTo(DataSize.ofKilobytes(1)) >= 0
                && maxResponseSize.compareTo(DataSize.ofGigabytes(1)) <= 0;
    }

    /**
     * Prices of calls.
     *
     * @param note price of a call about a note; 0: no cost is calculated
     * @param video price of a call for a video; empty: as for a note
     * @param currency ISO 4217 code of the prices' currency
     */
    public record CallPrices(
            @DefaultValue("0") @NotNull @DecimalMin("0") BigDecimal note,
            @DecimalMin("0") @Nullable BigDecimal video,
            @DefaultValue("CNY") @NotNull Currency currency) {

        public boolean isSet() {
            return note.signum() > 0;
        }

        public BigDecimal of(Endpoint endpoint) {
            return endpoint == Endpoint.VIDEO && video != null ? video : note;
        }

        public BigDecimal cost(long notes, long videos) {
            return note.multiply(BigDecimal.valueOf(notes))
                    .add(of(Endpoint.VIDEO).multiply(BigDecimal.valueOf(videos)));
        }
    }

    DeadlineHttpClient httpClient() {
        return new DeadlineHttpClient(
                "provider",
                connectTimeout,
                responseTimeout,
                pool -> pool.setMaxConnTotal(callsInFlight).setMaxConnPerRoute(callsInFlight),
                DeadlineHttpClient.Option.DECOMPRESS);
    }

    private String scheme() {
        return baseUrl.getScheme() == null ? "" : baseUrl.getScheme().toLowerCase(Locale.ROOT);
    }

    /** Whether the provider is reached without leaving this machine. */
    public boolean isLoopback() {
        String host = baseUrl.getHost();
        return host != null
                && (host.equals("localhost") || host.equals("[::1]") || host.matches("127\\.\\d+\\.\\d+\\.\\d+"));
    }
}
