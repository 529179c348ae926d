package io.github.notearchive.maintenance.verify;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of audits.
 *
 * @param parallel number of objects that are read in parallel
 * @param orphanAge minimum age of an orphan, by the store's clock, since objects are stored before their rows
 * @param maxRepairs maximum number of notes that one process sets due: more damage indicates a wrong bucket, and each
 *     note may cost a call
 */
@Validated
@ConfigurationProperties("archive.verify")
public record FixityProperties(
        @DefaultValue("4") @Min(1) @Max(64) int parallel,
        @DefaultValue("24h") @DurationMin(hours = 1) Duration orphanAge,
        @DefaultValue("1000") @Min(0) int maxRepairs) {}
