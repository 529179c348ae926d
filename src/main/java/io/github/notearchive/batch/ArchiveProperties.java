package io.github.notearchive.batch;

import io.github.notearchive.note.Night;
import jakarta.validation.Valid;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Pattern;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of an installation.
 *
 * @param node name of this node; must not change, since its unfinished work is found by this name
 * @param workers maximum number of notes in progress
 * @param dataDir data directory: embedded servers, and files that are not stored yet; relative to the caller's
 *     directory. Empty: {@code data} below {@code archive.home}
 * @param home set by the launcher, in a checkout, to its own directory; empty: the caller's directory
 * @param foreignVariables environment variables of other programs that begin with {@code ARCHIVE_} or
 *     {@code JUSTONEAPI_}; any other one that sets nothing is an error, since it may be a misspelt setting
 * @param retry when a postponed note is retried
 * @param outage when errors of a service end the run
 * @param stallAfter time without any movement after which a run with notes in progress ends: no call, no byte and no
 *     row, although no wait for a service or for the rate of calls explains it
 * @param recheckUnavailableAfter time after which an unavailable note is fetched again
 */
@Validated
@ConfigurationProperties("archive")
public record ArchiveProperties(
        @DefaultValue("main")
        @Pattern(
                regexp = "[A-Za-z0-9._-]{1,64}",
                message = "may hold letters, digits, dot, hyphen and underscore, 64 at most")
        String node,

        @DefaultValue("32") @Min(1) @Max(64) int workers,
        @DefaultValue("") String dataDir,
        @DefaultValue("") String home,
        @DefaultValue List<String> foreignVariables,
        @DefaultValue @Valid Retry retry,
        @DefaultValue @Valid Outage outage,
        @DefaultValue("10m") @DurationMin(seconds = 1) Duration stallAfter,
        @DefaultValue("30d") @DurationMin(days = 1) Duration recheckUnavailableAfter) {

    public Path dataDirectory() {
        Path path = dataDir.isBlank() ? Path.of(home.strip(), "data") : Path.of(dataDir.strip());
        return path.toAbsolutePath().normalize();
    }

    /** Returns the directory of the thumbnails that {@code browse} has made, which may be deleted at any time. */
    public Path thumbnails() {
        return dataDirectory().resolve("browse-cache");
    }

    /**
     * Delays and limits of retries of a note.
     *
     * @param delays waits after the first, second, ... attempt of a night; the last one repeats
     * @param jitter fraction by which each wait varies at random
     * @param perNight number of attempts after which the note is postponed to a later night
     * @param perLife number of attempts in all nights after which the note fails permanently
     */
    public record Retry(
            @DefaultValue({"5s", "15s", "45s", "90s"}) @NotEmpty
            List<@DurationMin(millis = 1) Duration> delays,

            @DefaultValue("0.2") @DecimalMin("0.0") @DecimalMax("0.9")
            double jitter,

            @DefaultValue("5") @Min(1) int perNight,
            @DefaultValue("25") @Min(1) int perLife) {

        /** Returns the delay after the {@code times}-th attempt of a night, counted from 1, with jitter. */
        public Duration delayAfter(int times) {
            Duration delay = delays.get(Math.min(times, delays.size()) - 1);
            double factor = 1 + (jitter == 0 ? 0 : ThreadLocalRandom.current().nextDouble(-jitter, jitter));
            return Duration.ofNanos((long) (delay.toNanos() * factor));
        }

        /**
         * Returns until when a note that becomes due belongs to this run: the longest delay from now, within the night.
         */
        public Instant windowFrom(Instant now) {
            Instant retried = now.plus(longestDelay());
            Instant tonight = Night.of(now).ends();
            return retried.isBefore(tonight) ? retried : tonight;
        }

        public Duration longestDelay() {
            Duration longest = delays.stream().max(Duration::compareTo).orElseThrow();
            return Duration.ofNanos((long) (longest.toNanos() * (1 + jitter)));
        }
    }

    /**
     * Limits after which errors of a service end the run instead of counting as attempts of each note.
     *
     * @param faults number of consecutive errors without a success
     * @param after time without a success; database and store are waited for until then
     */
    public record Outage(
            @DefaultValue("20") @Min(2) int faults,
            @DefaultValue("10m") @DurationMin(seconds = 1) Duration after) {}
}
