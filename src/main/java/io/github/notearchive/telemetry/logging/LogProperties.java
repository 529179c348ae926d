package io.github.notearchive.telemetry.logging;

import jakarta.validation.constraints.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the log, which is written to standard error.
 *
 * @param format {@code text} for people, or {@code ecs}: a JSON object per line in the Elastic Common Schema, with the
 *     context in {@code job_execution_id} and {@code note_id}
 */
@ConfigurationProperties("archive.log")
@Validated
public record LogProperties(
        @DefaultValue("text") @Pattern(regexp = "text|ecs", message = "must be text or ecs")
        String format) {}
