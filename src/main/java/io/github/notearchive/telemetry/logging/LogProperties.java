package io.github.notearchive.telemetry.logging;

import jakarta.validation.constraints.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How log lines are written, to standard error.
 *
 * @param format {@code text}, for people, or {@code ecs}: a JSON object a line, in the Elastic Common Schema. What a
 *     line belongs to is in {@code job_execution_id} and {@code note_id}. An appender of {@code logback-spring.xml} has
 *     that name
 */
@ConfigurationProperties("archive.log")
@Validated
public record LogProperties(
        @DefaultValue("text") @Pattern(regexp = "text|ecs", message = "must be text or ecs")
        String format) {

    /** The Elastic Common Schema. */
    static final String ECS = "ecs";
}
