package io.github.notearchive.nightly;

import io.github.notearchive.note.Night;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Optional;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Limits of a night, in addition to {@code archive.source.calls-per-night}.
 *
 * @param bytesPerNight maximum bytes of media stored in a day of Asia/Shanghai by all nodes; then no further notes are
 *     claimed, notes in progress are completed, and a run ends with 3. At least 1MB; 0 for no limit
 * @param stopAt time of day in Asia/Shanghai, such as {@code 07:30}, at which a run stops claiming notes and ends with
 *     7. A run that starts later ends at that time of the next day. Empty for no limit
 * @param maxDuration duration after which a run stops claiming notes and ends with 7; {@code --max-duration} overrides
 *     it. At least a minute; 0 for no limit
 */
@Validated
@ConfigurationProperties("archive.limits")
public record NightlyLimitProperties(
        @DefaultValue("0") @NotNull DataSize bytesPerNight,

        @DefaultValue("")
        @NotNull
        @Pattern(
                regexp = "(([01][0-9]|2[0-3]):[0-5][0-9])?",
                message = "must be a time of Shanghai from 00:00 to 23:59 such as 07:30, in quotes in a YAML file, or "
                        + "empty")
        String stopAt,

        @DefaultValue("0") @NotNull Duration maxDuration) {

    private static final DataSize FEWEST = DataSize.ofMegabytes(1);
    private static final List<String> UNITS = List.of("B", "KB", "MB", "GB", "TB");

    /** Minimum time; a shorter one is a forgotten unit. */
    public static final Duration SHORTEST = Duration.ofMinutes(1);

    public static final String SHORTEST_IN_WORDS = "at least 1m, with its unit as in 6h";

    @AssertTrue(
            message =
                    "archive.limits.bytes-per-night must be at least 1MB, with its unit as in 50GB, or 0 for no limit")
    boolean isBytesPerNightUsable() {
        return bytesPerNight.toBytes() == 0 || bytesPerNight.compareTo(FEWEST) >= 0;
    }

    @AssertTrue(message = "archive.limits.max-duration must be " + SHORTEST_IN_WORDS + ", or 0 for no limit")
    boolean isMaxDurationUsable() {
        return maxDuration.isZero() || maxDuration.compareTo(SHORTEST) >= 0;
    }

    /** Returns the limit as typed, for example {@code 50GB}. */
    public String bytesPerNightInWords() {
        long size = bytesPerNight.toBytes();
        int unit = 0;
        while (unit < UNITS.size() - 1 && size > 0 && size % 1024 == 0) {
            size /= 1024;
            unit++;
        }
        return size + UNITS.get(unit);
    }

    /** Returns when a run at this time has to stop; empty if no time is set. */
    public Optional<Instant> stopAfter(Instant now) {
        if (stopAt.isEmpty()) {
            return Optional.empty();
        }
        ZonedDateTime local = now.atZone(Night.ZONE);
        ZonedDateTime end = local.with(LocalTime.parse(stopAt));
        return Optional.of((end.isAfter(local) ? end : end.plusDays(1)).toInstant());
    }
}
