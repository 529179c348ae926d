package io.github.notearchive.report;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Limits of the health that {@code status} reports.
 *
 * @param successWithin a run must have ended in order in this time: with 0, 3, 6 or 7. A day and what a night may last
 *     longer than the one before
 * @param verifiedWithin every file in the store must have been verified in this time
 */
@Validated
@ConfigurationProperties("archive.health")
public record HealthProperties(
        @DefaultValue("26h") @DurationMin(minutes = 1) Duration successWithin,
        @DefaultValue("35d") @DurationMin(hours = 1) Duration verifiedWithin) {}
