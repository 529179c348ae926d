package io.github.notearchive.archive.worklist;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of response reuse.
 *
 * @param reuseFor time for which a paid response is used instead of a new call
 * @param buyAgain whether one new response is bought in a later night for a note with a file whose URLs have all
 *     expired; if not, the note fails with the files it has
 */
@Validated
@ConfigurationProperties("archive.ledger")
public record LedgerProperties(
        @DefaultValue("7d") @DurationMin(hours = 1) Duration reuseFor,
        @DefaultValue("true") boolean buyAgain) {}
