package io.github.notearchive.archive.ledger;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How long an answer stays good.
 *
 * @param reuseFor for how long a paid answer is used instead of asking again
 * @param buyAgain whether one new answer is bought, on a later night, for a note one of whose files is dead at every
 *     address; if not, the note is given up with what it has
 */
@Validated
@ConfigurationProperties("archive.ledger")
public record LedgerProperties(
        @DefaultValue("7d") @DurationMin(hours = 1) Duration reuseFor,
        @DefaultValue("true") boolean buyAgain) {}
