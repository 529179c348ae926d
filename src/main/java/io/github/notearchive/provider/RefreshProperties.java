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
 * When archived notes are asked about again, and how many in a night. Times are whole days, counted in nights.
 *
 * @param enabled whether archived notes are asked about again by themselves. Those that were enqueued with a time of
 *     their own are, either way
 * @param ages where the ages of notes, since they were published, are divided, the youngest first; none where all are
 *     treated alike
 * @param gaps how long after its last answer a note of each age is asked about again: one before the first of the ages,
 *     one between any two, one behind the last. Without the last, older notes are not asked about any more
 * @param share which part of {@code archive.source.calls-per-night} may be spent on this, if there is such a limit
 * @param callsPerNight maximum calls of a night, in addition to the share; 0 for no limit
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
        @DefaultValue("age") Order order) {

    public enum Order {
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

    @AssertTrue(message = "archive.refresh.ages must grow, each longer than the one before")
    boolean isEachAgeLonger() {
        return ages.stream().sorted().distinct().toList().equals(ages);
    }

    @AssertTrue(
            message =
                    "archive.refresh.gaps needs one time for each of archive.refresh.ages, and one more for notes older than the last, unless those are not to be asked about")
    boolean isEachAgeGivenAGap() {
        return gaps.size() == ages.size() || gaps.size() == ages.size() + 1;
    }

    public List<Long> ageDays() {
        return ages.stream().map(Duration::toDays).toList();
    }

    /** The gaps in days; none where notes are not asked about again by themselves. */
    public List<Long> gapDays() {
        return enabled ? gaps.stream().map(Duration::toDays).toList() : List.of();
    }

    /** What decides when a note is asked about again, in a line that can be compared. */
    public String policy() {
        return (enabled ? "ages " + inDays(ageDays()) + "; gaps " + inDays(gapDays()) : "off")
                + (order == Order.VALUE ? "; by value" : "");
    }

    private static String inDays(List<Long> days) {
        return days.stream().map(day -> day + "d").collect(Collectors.joining(" "));
    }

    /**
     * How many of these calls may be made in a night; 0 is any number.
     *
     * @param ofAll our own limit of all calls in a night; 0 where there is none
     */
    public int callsAllowed(int ofAll) {
        if (ofAll == 0) {
            return callsPerNight;
        }
        int shared = Math.max(1, (int) (ofAll * share));
        return callsPerNight == 0 ? shared : Math.min(shared, callsPerNight);
    }
}
