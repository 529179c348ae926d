package io.github.notearchive.telemetry;

import io.github.notearchive.io.text.Secret;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Targets of the metrics, which are off unless one of the three is set. {@code src/docs/metrics.md} has names and
 * labels.
 *
 * @param textfile a file for node_exporter's textfile collector, whose name ends in {@code .prom}; <code>{node}</code>
 *     in it stands for {@code archive.node}. Empty: none
 * @param pushUrl a Pushgateway, such as {@code http://gateway.example.org:9091}. Empty: none
 * @param pushJob the label {@code job} at the Pushgateway; {@code instance} is the node
 * @param otlpUrl an OTLP receiver over HTTP, with its path, such as
 *     {@code http://collector.example.org:4318/v1/metrics}. Empty: none
 * @param otlpAuthorization the header {@code Authorization} for that receiver, such as {@code Bearer ...}; comes from
 *     the environment. Empty: none
 * @param timeout maximum time that the last export delays the end of a command
 */
@Validated
@ConfigurationProperties("archive.metrics")
public record MetricsProperties(
        @DefaultValue("") String textfile,
        @DefaultValue("") @NotNull SecretUrl pushUrl,
        @DefaultValue("note_archive") String pushJob,
        @DefaultValue("") @NotNull SecretUrl otlpUrl,
        @DefaultValue("") @NotNull Secret otlpAuthorization,

        @DefaultValue("15s") @DurationMin(seconds = 1) @DurationMax(minutes = 5)
        Duration timeout) {

    public MetricsProperties {
        otlpAuthorization = otlpAuthorization.stripped();
    }

    @AssertTrue(message = "archive.metrics.textfile must end in .prom, or node_exporter does not read it")
    boolean isTextfileRead() {
        return textfile.isBlank() || textfile.strip().endsWith(".prom");
    }

    @AssertTrue(message = "archive.metrics.push-url must be an absolute http or https URL")
    boolean isPushUrlUsable() {
        return pushUrl.isUsable();
    }

    @AssertTrue(message = "archive.metrics.push-job must not be empty")
    boolean isPushJobPresent() {
        return !pushJob.isBlank();
    }

    @AssertTrue(message = "archive.metrics.otlp-url must be an absolute http or https URL")
    boolean isOtlpUrlUsable() {
        return otlpUrl.isUsable();
    }

    boolean isAny() {
        return !textfile.isBlank() || pushUrl.isPresent() || otlpUrl.isPresent();
    }
}
