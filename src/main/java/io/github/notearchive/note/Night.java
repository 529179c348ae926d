package io.github.notearchive.note;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/**
 * A night of archiving: a calendar day of Asia/Shanghai, by which the provider counts its daily quota.
 *
 * <p>Not a day of UTC nor of the machine: a quota that is used up at 23:59 is there again a minute later.
 */
public record Night(LocalDate date) implements Comparable<Night> {

    /** The provider's time zone; it has no summer time, so a night always has 24 hours. */
    public static final ZoneId ZONE = ZoneId.of("Asia/Shanghai");

    private static final DateTimeFormatter LOCAL =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm").withZone(ZONE);

    public static Night of(Instant instant) {
        return new Night(LocalDate.ofInstant(instant, ZONE));
    }

    public static Night current(Clock clock) {
        return of(clock.instant());
    }

    public Instant begins() {
        return date.atStartOfDay(ZONE).toInstant();
    }

    /** When the next night begins, and with it a new quota. */
    public Instant ends() {
        return date.plusDays(1).atStartOfDay(ZONE).toInstant();
    }

    /** An instant as the provider's people read it, such as {@code 2026-11-26 00:00 in Shanghai}. */
    public static String local(Instant instant) {
        return LOCAL.format(instant) + " in Shanghai";
    }

    @Override
    public int compareTo(Night other) {
        return date.compareTo(other.date);
    }

    @Override
    public String toString() {
        return date.toString();
    }
}
