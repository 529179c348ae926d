package io.github.notearchive.nightly;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Retention settings. Paid responses, captures and files are never deleted by age.
 *
 * @param calls age of unbilled calls after which their rows are deleted from the ledger, except the first and the
 *     newest of each note and reports that a note does not exist (202, 404). At least 30d; 0 keeps them
 * @param reports age of reports of nights after which they are deleted, in the data directory and in the bucket. At
 *     least 30d; 0 keeps them
 */
@Validated
@ConfigurationProperties("archive.retention")
public record RetentionProperties(
        @DefaultValue("0") @NotNull Duration calls,
        @DefaultValue("0") @NotNull Duration reports) {

    private static final Duration SHORTEST = Duration.ofDays(30);

    @AssertTrue(
            message = "archive.retention.calls and archive.retention.reports must be at least 30d, or 0 for no limit")
    boolean isLongEnough() {
        return isLongEnough(calls) && isLongEnough(reports);
    }

    private static boolean isLongEnough(Duration age) {
        return age.isZero() || age.compareTo(SHORTEST) >= 0;
    }
}
