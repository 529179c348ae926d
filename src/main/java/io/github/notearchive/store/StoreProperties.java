package io.github.notearchive.store;

import io.github.notearchive.io.text.Secret;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.net.URI;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the S3-compatible store.
 *
 * @param endpoint URL of the store, such as {@code https://s3.example.org}, without a path; empty for the embedded
 *     store
 * @param bucket bucket of the archive; must hold nothing else
 * @param region region of the store; most stores other than AWS accept any
 * @param accessKey access key of the account
 * @param secretKey secret key of the account; set it by an environment variable, not in a file
 * @param createBucket whether a missing bucket is created at start; otherwise it is an error
 * @param connectTimeout time limit of a connection attempt
 * @param socketTimeout longest wait for the next bytes of a response
 * @param tries attempts of a request that fails temporarily
 * @param sync whether the embedded store confirms a write only after it is on the disk (fsync), so that a power cut
 *     loses nothing; no effect on other stores
 */
@Validated
@ConfigurationProperties("archive.store")
public record StoreProperties(
        @DefaultValue("") @NotNull String endpoint,

        @DefaultValue("note-archive") @NotNull @Pattern(regexp = "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
        String bucket,

        @DefaultValue("us-east-1") @NotBlank String region,
        @DefaultValue("") @NotNull String accessKey,
        @DefaultValue("") @NotNull Secret secretKey,
        @DefaultValue("true") boolean createBucket,

        @DefaultValue("10s") @NotNull @DurationMin(millis = 1)
        Duration connectTimeout,

        @DefaultValue("60s") @NotNull @DurationMin(millis = 1)
        Duration socketTimeout,

        @DefaultValue("3") @Min(1) @Max(10) int tries,
        @DefaultValue("true") boolean sync) {

    private static final int SOCKET_TIMEOUTS_PER_REQUEST = 10;
    private static final int MIN_BYTES_PER_SECOND = 1 << 20;
    private static final String ADDRESS = "https?://(?:[a-zA-Z0-9.-]+|\\[[0-9a-fA-F:.]+])(?::[0-9]{1,5})?/?";

    public boolean hasEndpoint() {
        return !endpoint.isBlank();
    }

    public StoreProperties at(URI otherEndpoint, String account, Secret secret) {
        return new StoreProperties(
                otherEndpoint.toString(),
                bucket,
                region,
                account,
                secret,
                createBucket,
                connectTimeout,
                socketTimeout,
                tries,
                sync);
    }

    /**
     * Returns the time limit of a whole request. A store that sends a byte now and then never exceeds the socket
     * timeout.
     *
     * @param bytes limit of the length of the object that the request or the response carries
     */
    Duration requestTimeout(long bytes) {
        return socketTimeout.multipliedBy(SOCKET_TIMEOUTS_PER_REQUEST).plusSeconds(bytes / MIN_BYTES_PER_SECOND);
    }

    @AssertTrue(
            message = "archive.store.endpoint must be an http or https URL without path, such as"
                    + " https://s3.example.org")
    boolean isEndpointReadable() {
        return endpoint == null || !hasEndpoint() || endpoint.strip().matches(ADDRESS);
    }

    @AssertTrue(
            message = "archive.store.access-key and archive.store.secret-key must be set when"
                    + " archive.store.endpoint is")
    boolean isAccountPresent() {
        return endpoint == null
                || !hasEndpoint()
                || (accessKey != null && !accessKey.isBlank() && secretKey != null && secretKey.isPresent());
    }
}
