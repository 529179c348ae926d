package io.github.notearchive.media;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of downloads: allowed hosts, timeouts and limits.
 *
 * @param allowedHosts domains that media may be requested from, each with its subdomains. An IP literal with port, such
 *     as {@code 127.0.0.1:8080}, is for practice and tests: it may be private, and is never upgraded to https
 * @param connectTimeout timeout of a connection to the media server
 * @param idleTimeout timeout of a read from the media server
 * @param fileTimeout timeout of one file, including every URL and retry. While other URLs wait, one URL gets at most
 *     half of the remaining time
 * @param downloadsInFlight limit of the files that are downloaded at a time
 * @param downloadsPerHost limit of the files that are downloaded from one host at a time
 * @param maxFileSize limit of the length of a file; a longer one is rejected, not truncated
 * @param maxSpoolSize limit of the bytes on disk between download and store, in all files together; other files are
 *     downloaded later
 * @param maxMemory limit of the bytes in memory between download and store, in all files of known length up to 1 MiB
 *     together, and never more than a quarter of the heap; other files are on disk. 0: all files are on disk
 * @param maxRedirects limit of the redirects of one URL, each of which is checked like the URL
 * @param triesPerCandidate attempts at one URL while its failure is temporary
 * @param backoff pause before each retry; the last one is repeated
 */
@Validated
@ConfigurationProperties("archive.media")
public record MediaProperties(
        @DefaultValue({"xhscdn.com", "rednotecdn.com", "xiaohongshu.com"}) @NotEmpty
        List<String> allowedHosts,

        @DefaultValue("10s") @NotNull @DurationMin(millis = 1)
        Duration connectTimeout,

        @DefaultValue("30s") @NotNull @DurationMin(millis = 1)
        Duration idleTimeout,

        @DefaultValue("5m") @NotNull @DurationMin(millis = 1)
        Duration fileTimeout,

        @DefaultValue("32") @Min(1) @Max(1024) int downloadsInFlight,
        @DefaultValue("16") @Min(1) @Max(1024) int downloadsPerHost,
        @DefaultValue("4GB") @NotNull DataSize maxFileSize,
        @DefaultValue("16GB") @NotNull DataSize maxSpoolSize,
        @DefaultValue("64MB") @NotNull DataSize maxMemory,
        @DefaultValue("5") @Min(0) @Max(20) int maxRedirects,
        @DefaultValue("3") @Min(1) @Max(10) int triesPerCandidate,
        @DefaultValue({"1s", "3s"}) @NotEmpty List<@NotNull @DurationMin(millis = 0) Duration> backoff) {

    private static final DataSize LONGEST_UPLOAD = DataSize.ofGigabytes(5);

    @AssertTrue(
            message = "archive.media.allowed-hosts must be domains such as xhscdn.com, or IP literals with port such as"
                    + " 127.0.0.1:8080")
    boolean isAllowedHostsReadable() {
        return allowedHosts.stream().allMatch(AllowedHosts::isValid);
    }

    @AssertTrue(message = "archive.media.max-file-size must be positive, and at most 5GB as an upload to S3")
    boolean isMaxFileSizePossible() {
        return maxFileSize == null || (maxFileSize.toBytes() > 0 && maxFileSize.compareTo(LONGEST_UPLOAD) <= 0);
    }

    @AssertTrue(message = "archive.media.max-spool-size must be at least archive.media.max-file-size")
    boolean isMaxSpoolSizeEnough() {
        return maxSpoolSize == null || maxFileSize == null || maxSpoolSize.compareTo(maxFileSize) >= 0;
    }

    @AssertTrue(message = "archive.media.max-memory must not be negative")
    boolean isMaxMemoryPossible() {
        return maxMemory == null || !maxMemory.isNegative();
    }

    Duration backoffAfter(int tries) {
        return backoff.get(Math.min(tries, backoff.size()) - 1);
    }
}
