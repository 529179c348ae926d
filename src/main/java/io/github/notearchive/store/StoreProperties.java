package io.github.notearchive.store;

import io.github.notearchive.io.Secret;
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
 * Which S3-compatible store holds the archive.
 *
 * @param endpoint where the store listens, such as {@code https://s3.example.org}, without a path; empty for a store
 *     within the process
 * @param bucket the bucket that holds the archive, and nothing else
 * @param region the store's region; most stores other than AWS take any
 * @param accessKey the account's name in the store
 * @param secretKey the account's secret; comes from the environment, never from a file in the repository
 * @param createBucket whether a missing bucket is made at start; otherwise it is an error
 * @param connectTimeout how long to wait for a connection
 * @param socketTimeout how long the store may stay silent within a request
 * @param tries how often a request is tried when its trouble may pass
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

        @DefaultValue("3") @Min(1) @Max(10) int tries) {

    /** Whether a store outside of the process is named. */
    public boolean hasEndpoint() {
        return !endpoint.isBlank();
    }

    /** The same settings for a store that listens elsewhere and has its own account. */
    public StoreProperties at(URI elsewhere, String account, Secret secret) {
        return new StoreProperties(
                elsewhere.toString(),
                bucket,
                region,
                account,
                secret,
                createBucket,
                connectTimeout,
                socketTimeout,
                tries);
    }

    @AssertTrue(
            message = "archive.store.endpoint must be an http or https address without path, such as"
                    + " https://s3.example.org")
    boolean isEndpointReadable() {
        if (endpoint == null || !hasEndpoint()) {
            return true;
        }
        try {
            URI uri = URI.create(endpoint.strip());
            return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getRawUserInfo() == null
                    && uri.getRawQuery() == null
                    && (uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"));
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    @AssertTrue(
            message = "archive.store.access-key and archive.store.secret-key must be set when"
                    + " archive.store.endpoint is")
    boolean isAccountPresent() {
        return endpoint == null
                || !hasEndpoint()
                || (accessKey != null
                        && !accessKey.isBlank()
                        && secretKey != null
                        && !secretKey.value().isBlank());
    }
}
