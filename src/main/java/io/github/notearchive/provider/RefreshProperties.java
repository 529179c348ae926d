package io.github.notearchive.provider;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Schedule of refreshes of archived notes, and their limits in a night. Durations are whole days, counted in nights.
 *
 * @param enabled whether archived notes are refreshed by their age. Those that were enqueued with a date or an interval
 *     are refreshed in any case
 * @param ages boundaries between age groups of notes, since their publication, the youngest first; none for one group
 * @param gaps time from the last response to the next refresh, one for each age group. Without that of the oldest
 *     group, its notes are not refreshed
 * @param share maximum share of {@code archive.source.calls-per-night}, if there is such a limit, for refreshes
 * @param callsPerNight maximum refreshes of a night, in addition to the share; 0 for no limit
 * @param order order of due refreshes: the one that has been due longest first, or those of notes that grow fast, are
 *     edited often or may vanish
 */
@Validated
@ConfigurationProperties("archive.refresh")
public record RefreshProperties(
        @DefaultValue("false") boolean enabled,
        @DefaultValue List<@DurationMin(days = 1) Duration> ages,
        @DefaultValue("30d") @NotEmpty List<@DurationMin(days = 1) Duration> gaps,

        @DefaultValue("0.2") @DecimalMin("0.001") @DecimalMax("1.0")
        double share,

        @DefaultValue("200") @Min(0) int callsPerNight,
        @DefaultValue("age") RefreshOrder order) {

    public enum RefreshOrder {
        AGE,
        VALUE
    }

    @AssertTrue(message = "archive.refresh.ages and archive.refresh.gaps are whole days, as in 7d")
    boolean isInWholeDays() {
        return ages.stream().allMatch(RefreshProperties::isWholeDays)
                && gaps.stream().allMatch(RefreshProperties::isWholeDays);
    }

    /** Whether a time can be counted in nights. */
    public static boolean isWholeDays(Duration time) {
        return time.equals(Duration.ofDays(time.toDays()));
    }

    @AssertTrue(message = "archive.refresh.ages must be in ascending order, without duplicates")
    boolean isEachAgeLonger() {
        return ages.stream().sorted().distinct().toList().equals(ages);
    }

    @AssertTrue(
            message = "archive.refresh.gaps must have as many values as archive.refresh.ages, and one more if notes "
                    + "older than the last age are refreshed")
    boolean isEachAgeGivenAGap() {
        return gaps.size() == ages.size() || gaps.size() == ages.size() + 1;
    }

    public List<Long> ageDays() {
        return ages.stream().map(Duration::toDays).toList();
    }

    /** The gaps in days; none if notes are not refreshed by their age. */
    public List<Long> gapDays() {
        return enabled ? gaps.stream().map(Duration::toDays).toList() : List.of();
    }

    /** The schedule as a line that can be compared. */
    public String policy() {
        return (enabled ? "ages " + inDays(ageDays()) + "; gaps " + inDays(gapDays()) : "off")
                + (order == RefreshOrder.VALUE ? "; by value" : "");
    }

    private static String inDays(List<Long> days) {
        return days.stream().map(day -> day + "d").collect(Collectors.joining(" "));
    }

    /**
     * Returns the maximum number of refreshes in a night; 0 for no limit.
     *
     * @param ofAll own limit of all calls in a night; 0 for no limit
     */
    public int callsAllowed(int ofAll) {
        if (ofAll == 0) {
            return callsPerNight;
        }
        int shared = Math.max(1, (int) (ofAll * share));
        return callsPerNight == 0 ? shared : Math.min(shared, callsPerNight);
    }
}
