package io.github.notearchive.maintenance.verify;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How the store is audited.
 *
 * @param parallel how many objects are read at once
 * @param orphanAge how old an object must be, by the store's clock, before it is called an orphan: objects are put
 *     before their rows are written
 * @param maxRepairs how many notes one process makes due at most; more than that are no damage but a wrong bucket, and
 *     every note may cost a call
 */
@Validated
@ConfigurationProperties("archive.verify")
public record FixityProperties(
        @DefaultValue("4") @Min(1) @Max(64) int parallel,
        @DefaultValue("24h") @DurationMin(hours = 1) Duration orphanAge,
        @DefaultValue("1000") @Min(0) int maxRepairs) {}
