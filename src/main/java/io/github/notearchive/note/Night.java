package io.github.notearchive.note;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** Calendar day of Asia/Shanghai, the quota day of the provider. Independent of the time zone of the machine. */
public record Night(@JsonValue LocalDate date) implements Comparable<Night> {

    /** Time zone of the provider, without daylight saving time: a night always has 24 hours. */
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

    /** Returns the start of the next night, when the quota is renewed. */
    public Instant ends() {
        return date.plusDays(1).atStartOfDay(ZONE).toInstant();
    }

    /** Formats an instant in local time, such as {@code 2026-11-26 00:00 Shanghai}. */
    public static String local(Instant instant) {
        return LOCAL.format(instant) + " Shanghai";
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
