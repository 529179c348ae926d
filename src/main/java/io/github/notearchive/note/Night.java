package io.github.notearchive.note;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;

/**
 * A night of archiving: a calendar day of Asia/Shanghai, by which the provider counts its daily
 * quota.
 *
 * <p>Not a day of UTC nor of the machine: a quota that is used up at 23:59 is there again a minute
 * later.
 */
public record Night(LocalDate date) implements Comparable<Night> {

    /** The provider's time zone; it has no summer time, so a night always has 24 hours. */
    public static final ZoneId ZONE = ZoneId.of("Asia/Shanghai");

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

    @Override
    public int compareTo(Night other) {
        return date.compareTo(other.date);
    }

    @Override
    public String toString() {
        return date.toString();
    }
}
