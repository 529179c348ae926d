package io.github.notearchive.ledger;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How long an answer stays good.
 *
 * @param reuseFor for how long a paid answer is used instead of asking again
 */
@Validated
@ConfigurationProperties("archive.ledger")
public record LedgerProperties(@DefaultValue("7d") @DurationMin(hours = 1) Duration reuseFor) {}
