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
 * Where media may be fetched from, and how much patience and room a file gets.
 *
 * @param allowedHosts domains that media may be fetched from, each with its subdomains. A literal address with port,
 *     such as {@code 127.0.0.1:8080}, may be named for practice and tests: it is allowed although private, and never
 *     upgraded to https
 * @param connectTimeout how long to wait for a connection to the media server
 * @param idleTimeout how long the media server may stay silent, before its answer or within it
 * @param fileTimeout how long one file may take in all, every address and retry included; a server that drips bytes is
 *     ended by it. While other addresses wait, one address gets at most half of what is left
 * @param downloadsInFlight how many files are downloaded at a time
 * @param downloadsPerHost how many of them from one host
 * @param maxFileSize how long a file may be; a longer one is refused, not cut
 * @param maxSpoolSize how many bytes may lie on the disk between download and store, in all files together, those of
 *     notes that wait for further files included; what does not fit is downloaded later
 * @param maxMemory how many bytes of files of up to 1 MiB are held in memory between download and store, all together,
 *     and never more than a quarter of the heap; what does not fit lies on the disk. 0: every file lies there
 * @param maxRedirects how many redirects of one address are followed, each checked like the address
 * @param triesPerCandidate how often one address is tried when its trouble may pass
 * @param backoff how long to wait before each retry; the last one holds for all further ones
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

    public MediaProperties {
        allowedHosts = allowedHosts == null ? List.of() : List.copyOf(allowedHosts);
        backoff = backoff == null ? List.of() : List.copyOf(backoff);
    }

    @AssertTrue(
            message = "archive.media.allowed-hosts must name domains such as xhscdn.com, or literal"
                    + " addresses with port such as 127.0.0.1:8080")
    boolean isAllowedHostsReadable() {
        return allowedHosts.stream().allMatch(AllowedHosts::isValid);
    }

    @AssertTrue(message = "archive.media.max-file-size must be more than nothing")
    boolean isMaxFileSizePositive() {
        return maxFileSize == null || maxFileSize.toBytes() > 0;
    }

    @AssertTrue(message = "archive.media.max-spool-size must not be less than archive.media.max-file-size")
    boolean isMaxSpoolSizeEnough() {
        return maxSpoolSize == null || maxFileSize == null || maxSpoolSize.compareTo(maxFileSize) >= 0;
    }

    @AssertTrue(message = "archive.media.max-memory must not be negative")
    boolean isMaxMemoryPossible() {
        return maxMemory == null || !maxMemory.isNegative();
    }

    /** How long to wait after the given failed try, counted from 1. */
    Duration backoffAfter(int tries) {
        return backoff.get(Math.min(tries, backoff.size()) - 1);
    }
}
